"""Settlement lines in the store: write them with their outcome, find them by their keys, change their outcome."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    func,
    literal,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy import Text as Plain

from services.settlements.placeholders import says_none
from services.store.frames import frame
from services.store.in_list import among
from services.store.schema.settlements import (
    LINE_AMOUNTS,
    LINE_TEXTS,
    line_decisions,
    settlement_files,
    settlement_lines,
)
from services.store.settlements.line_totals import Sums, counted

# What the join makes of a line: the columns of services.reconciliation.matching.match.
OUTCOME = (
    "outcome", "reason", "order", "keys", "unknown_keys", "candidates", "nearest", "seen", "expected",
    "loose_reference", "loose_order",
)  # fmt: skip
WRITTEN = ("account", "identity", "key", "file", "line", *LINE_TEXTS, *LINE_AMOUNTS, *OUTCOME)
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
MATCHED = (*_JOINED, "decided", "decided_order", "decided_split")  # what ``match`` reads of them
FOLLOWS = "follows_split"  # the reason of a line that is divided as the leader of its transaction is
leader = settlement_lines.alias("leader")
_NEVER = 1 << 62


def hidden_from(tx: Connection) -> int:
    """The first line of a file that is not complete: this line and all later ones are hidden."""
    file = settlement_files.c
    found = tx.scalar(select(func.min(file.first_line_id)).where(file.state != "complete"))
    return _NEVER if found is None else int(found)


def is_valid() -> ColumnElement[bool]:
    """The condition that a line is valid: its file is complete, and no other line has replaced it."""
    file = settlement_files.c
    hidden = select(func.min(file.first_line_id)).where(file.state != "complete").scalar_subquery()
    return and_(
        settlement_lines.c.replaced_by.is_(None), settlement_lines.c.id < func.coalesce(hidden, _NEVER)
    )


def followed_by(line: Any) -> ColumnElement[bool]:
    """The condition that ``leader`` is a line of the same transaction that ``line`` may follow, divided or not."""
    return and_(
        leader.c.transaction_id == line.transaction_id,
        leader.c.transaction_id != "",
        func.coalesce(leader.c.account, "") == line.account,
        leader.c.replaced_by.is_(None),
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
    """``id``, ``identity``, ``key``, ``settlement_id``, ``file`` and ``replaced`` of those lines of the account that are
    there."""
    line = settlement_lines.c
    query = select(
        line.id, line.identity, line.key, line.settlement_id, line.file, line.replaced_by.is_not(None)
    )
    query = query.where(line.account == account, among(tx, line.identity, identities))
    texts = {"identity": "str", "key": "str", "settlement_id": "str"}
    return frame(tx, query, {"id": "int64", **texts, "file": "int64", "replaced": "bool"})


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


_LIKENESS = (
    "operation_code", "operation", "kind", "settlement_currency", "transaction_id", "date", "lost",
)  # fmt: skip


def of_payout(tx: Connection, account: str, settlement: str, other_than: int) -> pd.DataFrame:
    """The lines of a payout in other files that nothing has replaced: ``id``, ``settled_amount_units`` and what tells
    whether a line looks like another."""
    line = settlement_lines.c
    query = select(line.id, line.settled_amount_units, *(line[name] for name in _LIKENESS)).where(
        line.account == account,
        line.settlement_id == settlement,
        line.replaced_by.is_(None),
        line.file != other_than,
    )
    return frame(
        tx, query, {"id": "int64", "settled_amount_units": "Int64", **dict.fromkeys(_LIKENESS, "str")}
    )


def joined(tx: Connection, where: ColumnElement[bool]) -> pd.DataFrame:
    """Lines as ``match`` takes them, with their ``id``, ``file``, amount, decision, and their last outcome under
    ``was_…``."""
    line, decision = settlement_lines.c, line_decisions.c
    query = (
        select(
            line.id,
            line.file,
            *(line[name] for name in _JOINED.values()),
            line.settled_amount_units,
            func.coalesce(decision.kind, ""),
            type_coerce(decision.shares, Plain),
            *(line[name] for name in OUTCOME),
        )
        .outerjoin(line_decisions, decision.id == line.decision)
        .where(where)
    )
    columns = {
        "id": "int64",
        "file": "int64",
        **dict.fromkeys(_JOINED, "str"),
        "settled_amount_units": "Int64",
        "decided": "str",
        "shares": "str",
        **{f"was_{name}": "Int64" if name in ("order", "nearest") else "str" for name in OUTCOME},
    }
    found = frame(tx, query, columns)
    orders: list[int | None] = [None] * len(found)
    divided = [""] * len(found)
    for place in (found["decided"] != "").to_numpy().nonzero()[0]:
        kind, shares = found.at[place, "decided"], json.loads(str(found.at[place, "shares"]))
        if kind == "match":
            orders[place] = shares[0][0]
        elif kind == "split":
            divided[place] = " ".join(str(order) for order, _ in shares)
    decided = {
        "decided_order": pd.Series(orders, dtype="Int64"),
        "decided_split": pd.Series(divided, dtype="str"),
    }
    return found.assign(**decided).drop(columns="shares")


def with_ids(tx: Connection, ids: Iterable[int]) -> ColumnElement[bool]:
    return and_(among(tx, settlement_lines.c.id, ids), is_valid())


def of_ids(tx: Connection, ids: Iterable[int]) -> ColumnElement[bool]:
    """The condition on lines of the file that runs."""
    return among(tx, settlement_lines.c.id, ids)


def of_transactions(
    tx: Connection, account: str, texts: Iterable[str], *, running: int | None = None
) -> ColumnElement[bool]:
    """The condition on the account's lines of these transactions that stand, or are of the file that runs. What says that
    there is none is no transaction."""
    line, texts = settlement_lines.c, [text for text in texts if not says_none(text)]
    counts = is_valid() if running is None else line.replaced_by.is_(None)
    # As an expression: an index that begins with the account would be taken for the better one, and is nearly all lines.
    theirs = func.coalesce(line.account, "") == account
    return and_(among(tx, line.transaction_id, texts), line.transaction_id != "", theirs, counts)


def concerned(
    tx: Connection, orders: Iterable[int], texts: Iterable[str], looses: Iterable[str]
) -> dict[str, list[int]]:
    """By account, the valid lines that are joined to one of the orders, or have one of these as a key: the ids of
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
            for row in tx.execute(select(line.account, line.id).where(where, is_valid()))
        )
    by_account: dict[str, list[int]] = {}
    for account, line_id in sorted(found):
        by_account.setdefault(account, []).append(line_id)
    return by_account


def orders_of(tx: Connection, line_ids: Iterable[int]) -> set[int]:
    """The orders that these lines are matched to."""
    line = settlement_lines.c
    query = select(line.order).where(among(tx, line.id, line_ids), line.order.is_not(None))
    return {int(order) for order in tx.scalars(query) if order is not None}


def orders_of_splits(tx: Connection, line_ids: Iterable[int]) -> set[int]:
    """The orders over which these lines are divided, or once were."""
    decision = line_decisions.c
    query = select(decision.shares).where(among(tx, decision.line, line_ids), decision.kind == "split")
    return {int(order) for shares in tx.scalars(query) for order, _ in shares}


def page(tx: Connection, account: str, after: int, limit: int) -> list[int]:
    """The account's next valid lines."""
    line = settlement_lines.c
    query = select(line.id).where(line.account == account, line.id > after, is_valid())
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
            other.transaction_id == line.transaction_id,
            other.transaction_id != "",
            other.account == line.account,
            other.file != file,
            or_(other.replaced_by.is_(None), other.replaced_by == file),
        )
        .exists()
    )
    query = (
        select(line.account, func.min(line.id))
        .where(
            line.file == file,
            line.id > after,
            line.id <= last,
            line.transaction_id != "",
            line.replaced_by.is_(None),
            shares,
        )
        .group_by(line.account, line.transaction_id)
    )
    by_account: dict[str, list[int]] = {}
    for account, line_id in tx.execute(query):
        by_account.setdefault(account, []).append(line_id)
    return last, by_account


def change(tx: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write outcomes of lines: of each the cells of OUTCOME, and the id."""
    if rows:
        mark = "%s" if tx.dialect.name == "postgresql" else "?"
        cells = ", ".join(f'"{name}" = {mark}' for name in OUTCOME)
        tx.exec_driver_sql(f"UPDATE settlement_lines SET {cells} WHERE id = {mark}", list(rows))  # noqa: S608 (our own names)


def replace(tx: Connection, ids: Iterable[int], file: int) -> pd.DataFrame:
    """Another file replaces these lines: they no longer count. The lines as ``joined`` gives them."""
    gone = joined(tx, and_(among(tx, settlement_lines.c.id, ids), settlement_lines.c.replaced_by.is_(None)))
    Sums(counted(gone, gone["was_outcome"], gone["was_reason"])).write(tx, sign=-1)
    tx.execute(
        update(settlement_lines)
        .where(among(tx, settlement_lines.c.id, gone["id"].tolist()))
        .values(replaced_by=file)
    )
    return gone


def of_account(tx: Connection, account: str, ids: Iterable[int]) -> list[int]:
    """Those of these lines that are the account's."""
    line = settlement_lines.c
    return list(tx.scalars(select(line.id).where(line.account == account, among(tx, line.id, ids))))


def restore(tx: Connection, ids: Iterable[int]) -> None:
    """No other file replaces these lines any more: they count with their last outcome, and are to be joined again."""
    back = joined(
        tx, and_(among(tx, settlement_lines.c.id, ids), settlement_lines.c.replaced_by.is_not(None))
    )
    Sums(counted(back, back["was_outcome"], back["was_reason"])).write(tx)
    tx.execute(
        update(settlement_lines)
        .where(among(tx, settlement_lines.c.id, back["id"].tolist()))
        .values(replaced_by=None)
    )


def remove(tx: Connection, file: int, limit: int) -> int:
    """Delete some of the file's lines; how many."""
    line = settlement_lines.c
    some = select(line.id).where(line.file == file).order_by(line.id).limit(limit)
    return tx.execute(delete(settlement_lines).where(line.id.in_(some))).rowcount
