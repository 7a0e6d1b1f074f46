"""Sales: the valid lines of one transaction of an account. A line without a transaction is one by itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Text, and_, case, cast, func, literal, select

from services.settlements.settlement_operations import ORDER_KINDS
from services.store.in_list import among
from services.store.schema.payout_lines import line_groups, payout_lines
from services.store.settlements.lines import line_pages
from services.store.settlements.lines.line_columns import LINE
from services.store.settlements.lines.line_filter import LineFilter, apart, lines_of_payout, ranges
from services.store.settlements.lines.line_pages import SORTS, Place, Sort
from services.store.settlements.lines.line_search import lines_found
from services.store.settlements.lines.settlement_lines import hidden_from, is_current

MOST_COUNTED = 20_000  # lines of a list whose sales are counted
_GROUP = line_groups.c
_with_group = payout_lines.join(line_groups, _GROUP.id == LINE.group)

Transaction = tuple[str, str]  # the key of our account, HiPay's transaction; "" for none


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketSum:
    """Lines of a transaction with the same bucket and settlement currency. ``missing``: how many have no settled amount;
    ``units``: 1/10000."""

    transaction: Transaction
    bucket: str
    currency: str
    lines: int
    missing: int
    units: int


class Heads:
    """The first line of each sale in a list, which gives the sale its place there. What is known of a transaction is kept for the
    next places of the same list."""

    def __init__(self, tx: Connection, chosen: LineFilter, sort: Sort) -> None:
        self._tx, self._sort = tx, sort
        self._conditions = [
            is_current(),
            apart("id") < hidden_from(tx),
            apart("group").in_(line_pages.groups(tx, chosen)),
            *lines_of_payout(chosen, apart("payout")),
            *ranges(chosen),
        ]
        if chosen.order is not None:
            self._conditions.append(LINE.id.in_(line_pages.of_order(chosen.order)))
        elif chosen.text:
            self._conditions.append(LINE.id.in_(lines_found(tx, chosen)))
        self._first: dict[Transaction, int] = {}
        self._leads: dict[int, int] = {}

    def among(self, found: Sequence[Place]) -> list[Place]:
        """Those of these lines of the list before which no other line of their sale is listed."""
        theirs = transactions(self._tx, [number for _, number in found])
        self._read({one[1] for one in theirs.values() if one[1]} - {one[1] for one in self._first})
        return [place for place in found if self._first.get(theirs[place[1]], place[1]) == place[1]]

    def lead(self, head: int) -> int:
        """The line that stands for the sale of this first line: of those listed its Sale, else the first that is no fee."""
        return self._leads.get(head, head)

    def _read(self, wanted: set[str]) -> None:
        if not wanted:
            return
        column, descending = SORTS[self._sort]
        value, sign = LINE[column], -1 if descending else 1
        query = (
            select(_GROUP.account, LINE.transaction_id, value, LINE.id, _GROUP.kind)
            .select_from(_with_group)
            .where(among(self._tx, LINE.transaction_id, wanted), LINE.transaction_id != "", *self._conditions)
        )
        first: dict[Transaction, tuple[bool, int, int]] = {}
        leads: dict[Transaction, tuple[int, int]] = {}
        for account, transaction, amount, number, kind in self._tx.execute(query):
            key = account, transaction
            # a blank amount comes last, whatever the sort (see ``line_pages``)
            place = (amount is None, sign * (amount or 0), sign * number)
            first[key] = min(place, first.get(key, place))
            lead = (ORDER_KINDS.index(kind) if kind in ORDER_KINDS else len(ORDER_KINDS), number)
            leads[key] = min(lead, leads.get(key, lead))
        for key, (_, _, number) in first.items():
            self._first[key] = sign * number
            self._leads[sign * number] = leads[key][1]


def transactions(tx: Connection, ids: Iterable[int]) -> dict[int, Transaction]:
    """The transaction of each of these lines."""
    query = select(LINE.id, _GROUP.account, LINE.transaction_id).select_from(_with_group)
    return {row[0]: (row[1], row[2]) for row in tx.execute(query.where(among(tx, LINE.id, ids)))}


def count(tx: Connection, chosen: LineFilter) -> int | None:
    """How many sales the filter's lines are of; None where there are too many lines to count them."""
    if line_pages.count(tx, chosen) > MOST_COUNTED or not chosen.counted:
        return None
    name = case((LINE.transaction_id == "", cast(LINE.id, Text)), else_=literal("t") + LINE.transaction_id)
    sales = (
        select(_GROUP.account, name.label("name"))
        .select_from(_with_group)
        .where(
            LINE.group.in_(line_pages.groups(tx, chosen)),
            is_current(),
            apart("id") < hidden_from(tx),
            *lines_of_payout(chosen, apart("payout")),
        )
        .distinct()
    )
    return int(tx.scalar(select(func.count()).select_from(sales.subquery())) or 0)


def lines_of(tx: Connection, wanted: Iterable[Transaction], most: int) -> dict[Transaction, list[int]]:
    """The valid lines of these transactions by date, at most so many of each."""
    texts = {transaction for _, transaction in wanted if transaction}
    if not texts:
        return {}
    place = func.row_number().over(
        partition_by=(_GROUP.account, LINE.transaction_id), order_by=(LINE.date_day, LINE.id)
    )
    ranked = (
        select(_GROUP.account, LINE.transaction_id, LINE.id, place.label("place"))
        .select_from(_with_group)
        .where(_valid(tx, texts))
        .subquery()
    )
    query = select(ranked.c.account, ranked.c.transaction_id, ranked.c.id).where(ranked.c.place <= most)
    found: dict[Transaction, list[int]] = {}
    for account, transaction, number in tx.execute(query.order_by(ranked.c.place)):
        found.setdefault((account, transaction), []).append(number)
    return found


def sums(tx: Connection, wanted: Iterable[Transaction]) -> list[BucketSum]:
    """What the valid lines of these transactions come to."""
    texts = {transaction for _, transaction in wanted if transaction}
    if not texts:
        return []
    keys = (_GROUP.account, LINE.transaction_id, _GROUP.bucket, _GROUP.settlement_currency)
    settled = LINE.settled_amount_units
    query = (
        select(*keys, func.count(), func.count(settled), func.sum(settled))
        .select_from(_with_group)
        .where(_valid(tx, texts))
        .group_by(*keys)
    )
    return [
        BucketSum(
            transaction=(row[0], row[1]),
            bucket=row[2],
            currency=row[3],
            lines=row[4],
            missing=row[4] - row[5],
            units=int(row[6] or 0),
        )
        for row in tx.execute(query)
    ]


def _valid(tx: Connection, texts: set[str]) -> Any:
    return and_(
        among(tx, LINE.transaction_id, texts),
        LINE.transaction_id != "",
        is_current(),
        apart("id") < hidden_from(tx),
    )
