"""Settlement lines in the store: written with their outcome, found by identity, key and payout."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    func,
    select,
)

from services.store.frames import frame
from services.store.in_list import among
from services.store.schema.settlement_files import settlement_files
from services.store.schema.settlement_lines import LINE_AMOUNTS, LINE_TEXTS, settlement_lines

# What the join makes of a line: the columns of services.reconciliation.matching.match.
OUTCOME = (
    "outcome", "reason", "order", "keys", "unknown_keys", "candidates", "nearest", "seen", "expected",
    "loose_reference", "loose_order",
)  # fmt: skip
WRITTEN = ("account", "identity", "key", "file", "line", *LINE_TEXTS, *LINE_AMOUNTS, *OUTCOME)
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
    """The lines of a payout in other files that nothing has replaced: ``id``, ``settled_amount_units`` and the
    columns by which two lines are compared."""
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


def change(tx: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write outcomes of lines: of each the cells of OUTCOME, and the id."""
    if rows:
        mark = "%s" if tx.dialect.name == "postgresql" else "?"
        cells = ", ".join(f'"{name}" = {mark}' for name in OUTCOME)
        tx.exec_driver_sql(f"UPDATE settlement_lines SET {cells} WHERE id = {mark}", list(rows))  # noqa: S608 (our own names)


def of_account(tx: Connection, account: str, ids: Iterable[int]) -> list[int]:
    """Those of these lines that are the account's."""
    line = settlement_lines.c
    return list(tx.scalars(select(line.id).where(line.account == account, among(tx, line.id, ids))))


def remove(tx: Connection, file: int, limit: int) -> int:
    """Delete some of the file's lines; how many."""
    line = settlement_lines.c
    some = select(line.id).where(line.file == file).order_by(line.id).limit(limit)
    return tx.execute(delete(settlement_lines).where(line.id.in_(some))).rowcount
