"""Payouts without a number in the texts that came in parts or together: proposed to a person, never linked."""

from collections.abc import Iterable
from itertools import combinations
from typing import TypeVar

from services.bank.facts import BankEntry, ExpectedPayout, Group, equal, fits_window, group_of
from services.bank.matching import Matching

MOST_PARTS = 4  # of a proposal
_MOST_AMONG = 16  # among more entries or payouts of a window, a sum that fits is chance
_One = TypeVar("_One", BankEntry, ExpectedPayout)


def proposals(
    entries: Iterable[BankEntry], payouts: Iterable[ExpectedPayout], found: Matching
) -> tuple[Group, ...]:
    """Payouts that nothing names and that two to four loose entries make together, or that one loose entry pays together: for a person to
    confirm. Nothing where more than one sum fits. ``entries``: those that look like HiPay's."""
    taken = {payout for group in found.groups for payout in group.payouts} | found.possible.keys()
    open_payouts = [one for one in payouts if one.units and one.id not in taken]
    loose = [one for one in entries if one.id in found.loose and not one.returned]
    proposed = list[Group]()
    for payout in open_payouts:
        parts = _only_sum([one for one in loose if fits_window(one, payout)], payout.units, payout.currency)
        proposed += [group_of(parts, [payout], "hand")] if parts else []
    for entry in loose:
        due = _only_sum([one for one in open_payouts if fits_window(entry, one)], entry.units, entry.currency)
        proposed += [group_of([entry], due, "hand")] if due else []
    return tuple(proposed)


def _only_sum(among: list[_One], units: int, currency: str) -> tuple[_One, ...]:
    """The two to four of these that make the amount, if no others do."""
    if len(among) > _MOST_AMONG:
        return ()
    fitting = [
        some
        for count in range(2, MOST_PARTS + 1)
        for some in combinations(among, count)
        if equal(sum(one.units for one in some), units, currency)
    ]
    return fitting[0] if len(fitting) == 1 else ()
