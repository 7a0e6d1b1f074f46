"""Decided lines that a file corrects, and those of the file that may stand in their place."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from services.store.in_list import among
from services.store.schema.settlements import settlement_lines


def corrected(tx: Connection, replaced: Iterable[int]) -> list[Any]:
    """Those of these lines whose account has a decided one of the same key among them, by id: id, account, key, amount and
    currency, and the standing ``decision``."""
    line = settlement_lines.c
    columns = (
        line.id,
        line.account,
        line.key,
        line.original_amount_units,
        line.original_currency,
        line.decision,
    )
    found = list(tx.execute(select(*columns).where(among(tx, line.id, replaced)).order_by(line.id)))
    keys = {(row.account, row.key) for row in found if row.decision is not None}
    return [row for row in found if (row.account, row.key) in keys]


def of_keys(tx: Connection, file: int, keys: Iterable[str]) -> list[Any]:
    """The lines of a file with one of these keys, by id, that nobody has decided."""
    line = settlement_lines.c
    query = select(
        line.id,
        line.account,
        line.key,
        line.original_amount_units,
        line.original_currency,
        line.outcome,
        line.reason,
        line.order,
    )
    own = query.where(line.file == file, among(tx, line.key, keys), line.decision.is_(None))
    return list(tx.execute(own.order_by(line.id)))
