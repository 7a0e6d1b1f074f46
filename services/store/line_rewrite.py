"""The lines of former versions come into the table of today in steps, while the rest of the product is used.

    moving     the next lines by id, a few thousand in a transaction
    deleting   both tables had the same lines: the former one is emptied, then dropped; then nothing is stored here any more
    unequal    they had not: both stay, an alarm says so

Until it is over, nobody reads or writes a line but who moves them: ``guard`` refuses every statement on the lines, so that
nobody is shown a part of them. The state is a document of ``meta``, which the migration ``payout_lines`` writes where there were
lines. ``services.store.settlements.lines.former_lines`` moves and compares them, ``services.imports.loading.rewrite`` does it all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from sqlalchemy import Connection, Engine, event

from services.errors import DeskError
from services.store import meta

NAME = "line_rewrite"


@dataclass(frozen=True)
class Rewrite:
    """``lines``: how many there were; ``moved``: how many are in the table of today; ``after``: the id of the last of them."""

    state: Literal["moving", "deleting", "unequal"]
    lines: int
    moved: int = 0
    after: int = 0


class LinesBeingRewritten(DeskError):
    """Lines cannot be read or changed until all are in the table of today."""

    code: ClassVar[str] = "lines_being_rewritten"

    def __init__(self, moved: int, lines: int) -> None:
        self.moved, self.lines = moved, lines


class LinesUnequal(DeskError):
    """The former table and that of today differ: both are there, and nobody reads either."""

    code: ClassVar[str] = "lines_unequal"


def under_way(tx: Connection) -> Rewrite | None:
    """The state; None where it is over, or there was nothing to do."""
    found = meta.document(tx, NAME)
    return Rewrite(**found) if found else None


def change(tx: Connection, rewrite: Rewrite | None) -> None:
    """Store the state; None: it is over."""
    if rewrite is None:
        meta.drop(tx, NAME)
    else:
        meta.put_document(tx, NAME, asdict(rewrite))


def obstacle(tx: Connection) -> DeskError | None:
    """Why lines cannot be read or changed now: LinesBeingRewritten or LinesUnequal; None where they can."""
    found = under_way(tx)
    if found is None:
        return None
    return LinesUnequal() if found.state == "unequal" else LinesBeingRewritten(found.moved, found.lines)


@contextmanager
def moving(tx: Connection) -> Iterator[None]:
    """Within the block, this transaction may use the lines."""
    tx.info["eterminal_moving"] = True
    try:
        yield
    finally:
        del tx.info["eterminal_moving"]


def guard(engine: Engine) -> None:
    """Let every statement on the lines raise LinesBeingRewritten or LinesUnequal until the rewriting is over."""
    with engine.connect() as tx:
        if under_way(tx) is None:
            return

    over = False  # it never begins again

    def check(tx: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal over
        if not over and "payout_lines" in statement and not tx.info.get("eterminal_moving"):
            error = obstacle(tx)
            if error is not None:
                raise error
            over = True

    event.listen(engine, "before_cursor_execute", check)
