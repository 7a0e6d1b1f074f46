"""Transactions whose lines are counted twice: their lines, and what is stored of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, insert, or_, select

from services.store.in_list import among
from services.store.payouts import versions
from services.store.schema.payout_lines import (
    COMMON_TEXTS,
    common_texts,
    line_groups,
    line_reasons,
    payout_lines,
)
from services.store.schema.payouts import counted_twice, payouts
from services.store.schema.reconciliation import order_positions
from services.store.schema.settlement_files import payout_issues
from services.store.settlements.lines.joined_lines import of_transactions
from services.store.settlements.lines.line_codes import padded

_line, _group, _twice = payout_lines.c, line_groups.c, counted_twice.c
_FIELDS = (
    "id", "payout", "settlement_id", "currency", "file", "issue", "transaction_id", "key", "kind", "operation_code", "order",
    "original_units", "settled_units", "reason",
)  # fmt: skip
_SETTLED = COMMON_TEXTS.index("settled")
_issue_of_file = and_(
    payout_issues.c.file == _line.file,
    payout_issues.c.account == payouts.c.account,
    payout_issues.c.settlement_id == payouts.c.settlement_id,
)
Counted = tuple[int, str]  # payout, transaction


@dataclass(frozen=True, kw_only=True, slots=True)
class TransactionLine:
    """A valid line of a transaction. ``issue``: of its payout, that its file is of or a part of; a file that is the only one has its
    own. ``settled``: what the file says, as it says it. Units of 1/10000."""

    id: int
    payout: int
    settlement_id: str
    currency: str
    file: int
    issue: int
    transaction_id: str
    key: str
    kind: str
    operation_code: str
    order: int | None
    original_units: int | None
    settled_units: int | None
    reason: str
    settled: str


def lines(tx: Connection, account: str, transactions: Iterable[str]) -> list[TransactionLine]:
    """The account's valid lines of these transactions, by id."""
    query = (
        select(
            _line.id, _line.payout, payouts.c.settlement_id, payouts.c.currency, _line.file,
            func.coalesce(payout_issues.c.issue, _line.file).label("issue"),
            _line.transaction_id, _line.key, _group.kind, _group.operation_code,
            _line.order, _line.original_amount_units.label("original_units"),
            _line.settled_amount_units.label("settled_units"), line_reasons.c.reason, common_texts.c.texts,
        )
        .join(line_groups, _group.id == _line.group)
        .join(line_reasons, line_reasons.c.id == _line.reason)
        .join(common_texts, common_texts.c.id == _line.common)
        .join(payouts, payouts.c.id == _line.payout)
        .outerjoin(payout_issues, _issue_of_file)
        .where(of_transactions(tx, account, transactions))
        .order_by(_line.id)
    )  # fmt: skip
    return [
        TransactionLine(
            **dict(zip(_FIELDS, row, strict=False)), settled=padded(row[-1], len(COMMON_TEXTS))[_SETTLED]
        )
        for row in tx.execute(query)
    ]


def any_stored(tx: Connection) -> bool:
    return tx.scalar(select(_twice.payout).limit(1)) is not None


def stored(tx: Connection, account: str, transactions: Collection[str]) -> dict[Counted, int]:
    """How many lines of these transactions are stored as counted twice."""
    query = select(_twice.payout, _twice.transaction_id, _twice.lines).join(
        payouts, payouts.c.id == _twice.payout
    )
    query = query.where(payouts.c.account == account, among(tx, _twice.transaction_id, sorted(transactions)))
    return {(row.payout, row.transaction_id): row.lines for row in tx.execute(query)}


def change(tx: Connection, before: Mapping[Counted, int], now: Mapping[Counted, int]) -> None:
    """Store what is counted twice now; the payouts of which that has changed are behind from now on."""
    moved = sorted(one for one in {*before, *now} if before.get(one) != now.get(one))
    if not moved:
        return
    versions.grow_ids(tx, {payout for payout, _ in moved})
    for payout, transaction in moved:
        tx.execute(delete(counted_twice).where(_twice.payout == payout, _twice.transaction_id == transaction))
    rows = [{"payout": one[0], "transaction_id": one[1], "lines": now[one]} for one in moved if one in now]
    if rows:
        tx.execute(insert(counted_twice), rows)


def of_payouts(tx: Connection, ids: Collection[int]) -> dict[str, set[str]]:
    """By account, the transactions that are stored as counted twice in these payouts."""
    query = select(payouts.c.account, _twice.transaction_id).join(payouts, payouts.c.id == _twice.payout)
    return _by_account(tx, query.where(among(tx, _twice.payout, sorted(ids))))


def of_orders(tx: Connection, orders: Collection[int], *, only_stored: bool = False) -> dict[str, set[str]]:
    """By account, the transactions of the lines that are matched to these orders; ``only_stored``: that are counted twice by now."""
    where: list[ColumnElement[bool]] = [
        among(tx, _line.order, sorted(orders)), _line.order.is_not(None), _line.transaction_id != "",
    ]  # fmt: skip
    if only_stored:
        where.append(_line.transaction_id.in_(select(_twice.transaction_id)))
    query = select(_group.account, _line.transaction_id).join(line_groups, _group.id == _line.group)
    return _by_account(tx, query.where(*where).distinct())


def orders_with_more(tx: Connection, after: int, limit: int) -> list[int]:
    """The next orders of which more was settled than captured."""
    position = order_positions.c
    more = and_(
        position.captured_units > 0,
        or_(position.gross_units > position.captured_units, position.gross_units > position.amount_units),
    )
    query = select(position.order).where(position.order > after, more).order_by(position.order).limit(limit)
    return list(tx.scalars(query))


def accounts(tx: Connection) -> list[str]:
    """The accounts that have payouts."""
    return list(tx.scalars(select(payouts.c.account).distinct()))


def _by_account(tx: Connection, query: Select[Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for account, transaction in tx.execute(query):
        found.setdefault(account, set()).add(transaction)
    return found
