"""Lines as a person sees them before deciding: their values, the valid decision, and what can be decided now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from services.access import Actor, Right, allowed_accounts, rights_on
from services.desk import Desk
from services.reconciliation.decisions.checks import Shown, suggested_for
from services.reconciliation.decisions.not_ours_rules import FIELDS
from services.store.settlements import decisions, matchable_orders
from services.store.settlements.decisions import Decision
from services.store.settlements.lines.stored_lines import LineToDecide
from services.store.settlements.matchable_orders import MatchableOrder
from services.store.settlements.outcomes import DecisionKind, Outcome

# In the order in which they are offered.
Act = Literal["accept", "match", "split", "unmatch", "not_ours", "exclude", "twice", "undo"]
ACTS: tuple[Act, ...] = get_args(Act)


@dataclass(frozen=True, kw_only=True)
class CurrentDecision:
    """The valid decision on a line; ``group_size``: how many valid decisions were taken at once with it, itself included."""

    id: int
    kind: DecisionKind
    reason: str
    at: datetime
    who: str
    group: str
    group_size: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """Amounts in 1/10000; ``original`` and ``settled`` None where the file names none. ``order`` and ``suggested`` are ours, with their order
    ids. ``replaced``: a newer file corrects it; ``withdrawn``: the newest issue of its
    payout no longer has it. ``texts``: its columns that a rule may compare. ``possible``: of
    ACTS, none for who may not."""

    id: int
    account: str
    kind: str
    operation_code: str
    operation: str
    outcome: Outcome
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
    withdrawn: bool
    texts: dict[str, str]
    decided: CurrentDecision | None
    possible: tuple[Act, ...]

    @property
    def shown(self) -> Shown:
        decision = self.decided.id if self.decided else None
        return Shown(
            line=self.id, decision=decision, outcome=self.outcome, order=self.order, suggested=self.suggested
        )

    @property
    def named_amount(self) -> tuple[int | None, str]:
        """The amount by which a person knows the line, and its currency: the original one, or the settled one if the file
        names no original amount."""
        if self.original is None:
            return self.settled, self.settlement_currency
        return self.original, self.original_currency

    def changed_since_shown(self, now: "Line | None") -> bool:
        """Whether the line has changed: it was decided, corrected or rejoined, or is gone."""
        return now is None or (now.shown, now.replaced, now.withdrawn) != (
            self.shown,
            self.replaced,
            self.withdrawn,
        )


def read_lines(desk: Desk, actor: Actor, line_ids: Iterable[int]) -> tuple[Line, ...]:
    """These lines, by id; one that is not there, of a file that is not complete or of an account
    that the actor may not see is left out. Raises NotAllowed."""
    with desk.store.read() as tx:
        allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
        complete = [row for row in decisions.lines(tx, line_ids) if row.file_state == "complete"]
        found = [row for row in complete if allowed is None or row.account in allowed]
        accounts = {row.account for row in found}
        may = {one: Right.RECONCILE in rights_on(tx, actor, one) for one in accounts}
        current = decisions.by_ids(tx, {row.decision for row in found if row.decision is not None})
        sizes = decisions.group_sizes(tx, {row.group for row in current.values()})
        named = {order for row in found for order in (row.order, suggested_for(row)) if order is not None}
        orders = matchable_orders.orders_by_id(tx, named)
    return tuple(_line(row, current, sizes, orders, may[row.account]) for row in found)


def companions(desk: Desk, actor: Actor, line_ids: Iterable[int]) -> tuple[Line, ...]:
    """The other lines of these lines' transactions that have no decision. Raises NotAllowed."""
    with desk.store.read() as tx:
        allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
        found = decisions.companions(tx, line_ids)
    return read_lines(desk, actor, found)


def possible(
    outcome: Outcome, kind: str, *, original: int | None, suggested: bool, decided: str, replaced: bool
) -> tuple[Act, ...]:
    """What can be decided on a line. ``kind``: of its operation; ``decided``: the kind of the valid decision, "" for none."""
    if replaced:  # the line no longer counts, but its decision can be undone
        return ("undo",) if decided else ()
    if kind == "control":
        return ("undo",) if decided else ("twice",)
    can: dict[Act, bool] = {
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
    row: LineToDecide,
    current: dict[int, Decision],
    sizes: dict[str, int],
    orders: dict[int, MatchableOrder],
    may: bool,
) -> Line:
    suggested_order = suggested_for(row)
    decision = current.get(row.decision or 0)
    order, suggested = orders.get(row.order or 0), orders.get(suggested_order or 0)
    can = possible(
        row.outcome,
        row.kind,
        original=row.original_amount_units,
        suggested=suggested is not None,
        decided=decision.kind if decision else "",
        replaced=not row.current,
    )
    return Line(
        id=row.id,
        account=row.account,
        kind=row.kind,
        operation_code=row.operation_code,
        operation=row.operation,
        outcome=row.outcome,
        original=row.original_amount_units,
        original_currency=row.original_currency,
        settled=row.settled_amount_units,
        settlement_currency=row.settlement_currency,
        settlement_id=row.settlement_id,
        date=row.date,
        file_order=row.file_order,
        order=row.order,
        order_id=order.order_id if order else "",
        suggested=suggested_order,
        suggested_id=suggested.order_id if suggested else "",
        replaced=row.replaced_by is not None,
        withdrawn=row.withdrawn_by is not None,
        texts={name: row.file_order if name == "order" else getattr(row, name) for name in FIELDS},
        decided=_current(decision, sizes) if decision else None,
        possible=can if may else (),
    )


def _current(decision: Decision, sizes: dict[str, int]) -> CurrentDecision:
    return CurrentDecision(
        id=decision.id,
        kind=decision.kind,
        reason=decision.reason,
        at=decision.at,
        who=decision.who,
        group=decision.group,
        group_size=sizes[decision.group],
    )
