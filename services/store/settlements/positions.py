"""Positions of orders, and what they are computed from."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, and_, func, literal, select, union, update

from services.store.frames import arrays
from services.store.in_list import among
from services.store.locks import insert_new
from services.store.order_states import UNDER_WAY, UNPAID
from services.store.schema.orders import orders
from services.store.schema.payout_lines import payout_lines
from services.store.schema.reconciliation import account_matching, line_shares, order_positions
from services.store.settlements.lines import line_frames
from services.store.settlements.lines.line_columns import account_of, of_group, reason_of
from services.store.settlements.lines.settlement_lines import (
    FOLLOWS,
    followed_by,
    is_valid,
    leader,
    of_file,
)

_AMOUNTS = ("original_amount_units", "amount_excl_tax_units", "tax_amount_units", "settled_amount_units")
_TEXTS = (
    "kind",
    "transaction_id",
    "settlement_id",
    "date",
    "transfer",
    "original_currency",
    "currency",
    "settlement_currency",
)
FACTS = {
    "order": "int64", "account": "str", "currency": "str", "amount_units": "int64", "captured_units": "int64",
    "captures": "int64", "paid": "bool", "awaited": "bool",
}  # fmt: skip
LINE = {"ours": "int64", "id": "int64", **dict.fromkeys(_TEXTS, "str"), **dict.fromkeys(_AMOUNTS, "Int64")}
_NAMES = ("id", *_TEXTS, *_AMOUNTS)


def bump_version(tx: Connection, account: str) -> int:
    """The account's lines or positions are about to change: nobody else changes them before this transaction ends. The
    version that they get."""
    matching = account_matching.c
    grown = update(account_matching).where(matching.account == account).values(version=matching.version + 1)
    if not tx.execute(grown).rowcount:
        insert_new(tx, account_matching, ("account",), account=account)
        tx.execute(grown)
    return read_version(tx, account)


def read_version(tx: Connection, account: str) -> int:
    return int(
        tx.scalar(select(account_matching.c.version).where(account_matching.c.account == account)) or 0
    )


def matched_lines(tx: Connection, order_ids: Iterable[int]) -> dict[str, pa.Array]:
    """The valid lines matched to these orders alone, with the columns of LINE."""
    line = payout_lines.c
    theirs = (among(tx, line.order, order_ids), line.order.is_not(None), is_valid())
    found = line_frames.columns(
        tx, _NAMES, lambda query: query.where(*theirs), {"ours": (line.order, "int64")}
    )
    return {name: found[name] for name in LINE}


def split_lines(tx: Connection, order_ids: Iterable[int]) -> pd.DataFrame | None:
    """Every share of the valid lines that are divided over one of these orders and others, and of those that follow
    such a line, with the columns of LINE, ``units``, the share of the line that is divided, and ``own``, whether the row's
    is that line. None for no share at all."""
    line, share = payout_lines.c, line_shares.c
    theirs = select(share.line).where(among(tx, share.order, order_ids))
    if tx.execute(theirs.limit(1)).first() is None:  # nearly always
        return None
    divided = (of_group("outcome") == "matched", line.order.is_(None), is_valid())
    parts: dict[str, tuple[ColumnElement[Any], str]] = {
        "ours": (share.order, "int64"),
        "units": (share.units, "int64"),
    }
    found = line_frames.lines(
        tx,
        _NAMES,
        lambda query: (
            query.select_from(line_shares)
            .join(payout_lines, line.id == share.line)
            .where(share.line.in_(theirs), *divided)
            .order_by(line.id, share.order)
        ),
        {**parts, "own": (literal(True), "bool")},
    )
    found = found[[*LINE, "units", "own"]]
    transactions = found["transaction_id"].unique().tolist()
    if not any(transactions):
        return found
    other = of_group("kind", leader.c) != "sale"
    followers = line_frames.lines(
        tx,
        _NAMES,
        lambda query: (
            query.select_from(payout_lines)
            .join(leader, followed_by(line))
            .join(line_shares, share.line == leader.c.id)
            .where(
                among(tx, line.transaction_id, transactions),
                line.transaction_id != "",
                reason_of() == FOLLOWS,
                *divided,
            )
            .order_by(line.id, other, share.order)
        ),
        {**parts, "own": (literal(False), "bool"), "other": (other, "bool")},
    )
    # Its Sale leads a transaction, whatever else of it was divided.
    by_sale = followers.groupby("id")["other"].transform("min").to_numpy(dtype=bool)
    followers = followers[followers["other"].to_numpy() == by_sale]
    whole: pd.DataFrame = pd.concat([found, followers[list(found.columns)]], ignore_index=True)
    return whole


def order_facts(tx: Connection, order_ids: Iterable[int]) -> dict[str, pa.Array]:
    """The orders as ``classify`` takes them; how many captures by their stored position."""
    o = orders.c
    query = (
        select(
            o.id,
            o.account,
            o.currency,
            o.amount,
            o.captured,
            func.coalesce(order_positions.c.captures, 0),
            o.payment.notin_((*UNPAID, *UNDER_WAY)),
            o.channel == "imported",
        )
        .outerjoin(order_positions, order_positions.c.order == o.id)
        .where(among(tx, o.id, order_ids))
        .order_by(o.id)
    )
    return arrays(tx, query, FACTS)


def put_positions(tx: Connection, found: Mapping[str, pa.Array]) -> None:
    """Write positions: arrays by every column of order_positions but ``paid_at``: when the order was first collected, and
    once some of that is settled, when the last of it was."""
    if not len(found["order"]):
        return
    mark = "%s" if tx.dialect.name == "postgresql" else "?"
    names = list(found)
    cells = ", ".join(f'"{name}"' for name in names)
    renewed = ", ".join(f'"{name}" = excluded."{name}"' for name in (*names[1:], "paid_at"))
    tx.exec_driver_sql(
        f"INSERT INTO order_positions ({cells}, paid_at) VALUES ({', '.join([mark] * len(names))}, "  # noqa: S608 (our own names)
        f"(SELECT CASE WHEN {mark} > 0 THEN last_captured_at ELSE captured_at END FROM orders WHERE id = {mark})) "
        f'ON CONFLICT ("order") DO UPDATE SET {renewed}',
        list(zip(*(found[name].to_pylist() for name in (*names, "gross_units", "order")), strict=True)),
    )


def orders_of_file(tx: Connection, file: int) -> dict[str, list[int]]:
    """By account, the orders that the file's lines are matched to, and those of the lines that it replaced or withdrew."""
    line, share, account = payout_lines.c, line_shares.c, account_of().label("account")
    own = select(account, line.order).where(of_file(file), line.order.is_not(None))
    gone = [and_(column == file, column.is_not(None)) for column in (line.replaced_by, line.withdrawn_by)]
    before = [select(account, line.order).where(one, line.order.is_not(None)) for one in gone]
    split = select(account, share.order).join(payout_lines, line.id == share.line)
    led = (
        select(account, share.order)
        .select_from(payout_lines)
        .join(leader, followed_by(line))
        .join(line_shares, share.line == leader.c.id)
        .where(of_file(file), reason_of() == FOLLOWS)
    )
    by_account: dict[str, list[int]] = {}
    every = union(own, *before, split.where(of_file(file)), *(split.where(one) for one in gone), led)
    for theirs, order in sorted({(row[0], int(row[1])) for row in tx.execute(every)}):
        by_account.setdefault(theirs, []).append(order)
    return by_account
