"""The finance API: the list of settlements, one settlement, and its files."""

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.files import Dialect
from sandbox.settlements import Settlement


def routes(
    settlements: Callable[[], Sequence[Settlement]],
    dialect: Callable[[], Dialect],
    guard: Callable[[Request], Response | None],
) -> list[Route]:
    """Routes under /v1/settlement; the next commit fills this in."""
    return []
