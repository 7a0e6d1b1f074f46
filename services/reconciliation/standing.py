"""Lines as a person meets them before deciding: what they are, what was decided, and what can be decided now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.access import Actor, Right, require, rights
from services.desk import Desk
from services.reconciliation.decisions import Shown
from services.reconciliation.not_ours import FIELDS
from services.store import Row
from services.store import decisions as rows

# In the order in which they are offered.
ACTS = ("accept", "match", "split", "unmatch", "not_ours", "exclude", "twice", "undo")


@dataclass(frozen=True)
class Decided:
    """The decision that stands on a line; ``together``: how many taken with it stand, itself too."""

    id: int
    kind: str
    reason: str
    at: datetime
    who: str
    group: str
    together: int


@dataclass(frozen=True)
class Line:
    """Amounts in 1/10000; ``original`` None where the file names none. ``order`` and ``nearest`` are ours, with their order
    ids, the latter with its currency. ``texts``: its columns that a rule may look at. ``possible``: of ACTS, none for who may not."""

    id: int
    account: str
    operation_code: str
    operation: str
    outcome: str
    original: int | None
    original_currency: str
    settled: int
    settlement_currency: str
    settlement_id: str
    date: str
    file_order: str
    order: int | None
    order_id: str
    nearest: int | None
    nearest_id: str
    nearest_currency: str
    texts: dict[str, str]
    decided: Decided | None
    possible: tuple[str, ...]

    @property
    def shown(self) -> Shown:
        return Shown(self.id, self.decided.id if self.decided else None)


def look(desk: Desk, actor: Actor, line_ids: Iterable[int]) -> tuple[Line, ...]:
    """These lines, by id; one that is not there, or of a file that is not complete, is left out. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS)
        may = Right.RECONCILE in rights(tx, actor)
        found = [row for row in rows.lines(tx, line_ids) if row.file_state == "complete"]
        decisions = rows.decided(tx, {row.decision for row in found if row.decision is not None})
        together = rows.group_sizes(tx, {row.group for row in decisions.values()})
        named = {order for row in found for order in (row.order, row.nearest) if order is not None}
        orders = rows.order_rows(tx, named)
    return tuple(_line(row, decisions, together, orders, may) for row in found)


def companions(desk: Desk, actor: Actor, line_ids: Iterable[int]) -> tuple[Line, ...]:
    """The other lines of these lines' transactions of which nobody has decided. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS)
        found = rows.companions(tx, line_ids)
    return look(desk, actor, found)


def possible(
    outcome: str, kind: str, *, original: int | None, suggested: bool, decided: str, replaced: bool
) -> tuple[str, ...]:  # fmt: skip
    """What can be decided of a line. ``kind`` of its operation; ``decided``: the kind of the standing decision, "" for none."""
    if replaced:  # it no longer counts, but what was decided of it can be taken back
        return ("undo",) if decided else ()
    if kind == "control":
        return ("undo",) if decided else ("twice",)
    can = {
        "accept": outcome == "suggested" and suggested,
        "match": True,
        "split": bool(original),
        "unmatch": outcome in ("matched", "suggested"),
        "not_ours": outcome != "not_ours",
        "exclude": decided != "exclude",
        "twice": decided != "twice",
        "undo": bool(decided),
    }
    return tuple(act for act in ACTS if can[act])


def _line(
    row: Row[Any],
    decisions: dict[int, Row[Any]],
    together: dict[str, int],
    orders: dict[int, Row[Any]],
    may: bool,
) -> Line:
    decision, order, nearest = (found.get(key or 0) for found, key in (
        (decisions, row.decision), (orders, row.order), (orders, row.nearest),
    ))  # fmt: skip
    decided = None
    if decision is not None:
        decided = Decided(
            decision.id, decision.kind, decision.reason, decision.at, decision.who or "", decision.group,
            together[decision.group],
        )  # fmt: skip
    can = possible(
        row.outcome, row.kind, original=row.original_amount_units, suggested=row.nearest is not None,
        decided=decided.kind if decided else "", replaced=row.replaced_by is not None,
    )  # fmt: skip
    return Line(
        row.id, row.account, row.operation_code, row.operation, row.outcome, row.original_amount_units,
        row.original_currency, row.settled_amount_units or 0, row.settlement_currency, row.settlement_id, row.date,
        row.file_order, row.order, order.order_id if order else "", row.nearest, nearest.order_id if nearest else "",
        nearest.currency if nearest else "",
        {name: row.file_order if name == "order" else getattr(row, name) for name in FIELDS}, decided, can if may else (),
    )  # fmt: skip
