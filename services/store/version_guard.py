"""Which programs may import, decide and fold: those that know the migration that the schema names (``meta``, ``least_program``).

An older program beside it, in an upgrade of several machines, goes on mailing and storing notifications, and leaves the rest.
Ours asks here. One that does not know to ask is stopped by triggers and a lease (the migration ``version_guard``); they know ours
by the number that each of its connections names (``services.store.databases``).
"""

from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Connection, Integer, case, cast, literal

from services.errors import DeskError
from services.store import meta
from services.store.engine import Store
from services.store.program import PROGRAM

_LEAST = "least_program"


class ProgramOutdated(DeskError):
    """A newer version has changed the database: only that version may do this."""

    code: ClassVar[str] = "program_outdated"


def outdated(tx: Connection) -> bool:
    return int(meta.text(tx, _LEAST) or 0) > PROGRAM


def is_current(store: Store) -> bool:
    with store.read() as tx:
        return not outdated(tx)


def require_current(tx: Connection) -> None:
    """Raises ProgramOutdated."""
    if outdated(tx):
        raise ProgramOutdated


def one_if_current() -> ColumnElement[Any]:
    """1 in a program that may fold, 0 in an older one."""
    return case((literal(PROGRAM) >= cast(meta.stored(_LEAST), Integer), 1), else_=0)
