"""Lines that a file has corrected, whole, and those of the file that may stand in their place."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from services.store.in_list import among
from services.store.schema.settlements import settlement_lines

_line = settlement_lines.c


def replaced_by(tx: Connection, file: int, limit: int) -> Sequence[Row[Any]]:
    """The first lines of others that stand changed in the file, by id."""
    query = select(settlement_lines).where(
        _line.replaced_by == file, _line.replaced_by.is_not(None), _line.file != file
    )
    return tx.execute(query.order_by(_line.id).limit(limit)).all()


def of_keys(tx: Connection, file: int, keys: Collection[tuple[str, str]]) -> Sequence[Row[Any]]:
    """The file's own lines that have one of these (account, key), by id."""
    query = select(settlement_lines).where(_line.file == file, among(tx, _line.key, {key for _, key in keys}))
    return [row for row in tx.execute(query.order_by(_line.id)) if (row.account, row.key) in keys]


def whole(tx: Connection, ids: Iterable[int]) -> Sequence[Row[Any]]:
    """These lines, by id."""
    query = select(settlement_lines).where(among(tx, _line.id, ids))
    return tx.execute(query.order_by(_line.id)).all()
