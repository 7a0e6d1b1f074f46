"""A payout carried forward, and the one that takes it up.

HiPay's documents do not say how the next payout names the balance. A line of a balance with this payout as its *Original settlement ID* is
believed; where no line names it, a line of exactly this amount in the only later payout that has one. The whole balance must be taken up, by one payout.
"""

from collections import Counter
from collections.abc import Iterable

from services.store.payouts.carried import BalanceLine
from services.store.payouts.rows import PayoutFigures, PayoutRow


def taker(lines: Iterable[BalanceLine], row: PayoutRow, figures: PayoutFigures) -> int | None:
    """The id of the payout that takes up what this one carries over; None while there is none, or it is not certain. ``lines``: all
    lines of balances of its account and currency."""
    balance = figures.net_units - (figures.carried_units or 0)
    others = [one for one in lines if one.payout != row.id]
    named = [one for one in others if one.origin == row.settlement_id]
    if named:
        taken = Counter[int]()
        for one in named:
            taken[one.payout] += one.units or 0
        payout, units = next(iter(taken.items()))
        return payout if len(taken) == 1 and units == balance else None
    later = {
        one.payout
        for one in others
        if not one.origin and one.units == balance and balance and one.day >= figures.last_day
    }
    return later.pop() if len(later) == 1 else None
