"""What payouts are worked out from: sums over their lines, rows set aside, corrections that wait, and what HiPay's API lists."""

import itertools
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, literal_column, select

from services.settlements.sheet import SetAsideRow
from services.store.in_list import among
from services.store.payouts import leading_zeros
from services.store.payouts.versions import Key
from services.store.payouts.versions import Payout as Payout
from services.store.schema.fetching import hipay_settlements
from services.store.schema.payout_lines import line_totals
from services.store.schema.payouts import counted_twice, payouts
from services.store.schema.reconciliation import account_matching
from services.store.schema.settlement_files import aside_acts, held_corrections, settlement_files
from services.store.settlements.files.settlement_files import possible_accounts
from services.store.settlements.outcomes import Outcome

_total, _file, _one = line_totals.c, settlement_files.c, held_corrections.c


@dataclass(frozen=True, kw_only=True, slots=True)
class LineSum:
    """Valid lines of a payout that have all of this in common; the columns are those of ``line_totals``. Units of 1/10000."""

    account: str
    settlement_id: str
    currency: str
    kind: str
    operation_code: str
    outcome: Outcome
    file: int
    lines: int
    missing: int
    settled_units: int
    tax_units: int
    unsettled_units: int
    first_date: str
    last_date: str
    last_transfer: int
    last_value: int


@dataclass(frozen=True, slots=True)
class HipayAmount:
    """What HiPay's API lists of a payout, in 1/10000 of ``currency``."""

    units: int
    currency: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """How many rows that may belong to a payout were set aside, and nobody has dealt with: those that have no amount, and others."""

    without_amount: int = 0
    not_read: int = 0


def of_payouts(tx: Connection, accounts: Collection[str], settlements: Collection[str]) -> list[LineSum]:
    """Of complete files, in whatever currency."""
    keys = (
        _total.account,
        _total.settlement_id,
        _total.settlement_currency.label("currency"),
        _total.kind,
        _total.operation_code,
        _total.outcome,
        _total.file,
    )
    units = ("lines", "missing", "settled_units", "tax_units", "unsettled_units")
    query = (
        select(
            *keys,
            *(func.sum(_total[name]).label(name) for name in units),
            func.min(_total.first_date).label("first_date"),
            func.max(_total.last_date).label("last_date"),
            func.max(_total.last_transfer).label("last_transfer"),
            func.max(_total.last_value).label("last_value"),
        )
        .join(settlement_files, _file.id == _total.file)
        .where(
            _total.account.in_(sorted(accounts)),
            among(tx, _total.settlement_id, sorted(settlements)),
            _file.state == "complete",
        )
        .group_by(*keys)
    )
    # PostgreSQL sums integers as decimals
    return [
        LineSum(**{**row._mapping, **{name: int(row._mapping[name]) for name in units}})
        for row in tx.execute(query)
    ]


def files(tx: Connection, account: str, settlement: str, currency: str) -> list[tuple[int, str, int]]:
    """(id, name, valid lines) of each complete file with lines of the payout, oldest first."""
    total, file = line_totals.c, settlement_files.c
    query = (
        select(file.id, file.name, func.sum(total.lines))
        .join(settlement_files, file.id == total.file)
        .where(
            file.state == "complete",
            total.account == account,
            total.settlement_id == settlement,
            total.settlement_currency == currency,
            total.lines > 0,
        )
        .group_by(file.id, file.name)
        .order_by(file.id)
    )
    return [(row[0], row[1], int(row[2])) for row in tx.execute(query)]


def set_aside(
    tx: Connection, accounts: Collection[str], settlements: Collection[str]
) -> dict[Payout, SetAside]:
    """By payout, rows set aside by complete files. A row that names no payout may belong to any of its file, and one that names no
    account to any of these."""
    wanted, bare, every = set(settlements), Counter[Payout](), Counter[Payout]()
    columns = (_file.id, _file.account, _file.accounts, _file.aside_open)
    any_open = _file.aside_open != literal_column("'{}'")  # of complete files; as the index has it
    for file in tx.execute(select(*columns).where(any_open)):
        theirs = possible_accounts(file.account, file.accounts) & set(accounts)
        if not theirs:
            continue
        of_any = wanted & _settlements(tx, file.id) if file.aside_open.get("") else set[str]()
        named = wanted & {*file.aside_open, *of_any} - {""}
        if not named:
            continue
        without = _without_amount(tx, file.id)
        for account in theirs:
            for name in named:
                for counts, found in ((every, file.aside_open), (bare, without)):
                    counts[account, name] += found.get(name, 0) + found.get("", 0) * (name in of_any)
    return {key: SetAside(min(bare[key], count), max(0, count - bare[key])) for key, count in every.items()}


def _settlements(tx: Connection, file: int) -> set[str]:
    """The payouts that the file names."""
    return set(tx.scalar(select(_file.settlements).where(_file.id == file)) or ())


def not_followed_up(tx: Connection) -> set[Payout]:
    """The payouts of which a complete file has lines, or lines with the same transactions, as long as its follow-up has not ended:
    until then nobody knows whether it counts something twice."""
    query = select(_file.account, _file.accounts, _file.settlements, _file.shared_payouts)
    found = set[Payout]()
    for file in tx.execute(query.where(_file.follow_up.is_not(None))):
        accounts = possible_accounts(file.account, file.accounts)
        found.update(itertools.product(accounts, file.settlements))
        found.update((account, settlement) for account, settlement in file.shared_payouts)
    return found


def _without_amount(tx: Connection, file: int) -> Counter[str]:
    """How many of the file's rows that nobody has dealt with have no amount, by the payout that they name: of those that are stored
    one by one."""
    dealt = set(
        tx.scalars(
            select(aside_acts.c.line).where(aside_acts.c.file == file, aside_acts.c.undone_at.is_(None))
        )
    )
    rows = (SetAsideRow(**row) for row in tx.scalar(select(_file.aside).where(_file.id == file)) or ())
    return Counter(
        row.settlement_id for row in rows if row.reason == "amount_missing" and row.line not in dealt
    )


def corrections_waiting(
    tx: Connection, accounts: Collection[str], settlements: Collection[str]
) -> dict[Payout, int]:
    query = select(_one.account, _one.settlement_id, func.count()).where(
        _one.act.is_(None),
        _one.account.in_(sorted(accounts)),
        among(tx, _one.settlement_id, sorted(settlements)),
    )
    return {(row[0], row[1]): row[2] for row in tx.execute(query.group_by(_one.account, _one.settlement_id))}


def by_hipay(
    tx: Connection, accounts: Collection[str], settlements: Collection[str]
) -> dict[Payout, HipayAmount]:
    """By payout, also where HiPay's id of it has other leading zeros."""
    s = hipay_settlements.c
    query = select(s.account, s.settlement_id, s.amount, s.currency)
    named = among(tx, s.settlement_id, leading_zeros.all_alike(settlements))
    listed: dict[str, dict[str, HipayAmount]] = {account: {} for account in accounts}
    for row in tx.execute(query.where(s.account.in_(sorted(accounts)), named)):
        listed[row.account][row.settlement_id] = HipayAmount(row.amount, row.currency)
    return {
        (account, settlement): found
        for account, theirs in listed.items()
        for settlement in settlements
        if (found := leading_zeros.the_only_one(theirs, settlement))
    }


def twice(tx: Connection, ids: Iterable[int]) -> dict[int, int]:
    """By payout, how many of its lines are counted twice."""
    query = select(counted_twice.c.payout, func.sum(counted_twice.c.lines))
    query = query.where(among(tx, counted_twice.c.payout, sorted(ids))).group_by(counted_twice.c.payout)
    return {row[0]: int(row[1]) for row in tx.execute(query)}


def payout_signs(tx: Connection, accounts: Collection[str]) -> dict[str, int]:
    matching = account_matching.c
    query = select(matching.account, matching.payout_sign).where(matching.account.in_(sorted(accounts)))
    return {row[0]: row[1] for row in tx.execute(query)}


def shown_signs(tx: Connection, account: str) -> dict[int, int]:
    """How many payouts of the account show each sign by themselves."""
    payout = payouts.c
    query = select(payout.sign, func.count()).group_by(payout.sign)
    where = (payout.account == account, payout.sign != 0, payout.lines > 0)
    return {row[0]: row[1] for row in tx.execute(query.where(*where))}


def key_of(one: LineSum) -> Key:
    return (one.account, one.settlement_id, one.currency)
