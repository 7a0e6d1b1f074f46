"""Settlement lines in the store: written once with their outcome, found by their keys, their outcomes and sums changed."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy import Text as Plain

from services.store.among import among
from services.store.concurrent import insert_or
from services.store.frames import frame
from services.store.schema_settlements import (
    LINE_AMOUNTS,
    LINE_TEXTS,
    line_decisions,
    line_totals,
    settlement_files,
    settlement_lines,
)

# What the join makes of a line: the columns of services.reconciliation.match.
OUTCOME = (
    "outcome", "reason", "order", "keys", "unknown_keys", "candidates", "nearest", "seen", "expected",
    "loose_reference", "loose_order",
)  # fmt: skip
WRITTEN = ("account", "identity", "key", "file", "line", *LINE_TEXTS, *LINE_AMOUNTS, *OUTCOME)
# The sums of line_totals: by which columns of a line.
TOTAL = (
    "file",
    "account",
    "settlement_id",
    "settlement_currency",
    "kind",
    "operation_code",
    "operation",
    "outcome",
)
# A line's columns as the join reads them: name in its frames to name here.
_JOINED = {
    "account": "account", "file_account": "file_account", "order": "file_order", "settlement_id": "settlement_id",
    **{
        name: name
        for name in (
            "transaction_id", "merchant_operation_id", *(f"reporting_data_{n}" for n in range(1, 6)), "kind", "lost",
            "operation_code", "operation", "settlement_currency", "date", "account_name", "product_name", "customer_id",
            "invoice_reference", "collect_mode",
        )
    },
}  # fmt: skip
MATCHED = (*_JOINED, "decided", "decided_order")  # what ``match`` reads of them
_NEVER = 1 << 62


def hidden_from(tx: Connection) -> int:
    """The first line of a file that is not complete: it and all after it are invisible."""
    file = settlement_files.c
    found = tx.scalar(select(func.min(file.first_line_id)).where(file.state != "complete"))
    return _NEVER if found is None else int(found)


def standing() -> ColumnElement[bool]:
    """The condition that a line counts: its file is complete, and nothing has replaced it."""
    file = settlement_files.c
    hidden = select(func.min(file.first_line_id)).where(file.state != "complete").scalar_subquery()
    return and_(
        settlement_lines.c.replaced_by.is_(None), settlement_lines.c.id < func.coalesce(hidden, _NEVER)
    )


def add(tx: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert lines, each the cells of WRITTEN."""
    names = ", ".join(f'"{name}"' for name in WRITTEN)
    if tx.dialect.name == "postgresql":
        raw: Any = tx.connection.driver_connection
        with raw.cursor().copy(f"COPY settlement_lines ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    elif rows:
        places = ", ".join("?" * len(WRITTEN))
        tx.exec_driver_sql(f"INSERT INTO settlement_lines ({names}) VALUES ({places})", list(rows))  # noqa: S608 (our own names)


def next_id(tx: Connection) -> int:
    """A number that the lines written from now on are not below."""
    return int(tx.scalar(select(func.max(settlement_lines.c.id))) or 0) + 1


def any_of(tx: Connection, account: str) -> bool:
    line = settlement_lines.c
    return tx.execute(select(line.id).where(line.account == account).limit(1)).first() is not None


def by_identity(tx: Connection, account: str, identities: Iterable[str]) -> pd.DataFrame:
    """``id``, ``identity`` and ``file`` of those lines of the account that are there."""
    line = settlement_lines.c
    query = select(line.id, line.identity, line.file)
    query = query.where(line.account == account, among(tx, line.identity, identities))
    return frame(tx, query, {"id": "int64", "identity": "str", "file": "int64"})


def by_key(tx: Connection, account: str, keys: Iterable[str], other_than: int) -> pd.DataFrame:
    """``id``, ``key`` and ``settlement_id`` of the account's lines of complete files with one of these keys that nothing has
    replaced."""
    line = settlement_lines.c
    query = select(line.id, line.key, line.settlement_id).where(
        line.account == account,
        among(tx, line.key, keys),
        line.replaced_by.is_(None),
        line.file != other_than,
    )
    return frame(tx, query, {"id": "int64", "key": "str", "settlement_id": "str"})


def count_standing(tx: Connection, account: str, settlement: str, other_than: int) -> int:
    """How many lines of a settlement stand, those of one file left out."""
    here = line_totals.c
    query = select(func.coalesce(func.sum(here.lines), 0)).where(
        here.account == account, here.settlement_id == settlement, here.file != other_than
    )
    return int(tx.scalar(query) or 0)


def joined(tx: Connection, where: ColumnElement[bool]) -> pd.DataFrame:
    """Lines as ``match`` takes them, with their ``id``, ``file``, amount, decision, and what they came to the last time
    under ``was_…``."""
    line, decision = settlement_lines.c, line_decisions.c
    query = (
        select(
            line.id, line.file, *(line[name] for name in _JOINED.values()), line.settled_amount_units,
            func.coalesce(decision.kind, ""), type_coerce(decision.shares, Plain), *(line[name] for name in OUTCOME),
        )
        .outerjoin(line_decisions, decision.id == line.decision)
        .where(where)
    )  # fmt: skip
    columns = {
        "id": "int64", "file": "int64", **dict.fromkeys(_JOINED, "str"), "settled_amount_units": "Int64",
        "decided": "str", "shares": "str",
        **{f"was_{name}": "Int64" if name in ("order", "nearest") else "str" for name in OUTCOME},
    }  # fmt: skip
    found = frame(tx, query, columns)
    orders = [
        json.loads(shares)[0][0] if kind == "match" else None
        for kind, shares in zip(found["decided"], found["shares"], strict=True)
    ]
    return found.assign(decided_order=pd.Series(orders, dtype="Int64")).drop(columns="shares")


def with_ids(tx: Connection, ids: Iterable[int]) -> ColumnElement[bool]:
    return and_(among(tx, settlement_lines.c.id, ids), standing())


def of_ids(tx: Connection, ids: Iterable[int]) -> ColumnElement[bool]:
    """The condition on lines of the file that runs."""
    return among(tx, settlement_lines.c.id, ids)


def of_transactions(
    tx: Connection, account: str, texts: Iterable[str], *, running: int | None = None
) -> ColumnElement[bool]:
    """The condition on the account's lines of these transactions that stand, or are of the file that runs."""
    line = settlement_lines.c
    counts = standing() if running is None else line.replaced_by.is_(None)
    # As an expression: an index that begins with the account would be taken for the better one, and is nearly all lines.
    theirs = func.coalesce(line.account, "") == account
    return and_(among(tx, line.transaction_id, texts), line.transaction_id != "", theirs, counts)


def concerned(
    tx: Connection, orders: Iterable[int], texts: Iterable[str], looses: Iterable[str]
) -> dict[str, list[int]]:
    """By account, the standing lines that are joined to one of the orders, or have one of these as a key: the ids of
    HiPay as they are (``texts``), the others loosely, in whatever account."""
    line = settlement_lines.c
    exact, loose, ours = list(texts), list(looses), list(orders)
    found: set[tuple[str, int]] = set()
    for where in (
        and_(among(tx, line.order, ours), line.order.is_not(None)),
        and_(among(tx, line.transaction_id, exact), line.transaction_id != ""),
        and_(among(tx, line.merchant_operation_id, exact), line.merchant_operation_id != ""),
        and_(among(tx, line.loose_reference, loose), line.loose_reference != ""),
        and_(among(tx, line.loose_order, loose), line.loose_order != ""),
    ):
        found.update(
            (row.account, row.id)
            for row in tx.execute(select(line.account, line.id).where(where, standing()))
        )
    by_account: dict[str, list[int]] = {}
    for account, line_id in sorted(found):
        by_account.setdefault(account, []).append(line_id)
    return by_account


def orders_of_splits(tx: Connection, line_ids: Iterable[int]) -> set[int]:
    """The orders over which these lines are divided, or once were."""
    decision = line_decisions.c
    query = select(decision.shares).where(among(tx, decision.line, line_ids), decision.kind == "split")
    return {int(order) for shares in tx.scalars(query) for order, _ in shares}


def page(tx: Connection, account: str, after: int, limit: int) -> list[int]:
    """The account's next standing lines."""
    line = settlement_lines.c
    query = select(line.id).where(line.account == account, line.id > after, standing())
    return list(tx.scalars(query.order_by(line.id).limit(limit)))


def shared_transactions(
    tx: Connection, file: int, after: int, limit: int
) -> tuple[int, dict[str, list[int]]]:
    """Of the file's next lines: the last id (0 when there are none), and by account a line of each transaction that lines
    of another file share, or shared before this one replaced them."""
    line, other = settlement_lines.c, settlement_lines.alias("other").c
    window = (
        select(line.id).where(line.file == file, line.id > after).order_by(line.id).limit(limit).subquery()
    )
    last = int(tx.scalar(select(func.max(window.c.id))) or 0)
    if not last:
        return 0, {}
    shares = (
        select(literal(1))
        .where(
            other.transaction_id == line.transaction_id, other.transaction_id != "", other.account == line.account,
            other.file != file, or_(other.replaced_by.is_(None), other.replaced_by == file),
        )
        .exists()
    )  # fmt: skip
    query = (
        select(line.account, func.min(line.id))
        .where(line.file == file, line.id > after, line.id <= last, line.transaction_id != "", shares)
        .group_by(line.account, line.transaction_id)
    )
    by_account: dict[str, list[int]] = {}
    for account, line_id in tx.execute(query):
        by_account.setdefault(account, []).append(line_id)
    return last, by_account


def change(tx: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write what lines came to: each the cells of OUTCOME, and the id."""
    if rows:
        mark = "%s" if tx.dialect.name == "postgresql" else "?"
        cells = ", ".join(f'"{name}" = {mark}' for name in OUTCOME)
        tx.exec_driver_sql(f"UPDATE settlement_lines SET {cells} WHERE id = {mark}", list(rows))  # noqa: S608 (our own names)


class Sums:
    """What lines add to ``line_totals``: made for many lines at once, written for some of them at a time.

    ``lines``: the columns of TOTAL, ``settled_amount_units`` and ``date``.
    """

    def __init__(self, lines: pd.DataFrame) -> None:
        known = lines["operation_code"] != ""
        texts = [
            lines[name].mask(known, "") if name == "operation" else lines[name].astype("str")
            for name in TOTAL
        ]
        cells = [pa.array(column, pa.large_string()) for column in texts]
        joined = pc.binary_join_element_wise(*cells, pa.scalar("\x1f", pa.large_string()))
        groups = (
            joined.combine_chunks().dictionary_encode()
            if isinstance(joined, pa.ChunkedArray)
            else joined.dictionary_encode()
        )
        self._group = groups.indices.to_numpy(zero_copy_only=False)
        _, first = np.unique(self._group, return_index=True)  # not taken apart: a cell may hold any character
        self._cells = list(zip(*(column.take(pa.array(first)).to_pylist() for column in cells), strict=True))
        self._units = lines["settled_amount_units"].to_numpy(dtype="int64", na_value=0)
        days = pd.Categorical(lines["date"])  # in the order of the texts, and of the days
        self._day, self._days = np.asarray(days.codes, dtype=np.int64), [*days.categories, ""]

    def write(self, tx: Connection, part: slice = slice(None), sign: int = 1) -> None:
        """Count these lines in, or with -1 out."""
        group, units, day = self._group[part], self._units[part], self._day[part]
        size = len(self._cells)
        count = np.bincount(group, minlength=size)
        settled, moved = np.zeros(size, np.int64), np.zeros(size, np.int64)
        np.add.at(settled, group, units)
        np.add.at(moved, group, abs(units))
        first, last = np.full(size, len(self._days)), np.full(size, -1)
        dated = day >= (1 if self._days[0] == "" else 0)  # not the empty text
        np.minimum.at(first, group[dated], day[dated])
        np.maximum.at(last, group[dated], day[dated])
        days = [*self._days, ""]
        rows = [
            {
                **dict(zip(TOTAL, self._cells[one], strict=True)), "file": int(self._cells[one][0]), "lines": sign * int(count[one]),
                "settled_units": sign * int(settled[one]), "moved_units": sign * int(moved[one]),
                "first_date": days[first[one]], "last_date": days[last[one]],
            }
            for one in count.nonzero()[0]
        ]  # fmt: skip
        _add_totals(tx, sorted(rows, key=lambda row: tuple(str(row[name]) for name in TOTAL)), sign)


def _add_totals(tx: Connection, rows: list[dict[str, Any]], sign: int) -> None:
    if not rows:
        return
    total = line_totals.c
    statement = insert_or(tx, line_totals)
    new = statement.excluded
    earlier = and_(new.first_date != "", or_(total.first_date == "", new.first_date < total.first_date))
    statement = statement.on_conflict_do_update(
        index_elements=list(TOTAL),
        set_={
            **{name: total[name] + new[name] for name in ("lines", "settled_units", "moved_units")},
            "first_date": case((earlier, new.first_date), else_=total.first_date),
            "last_date": case((new.last_date > total.last_date, new.last_date), else_=total.last_date),
        },
    )
    tx.execute(statement, rows)
    if sign < 0:
        tx.execute(delete(line_totals).where(total.lines == 0))


def replace(tx: Connection, ids: Iterable[int], file: int) -> pd.DataFrame:
    """These lines stand changed in another file: they no longer count. What they were, as ``joined`` gives them."""
    gone = joined(tx, and_(among(tx, settlement_lines.c.id, ids), settlement_lines.c.replaced_by.is_(None)))
    Sums(gone.assign(outcome=gone["was_outcome"])).write(tx, sign=-1)
    tx.execute(
        update(settlement_lines)
        .where(among(tx, settlement_lines.c.id, gone["id"].tolist()))
        .values(replaced_by=file)
    )
    return gone


def remove(tx: Connection, file: int, limit: int) -> int:
    """Delete some of the file's lines; how many."""
    line = settlement_lines.c
    some = select(line.id).where(line.file == file).order_by(line.id).limit(limit)
    return tx.execute(delete(settlement_lines).where(line.id.in_(some))).rowcount


def remove_totals(tx: Connection, file: int) -> None:
    tx.execute(delete(line_totals).where(line_totals.c.file == file))
