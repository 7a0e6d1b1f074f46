"""Batches of payment requests and their rows; and the stored orders that a row is compared with."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar, Unpack

from sqlalchemy import Connection, func, insert, or_, select, tuple_, update

from services.store.in_list import of_accounts
from services.store.order_states import BatchRowState, BatchState
from services.store.orders.changes import BatchChanges, BatchRowChanges
from services.store.orders.new_rows import NewBatch
from services.store.orders.records import Batch, BatchRow, each_of, first_of, from_row
from services.store.orders.sending import asked_for
from services.store.schema.bulk import batch_rows, batches
from services.store.schema.orders import orders, pages
from services.text.folding import name_key

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A stored order as an expected one is compared with it. ``amount`` in 1/10000."""

    order_id: str
    amount: int
    currency: str
    reference_1: str
    reference_2: str
    reference_3: str
    reference_4: str
    reference_5: str


_ROW = tuple(batch_rows.c[one.name] for one in fields(BatchRow))
UNENDED: tuple[BatchState, ...] = ("running", "paused")
_AT_ONCE = 300  # in one statement, three values each: SQLite took 999 for a long time


def add(tx: Connection, rows: list[dict[str, Any]], **values: Unpack[NewBatch]) -> int:
    """Write a batch with its rows, numbered as they come: ``line`` and ``data`` of each."""
    key = tx.execute(insert(batches).values(rows=len(rows), **values)).inserted_primary_key
    assert key is not None
    batch = int(key[0])
    tx.execute(
        insert(batch_rows),
        [
            {"batch": batch, "number": number, "state": "waiting", "problems": {}, **row, **keys(row["data"])}
            for number, row in enumerate(rows, 1)
        ],
    )
    return batch


def keys(data: Mapping[str, Any]) -> dict[str, str]:
    """The columns by which a row with this data is found when its customer is erased; "" where there is nothing."""
    first, last = (str(data.get(name) or "") for name in ("first_name", "last_name"))
    return {
        "email": str(data.get("email") or "").strip().lower(),
        "order_id": str(data.get("order_id") or ""),
        "name_key": name_key(first, last),
    }


def by_form_key(tx: Connection, form_key: str) -> Batch | None:
    return first_of(Batch, tx.execute(select(batches).where(batches.c.form_key == form_key)))


def get(tx: Connection, batch: int, *, lock: bool = False) -> Batch | None:
    query = select(batches).where(batches.c.id == batch)
    return first_of(Batch, tx.execute(query.with_for_update() if lock else query))


def listed(tx: Connection, limit: int, accounts: Collection[str] | None) -> list[Batch]:
    """Every batch of these accounts (None: of all) that has not ended, however old, and the newest ``limit`` of all,
    newest first."""
    theirs = of_accounts(batches.c.account, accounts)
    newest = select(batches.c.id).where(theirs).order_by(batches.c.id.desc()).limit(limit).scalar_subquery()
    query = select(batches).where(theirs, or_(batches.c.state.in_(UNENDED), batches.c.id.in_(newest)))
    return each_of(Batch, tx.execute(query.order_by(batches.c.id.desc())))


def how_many(tx: Connection, accounts: Collection[str] | None) -> int:
    query = select(func.count()).select_from(batches).where(of_accounts(batches.c.account, accounts))
    return int(tx.scalar(query) or 0)


def counts(tx: Connection, ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """How many rows of each batch are in each state."""
    query = (
        select(batch_rows.c.batch, batch_rows.c.state, func.count())
        .where(batch_rows.c.batch.in_(list(ids)))
        .group_by(batch_rows.c.batch, batch_rows.c.state)
    )
    found: dict[int, dict[str, int]] = {}
    for batch, state, count in tx.execute(query):
        found.setdefault(batch, {})[state] = count
    return found


def rows_in(tx: Connection, batch: int, state: BatchRowState) -> list[BatchRow]:
    query = select(*_ROW).where(batch_rows.c.batch == batch, batch_rows.c.state == state)
    return each_of(BatchRow, tx.execute(query.order_by(batch_rows.c.number)))


def any_due(tx: Connection, now: datetime) -> bool:
    query = select(batches.c.id).where(batches.c.state == "running", batches.c.next_at <= now)
    return tx.execute(query.limit(1)).first() is not None


def take(tx: Connection, now: datetime) -> Batch | None:
    """Lock the running batch that has been due longest; another worker passes it over."""
    query = select(batches).where(batches.c.state == "running", batches.c.next_at <= now)
    query = query.order_by(batches.c.next_at, batches.c.id).limit(1)
    return first_of(Batch, tx.execute(query.with_for_update(skip_locked=True)))


def next_waiting(tx: Connection, batch: int) -> BatchRow | None:
    query = select(*_ROW).where(batch_rows.c.batch == batch, batch_rows.c.state == "waiting")
    return first_of(BatchRow, tx.execute(query.order_by(batch_rows.c.number).limit(1)))


def change(tx: Connection, batch: int, **values: Unpack[BatchChanges]) -> None:
    tx.execute(update(batches).where(batches.c.id == batch).values(**values))


def change_row(tx: Connection, batch: int, number: int, **values: Unpack[BatchRowChanges]) -> None:
    """Change a row, and with its ``data`` the columns by which it is found."""
    found_by = keys(values["data"]) if "data" in values else {}
    here = (batch_rows.c.batch == batch) & (batch_rows.c.number == number)
    tx.execute(update(batch_rows).where(here).values(**values, **found_by))


def taken_order_ids(tx: Connection, account: str, wanted: Iterable[str]) -> set[str]:
    """Those of these order ids that an order, or a page at HiPay, of the account has."""
    found: set[str] = set()
    for some in _some(wanted):
        for column, owner in (
            (orders.c.order_id, orders.c.account),
            (pages.c.hipay_order_id, pages.c.account),
        ):
            found.update(tx.scalars(select(column).where(owner == account, column.in_(some))))
    return found


def used_references(tx: Connection, account: str, wanted: Iterable[str]) -> set[str]:
    """Those of these first references that an order of the account has."""
    found: set[str] = set()
    for some in _some(wanted):
        query = select(orders.c.reference_1).where(
            orders.c.account == account, orders.c.reference_1.in_(some)
        )
        found.update(tx.scalars(query))
    return found


def still_open(
    tx: Connection, account: str, wanted: Iterable[tuple[str, int, str]], now: datetime
) -> set[tuple[str, int, str]]:
    """Those of these (address in small letters, amount, currency) that a request of the account asks for which can still
    be paid, or is being paid."""
    o = orders.c
    address = func.lower(o.email)
    found: set[tuple[str, int, str]] = set()
    for some in _some(wanted):
        query = select(address, o.amount, o.currency).where(
            asked_for(now), o.account == account, tuple_(address, o.amount, o.currency).in_(some)
        )
        found.update((row[0], row[1], row[2]) for row in tx.execute(query))
    return found


def facts(tx: Connection, account: str, wanted: Iterable[str]) -> dict[str, Known]:
    """Those of these order ids that the account knows: amount, currency and references, by order id."""
    names = ("order_id", "amount", "currency", *(f"reference_{n}" for n in range(1, 6)))
    found: dict[str, Known] = {}
    for some in _some(wanted):
        query = select(*(orders.c[name] for name in names))
        for row in tx.execute(query.where(orders.c.account == account, orders.c.order_id.in_(some))):
            found[row.order_id] = from_row(Known, row)
    return found


def add_expected(tx: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        tx.execute(insert(orders), rows)


def count_expected(tx: Connection, account: str) -> int:
    query = (
        select(func.count())
        .select_from(orders)
        .where(orders.c.account == account, orders.c.channel == "imported")
    )
    return int(tx.scalar(query) or 0)


def _some(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while chunk := list(islice(rest, _AT_ONCE)):
        yield chunk
