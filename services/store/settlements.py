"""Settlement files, their lines, and our side of the join as frames."""

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row, Select, case, delete, func, insert, select, update

from services.store.concurrent import one_at_a_time
from services.store.schema import events, orders, pages
from services.store.schema_settlements import (
    LINE_AMOUNTS,
    LINE_TEXTS,
    settlement_chunks,
    settlement_files,
    settlement_lines,
)

CHUNK_BYTES = 1 << 20
_FRAME_NAMES = {"file_account": "account", "file_order": "order"}


def file_by_hash(tx: Connection, account: str, sha256: str) -> Row[Any] | None:
    query = select(settlement_files).where(
        settlement_files.c.account == account, settlement_files.c.sha256 == sha256
    )
    return tx.execute(query).first()


def files(tx: Connection) -> list[Row[Any]]:
    """The files imported in full, newest first."""
    query = select(settlement_files).where(settlement_files.c.state == "complete")
    return list(
        tx.execute(query.order_by(settlement_files.c.uploaded_at.desc(), settlement_files.c.id.desc()))
    )


def add_file(tx: Connection, raw: bytes, **values: Any) -> int:
    """Keep the file itself, in compressed chunks; its lines are invisible until ``complete_file``."""
    key = tx.execute(
        insert(settlement_files).values(
            state="running", source="upload", size=len(raw), alive_at=values["uploaded_at"], **values
        )
    ).inserted_primary_key
    assert key is not None
    file_id = int(key[0])
    for number, start in enumerate(range(0, len(raw), CHUNK_BYTES)):
        data = zlib.compress(raw[start : start + CHUNK_BYTES])
        tx.execute(insert(settlement_chunks).values(file=file_id, number=number, data=data))
    return file_id


def file_content(tx: Connection, file_id: int) -> bytes:
    """The file as it was uploaded."""
    query = select(settlement_chunks.c.data).where(settlement_chunks.c.file == file_id)
    return b"".join(zlib.decompress(data) for data in tx.scalars(query.order_by(settlement_chunks.c.number)))


def take_turn(tx: Connection, account: str) -> None:
    """Let no other import of the account pass this point before this transaction ends."""
    one_at_a_time(tx, f"import:{account}")


def file_stands(tx: Connection, file_id: int) -> bool:
    """Whether nobody has taken the file back."""
    return tx.scalar(select(settlement_files.c.id).where(settlement_files.c.id == file_id)) is not None


def forget_incomplete(tx: Connection, account: str) -> None:
    """Take back the account's files whose import has not ended: their lines, their chunks, themselves."""
    file = settlement_files.c
    unfinished = select(file.id).where(file.account == account, file.state != "complete")
    for column in (settlement_lines.c.file, settlement_chunks.c.file, file.id):
        tx.execute(delete(column.table).where(column.in_(list(tx.scalars(unfinished)))))


def complete_file(tx: Connection, file_id: int, **values: Any) -> None:
    tx.execute(
        update(settlement_files).where(settlement_files.c.id == file_id).values(state="complete", **values)
    )


def identities(tx: Connection, account: str) -> pd.DataFrame:
    """``id``, ``identity`` and ``key`` of the account's lines, in the order they were stored.

    One that was replaced has no key: an older file that holds it again undoes no correction.
    """
    line, file = settlement_lines.c, settlement_files.c
    query = (
        select(line.id, line.identity, case((line.replaced_by.is_(None), line.key), else_=""))
        .join(settlement_files, file.id == line.file)
        .where(line.account == account, file.state == "complete")
        .order_by(line.id)
    )
    return _frame(tx, query, ["id", "identity", "key"])


def add_lines(tx: Connection, rows: list[dict[str, Any]]) -> None:
    """Insert lines: keys of the frame that ``services.settlements.read`` gives, plus account_key, identity, key, file."""
    named = {name: _FRAME_NAMES.get(name, name) for name in LINE_TEXTS + LINE_AMOUNTS}
    values = [
        {
            "account": row["account_key"], "identity": row["identity"], "key": row["key"], "file": row["file"],
            "line": row["line"], "outcome": "unmatched", "reason": "", **{column: row[name] for column, name in named.items()},
        }
        for row in rows
    ]  # fmt: skip
    if values:
        tx.execute(insert(settlement_lines), values)


def replace_lines(tx: Connection, ids: Iterable[int], file_id: int) -> None:
    """These lines stand changed in another file: they no longer count."""
    for line_id in ids:
        tx.execute(
            update(settlement_lines).where(settlement_lines.c.id == line_id).values(replaced_by=file_id)
        )


def lines_frame(tx: Connection, accounts: tuple[str, ...]) -> pd.DataFrame:
    """Every line that stands, as ``services.settlements.read`` gives them, with ``id``, ``file`` and ``account`` as ours."""
    line, file = settlement_lines.c, settlement_files.c
    columns = [
        line.id,
        line.file,
        line.line,
        line.account,
        *(line[name] for name in LINE_TEXTS[1:] + LINE_AMOUNTS),
    ]
    query = (
        select(*columns)
        .join(settlement_files, file.id == line.file)
        .where(line.account.in_(accounts), line.replaced_by.is_(None), file.state == "complete")
        .order_by(line.id)
    )
    names = [
        "id",
        "file",
        "line",
        "account",
        *(_FRAME_NAMES.get(name, name) for name in LINE_TEXTS[1:] + LINE_AMOUNTS),
    ]
    frame = _frame(tx, query, names)
    for name in names:
        kind: Any = "Int64" if name in LINE_AMOUNTS else "int64" if name in ("id", "file", "line") else "str"
        frame[name] = frame[name].astype(kind)
    return frame


def _frame(tx: Connection, query: Select[Any], names: list[str]) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = [tuple(row) for row in tx.execute(query)]
    return pd.DataFrame(rows, columns=names)


def version(tx: Connection) -> tuple[int, int, int, int]:
    """Grows with every file, line, order and event: while it stays the same, so does the join."""
    complete = (
        select(func.count()).select_from(settlement_files).where(settlement_files.c.state == "complete")
    )
    return (
        int(tx.scalar(complete) or 0),
        int(tx.scalar(select(func.max(settlement_lines.c.id))) or 0),
        int(tx.scalar(select(func.max(orders.c.id))) or 0),
        int(tx.scalar(select(func.max(events.c.id))) or 0),
    )


def book_orders(tx: Connection, accounts: tuple[str, ...]) -> Iterator[Row[Any]]:
    yield from tx.execute(select(orders).where(orders.c.account.in_(accounts)).order_by(orders.c.id))


def book_pages(tx: Connection, accounts: tuple[str, ...]) -> list[dict[str, Any]]:
    query = select(pages.c.order, pages.c.hipay_order_id).where(pages.c.account.in_(accounts))
    return [{"order": row.order, "hipay_order_id": row.hipay_order_id} for row in tx.execute(query)]


def book_payments(tx: Connection, accounts: tuple[str, ...]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every observed payment: (order, what was seen)."""
    query = (
        select(events.c.order, events.c.data)
        .join(orders, orders.c.id == events.c.order)
        .where(events.c.kind == "payment", orders.c.account.in_(accounts))
        .order_by(events.c.id)
    )
    for row in tx.execute(query):
        yield int(row.order), row.data
