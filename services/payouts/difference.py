"""Why a payout differs: what of its lines, rows, orders and former issues would make up the difference."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from services.payouts import difference_amounts, difference_transactions
from services.payouts.difference_facts import (
    KINDS,
    SURENESS,
    CapturedOrder,
    Explanation,
    Facts,
    Sureness,
)
from services.payouts.transactions import by_transaction, orders_of, without_sale

SHOWN = 12  # explanations: more than that explain nothing
_LINES = 20  # of one explanation
_EVERY = 3  # of orders, each an explanation of its own


def explain(facts: Facts) -> tuple[Explanation, ...]:
    """What may make the difference, most likely first: the surer, then what is exactly the difference, then by kind.

    Empty for a difference of nought. Takes time that grows with the number of lines (of three lines at once: with its
    square, and only where there are few). Two explanations never have the same lines for the same reason.
    """
    if not facts.units:
        return ()
    found = [
        *_withdrawn(facts),
        *_orders(facts),
        *difference_transactions.explain(facts),
        *_missing(facts),
        *_unread(facts),
        *difference_amounts.explain(facts),
    ]
    ranked = sorted(found, key=lambda one: _rank(one, facts))
    return tuple(_without_repeats(ranked, facts.units))[:SHOWN]


def _rank(one: Explanation, facts: Facts) -> tuple[object, ...]:
    return (
        SURENESS.index(one.sure),
        one.units != facts.units,
        KINDS.index(one.kind),
        one.lines,
        one.orders,
        one.files,
    )


def _without_repeats(ranked: Iterable[Explanation], units: int) -> Iterator[Explanation]:
    """Leave out what only says again, less surely, that these lines make the difference."""
    named: set[int] = set()
    for one in ranked:
        if one.lines and not one.orders and named.issuperset(one.lines):
            continue
        if one.units == units:
            named.update(one.lines)
        yield one


def _withdrawn(facts: Facts) -> Iterator[Explanation]:
    """Lines that a newer issue no longer has: certain where all that one issue withdrew, or one line, is the difference."""
    by_file = sorted(facts.withdrawn, key=lambda line: line.file)
    for file, group in groupby(by_file, key=lambda line: line.file):
        lines = list(group)
        total = None if facts.withdrawn_cut else -sum(line.units or 0 for line in lines)
        alone = [line for line in lines if line.units == -facts.units]
        fits = total == facts.units
        if alone and not fits:
            lines, total = alone, facts.units
        sure: Sureness = "certain" if fits or len(alone) == 1 else "possible"
        ids = tuple(line.id for line in lines[:_LINES])
        yield Explanation(kind="withdrawn", sure=sure, units=total, lines=ids, files=(file,))


def _orders(facts: Facts) -> Iterator[Explanation]:
    """Orders of which something was captured that is in no payout: certain where the payout has the fees of just that."""
    if facts.units > 0:  # a missing sale leaves the lines below what is announced
        return
    orphans = {
        transaction: ids
        for transaction, ids in without_sale(by_transaction(facts.lines)).items()
        if facts.whole or transaction in facts.known
    }
    open_orders = [order for order in facts.orders if order.open_units > 0]
    fees_of: dict[int, list[int]] = {}  # order → its fees in this payout
    for transaction, order in orders_of(facts).items():
        if transaction in orphans:
            fees_of.setdefault(order.id, []).extend(orphans[transaction])
    charged = [order for order in open_orders if order.id in fees_of]
    if charged and sum(order.open_units for order in charged) == -facts.units:
        yield _order_explanation("certain", charged, fees_of)
        return
    alone = [order for order in charged if order.open_units == -facts.units]
    if len(alone) == 1:
        yield _order_explanation("certain", alone, fees_of)
        return
    alike = alone or [order for order in open_orders if order.open_units == -facts.units]
    first, last = facts.days
    dated = [order for order in alike if order.day and first <= order.day <= last]
    for order in alike[:_EVERY]:
        yield _order_explanation("likely" if dated == [order] else "possible", [order], fees_of)


def _order_explanation(
    sure: Sureness, orders: list[CapturedOrder], fees_of: dict[int, list[int]]
) -> Explanation:
    theirs = sorted(line for order in orders for line in fees_of.get(order.id, ()))
    total = -sum(order.open_units for order in orders)
    ids = tuple(order.id for order in orders[:_LINES])
    return Explanation(
        kind="order_not_paid_out", sure=sure, units=total, lines=tuple(theirs[:_LINES]), orders=ids
    )


def _missing(facts: Facts) -> Iterator[Explanation]:
    if facts.missing:
        yield Explanation(kind="amounts_missing", sure="likely", units=None, lines=facts.missing[:_LINES])


def _unread(facts: Facts) -> Iterator[Explanation]:
    for one in facts.unread:
        sure: Sureness = "likely" if one.named else "possible"
        yield Explanation(kind="rows_not_read", sure=sure, units=None, files=(one.file,), rows=one.rows)
