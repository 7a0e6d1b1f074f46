"""Checks before a decision on a line is written: its state, its orders, the shares of a split line, the reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.mail.addresses import clean_header_text
from services.orders.errors import UnknownOrder
from services.reconciliation.decisions.agreement import Agreement, LineAmount, agreement
from services.reconciliation.decisions.errors import (
    AmountDiffers,
    AmountNotNamed,
    ConflictingDecision,
    CurrencyDiffers,
    DecisionUnknown,
    DiffersFromOrder,
    LineMoved,
    LineReplaced,
    LineUnknown,
    LineWithdrawn,
    NoAmountToSplit,
    OrderChanged,
    OrderElsewhere,
    OrderErased,
    ReasonMissing,
    ShareOrderTwice,
    SharesDiffer,
    ShareSign,
    ShareTooFine,
    TooFewShares,
    TotalLine,
)
from services.store.settlements.decisions import Decision
from services.store.settlements.lines.stored_lines import LineToDecide, StoredLine
from services.store.settlements.matchable_orders import MatchableOrder
from services.store.settlements.outcomes import PersonsDecision

REASON_MAX = 300

Share = tuple[int, int]  # our id of an order, and its part of the line's original amount in 1/10000
Seen = Mapping[int, tuple[int, str]]  # orders as they were shown: amount in 1/10000, currency


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A line as the form showed it: ``decision``: the one that was valid then, None for none; ``outcome``, "" if it was not
    shown; ``order`` and ``suggested``: the order that it had, and the one that was suggested."""

    line: int
    decision: int | None = None
    outcome: str = ""
    order: int | None = None
    suggested: int | None = None


def check_line(
    line: LineToDecide | None, shown: Shown, former: dict[int, Decision], kind: PersonsDecision
) -> None:
    """Raises DecisionRefused unless the line can be decided so, and is as it was ``shown``."""
    if line is None or line.file_state != "complete":
        raise LineUnknown
    if line.withdrawn_by is not None:
        raise LineWithdrawn
    if line.replaced_by is not None:
        raise LineReplaced
    if line.kind == "control" and kind != "twice":
        raise TotalLine
    if line.decision == shown.decision:
        _check_unmoved(line, shown)
        return
    if line.decision is not None:
        other = former[line.decision]
        raise ConflictingDecision(other.who, other.at)
    gone = former.get(shown.decision or 0)
    if gone is None or gone.undone_at is None:
        raise DecisionUnknown
    raise ConflictingDecision(gone.undoer, gone.undone_at)


def _check_unmoved(line: StoredLine, shown: Shown) -> None:
    """A file, an order or a rule may have changed the line's outcome without a person's decision. Raises LineMoved."""
    if shown.outcome and (line.outcome, line.order, suggested_for(line)) != (
        shown.outcome,
        shown.order,
        shown.suggested,
    ):
        raise LineMoved


def suggested_for(line: StoredLine) -> int | None:
    """The suggested order. With any other outcome the nearest order is only a hint, which nobody can accept."""
    return line.nearest if line.outcome == "suggested" else None


def check_orders(line: StoredLine, plan: Sequence[Share], orders: dict[int, MatchableOrder]) -> None:
    """Raises DecisionRefused or UnknownOrder unless the line can go to these orders."""
    for order_id, _ in plan:
        order = orders.get(order_id)
        if order is None:
            raise UnknownOrder
        if order.account != line.account:
            raise OrderElsewhere(order.order_id)
        if order.erased_at is not None:
            raise OrderErased(order.order_id)


def check_agreement(
    plans: Mapping[int, Sequence[Share]],
    lines: Mapping[int, StoredLine],
    orders: Mapping[int, MatchableOrder],
    seen: Seen,
) -> None:
    """Raises DiffersFromOrder if lines differ from their order and the person has not confirmed it, OrderChanged if the
    person saw another amount."""
    by_order: dict[int, list[LineAmount]] = {}
    for number, plan in plans.items():
        line = lines[number]
        for order_id, share in plan:
            units = None if line.original_amount_units is None else share
            by_order.setdefault(order_id, []).append((line.kind, units, line.original_currency))
    for order_id, amounts in by_order.items():
        order = orders[order_id]
        found = agreement(amounts, order.amount, order.currency)
        if not found.differs:
            continue
        if order_id not in seen:
            raise _question(found, order.order_id)
        if seen[order_id] != (order.amount, order.currency):
            raise OrderChanged(order.order_id, order.amount, order.currency)


def _question(found: Agreement, order_id: str) -> DiffersFromOrder:
    if found.other_currency:
        return CurrencyDiffers(found.currency, found.ordered_currency, order_id)
    if found.units is None:
        return AmountNotNamed(order_id)
    return AmountDiffers(found.units, found.ordered, found.ordered_currency, order_id)


def rest(amount: int | None, shares: Iterable[Share]) -> int:
    """The rest of the amount after the shares, in 1/10000."""
    return (amount or 0) - sum(units for _, units in shares)


def check_shares(amount: int | None, shares: Sequence[Share], step: int = 1) -> None:
    """Raises SharesRefused unless the shares, each of another order, make the whole amount, all have its sign and all but
    one are multiples of ``step``, the smallest amount of their currency."""
    if not amount:
        raise NoAmountToSplit
    if len(shares) < 2:
        raise TooFewShares
    if len({order for order, _ in shares}) < len(shares):
        raise ShareOrderTwice
    if any(units * amount <= 0 for _, units in shares):
        raise ShareSign
    if rest(amount, shares):
        raise SharesDiffer(rest(amount, shares))
    if sum(units % step != 0 for _, units in shares) > (amount % step != 0):
        raise ShareTooFine


def check_reason(text: str) -> str:
    """The reason as it is stored, at most REASON_MAX characters. Raises ReasonMissing, TextError."""
    reason = clean_header_text(text, "reason", REASON_MAX)
    if not reason:
        raise ReasonMissing
    return reason
