"""What the transactions of a payout say about its difference: lines twice, fees without a sale, sales without a fee."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from services.payouts.difference_facts import Explanation, Facts, Kind, Line, Sureness
from services.payouts.fees import Fees
from services.payouts.transactions import by_transaction, orders_of, sold_twice, without_sale

_LINES = 20  # of one explanation
_EVERY = 3  # of transactions, each an explanation of its own
Transactions = Mapping[str, Sequence[Line]]


def explain(facts: Facts) -> Iterator[Explanation]:
    """Twins, transactions and fees twice, lines of another payout; and, where all lines are known, what lacks its other part."""
    transactions = by_transaction(facts.lines)
    yield from _twins(facts)
    yield from _twice(facts, transactions)
    yield from _fee_twice(facts, transactions)
    yield from _other_payout(facts)
    if facts.whole:
        fees = Fees(transactions.values(), facts.currency)
        yield from _sale_without_fee(facts, transactions, fees)
        yield from _fees_without_sale(facts, transactions, fees)


def _found(
    kind: Kind, sure: Sureness, units: int | None, lines: Iterable[int], surplus: Iterable[Line] = ()
) -> Explanation:
    too_many = tuple(line.id for line in surplus)[:_LINES]
    return Explanation(kind=kind, sure=sure, units=units, lines=tuple(lines)[:_LINES], surplus=too_many)


def _twins(facts: Facts) -> Iterator[Explanation]:
    """Lines that are equal in every cell but HiPay's ids of the operation: one of them, or every second one, is too many."""
    alike: dict[tuple[object, ...], list[Line]] = {}
    for line in facts.lines:
        if line.cells and line.units:
            alike.setdefault((line.code, line.units, line.transaction, *line.cells), []).append(line)
    pairs = [lines for lines in alike.values() if len(lines) > 1]
    for lines in [lines for lines in pairs if lines[0].units == facts.units][:_EVERY]:
        yield _found("twins", "likely", facts.units, (line.id for line in lines), lines[-1:])
    extra = [line for lines in pairs for line in lines[1:]]
    if len(extra) > 1 and _sum(extra) == facts.units:
        yield _found("twins", "likely", facts.units, (line.id for line in extra), extra)


def _twice(facts: Facts, transactions: Transactions) -> Iterator[Explanation]:
    """A transaction with two sales of one amount: certain where it is known to be counted twice, or more was settled than captured.

    Captures in parts have two sales, too: else only what is exactly the difference is named.
    """
    orders = orders_of(facts)
    shown = 0
    for transaction in dict.fromkeys([*sorted(facts.counted_twice), *sold_twice(transactions)]):
        lines = transactions.get(transaction, ())
        extra = _extra(lines)
        alone = [line for line in extra if line.kind == "sale"]
        fitting = next((some for some in (extra, alone) if some and _sum(some) == facts.units), None)
        order = orders.get(transaction)
        sold = _sum(line for line in lines if line.kind == "sale")
        over = order is not None and max(sold, order.settled_units) > order.captured_units
        known = transaction in facts.counted_twice
        if order is not None and not (over or known):  # captured in parts
            continue
        named = fitting or extra or [line for line in lines if line.kind == "sale"]
        if named and (fitting or over or known) and shown < _EVERY:
            shown += 1
            sure: Sureness = "certain" if fitting and (over or known) else "likely"
            found = _found(
                "transaction_twice", sure, _sum(extra) or None, (line.id for line in named), fitting or ()
            )
            units = facts.units if fitting else found.units
            yield replace(found, units=units, orders=(order.id,) if order and over else ())


def _fee_twice(facts: Facts, transactions: Transactions) -> Iterator[Explanation]:
    """Fees of one name and amount that a transaction with one principal line has twice."""
    extra = []
    for lines in transactions.values():
        if sum(line.kind not in ("fee", "unknown") for line in lines) <= 1:
            extra += [line for line in _extra(lines) if line.kind == "fee"]
    fitting = [line for line in extra if line.units == facts.units]
    if extra and _sum(extra) == facts.units:
        yield _found("fee_twice", "likely", facts.units, (line.id for line in extra), extra)
    elif fitting:
        sure: Sureness = "likely" if len(fitting) == 1 else "possible"
        yield _found("fee_twice", sure, facts.units, (line.id for line in fitting), fitting[:1])


def _other_payout(facts: Facts) -> Iterator[Explanation]:
    """A line that another payout has: one here of a file that announces another, or one there that this one lacks."""
    strange = [line for line in facts.lines if line.file in facts.foreign_files]
    alone = [line for line in strange if line.units == facts.units]
    if strange and _sum(strange) == facts.units:
        yield _found("other_payout", "likely", facts.units, (line.id for line in strange), strange)
    elif alone:
        sure: Sureness = "likely" if len(alone) == 1 else "possible"
        yield _found("other_payout", sure, facts.units, (line.id for line in alone), alone[:1])
    there = [line for line in facts.elsewhere if line.units == -facts.units]
    for line in there[:_EVERY]:
        yield _found("other_payout", "likely" if len(there) == 1 else "possible", facts.units, (line.id,))


def _sale_without_fee(facts: Facts, transactions: Transactions, fees: Fees) -> Iterator[Explanation]:
    """A sale that lacks a fee that nearly all others have, of about the amount of the difference."""
    lacking = [(sale, expected) for lines in transactions.values() for sale, expected in fees.lacking(lines)]
    if facts.units < 0 or not lacking:
        return
    exact = [sale.id for sale, expected in lacking if expected.includes(-facts.units)]
    if exact:
        sure: Sureness = "likely" if len(exact) == 1 else "possible"
        yield _found("sale_without_fee", sure, facts.units, exact)
        return
    low = sum(expected.units - expected.tolerance for _, expected in lacking)
    high = sum(expected.units + expected.tolerance for _, expected in lacking)
    all_of_them = low <= -facts.units <= high
    yield _found(
        "sale_without_fee",
        "likely" if all_of_them else "possible",
        facts.units if all_of_them else None,
        (sale.id for sale, _ in lacking),
    )


def _fees_without_sale(facts: Facts, transactions: Transactions, fees: Fees) -> Iterator[Explanation]:
    """Fees of a transaction of which the payout has no other line: what they are the fees of is missing.

    Where the missing sale would be the difference, the percentage fee must be the one that such a sale has here.
    """
    in_others = {line.transaction for line in facts.elsewhere if line.kind != "fee"}
    orphans = {
        transaction: ids
        for transaction, ids in without_sale(transactions).items()
        if transaction not in in_others
    }
    if not orphans:
        return
    fits = {each: fees.fit(transactions[each], -facts.units) for each in orphans} if facts.units < 0 else {}
    proved = [each for each in orphans if fits.get(each)]
    for each in proved[:_EVERY]:
        sure: Sureness = "likely" if len(proved) == 1 else "possible"
        yield _found("fees_without_sale", sure, facts.units, orphans[each])
    if proved:
        return
    unknown = [each for each in orphans if fits.get(each, False) is None]
    alone = len(orphans) == 1 and len(unknown) == 1
    ids = [line for each in orphans for line in orphans[each]]
    yield _found("fees_without_sale", "likely" if alone else "possible", facts.units if alone else None, ids)


def _extra(lines: Iterable[Line]) -> list[Line]:
    """The lines that repeat the operation and the amount of an earlier one of the same transaction."""
    counts: Counter[tuple[str, str, int | None]] = Counter()
    extra = []
    for line in lines:
        key = (line.code, line.kind, line.units)
        counts[key] += 1
        if counts[key] > 1 and line.units:
            extra.append(line)
    return extra


def _sum(lines: Iterable[Line]) -> int:
    return sum(line.units or 0 for line in lines)
