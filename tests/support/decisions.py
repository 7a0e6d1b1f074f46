"""Lines on which a person decides: three orders, and the lines of one payout file."""

from pathlib import Path
from typing import Any

from sqlalchemy import select

from services.access import Actor
from services.access.trail import entries
from services.desk import Desk
from services.reconciliation.decisions.decide import Shown
from services.store.schema.reconciliation import line_decisions
from tests.support.desk import open_test_desk
from tests.support.orders import store_paid_order
from tests.support.payout_lines import (
    import_lines,
    line,
    stored,
)

Books = dict[str, int]


ORDERS = ("A-100", "A-200", "A-300")


ROWS = (
    line("A-100"), line("A-100", "-0.30", operation="Fixed fee"), line("WEB-1", transaction="T-9"),
    line("WEB-1", "-0.30", operation="Fixed fee", transaction="T-9"), line("a200", transaction=""),
    line("", "-5.00", operation="Monthly fee", transaction=""), line("", "4.40", operation="Settlement", transaction=""),
)  # fmt: skip


def prepared(folder: Path) -> Books:
    """Three orders; A-100 has its sale and its fee, WEB-1 is unknown, a200 is nearly A-200, there is the account's own fee."""
    desk = open_test_desk(folder)
    ours = {name: store_paid_order(desk, name) for name in ORDERS}
    import_lines(desk, *ROWS)
    desk.store.truncate_log()
    desk.close()
    return ours


def shown(desk: Desk, order: str, operation: str = "Sale") -> Shown:
    row = stored(desk)[f"{order} {operation}"]
    return Shown(line=row.id, decision=row.decision)


def standing_rows(desk: Desk) -> list[Any]:
    with desk.store.read() as tx:
        return list(tx.execute(select(line_decisions).where(line_decisions.c.undone_at.is_(None))))


def audited(desk: Desk, actor: Actor, prefix: str = "line.") -> list[Any]:
    return [entry for entry in entries(desk, actor) if entry.action.startswith(prefix)]
