"""A payout carried forward, and the one that takes it up.

HiPay's documents do not say how the next payout names the balance. A line that settles or defers a balance with this payout as its
*Original settlement ID* is believed; where no line names it, a line of exactly this amount in the only later payout that has one, if no
other payout could be taken up by it. The whole balance must be taken up, by one payout, which is not an earlier one.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from services.store import Connection
from services.store.payouts import carried
from services.store.payouts.carried import Balance, BalanceLine
from services.store.payouts.rows import PayoutFigures, PayoutRow

Found = tuple[PayoutRow, PayoutFigures]


def carry(tx: Connection, found: Sequence[Found]) -> list[PayoutFigures]:
    """The figures of these payouts with ``carried_to``."""
    of = {
        (row.account, row.currency): list[Balance]() for row, new in found if new.announced_by == "deferred"
    }
    lines = {key: carried.balance_lines(tx, *key) for key in of}
    here = {row.id for row, _ in found}
    for key, balances in of.items():
        balances += [one for one in carried.balances(tx, *key) if one.payout not in here]
        balances += [_balance(row, new) for row, new in found if _carries(row, new, key)]
    figures = list[PayoutFigures]()
    for row, new in found:
        key = (row.account, row.currency)
        to = taker(lines[key], _balance(row, new), of[key]) if new.announced_by == "deferred" else None
        figures.append(replace(new, carried_to=to))
    return figures


def _carries(row: PayoutRow, new: PayoutFigures, key: tuple[str, str]) -> bool:
    return new.announced_by == "deferred" and (row.account, row.currency) == key


def _balance(row: PayoutRow, new: PayoutFigures) -> Balance:
    return Balance(row.id, row.settlement_id, new.net_units - (new.carried_units or 0), new.last_day)


def taker(lines: Collection[BalanceLine], balance: Balance, balances: Collection[Balance]) -> int | None:
    """The id of the payout that takes up this balance; None while there is none, or it is not certain. ``lines``, ``balances``: all
    of its account and currency."""
    if named := _naming(lines, balance):
        taken = Counter[int]()
        for one in named:
            taken[one.payout] += one.units or 0
        payout, units = next(iter(taken.items()))
        later = all(one.day >= balance.last_day for one in named)
        return payout if later and len(taken) == 1 and units == balance.units else None
    carrying = {one.payout for one in balances}
    free = [one for one in lines if not one.origin and not (one.carries and one.payout in carrying)]
    payouts = {one.payout for one in free if _may_take(one, balance)}
    rivals = [one for one in balances if one.payout != balance.payout and not _naming(lines, one)]
    if any(_may_take(one, balance) and any(_may_take(one, other) for other in rivals) for one in free):
        return None
    return payouts.pop() if len(payouts) == 1 else None


def _naming(lines: Iterable[BalanceLine], balance: Balance) -> list[BalanceLine]:
    return [
        one
        for one in lines
        if one.origin and one.origin == balance.settlement_id and one.payout != balance.payout
    ]


def _may_take(line: BalanceLine, balance: Balance) -> bool:
    return line.units == balance.units != 0 and line.payout != balance.payout and line.day >= balance.last_day
