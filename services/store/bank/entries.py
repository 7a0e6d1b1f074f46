"""The entries of bank accounts, each stored once however many statements contain it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, bindparam, false, func, insert, or_, select, update

from services.store.in_list import among
from services.store.locks import insert_or, one_at_a_time
from services.store.schema.bank import bank_entries, bank_statement_entries, bank_statements

_entry, _of, _statement = bank_entries.c, bank_statement_entries.c, bank_statements.c
Identity = tuple[str, int]  # digest, number among equal ones


@dataclass(frozen=True, kw_only=True, slots=True)
class NewEntry:
    """``texts``, ``reference``, ``searched``: of HiPay's alone, else none."""

    digest: str
    occurrence: int
    units: int
    booking_day: int
    value_day: int
    returned: bool
    hipays: bool
    reference: str = ""
    texts: tuple[str, ...] = ()
    searched: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredEntry(NewEntry):
    """``statements``: those that contain it."""

    id: int
    bank_account: int
    statements: tuple[int, ...] = field(default=())


_COLUMNS = (
    "id", "bank_account", "digest", "occurrence", "units", "booking_day", "value_day", "returned", "hipays",
    "reference", "texts", "searched",
)  # fmt: skip
_TEXTS = ("hipays", "reference", "texts", "searched")


def lock(tx: Connection, bank_account: int) -> None:
    """Nobody else adds entries of the account before this transaction ends."""
    one_at_a_time(tx, f"bank:{bank_account}")


def add(tx: Connection, bank_account: int, statement: int, found: Sequence[NewEntry]) -> int:
    """Store those entries of a statement that are not there, and that the statement contains all of them; how many are new. One that is
    there without texts takes those of ``found``. The account is locked."""
    days = [one.booking_day for one in found]
    known = _known(tx, bank_account, min(days), max(days)) if days else {}
    new = [one for one in found if (one.digest, one.occurrence) not in known]
    if new:
        tx.execute(
            insert(bank_entries),
            [
                {name: getattr(one, name) for name in _COLUMNS[2:]} | {"bank_account": bank_account}
                for one in new
            ],
        )
        known = _known(tx, bank_account, min(days), max(days))
    textless = {number for number, hipays in known.values() if not hipays}
    _give_texts(tx, [(known[one.digest, one.occurrence][0], one) for one in found if one.hipays], textless)
    if found:
        tx.execute(
            insert_or(tx, bank_statement_entries).on_conflict_do_nothing(
                index_elements=("statement", "entry")
            ),
            [{"statement": statement, "entry": known[one.digest, one.occurrence][0]} for one in found],
        )
    return len(new)


def _known(tx: Connection, bank_account: int, first: int, last: int) -> dict[Identity, tuple[int, bool]]:
    query = select(_entry.id, _entry.digest, _entry.occurrence, _entry.hipays).where(
        _entry.bank_account == bank_account, _entry.booking_day.between(first, last)
    )
    return {(row.digest, row.occurrence): (row.id, row.hipays) for row in tx.execute(query)}


def _give_texts(tx: Connection, found: Iterable[tuple[int, NewEntry]], textless: Collection[int]) -> None:
    rows = [
        {"of_id": number, **{f"new_{name}": getattr(one, name) for name in _TEXTS}}
        for number, one in found
        if number in textless
    ]
    if rows:
        values = {name: bindparam(f"new_{name}", type_=_entry[name].type) for name in _TEXTS}
        tx.execute(update(bank_entries).where(_entry.id == bindparam("of_id")).values(values), rows)


def booked_by_day(tx: Connection, bank_account: int) -> Mapping[int, Mapping[int, int]]:
    """By statement of the account, the sum of its entries on each booking day (YYYYMMDD)."""
    query = (
        select(_of.statement, _entry.booking_day, func.sum(_entry.units))
        .join(bank_entries, _entry.id == _of.entry)
        .where(_entry.bank_account == bank_account)
        .group_by(_of.statement, _entry.booking_day)
    )
    found: dict[int, dict[int, int]] = {}
    for statement, day, units in tx.execute(query):
        found.setdefault(statement, {})[day] = int(units)
    return found


def candidates(tx: Connection, bank_accounts: Collection[int], units: Collection[int]) -> list[StoredEntry]:
    """Entries of these accounts that are HiPay's by their texts, or that have one of these amounts; those without a booking day are none."""
    fits: ColumnElement[bool] = or_(_entry.hipays, among(tx, _entry.units, units) if units else false())
    here = (among(tx, _entry.bank_account, bank_accounts), fits, _entry.booking_day > 0)
    rows = tx.execute(select(*(_entry[name] for name in _COLUMNS)).where(*here).order_by(_entry.id)).all()
    contained: dict[int, list[int]] = {}
    within = select(_of.entry, _of.statement).join(bank_entries, _entry.id == _of.entry).where(*here)
    for entry, statement in tx.execute(within.order_by(_of.entry, _of.statement)):
        contained.setdefault(entry, []).append(statement)
    return [StoredEntry(**row._asdict(), statements=tuple(contained.get(row.id, ()))) for row in rows]
