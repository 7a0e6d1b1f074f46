"""Which entries of the bank are which payouts: a pure function of the entries, the payouts and what people have decided.

First by the payout's number in the entry's texts, then by the amount alone where one entry and one payout fit each other and nothing else.
Two that fit are told as such and never chosen between: a nearest amount proves nothing. What a person linked or took apart stands.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from services import money
from services.bank.facts import (
    NAMED_WITHIN,
    BankEntry,
    ByHand,
    ExpectedPayout,
    Group,
    Pair,
    equal,
    fits_window,
    group_of,
    named,
    same_place,
)


@dataclass(frozen=True, kw_only=True)
class Matching:
    """``possible``: by payout, the entries that fit, of which a person must choose. ``returned``: payouts whose credit went back, and that
    nothing has paid since. ``loose``: entries that are part of nothing."""

    groups: tuple[Group, ...]
    possible: Mapping[int, tuple[int, ...]]
    returned: Mapping[int, Pair]  # the entry that paid it, and the one that took it back
    loose: frozenset[int]


@dataclass
class _Found:
    groups: list[Group] = field(default_factory=list)
    possible: dict[int, tuple[int, ...]] = field(default_factory=dict)


def match(entries: Iterable[BankEntry], payouts: Iterable[ExpectedPayout], by_hand: ByHand) -> Matching:
    """A payout of nothing takes no part."""
    to_pay = {one.id: one for one in payouts if one.units}
    there = {one.id: one for one in entries if one.id not in by_hand.not_hipays}
    naming = _naming(there.values(), to_pay.values(), by_hand.apart)
    pairs, doubtful = _returns(there, to_pay, naming, {entry for entry, _ in by_hand.linked})
    returning = set(pairs.values()) | {one.id for one in there.values() if one.returned}
    before = _link(there, to_pay, naming, by_hand, without=returning)
    after = _link(there, to_pay, naming, by_hand, without=returning | pairs.keys())
    returned = {
        payout: (entry, pairs[entry])
        for group in before.groups
        for entry in sorted(pairs.keys() & set(group.entries))
        for payout in group.payouts
    }
    for entry, back in pairs.items():  # of two payments that name it, the one that went back
        returned |= dict.fromkeys(naming.get(entry, ()), (entry, back))
    unsure = [one for one in after.groups if one.how != "hand" and doubtful & set(one.entries)]
    groups = tuple(one for one in after.groups if one not in unsure)
    paid = {payout for group in groups for payout in group.payouts}
    possible = {**after.possible, **{payout: one.entries for one in unsure for payout in one.payouts}}
    possible = {payout: found for payout, found in possible.items() if payout not in returned}
    used = {entry for group in groups for entry in group.entries} | pairs.keys() | set(pairs.values())
    return Matching(
        groups=groups,
        possible=possible,
        returned={payout: pair for payout, pair in returned.items() if payout not in paid},
        loose=frozenset(there.keys() - used - {one for found in possible.values() for one in found}),
    )


def _naming(
    entries: Iterable[BankEntry], payouts: Iterable[ExpectedPayout], apart: Collection[Pair]
) -> dict[int, frozenset[int]]:
    """By entry, the payouts that it names, whatever the amounts and their signs."""
    by_day: defaultdict[date, list[ExpectedPayout]] = defaultdict(list)
    for payout in payouts:
        by_day[payout.transfer].append(payout)
    days = sorted(by_day)
    found: dict[int, frozenset[int]] = {}
    for entry in entries:
        if not entry.searched and not entry.texts:
            continue
        near = [one for day in days if abs(day - entry.booked) <= NAMED_WITHIN for one in by_day[day]]
        names = {
            one.id
            for one in near
            if same_place(entry, one)
            and (entry.id, one.id) not in apart
            and named(entry.texts, entry.searched, one.settlement_id)
        }
        if names:
            found[entry.id] = frozenset(names)
    return found


def _returns(
    entries: Mapping[int, BankEntry],
    payouts: Mapping[int, ExpectedPayout],
    naming: Mapping[int, frozenset[int]],
    linked: Collection[int],
) -> tuple[dict[int, int], set[int]]:
    """By entry, the one that took it back; and the entries of which one went back, and nobody knows which."""
    by_amount: defaultdict[tuple[int, str, int], list[BankEntry]] = defaultdict(list)
    for entry in entries.values():
        by_amount[entry.bank_account, entry.currency, entry.units].append(entry)
    pairs: dict[int, int] = {}
    doubtful = set[int]()
    for back in sorted(entries.values(), key=lambda one: (one.booked, one.id)):
        names = naming.get(back.id, frozenset())
        against = any((payouts[one].units > 0) != (back.units > 0) for one in names)
        if back.id in linked or back.id in pairs or not (back.returned or against):
            continue
        fitting = [
            one
            for one in by_amount[back.bank_account, back.currency, -back.units]
            if timedelta() <= back.booked - one.booked <= NAMED_WITHIN
            and one.id not in pairs
            and not one.returned
        ]
        same = [one for one in fitting if names & naming.get(one.id, frozenset())]
        fitting = same or [one for one in fitting if not names or one.id not in naming]
        if len(fitting) == 1:
            pairs[fitting[0].id] = back.id
        else:
            doubtful |= {one.id for one in fitting}
    return pairs, doubtful


def _link(
    entries: Mapping[int, BankEntry],
    payouts: Mapping[int, ExpectedPayout],
    naming: Mapping[int, frozenset[int]],
    by_hand: ByHand,
    *,
    without: Collection[int],
) -> _Found:
    """The groups of these entries but ``without``."""
    found = _Found()
    hand = [
        (entry, payout)
        for entry, payout in by_hand.linked
        if entry in entries and payout in payouts and entry not in without
    ]
    for its_entries, its_payouts in _connected(hand):
        found.groups.append(
            group_of([entries[one] for one in its_entries], [payouts[one] for one in its_payouts], "hand")
        )
    linked_entries, linked_payouts = {one for one, _ in hand}, {one for _, one in hand}
    by_number = [
        (entry, payout)
        for entry, its in naming.items()
        for payout in its
        if entry not in without
        and entry not in linked_entries
        and payout not in linked_payouts
        and (entries[entry].units > 0) == (payouts[payout].units > 0)
    ]
    for its_entries, its_payouts in _connected(by_number):
        _by_number(
            [entries[one] for one in its_entries],
            [payouts[one] for one in its_payouts],
            [one for one in by_number if one[0] in its_entries],
            found,
        )
    done = {payout for group in found.groups for payout in group.payouts} | found.possible.keys()
    left = [
        one
        for one in entries.values()
        if one.id not in naming and one.id not in without and one.id not in linked_entries
    ]
    _by_amount(left, [one for one in payouts.values() if one.id not in done], by_hand.apart, found)
    return found


def _by_number(
    entries: list[BankEntry], payouts: list[ExpectedPayout], names: list[Pair], found: _Found
) -> None:
    """Add what entries are that name these payouts, all of them connected by what they name."""
    whole, simple = group_of(entries, payouts, "number"), 1 in (len(entries), len(payouts))
    of_entry, of_payout = {one.id: one for one in entries}, {one.id: one for one in payouts}
    alone = [
        (entry, payout)
        for entry, payout in names
        if equal(of_entry[entry].units, of_payout[payout].units, of_payout[payout].currency)
    ]
    balanced = abs(whole.difference) < money.step(payouts[0].currency)
    if simple and (balanced or not alone):  # one of each, in parts, bundled; or it differs
        found.groups.append(whole)
        return
    used, done = set[int](), set[int]()
    for its_entries, its_payouts in _connected(alone):
        if len(its_entries) == len(its_payouts) == 1:
            used |= set(its_entries)
            done |= set(its_payouts)
            both = [of_entry[its_entries[0]]], [of_payout[its_payouts[0]]]
            found.groups.append(group_of(*both, "number"))
    for payout in of_payout.keys() - done:
        if fitting := tuple(entry for entry, one in names if one == payout and entry not in used):
            found.possible[payout] = fitting


def _by_amount(
    entries: list[BankEntry], payouts: list[ExpectedPayout], apart: Collection[Pair], found: _Found
) -> None:
    by_minor: defaultdict[tuple[str, int], list[BankEntry]] = defaultdict(list)
    for entry in entries:
        by_minor[entry.currency, entry.units // money.step(entry.currency)].append(entry)
    fitting = list[Pair]()
    for payout in payouts:
        minor = payout.units // money.step(payout.currency)
        near = [one for place in (minor - 1, minor, minor + 1) for one in by_minor[payout.currency, place]]
        fitting += [
            (entry.id, payout.id)
            for entry in near
            if equal(entry.units, payout.units, payout.currency)
            and (entry.units > 0) == (payout.units > 0)
            and fits_window(entry, payout)
            and (entry.id, payout.id) not in apart
        ]
    of_entry, of_payout = {one.id: one for one in entries}, {one.id: one for one in payouts}
    for its_entries, its_payouts in _connected(fitting):
        if len(its_entries) == len(its_payouts) == 1:
            found.groups.append(group_of([of_entry[its_entries[0]]], [of_payout[its_payouts[0]]], "amount"))
            continue
        for payout_id in its_payouts:
            found.possible[payout_id] = tuple(entry for entry, one in fitting if one == payout_id)


def _connected(pairs: Iterable[Pair]) -> list[tuple[list[int], list[int]]]:
    """The entries and the payouts of each set that the pairs connect, in their order."""
    by_entry: defaultdict[int, set[int]] = defaultdict(set)
    by_payout: defaultdict[int, set[int]] = defaultdict(set)
    for entry, payout in pairs:
        by_entry[entry].add(payout)
        by_payout[payout].add(entry)
    found, seen = [], set[int]()
    for first in sorted(by_entry):
        if first in seen:
            continue
        entries, payouts, todo = {first}, set[int](), [first]
        while todo:
            for payout in by_entry[todo.pop()] - payouts:
                payouts.add(payout)
                todo += by_payout[payout] - entries
                entries |= by_payout[payout]
        seen |= entries
        found.append((sorted(entries), sorted(payouts)))
    return found
