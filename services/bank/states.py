"""Where a payout stands at the bank: told from the matching and from what statements cover, in this one place."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Literal, get_args

from services import money
from services.bank import bank_days
from services.bank.coverage import Coverage
from services.bank.facts import ExpectedPayout, Group
from services.bank.matching import Matching

# Worst first.
AtBank = Literal[
    "amount_differs",
    "returned",
    "several_possible",
    "late",
    "no_statement",
    "not_checked",
    "rounding",
    "several_transfers",
    "bundled",
    "expected",
    "reconciled",
    "nothing_to_pay",
]
STATES: tuple[AtBank, ...] = get_args(AtBank)
LATE_AFTER = 2  # bank days after Transfer, unless set otherwise


def states_of(
    payouts: Iterable[ExpectedPayout],
    found: Matching,
    *,
    proved: Collection[int],
    coverages: Mapping[tuple[str, str], Collection[Coverage]],
    today: date,
    late_after: int = LATE_AFTER,
) -> dict[int, AtBank]:
    """The state of each of these payouts. ``proved``: entries of statements that prove them; ``coverages``: by HiPay account ("" any) and
    currency, those of the bank accounts that may receive its payouts."""
    groups = {payout: group for group in found.groups for payout in group.payouts}
    states: dict[int, AtBank] = {}
    for one in payouts:
        if not one.units:
            states[one.id] = "nothing_to_pay"
        elif one.id in groups:
            states[one.id] = _paid(groups[one.id], one.currency, proved)
        elif one.id in found.returned:
            states[one.id] = "returned"
        elif one.id in found.possible:
            states[one.id] = "several_possible"
        else:
            theirs = [*coverages.get((one.account, one.currency), ()), *coverages.get(("", one.currency), ())]
            states[one.id] = _waiting(one, theirs, today, bank_days.shifted(one.transfer, late_after))
    return states


def _paid(group: Group, currency: str, proved: Collection[int]) -> AtBank:
    if abs(group.difference) >= money.step(currency):
        return "amount_differs"
    if not set(group.entries) <= set(proved):
        return "not_checked"
    if group.difference:
        return "rounding"
    if len(group.entries) > 1:
        return "several_transfers"
    return "bundled" if len(group.payouts) > 1 else "reconciled"


def _waiting(one: ExpectedPayout, coverages: Collection[Coverage], today: date, due: date) -> AtBank:
    """It is late once each bank account that may receive it is covered until the day on which it was due; before, nobody knows."""
    if today <= due:
        return "expected"
    first = bank_days.shifted(one.transfer, -1)
    return "late" if coverages and all(each.covers(first, due) for each in coverages) else "no_statement"
