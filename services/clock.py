"""The product's clock. With the sandbox it follows the sandbox's clock, so that a month can pass in a minute."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_source: Callable[[], timedelta] | None = None


def use(source: Callable[[], timedelta] | None) -> None:
    """Let ``now()`` add what ``source`` returns at each call; ``None`` returns to the machine's clock."""
    global _source
    _source = source


def shown(moment: datetime) -> datetime:
    """The time that ``now()`` returns at a moment of the machine's clock: the clock of all times on screen."""
    return moment if _source is None else moment + _source()


def now() -> datetime:
    """The time in UTC, aware."""
    return shown(datetime.now(UTC))
