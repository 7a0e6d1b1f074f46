"""The lines of a payout by HiPay's transaction: a sale, its fees, its refunds."""

from collections.abc import Iterable, Mapping, Sequence

from services.payouts.difference_facts import CapturedOrder, Facts, Line

_OTHERS = frozenset({"refund", "chargeback", "chargeback_refund"})  # that have fees of their own


def by_transaction(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """The lines that name a transaction, by it, in the order in which they are given."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        if line.transaction:
            found.setdefault(line.transaction, []).append(line)
    return found


def orders_of(facts: Facts) -> dict[str, CapturedOrder]:
    """The order of each transaction: the one that it paid, or that a line of it is matched to."""
    by_id = {order.id: order for order in facts.orders}
    matched = {
        line.transaction: by_id[line.order]
        for line in facts.lines
        if line.transaction and line.order in by_id
    }
    return matched | {each: order for order in facts.orders for each in order.transactions}


def without_sale(transactions: Mapping[str, Sequence[Line]]) -> dict[str, tuple[int, ...]]:
    """The transactions of which the payout has fees and not what they are the fees of, with these fees: ids of lines.

    A percentage fee is that of a sale; any other may be that of a refund or a chargeback that is here.
    """
    found: dict[str, tuple[int, ...]] = {}
    for transaction, lines in transactions.items():
        fees = [line for line in lines if line.kind == "fee"]
        kinds = {line.kind for line in lines}
        of_a_sale = any(line.code == "variable" and (line.units or 0) < 0 for line in fees)
        if fees and "sale" not in kinds and (of_a_sale or kinds.isdisjoint(_OTHERS)):
            found[transaction] = tuple(line.id for line in fees)
    return found


def sold_twice(transactions: Mapping[str, Iterable[Line]]) -> list[str]:
    """The transactions of which the payout has two sales of one amount: a transaction counted twice, or captured in parts."""
    found = []
    for transaction, lines in transactions.items():
        sales = [line.units for line in lines if line.kind == "sale"]
        if len(sales) > len(set(sales)):
            found.append(transaction)
    return found
