"""Store what was read of a bank's file: its statements, and each entry once, however many statements contain it.

Equal entries of one statement are counted; the same movement of a copy, a longer statement or a report of the day is known by its identity:
reference, booking day, amount and currency, and where it has no reference the texts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Any

from services import clock, money
from services.access import Actor, Right, audit, require
from services.bank import expected
from services.bank.facts import NAMED_WITHIN, ExpectedPayout, named
from services.bank.reading.statements import BOOKED, Entry, Statement
from services.store import Connection
from services.store.bank import accounts, entries, statements
from services.store.bank.accounts import BankAccount
from services.store.bank.entries import NewEntry
from services.store.bank.files import BankFile
from services.store.bank.statements import NewStatement

INFORMATION = ("camt.052", "camt.054")  # they close no period


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How many statements and entries were new; ``known``: entries that were there. ``bank_accounts``: ids, of those that the file names."""

    statements: int
    entries: int
    known: int
    bank_accounts: tuple[int, ...]


def keep(tx: Connection, actor: Actor, *, file: BankFile, read: Iterable[Statement]) -> Kept:
    """Store the statements of a file, whose row is there. What is there already stays as it is.

    Raises NotAllowed, and TooManyDecimals for an amount below 1/10000: no amount of a bank is rounded.
    """
    new_statements = new_entries = booked = 0
    ours: dict[int, _HiPays] = {}
    for one in read:
        account = _account(tx, actor, file, one)
        entries.lock(tx, account.id)
        if account.id not in ours:
            ours[account.id] = _HiPays(expected.payouts(tx, account.account))
        found = list(_entries(one, ours[account.id]))
        number, new = statements.add(tx, _statement(file, account, one, found))
        if new:
            new_statements += 1
            booked += len(found)
            new_entries += entries.add(tx, account.id, number, found)
        else:
            booked += len(found)
    audit.record(
        tx, actor, "bank.file_kept", f"bank_file:{file.id}", statements=new_statements, entries=new_entries
    )
    return Kept(
        statements=new_statements, entries=new_entries, known=booked - new_entries, bank_accounts=tuple(ours)
    )


def identity(account: str, iban: str) -> str:
    """By which one account is known in every format: of a French one bank, branch and number, which are a part of its IBAN."""
    bare = "".join((iban or account).split()).upper()
    return bare[4:25] if bare.startswith("FR") and len(bare) == 27 else bare


def _account(tx: Connection, actor: Actor, file: BankFile, one: Statement) -> BankAccount:
    known_as = identity(one.account, one.iban)
    found = accounts.known(tx, known_as, one.currency)
    if found is None:
        paid = accounts.paid_into(tx, one.iban.upper()) if one.iban else []
        account = paid[0] if len(paid) == 1 else file.account
        require(tx, actor, Right.BANK, account)
        return accounts.add(
            tx,
            identity=known_as,
            written=one.account,
            iban=one.iban,
            currency=one.currency,
            account=account,
            at=clock.now(),
            actor_kind=actor.kind,
            actor_id=actor.id,
        )
    require(tx, actor, Right.BANK, found.account)
    if one.iban and not found.iban:
        accounts.learn_iban(tx, found.id, one.iban)
    return found


class _HiPays:
    """What looks like HiPay's: it says so, names a payout, or has the amount of one, within the days in which it may be that."""

    def __init__(self, payouts: Sequence[ExpectedPayout]) -> None:
        self._payouts = payouts
        self._near: dict[date, list[ExpectedPayout]] = {}

    def __call__(self, one: Entry, units: int) -> bool:
        if "HIPAY" in one.searched:
            return True
        booked = one.booking_date
        if booked is None:
            return False
        if booked not in self._near:
            self._near[booked] = [
                each for each in self._payouts if abs(each.transfer - booked) <= NAMED_WITHIN
            ]
        near = self._near[booked]
        return any(abs(abs(each.units) - abs(units)) < money.step(each.currency) for each in near) or any(
            named(one.texts, one.searched, each.settlement_id) for each in near
        )


def _entries(one: Statement, hipays: _HiPays) -> Iterator[NewEntry]:
    """The booked entries in the currency of the account, of which equal ones are counted."""
    counts = Counter[str]()
    for entry in one.entries:
        if entry.status != BOOKED or entry.currency != one.currency:
            continue
        units, day = money.to_units(entry.amount), _number(entry.booking_date)
        digest = _digest(
            [entry.reference or list(entry.texts), bool(entry.reference), day, units, one.currency]
        )
        counts[digest] += 1
        its = hipays(entry, units)
        yield NewEntry(
            digest=digest,
            occurrence=counts[digest],
            units=units,
            booking_day=day,
            value_day=_number(entry.value_date),
            returned=entry.returned or entry.reversal,
            hipays=its,
            reference=entry.reference if its else "",
            texts=entry.texts if its else (),
            searched=entry.searched if its else "",
        )


def _statement(file: BankFile, account: BankAccount, one: Statement, found: list[NewEntry]) -> NewStatement:
    days = [entry.booking_day for entry in found if entry.booking_day]
    opening, closing = (
        None if units is None else money.to_units(units) for units in (one.opening, one.closing)
    )
    information = one.format in INFORMATION
    said: dict[str, Any] = {
        "format": one.format,
        "name": one.id,
        "sequence": one.sequence,
        "copy": one.copy,
        "first_day": _number(one.from_date) or min(days, default=0),
        "last_day": _number(one.to_date) or max(days, default=0),
        "opening_units": opening,
        "closing_units": closing,
        "booked_units": sum(entry.units for entry in found),
        "booked": len(found),
        "not_booked": len(one.entries) - len(found),
        "rolls": one.rolls and not information,
        "information": information,
        "findings": [[finding.code, dict(finding.fields)] for finding in one.findings],
    }
    digest = _digest([*said.values(), [[entry.digest, entry.occurrence] for entry in found]])
    return NewStatement(file=file.id, bank_account=account.id, digest=digest, **said)


def _number(day: date | None) -> int:
    return 0 if day is None else day.year * 10_000 + day.month * 100 + day.day


def _digest(value: object) -> str:
    return blake2b(repr(value).encode(), digest_size=16).hexdigest()
