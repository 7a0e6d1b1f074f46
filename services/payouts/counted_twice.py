"""Transactions that payouts count twice, found from the lines that share a transaction.

A transaction is counted twice where several Sales of it come to more than HiPay's reads show captured for it, or where the same operation
and amount of it comes from two files of a payout under different keys (a file that is issued again with another reference has other keys),
or under two payout ids that differ by leading zeros alone (a spreadsheet drops them).
Captures in parts are right, and so are refunds in parts: what the reads of HiPay cover is not counted twice, nor are refunds and fees of
which a person said that they are other lines of one issue. Neither is a chargeback after one that was won, nor a fee where as many
captures, refunds or chargebacks are there that may each have theirs.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from services.orders.transactions import TransactionLog
from services.store import Connection
from services.store.payouts import leading_zeros, twice
from services.store.payouts.twice import Counted, TransactionLine
from services.store.settlements import order_keys
from services.store.settlements.lines.line_totals import says_unsettled

_BY_HAND = "twice_by_hand"  # a person decided it: such a line does not count
_ORDER = {
    "sale": 0,
    "refund": 0,
    "chargeback_refund": 0,
    "chargeback": 1,
}  # what others are judged by comes first


@dataclass(frozen=True, slots=True)
class Moved:
    """What HiPay's reads show of a transaction, in 1/10000 of its order's currency."""

    captured: int
    refunded: int


def count(lines: Iterable[TransactionLine], moved: Mapping[str, Moved]) -> dict[Counted, int]:
    """How many lines of a transaction are part of something that is counted twice, by payout and transaction."""
    by_transaction = defaultdict[str, list[TransactionLine]](list)
    for line in lines:
        if line.reason != _BY_HAND:
            by_transaction[line.transaction_id].append(line)
    return {
        (payout, transaction): found
        for transaction, theirs in by_transaction.items()
        for payout, found in _of_transaction(theirs, moved.get(transaction)).items()
    }


def _of_transaction(lines: Sequence[TransactionLine], moved: Moved | None) -> dict[int, int]:
    sales = [one for one in lines if one.kind == "sale" and not says_unsettled(one.settled)]
    sizes = [abs(one.original_units) for one in sales if one.original_units is not None]
    found = set[int]()
    covered: dict[str, bool] = {}  # kinds of which it is known how much of them is right
    if moved is not None and moved.captured:
        over = sum(sizes) > moved.captured
        covered["sale"] = not over and len(sizes) == len(sales)
        if over and len(sales) > 1:
            found |= {one.id for one in sales}
    refunds = [one.original_units for one in lines if one.kind == "refund"]
    if moved is not None and moved.refunded and None not in refunds:
        covered["refund"] = sum(abs(one or 0) for one in refunds) <= moved.refunded
    for same in sorted(_repeated(lines), key=lambda same: _ORDER.get(same[0].kind, len(_ORDER))):
        kind, theirs = same[0].kind, [one for one in lines if _payout(one) == _payout(same[0])]
        parts = len({(one.payout, one.issue) for one in same}) == 1  # a person said that they are other lines
        if kind in ("sale", "refund"):
            right = covered.get(kind, parts and kind == "refund")
        elif kind == "chargeback":  # each but the last was won
            size = abs(same[0].settled_units or 0)
            right = len(same) <= 1 + sum(
                one.kind == "chargeback_refund"
                and one.id not in found
                and abs(one.settled_units or 0) == size
                for one in theirs
            )
        elif kind == "chargeback_refund":
            right = False
        else:  # each capture, refund and chargeback may have its own fees
            right = parts or len(same) <= sum(
                covered.get(one.kind, one.kind in ("chargeback", "chargeback_refund") and one.id not in found)
                for one in theirs
            )
        if not right:
            found |= {one.id for one in same}
    return dict(Counter(one.payout for one in lines if one.id in found))


def _repeated(lines: Iterable[TransactionLine]) -> list[list[TransactionLine]]:
    """Lines of a payout with the same operation and amount that come from several files under different keys."""
    groups = defaultdict[tuple[str, str, str, str, int], list[TransactionLine]](list)
    for one in lines:
        if one.settled_units is not None:
            groups[*_payout(one), one.kind, one.operation_code, one.settled_units].append(one)
    return [
        same
        for same in groups.values()
        if len({one.file for one in same}) > 1 and len({(one.payout, one.key) for one in same}) > 1
    ]


def _payout(line: TransactionLine) -> tuple[str, str]:
    return leading_zeros.without(line.settlement_id), line.currency


def refresh(tx: Connection, account: str, transactions: Collection[str]) -> None:
    """Store which of these transactions are counted twice now; payouts of which that changes are behind."""
    wanted = {one for one in transactions if one}
    if not wanted:
        return
    lines = twice.lines(tx, account, wanted)
    twice.change(tx, twice.stored(tx, account, wanted), count(lines, moved_at_hipay(tx, account, lines)))


def moved_at_hipay(tx: Connection, account: str, lines: Collection[TransactionLine]) -> dict[str, Moved]:
    """What the reads of HiPay show of these lines' transactions, by transaction, whatever a person decided of the lines."""
    known = order_keys.of_transactions(tx, account, {one.transaction_id for one in lines})
    orders = sorted({*known, *(one.order for one in lines if one.order is not None)})
    logs = defaultdict[int, TransactionLog](TransactionLog)
    for order, data in order_keys.payments(tx, orders) if orders else ():
        logs[order].add_payment(data)
    return {
        one.reference: Moved(one.captured, one.refunded) for log in logs.values() for one in log.confirmed()
    }


def refresh_joined(tx: Connection, account: str, lines: pd.DataFrame) -> None:
    """The same of lines that have been joined, all of their transactions: those that may be counted twice, and those that were."""
    named = lines[(lines["transaction_id"] != "").to_numpy()]
    same = [
        "transaction_id",
        "operation_code",
        "settled_amount_units",
    ]  # of one payout, which has several ids
    sales = named[(named["kind"] == "sale").to_numpy()]
    wanted = {
        *named.loc[named.duplicated(same, keep=False), "transaction_id"],
        *sales.loc[sales.duplicated("transaction_id", keep=False), "transaction_id"],
    }
    if len(named) and twice.any_stored(tx):
        known = twice.stored(tx, account, set(named["transaction_id"]))
        wanted |= {transaction for _, transaction in known}
    refresh(tx, account, wanted)


def refresh_positions(tx: Connection, found: Mapping[str, pa.Array]) -> None:
    """The same for orders whose positions (columns of order_positions) have changed: of which more was settled than captured, or was."""
    order, gross, captured, amount = (
        np.asarray(found[name]) for name in ("order", "gross_units", "captured_units", "amount_units")
    )
    more = order[(captured > 0) & ((gross > captured) | (gross > amount))].tolist()
    _refresh_all(tx, twice.of_orders(tx, more) if more else {})
    if len(order) and twice.any_stored(tx):
        _refresh_all(tx, twice.of_orders(tx, order.tolist(), only_stored=True))


def verify(tx: Connection, payouts: Collection[int]) -> None:
    """The same for what is stored of these payouts: some of its lines may be gone."""
    _refresh_all(tx, twice.of_payouts(tx, payouts))


def _refresh_all(tx: Connection, found: Mapping[str, Collection[str]]) -> None:
    for account, transactions in sorted(found.items()):
        refresh(tx, account, transactions)
