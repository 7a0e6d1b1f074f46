"""The settlement lines that the join reads, with their decision and their last outcome: by id, order, key, transaction."""

import json
from collections.abc import Iterable

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    func,
    literal,
    not_,
    or_,
    select,
    type_coerce,
)
from sqlalchemy import Text as Plain

from services.settlements.placeholders import says_none
from services.store.in_list import among
from services.store.schema.payout_lines import payout_lines
from services.store.schema.reconciliation import line_decisions
from services.store.settlements.lines import line_frames
from services.store.settlements.lines.line_columns import account_of, is_of_account
from services.store.settlements.lines.line_totals import MEASURED
from services.store.settlements.lines.settlement_lines import OUTCOME, is_current, is_valid, of_file

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


def joined(tx: Connection, where: ColumnElement[bool]) -> pd.DataFrame:
    """Lines as ``match`` takes them, with their ``id``, ``file``, what they are summed up by (MEASURED), decision, and their last
    outcome under ``was_…``."""
    decision = line_decisions.c
    found = line_frames.lines(
        tx,
        ("id", "file", *dict.fromkeys((*MEASURED, *_JOINED.values(), *OUTCOME))),
        lambda query: query.outerjoin(line_decisions, decision.id == payout_lines.c.decision).where(where),
        {
            "decided": (func.coalesce(decision.kind, ""), "str"),
            "shares": (type_coerce(decision.shares, Plain), "str"),
        },
    )
    found = found.rename(columns={name: f"was_{name}" for name in OUTCOME})
    found = found.rename(columns={stored: name for name, stored in _JOINED.items()})
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


def any_of(tx: Connection, where: ColumnElement[bool]) -> bool:
    return tx.execute(select(payout_lines.c.id).where(where).limit(1)).first() is not None


def with_ids(tx: Connection, ids: Iterable[int]) -> ColumnElement[bool]:
    return and_(among(tx, payout_lines.c.id, ids), is_valid())


def of_ids(tx: Connection, ids: Iterable[int]) -> ColumnElement[bool]:
    """The condition on lines of the file that is imported."""
    return among(tx, payout_lines.c.id, ids)


def of_transactions(
    tx: Connection, account: str, texts: Iterable[str], *, running: int | None = None
) -> ColumnElement[bool]:
    """The condition on the account's lines of these transactions that are valid, or of the file that is imported. A text for
    "none" (``says_none``) is no transaction."""
    line, texts = payout_lines.c, [text for text in texts if not says_none(text)]
    counts = is_valid() if running is None else is_current()
    return and_(
        among(tx, line.transaction_id, texts), line.transaction_id != "", is_of_account(account), counts
    )


def concerned(
    tx: Connection, orders: Iterable[int], texts: Iterable[str], looses: Iterable[str]
) -> dict[str, list[int]]:
    """By account, the valid lines that are joined to one of the orders, or have one of these as a key: the ids of
    HiPay as they are (``texts``), the others loosely, in whatever account."""
    line = payout_lines.c
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
            for row in tx.execute(select(account_of().label("account"), line.id).where(where, is_valid()))
        )
    by_account: dict[str, list[int]] = {}
    for account, line_id in sorted(found):
        by_account.setdefault(account, []).append(line_id)
    return by_account


def beside(tx: Connection, ids: Iterable[int]) -> list[int]:
    """A valid line of each transaction that one of these lines has, in its account: it is joined otherwise without them."""
    line, gone, wanted = payout_lines.c, payout_lines.alias("gone").c, sorted(set(ids))
    shares = (
        select(func.min(line.id))
        .select_from(gone.id.table)
        .join(
            payout_lines,
            and_(line.transaction_id == gone.transaction_id, account_of(line) == account_of(gone)),
        )
        .where(among(tx, gone.id, wanted), gone.transaction_id != "", line.transaction_id != "", is_valid())
        .where(not_(among(tx, line.id, wanted)))
        .group_by(account_of(line), line.transaction_id)
    )
    return list(tx.scalars(shares))


def not_counted(tx: Connection, file: int, after: int, limit: int) -> list[int]:
    """The next lines that do not count because of the file: those that it withdrew, and its own."""
    line = payout_lines.c
    withdrawn = and_(line.withdrawn_by == file, line.withdrawn_by.is_not(None))
    own = and_(of_file(file), not_(is_current()))
    ways = [
        select(line.id).where(one, line.id > after).order_by(line.id).limit(limit) for one in (withdrawn, own)
    ]
    return sorted({one for way in ways for one in tx.scalars(way)})[:limit]


def orders_of(tx: Connection, line_ids: Iterable[int]) -> set[int]:
    """The orders that these lines are matched to."""
    line = payout_lines.c
    query = select(line.order).where(among(tx, line.id, line_ids), line.order.is_not(None))
    return {int(order) for order in tx.scalars(query) if order is not None}


def orders_of_splits(tx: Connection, line_ids: Iterable[int]) -> set[int]:
    """The orders over which these lines are divided, or once were."""
    decision = line_decisions.c
    query = select(decision.shares).where(among(tx, decision.line, line_ids), decision.kind == "split")
    return {int(order) for shares in tx.scalars(query) for order, _ in shares}


def page(tx: Connection, account: str, after: int, limit: int) -> list[int]:
    """The account's next valid lines."""
    line = payout_lines.c
    query = select(line.id).where(is_of_account(account), line.id > after, is_valid())
    return list(tx.scalars(query.order_by(line.id).limit(limit)))


def shared_transactions(
    tx: Connection, file: int, after: int, limit: int
) -> tuple[int, dict[str, list[int]]]:
    """Of the file's next lines: the last id (0 when there are none), and by account a line of each transaction that lines
    of another file share, or shared before this one replaced or withdrew them."""
    line, other = payout_lines.c, payout_lines.alias("other").c
    window = select(line.id).where(of_file(file), line.id > after).order_by(line.id).limit(limit).subquery()
    last = int(tx.scalar(select(func.max(window.c.id))) or 0)
    if not last:
        return 0, {}
    shares = (
        select(literal(1))
        .where(
            other.transaction_id == line.transaction_id,
            other.transaction_id != "",
            account_of(other) == account_of(line),
            other.file != file,
            or_(is_current(other), other.replaced_by == file, other.withdrawn_by == file),
        )
        .exists()
    )
    shared = (
        select(account_of(line).label("account"), line.transaction_id, line.id)
        .where(
            of_file(file),
            line.id > after,
            line.id <= last,
            line.transaction_id != "",
            is_current(),
            shares,
        )
        .subquery()
    )
    query = select(shared.c.account, func.min(shared.c.id)).group_by(
        shared.c.account, shared.c.transaction_id
    )
    by_account: dict[str, list[int]] = {}
    for account, line_id in tx.execute(query):
        by_account.setdefault(account, []).append(line_id)
    return last, by_account


def counted_next(tx: Connection, after: int, until: int, limit: int) -> tuple[int, pd.DataFrame | None]:
    """Of the next lines by id, up to ``until``: the last id, and those that ``line_totals`` counts, as ``joined`` gives them; None for
    no line."""
    line = payout_lines.c
    window = (
        select(line.id).where(line.id > after, line.id <= until).order_by(line.id).limit(limit).subquery()
    )
    last = tx.scalar(select(func.max(window.c.id)))
    if last is None:
        return after, None
    here = and_(line.id > after, line.id <= last, is_current())
    return int(last), joined(tx, here)


def shared_between_files(tx: Connection, after: int, limit: int) -> tuple[int, dict[str, set[str]]]:
    """Of the next valid lines by id: the last id (0 when there are none), and by account the transactions that lines of another file
    share."""
    line, other = payout_lines.c, payout_lines.alias("other").c
    window = select(line.id).where(line.id > after, is_valid()).order_by(line.id).limit(limit).subquery()
    last = int(tx.scalar(select(func.max(window.c.id))) or 0)
    if not last:
        return 0, {}
    shares = (
        select(literal(1))
        .where(
            other.transaction_id == line.transaction_id,
            other.transaction_id != "",
            account_of(other) == account_of(line),
            other.file != line.file,
            is_current(other),
        )
        .exists()
    )
    query = select(account_of(line), line.transaction_id).where(
        line.id > after, line.id <= last, line.transaction_id != "", is_valid(), shares
    )
    found: dict[str, set[str]] = {}
    for account, transaction in tx.execute(query.distinct()):
        found.setdefault(account, set()).add(transaction)
    return last, found
