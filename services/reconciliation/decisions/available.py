"""Lines as a person meets them before deciding: what they are, what was decided, and what can be decided now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.access import Actor, Right, require, rights
from services.desk import Desk
from services.reconciliation.decisions.checks import Shown, suggested_for
from services.reconciliation.decisions.not_ours_rules import FIELDS
from services.store import Row
from services.store.settlements import decisions as rows

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
    """Amounts in 1/10000; ``original`` and ``settled`` None where the file names none. ``order`` and ``suggested`` are ours, with their order
    ids. ``replaced``: it stands corrected in a newer file. ``texts``: its columns that a rule may look at. ``possible``: of
    ACTS, none for who may not."""

    id: int
    account: str
    kind: str
    operation_code: str
    operation: str
    outcome: str
    original: int | None
    original_currency: str
    settled: int | None
    settlement_currency: str
    settlement_id: str
    date: str
    file_order: str
    order: int | None
    order_id: str
    suggested: int | None
    suggested_id: str
    replaced: bool
    texts: dict[str, str]
    decided: Decided | None
    possible: tuple[str, ...]

    @property
    def shown(self) -> Shown:
        decision = self.decided.id if self.decided else None
        return Shown(self.id, decision, self.outcome, self.order, self.suggested)

    @property
    def named(self) -> tuple[int | None, str]:
        """The amount by which a person knows it, and its currency: the original, or what was settled where the file names none."""
        if self.original is None:
            return self.settled, self.settlement_currency
        return self.original, self.original_currency

    def moved(self, now: "Line | None") -> bool:
        """Whether it is otherwise ``now``: decided, corrected, joined anew, or gone."""
        return now is None or (now.shown, now.replaced) != (self.shown, self.replaced)


def look(desk: Desk, actor: Actor, line_ids: Iterable[int]) -> tuple[Line, ...]:
    """These lines, by id; one that is not there, or of a file that is not complete, is left out. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS)
        may = Right.RECONCILE in rights(tx, actor)
        found = [row for row in rows.lines(tx, line_ids) if row.file_state == "complete"]
        decisions = rows.decided(tx, {row.decision for row in found if row.decision is not None})
        together = rows.group_sizes(tx, {row.group for row in decisions.values()})
        named = {order for row in found for order in (row.order, suggested_for(row)) if order is not None}
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
) -> tuple[str, ...]:
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
    decision, order, suggested = (
        found.get(key or 0)
        for found, key in (
            (decisions, row.decision),
            (orders, row.order),
            (orders, suggested_for(row)),
        )
    )
    decided = None
    if decision is not None:
        decided = Decided(
            decision.id,
            decision.kind,
            decision.reason,
            decision.at,
            decision.who or "",
            decision.group,
            together[decision.group],
        )
    can = possible(
        row.outcome,
        row.kind,
        original=row.original_amount_units,
        suggested=suggested is not None,
        decided=decided.kind if decided else "",
        replaced=row.replaced_by is not None,
    )
    return Line(
        row.id,
        row.account,
        row.kind,
        row.operation_code,
        row.operation,
        row.outcome,
        row.original_amount_units,
        row.original_currency,
        row.settled_amount_units,
        row.settlement_currency,
        row.settlement_id,
        row.date,
        row.file_order,
        row.order,
        order.order_id if order else "",
        suggested_for(row),
        suggested.order_id if suggested else "",
        row.replaced_by is not None,
        {name: row.file_order if name == "order" else getattr(row, name) for name in FIELDS},
        decided,
        can if may else (),
    )
