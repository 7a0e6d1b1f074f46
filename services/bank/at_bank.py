"""Where the payouts stand at the bank, and what of the bank belongs to none: from what is stored, each time anew.

Entries that only a report of the day, a notice or a file without balances has, on days of which a statement that rolls is there, count for
nothing: that statement has all of these days.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services import clock, money
from services.access import Actor, Right, allowed_accounts
from services.bank import expected, states
from services.bank.coverage import Coverage, StatementPeriod, coverage
from services.bank.expected import day_of
from services.bank.facts import BankEntry, ByHand, ExpectedPayout
from services.bank.matching import Matching, match
from services.bank.states import AtBank
from services.desk import Desk
from services.store import Connection
from services.store.bank import accounts, entries, statements
from services.store.bank.accounts import BankAccount as BankAccount
from services.store.bank.entries import StoredEntry
from services.store.bank.statements import StoredStatement as StoredStatement
from services.store.payouts import rows
from services.store.remembered import remembered


@dataclass(frozen=True, kw_only=True)
class Bank:
    """Of the accounts that the reader sees. ``states``: by payout; none of one that is being worked out, that names no day, or whose account no
    bank account receives. ``entries``: by id, those that may be HiPay's; ``coverages``: by bank account."""

    accounts: tuple[BankAccount, ...]
    statements: tuple[StoredStatement, ...]
    coverages: Mapping[int, Coverage]
    entries: Mapping[int, StoredEntry]
    payouts: Mapping[int, ExpectedPayout]
    matching: Matching
    states: Mapping[int, AtBank]


def of_payouts(desk: Desk, actor: Actor) -> Mapping[int, AtBank]:
    """By payout, its state at the bank; nothing where no statement was ever read. Raises NotAllowed."""
    with desk.store.read() as tx:
        allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
        if not statements.any_stored(tx):
            return {}
        found = read(tx)
        return {
            payout: state
            for payout, state in found.states.items()
            if allowed is None or found.payouts[payout].account in allowed
        }


def bank(desk: Desk, actor: Actor) -> Bank:
    """All of the bank accounts whose HiPay account the actor has the right *bank* on. Raises NotAllowed."""
    with desk.store.read() as tx:
        allowed = allowed_accounts(tx, actor, Right.BANK)
        found = read(tx)
    return found if allowed is None else _narrowed(found, allowed)


def read(tx: Connection) -> Bank:
    """Of all accounts: for a service that has asked for the right."""
    today = clock.now().date()
    return remembered(tx, ("bank", today), lambda: _read(tx, today))


def _read(tx: Connection, today: date) -> Bank:
    ours = accounts.every(tx)
    theirs = {one.account for one in ours}
    due = [
        payout
        for row in rows.listed(tx, None)
        if (row.account in theirs or "" in theirs) and row.worked_state and not row.behind
        if (payout := expected.of_row(row)) is not None
    ]
    stored = statements.of(tx, [one.id for one in ours])
    coverages = {one.id: coverage(_periods(tx, one, stored)) for one in ours}
    candidates = entries.candidates(tx, [one.id for one in ours], _amounts(due))
    counted = _counted(candidates, stored, coverages)
    by_id = {one.id: one for one in ours}
    found = match([_entry(one, by_id[one.bank_account]) for one in counted], due, ByHand())
    proving = frozenset[int]().union(*(one.proved for one in coverages.values()))
    of_account: defaultdict[tuple[str, str], list[Coverage]] = defaultdict(list)
    for one in ours:
        of_account[one.account, one.currency].append(coverages[one.id])
    return Bank(
        accounts=tuple(ours),
        statements=tuple(stored),
        coverages=coverages,
        entries={one.id: one for one in counted},
        payouts={one.id: one for one in due},
        matching=found,
        states=states.states_of(
            due,
            found,
            proved={one.id for one in counted if proving & set(one.statements)},
            coverages=of_account,
            today=today,
        ),
    )


def _narrowed(found: Bank, allowed: frozenset[str]) -> Bank:
    """What of it is of these HiPay accounts."""
    ours = {one.id for one in found.accounts if one.account in allowed}
    seen = {number for number, one in found.entries.items() if one.bank_account in ours}
    payouts = {number: one for number, one in found.payouts.items() if one.account in allowed}
    matching = found.matching
    return Bank(
        accounts=tuple(one for one in found.accounts if one.id in ours),
        statements=tuple(one for one in found.statements if one.bank_account in ours),
        coverages={number: one for number, one in found.coverages.items() if number in ours},
        entries={number: found.entries[number] for number in seen},
        payouts=payouts,
        matching=Matching(
            groups=tuple(one for one in matching.groups if seen.issuperset(one.entries)),
            possible={
                payout: entries for payout, entries in matching.possible.items() if seen.issuperset(entries)
            },
            returned={payout: pair for payout, pair in matching.returned.items() if seen.issuperset(pair)},
            loose=matching.loose & seen,
        ),
        states={payout: state for payout, state in found.states.items() if payout in payouts},
    )


def _periods(
    tx: Connection, account: BankAccount, stored: Sequence[StoredStatement]
) -> list[StatementPeriod]:
    by_day = entries.booked_by_day(tx, account.id)
    found = []
    for one in stored:
        first, last = day_of(one.first_day), day_of(one.last_day)
        if one.bank_account != account.id or first is None or last is None:
            continue
        booked = {day: units for number, units in by_day.get(one.id, {}).items() if (day := day_of(number))}
        found.append(
            StatementPeriod(
                id=one.id,
                first=first,
                last=last,
                opening=one.opening_units,
                closing=one.closing_units,
                rolls=one.rolls,
                information=one.information,
                by_day=booked,
            )
        )
    return found


def _counted(
    found: Sequence[StoredEntry], stored: Sequence[StoredStatement], coverages: Mapping[int, Coverage]
) -> list[StoredEntry]:
    """Those that a statement that rolls contains, and those of days that no such statement covers."""
    rolling = {one.id: one for one in stored if one.rolls}
    periods: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for one in rolling.values():
        if one.id in coverages[one.bank_account].proved:
            periods[one.bank_account].append((one.first_day, one.last_day))
    return [
        one
        for one in found
        if rolling.keys() & set(one.statements)
        or not any(first <= one.booking_day <= last for first, last in periods[one.bank_account])
    ]


def _entry(one: StoredEntry, account: BankAccount) -> BankEntry:
    booked = day_of(one.booking_day)
    assert booked is not None  # others are no candidates
    return BankEntry(
        id=one.id,
        bank_account=one.bank_account,
        account=account.account,
        currency=account.currency,
        units=one.units,
        booked=booked,
        texts=(one.reference, *one.texts) if one.reference else one.texts,
        searched=one.searched,
        returned=one.returned,
    )


def _amounts(due: Collection[ExpectedPayout]) -> list[int]:
    """What the bank may pay of these, at its smallest unit, and take back."""
    found = set[int]()
    for one in due:
        step = money.step(one.currency)
        lower = one.units // step * step
        found |= {lower, lower + step, -lower, -lower - step}
    return sorted(found)
