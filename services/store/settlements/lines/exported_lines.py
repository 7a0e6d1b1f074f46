"""Lines as an export writes them, read in columns: what many lines have in common is read once for a batch."""

import json
from collections import namedtuple
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, select, type_coerce
from sqlalchemy import Text as Plain

from services.store.schema.orders import orders
from services.store.schema.payout_lines import (
    COMMON_TEXTS,
    GROUP,
    LINE_AMOUNTS,
    LINE_DAYS,
    LINE_TEXTS,
    common_texts,
    line_groups,
    line_reasons,
    payout_lines,
)
from services.store.schema.payouts import payouts
from services.store.schema.reconciliation import account_matching
from services.store.schema.settlement_files import settlement_files
from services.store.settlements.lines.line_days import iso

_line, _nearest = payout_lines.c, orders.alias("nearest_orders")
_OWN = ("id", "line", "transaction_id", "merchant_operation_id", "seen", *LINE_AMOUNTS)
_OF_ORDERS = ("order_id", "nearest_id", "nearest_account", "nearest_amount", "nearest_currency")
_LISTS = ("texts", "candidates", "expected")
_NUMBERS = ("group", "payout", "reason", "common", "file")
_DAYS = tuple(f"{name}_day" for name in LINE_DAYS)
_REASON = ("reason", "keys", "unknown_keys")
# Its fields have the names and the meanings of ``ShownLine``; it is made in a tenth of the time.
_FIELDS = (
    *_OWN, *_OF_ORDERS, "candidates", "expected", *LINE_TEXTS, *LINE_DAYS, *GROUP, "settlement_id", *_REASON,
    *COMMON_TEXTS, "file_name", "reference",
)  # fmt: skip
ExportedLine: Any = namedtuple("ExportedLine", _FIELDS)  # type: ignore[misc]


def read(tx: Connection, ids: Sequence[int]) -> list[Any]:
    """The lines with these ids, in this order, each an ``ExportedLine``."""
    query = (
        select(
            *(_line[name] for name in (*_OWN, *_NUMBERS, *_DAYS)),
            *(type_coerce(_line[name], Plain).label(f"{name}_list") for name in _LISTS),
            orders.c.order_id,
            _nearest.c.order_id.label("nearest_id"),
            _nearest.c.account.label("nearest_account"),
            _nearest.c.amount.label("nearest_amount"),
            _nearest.c.currency.label("nearest_currency"),
        )
        .outerjoin(orders, orders.c.id == _line.order)
        .outerjoin(_nearest, _nearest.c.id == _line.nearest)
        .where(_line.id.in_(ids))
    )
    rows = tx.execute(query).all()
    if not rows:
        return []
    names = (*_OWN, *_NUMBERS, *_DAYS, *(f"{name}_list" for name in _LISTS), *_OF_ORDERS)
    cell = dict(zip(names, zip(*rows, strict=True), strict=True))
    groups = _by_id(tx, line_groups, GROUP, cell["group"])
    settlements = _by_id(tx, payouts, ("settlement_id",), cell["payout"])
    reasons = _by_id(tx, line_reasons, _REASON, cell["reason"])
    commons = _by_id(tx, common_texts, ("texts",), cell["common"])
    files = _by_id(tx, settlement_files, ("name",), cell["file"])
    references = dict(tx.execute(select(account_matching.c.account, account_matching.c.reference)).all())
    columns: dict[str, Sequence[Any]] = {name: cell[name] for name in (*_OWN, *_OF_ORDERS)}
    columns["seen"] = [seen or "" for seen in cell["seen"]]
    for name in ("candidates", "expected"):
        columns[name] = [tuple(json.loads(text)) if text else () for text in cell[f"{name}_list"]]
    blank, none = ("",) * len(LINE_TEXTS), ("",) * len(COMMON_TEXTS)
    own = [_padded(json.loads(text), blank) if text else blank for text in cell["texts_list"]]
    columns |= zip(LINE_TEXTS, zip(*own, strict=True), strict=True)
    for name, days in zip(LINE_DAYS, _DAYS, strict=True):
        day = {number: iso(number) for number in set(cell[days])}
        pairs = zip(cell[days], columns[f"{name}_rest"], strict=True)
        columns[name] = [day[number] + rest for number, rest in pairs]
    shared = {number: _padded(texts, none) for number, (texts,) in commons.items()}
    of_group = list(zip(*map(groups.__getitem__, cell["group"]), strict=True))
    columns |= zip(GROUP, of_group, strict=True)
    columns |= zip(_REASON, zip(*map(reasons.__getitem__, cell["reason"]), strict=True), strict=True)
    columns |= zip(COMMON_TEXTS, zip(*map(shared.__getitem__, cell["common"]), strict=True), strict=True)
    columns["settlement_id"] = [settlements[number][0] for number in cell["payout"]]
    columns["file_name"] = [files[number][0] for number in cell["file"]]
    columns["reference"] = [references.get(account, 1) for account in columns["account"]]
    lines = zip(*(columns[name] for name in _FIELDS), strict=True)
    found = dict(zip(cell["id"], map(ExportedLine._make, lines), strict=True))
    return [found[number] for number in ids]


def _by_id(
    tx: Connection, table: Table, names: Sequence[str], ids: Sequence[int]
) -> dict[int, tuple[Any, ...]]:
    query = select(table.c.id, *(table.c[name] for name in names)).where(table.c.id.in_(set(ids)))
    return {row[0]: tuple(row[1:]) for row in tx.execute(query)}


def _padded(texts: Sequence[str], blank: tuple[str, ...]) -> tuple[str, ...]:
    return (*texts, *blank[len(texts) :])
