"""What matching is about: entries of the bank, payouts that are expected there, what people decided, and when one may be the other."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from services import money
from services.bank import bank_days

NAMED_WITHIN = timedelta(days=45)  # of an entry that names the payout
EARLIEST, LATEST = -1, 5  # bank days from Transfer to the booking, where the amount alone tells
How = Literal["number", "amount", "hand"]
Pair = tuple[int, int]  # entry, payout


@dataclass(frozen=True, kw_only=True, slots=True)
class BankEntry:
    """A booked entry. ``bank_account``: the id of ours; ``account``: the HiPay account whose payouts it receives, "" for any. ``units``: signed,
    in 1/10000. ``texts``: the reference and the texts; ``searched``: the same without any blank, joined. ``returned``: the bank says that it takes
    another entry back."""

    id: int
    bank_account: int
    account: str
    currency: str
    units: int
    booked: date
    texts: tuple[str, ...] = ()
    searched: str = ""
    returned: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedPayout:
    """``units``: what the merchant receives, in 1/10000; below 0 HiPay collects it. ``transfer``: the day of HiPay's transfer."""

    id: int
    account: str
    settlement_id: str
    currency: str
    units: int
    transfer: date


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """What people decided, and nobody has undone. ``apart``: pairs that a person took apart; ``not_hipays``: entries."""

    linked: frozenset[Pair] = frozenset()
    apart: frozenset[Pair] = frozenset()
    not_hipays: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Entries and payouts that belong together: one of each, one payout in several transfers, several in one transfer."""

    entries: tuple[int, ...]
    payouts: tuple[int, ...]
    how: How
    difference: int  # by how many units the entries are more


def named(texts: Sequence[str], searched: str, settlement: str) -> bool:
    """Whether an entry's texts contain the number by itself: as a word, or with all blanks removed between what are no digits. Zeros before
    it, which a spreadsheet drops, do not count."""
    bare = "".join(settlement.split()).upper().lstrip("0")
    if not bare:
        return False
    number = re.escape(bare)
    return bool(
        re.search(rf"(?<!\d)0*{number}(?!\d)", searched)
        or any(re.search(rf"(?<!\w)0*{number}(?!\w)", text.upper()) for text in texts)
    )


def equal(entry_units: int, payout_units: int, currency: str) -> bool:
    """Whether they are the same amount at the smallest unit that the bank pays."""
    return abs(entry_units - payout_units) < money.step(currency)


def same_place(entry: BankEntry, payout: ExpectedPayout) -> bool:
    return entry.account in ("", payout.account) and entry.currency == payout.currency


def fits_window(entry: BankEntry, payout: ExpectedPayout) -> bool:
    first = bank_days.shifted(payout.transfer, EARLIEST)
    last = bank_days.shifted(payout.transfer, LATEST)
    return same_place(entry, payout) and first <= entry.booked <= last


def group_of(entries: Iterable[BankEntry], payouts: Iterable[ExpectedPayout], how: How) -> Group:
    of_entries, of_payouts = list(entries), list(payouts)
    return Group(
        entries=tuple(sorted(one.id for one in of_entries)),
        payouts=tuple(sorted(one.id for one in of_payouts)),
        how=how,
        difference=sum(one.units for one in of_entries) - sum(one.units for one in of_payouts),
    )
