"""The lines that a file corrects, and its own lines that may take their place."""

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


def corrected(tx: Connection, replaced: Iterable[int]) -> list[Any]:
    """Those of these lines whose account has a decided one of the same key among them, by id: id, account, key, amount and
    currency, and the standing ``decision``."""
    columns = (
        _line.id,
        _line.account,
        _line.key,
        _line.original_amount_units,
        _line.original_currency,
        _line.decision,
    )
    found = list(tx.execute(select(*columns).where(among(tx, _line.id, replaced)).order_by(_line.id)))
    keys = {(row.account, row.key) for row in found if row.decision is not None}
    return [row for row in found if (row.account, row.key) in keys]


def undecided_of_keys(tx: Connection, file: int, keys: Iterable[str]) -> list[Any]:
    """The lines of a file with one of these keys, by id, that nobody has decided."""
    query = select(
        _line.id,
        _line.account,
        _line.key,
        _line.original_amount_units,
        _line.original_currency,
        _line.outcome,
        _line.reason,
        _line.order,
    )
    own = query.where(_line.file == file, among(tx, _line.key, keys), _line.decision.is_(None))
    return list(tx.execute(own.order_by(_line.id)))
