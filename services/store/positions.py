"""Where each order stands, and what that is computed from."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, select, union, update

from services.store.among import among
from services.store.concurrent import insert_new, insert_or
from services.store.frames import frame
from services.store.orders import UNPAID
from services.store.schema import orders
from services.store.schema_settlements import account_matching, line_shares, order_positions, settlement_lines
from services.store.settlement_lines import standing

_AMOUNTS = ("original_amount_units", "amount_excl_tax_units", "tax_amount_units", "settled_amount_units")
_TEXTS = (
    "kind",
    "transaction_id",
    "settlement_id",
    "date",
    "original_currency",
    "currency",
    "settlement_currency",
)
LINE = {"ours": "int64", "id": "int64", **dict.fromkeys(_TEXTS, "str"), **dict.fromkeys(_AMOUNTS, "Int64")}


def bump(tx: Connection, account: str) -> int:
    """The account's lines or positions are about to change: nobody else changes them before this transaction ends. The
    version that they get."""
    matching = account_matching.c
    grown = update(account_matching).where(matching.account == account).values(version=matching.version + 1)
    if not tx.execute(grown).rowcount:
        insert_new(tx, account_matching, ("account",), account=account)
        tx.execute(grown)
    return version(tx, account)


def version(tx: Connection, account: str) -> int:
    return int(
        tx.scalar(select(account_matching.c.version).where(account_matching.c.account == account)) or 0
    )


def matched_lines(tx: Connection, order_ids: Iterable[int]) -> pd.DataFrame:
    """The standing lines matched to these orders alone, with the columns of LINE."""
    line = settlement_lines.c
    query = select(line.order, line.id, *(line[name] for name in (*_TEXTS, *_AMOUNTS)))
    return frame(tx, query.where(among(tx, line.order, order_ids), line.order.is_not(None), standing()), LINE)


def split_lines(tx: Connection, order_ids: Iterable[int]) -> pd.DataFrame:
    """Every share of the standing lines that are divided over one of these orders and others, with the columns of LINE,
    and ``units``, the share's."""
    line, share = settlement_lines.c, line_shares.c
    theirs = select(share.line).where(among(tx, share.order, order_ids))
    query = (
        select(share.order, line.id, *(line[name] for name in (*_TEXTS, *_AMOUNTS)), share.units)
        .join(settlement_lines, line.id == share.line)
        .where(share.line.in_(theirs), line.outcome == "matched", line.order.is_(None), standing())
        .order_by(line.id, share.order)
    )
    return frame(tx, query, {**LINE, "units": "int64"})


def order_facts(tx: Connection, order_ids: Iterable[int]) -> list[dict[str, Any]]:
    """The orders as ``classify`` takes them, and ``paid_at``; how many captures as their position last said."""
    o = orders.c
    captures = func.coalesce(order_positions.c.captures, 0).label("captures")
    query = (
        select(o.id, o.account, o.currency, o.amount, o.captured, o.payment, o.channel, o.paid_at, captures)
        .outerjoin(order_positions, order_positions.c.order == o.id)
        .where(among(tx, o.id, order_ids))
        .order_by(o.id)
    )
    return [
        {
            "order": row.id, "account": row.account, "currency": row.currency, "amount_units": row.amount,
            "captured_units": row.captured, "captures": row.captures, "awaited": row.channel == "imported",
            "paid": row.payment not in {*UNPAID, "pending", "authorised"}, "paid_at": row.paid_at,
        }
        for row in tx.execute(query)
    ]  # fmt: skip


def put(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write positions: every column of order_positions."""
    if rows:
        statement = insert_or(tx, order_positions)
        names = [column.name for column in order_positions.c if column.name != "order"]
        tx.execute(
            statement.on_conflict_do_update(index_elements=["order"], set_={name: statement.excluded[name] for name in names}),
            list(rows),
        )  # fmt: skip


def orders_of_file(tx: Connection, file: int) -> dict[str, list[int]]:
    """By account, the orders that the file's lines are matched to, and those of the lines that it replaced."""
    line, share = settlement_lines.c, line_shares.c
    own = select(line.account, line.order).where(line.file == file, line.order.is_not(None))
    before = select(line.account, line.order).where(line.replaced_by == file, line.order.is_not(None))
    split = select(line.account, share.order).join(settlement_lines, line.id == share.line).where(line.replaced_by == file)
    by_account: dict[str, list[int]] = {}
    for account, order in sorted({(row[0], int(row[1])) for row in tx.execute(union(own, before, split))}):
        by_account.setdefault(account, []).append(order)
    return by_account
