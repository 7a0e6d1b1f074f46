"""Candidates: orders that a line may belong to, found by a person's text or proposed, the nearest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, get_args

from services import money
from services.access import ALL_ACCOUNTS, Actor, Right, allowed_accounts, require
from services.desk import Desk
from services.errors import DeskError
from services.reconciliation.decisions.checks import suggested_for
from services.reconciliation.decisions.errors import LineUnknown
from services.reconciliation.matching.key_texts import loosely
from services.settlements.dates import day
from services.store import Connection
from services.store.settlements import decisions, matchable_orders
from services.store.settlements.lines.stored_lines import StoredLine
from services.store.settlements.matchable_orders import MatchableOrder
from services.text.folding import typed

SHOWN = 20
_SEARCH_LIMIT = 200  # orders that a text finds, the newest first
# Why an order is in the list, the nearest first.
Why = Literal["suggested", "named", "typed", "found", "alike", "amount", "amount_typed"]
SUGGESTED: Final = "suggested"
NAMED: Final = "named"
TYPED: Final = "typed"
FOUND: Final = "found"
ALIKE: Final = "alike"
AMOUNT: Final = "amount"
AMOUNT_TYPED: Final = "amount_typed"
_RANKS: tuple[Why, ...] = get_args(Why)
# What is known of an order's payment. ``settled``: an order with a line; ``awaited``: not known.
Paid = Literal["settled", "paid", "not_paid", "awaited"]
_SHORTEST = 4  # characters of a text that counts as alike, without blanks, dashes and zeros


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An order that a line may belong to. ``why``: it is suggested, the line's keys name it, its key was typed, the text
    was found in it, one of the line's texts is alike, it has the line's own amount and currency, or the amount typed.
    Amounts in 1/10000; ``collected``: as HiPay reports it; ``gross``: what its lines have settled of it so far, in the payouts
    ``settlement_ids``; ``missing``: what is collected and not settled; ``not_refunded``: settled and not refunded.
    """

    order: int
    order_id: str
    customer: str
    amount: int
    currency: str
    paid: Paid
    collected: int
    gross: int
    settlement_ids: str
    missing: int
    not_refunded: int
    lines: int
    references: tuple[str, ...]
    created_at: datetime
    why: Why
    same_amount: bool
    other_currency: bool


def find(
    desk: Desk, actor: Actor, line_id: int, text: str = "", locale: str = "en_GB"
) -> tuple[Candidate, ...]:
    """Orders of the line's account, the nearest first, at most SHOWN.

    The text may be an id, a reference or a transaction, words of a name, an address, an id or a reference, or an amount in the
    notation of ``locale``. Without a text: the suggested order, those that the line's keys name, and those that have its
    own amount in its currency. Raises LineUnknown, NotAllowed.
    """
    with desk.store.read() as tx:
        line = next(iter(decisions.lines(tx, [line_id])), None)
        require(tx, actor, Right.RECONCILE, line.account if line else ALL_ACCOUNTS)
        if line is None or line.file_state != "complete":
            raise LineUnknown
        why = _found(tx, line, text.strip(), locale) if text.strip() else _proposed(tx, line)
        orders = matchable_orders.orders_by_id(tx, why)
    found = [_candidate(row, line, why[row.id]) for row in orders.values() if row.erased_at is None]
    return tuple(sorted(found, key=lambda one: _distance(one, line))[:SHOWN])


def suggestions(desk: Desk, actor: Actor, line_ids: Iterable[int]) -> dict[int, Candidate]:
    """The order that is suggested for each of these lines that has one, by line. Raises NotAllowed."""
    with desk.store.read() as tx:
        allowed = allowed_accounts(tx, actor, Right.RECONCILE)
        lines = [line for line in decisions.lines(tx, line_ids) if allowed is None or line.account in allowed]
        suggested = [(line, order) for line in lines if (order := suggested_for(line)) is not None]
        orders = matchable_orders.orders_by_id(tx, (order for _, order in suggested))
    return {line.id: _candidate(orders[order], line, SUGGESTED) for line, order in suggested}


def nearest(tx: Connection, line: StoredLine, most: int) -> tuple[int, ...]:
    """The orders that come nearest a line (``decisions.lines``) that has none, at most so many."""
    why = _proposed(tx, line)
    orders = matchable_orders.orders_by_id(tx, why)
    found = [_candidate(row, line, why[row.id]) for row in orders.values() if row.erased_at is None]
    return tuple(one.order for one in sorted(found, key=lambda one: _distance(one, line))[:most])


def _proposed(tx: Connection, line: StoredLine) -> dict[int, Why]:
    why: dict[int, Why] = dict.fromkeys(_of_its_amount(tx, line), AMOUNT)
    texts = (line.file_order, *(getattr(line, f"reporting_data_{n}") for n in range(1, 6)))
    alike = [text for text in loosely([text for text in texts if text]) if len(text) >= _SHORTEST]
    why |= dict.fromkeys(matchable_orders.orders_by_key(tx, line.account, alike, SHOWN), ALIKE)
    why |= dict.fromkeys(matchable_orders.order_ids(tx, line.account, line.candidates), NAMED)
    return why | _suggested(line)


def _found(tx: Connection, line: StoredLine, text: str, locale: str) -> dict[int, Why]:
    why: dict[int, Why] = {}
    units = _units(text, line.original_currency, locale)
    if units is not None:
        found = matchable_orders.orders_by_amount(
            tx, line.account, units, line.original_currency, _SEARCH_LIMIT
        )
        why |= dict.fromkeys(found, AMOUNT_TYPED)
        why |= dict.fromkeys(set(_of_its_amount(tx, line)) & set(found), AMOUNT)
    why |= dict.fromkeys(matchable_orders.orders_by_text(tx, line.account, text, _SEARCH_LIMIT), FOUND)
    why |= dict.fromkeys(
        matchable_orders.orders_by_key(tx, line.account, (text, *loosely([typed(text)])), _SEARCH_LIMIT),
        TYPED,
    )
    return why | {order: SUGGESTED for order in _suggested(line) if order in why}


def _of_its_amount(tx: Connection, line: StoredLine) -> list[int]:
    units, code = abs(line.original_amount_units or 0), line.original_currency
    return (
        matchable_orders.orders_by_amount(tx, line.account, units, code, _SEARCH_LIMIT, only=True)
        if units and code
        else []
    )


def _suggested(line: StoredLine) -> dict[int, Why]:
    order = suggested_for(line)
    return {} if order is None else {order: SUGGESTED}


def _units(text: str, currency: str, locale: str) -> int | None:
    try:
        return money.to_units(money.parse(text, currency if money.is_currency(currency) else "EUR", locale))
    except DeskError:
        return None


def _candidate(row: MatchableOrder, line: StoredLine, why: Why) -> Candidate:
    references = [getattr(row, f"reference_{n}") for n in range(1, 6)]
    amount = abs(line.original_amount_units or 0)
    return Candidate(
        order=row.id,
        order_id=row.order_id,
        customer=" ".join(part for part in (row.first_name, row.last_name) if part),
        amount=row.amount,
        currency=row.currency,
        paid=_paid(row),
        collected=row.captured,
        gross=row.gross_units,
        settlement_ids=row.settlement_ids,
        missing=max(0, row.open_units or (0 if row.gross_units else row.amount)),
        not_refunded=max(0, row.gross_units - row.refunds_units),
        lines=row.lines,
        references=tuple(text for text in references if text),
        created_at=row.created_at,
        why=why,
        same_amount=(row.amount, row.currency) == (amount, line.original_currency),
        other_currency=bool(line.original_currency) and row.currency != line.original_currency,
    )


def _paid(row: MatchableOrder) -> Paid:
    if row.gross_units:
        return "settled"
    if row.captured:
        return "paid"
    return "awaited" if row.channel == "imported" else "not_paid"


def _distance(one: Candidate, line: StoredLine) -> tuple[Any, ...]:
    """The sort key: the reason, then currency and amount, orders without a line first, then the days between order and
    collection."""
    units = line.original_amount_units
    amount = 0 if units is None else abs(one.amount - abs(units))
    apart = abs((one.created_at.date() - _day(line)).days) if _day(line) else 0
    return _RANKS.index(one.why), one.other_currency, amount, one.lines > 0, apart, -one.order


def _day(line: StoredLine) -> Any:
    try:
        return date.fromisoformat(day(line.date))
    except ValueError:
        return None
