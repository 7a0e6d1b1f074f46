"""Pages of payout lines by keyset: whatever the filter and the sort, an index leads to the rows that a page shows.

The lines are divided into groups: account, outcome, operation and settlement currency. ``line_totals`` says which groups
there are and how many lines each has, and each sort has an index that begins with a group. A page is the first rows of
each group's index, merged. Where another filter narrows more than that (a payout, a file, an order, a text, a range),
that one's index is read instead, and what it finds is sorted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    union,
    union_all,
)

from services.store.schema.payout_lines import line_groups, line_totals, payout_lines
from services.store.schema.reconciliation import line_shares
from services.store.schema.settlement_files import settlement_files
from services.store.settlements.lines.line_columns import LINE, reason_of
from services.store.settlements.lines.line_filter import (
    LineFilter,
    apart,
    categories,
    dates,
    lines_of_payout,
    of_payout,
    ranges,
    spans,
    within,
)
from services.store.settlements.lines.line_search import lines_found
from services.store.settlements.lines.settlement_lines import (
    FOLLOWS,
    followed_by,
    hidden_from,
    is_current,
    leader,
    of_files,
)

Sort = Literal["newest", "oldest", "highest", "lowest", "latest", "earliest"]
SORTS: dict[Sort, tuple[str, bool]] = {  # column, whether the greatest comes first
    "newest": ("id", True),
    "oldest": ("id", False),
    "highest": ("settled_amount_units", True),
    "lowest": ("settled_amount_units", False),
    "latest": ("date_day", True),
    "earliest": ("date_day", False),
}
_NARROW = 20_000  # lines that are found by a range and sorted rather than walked through
_SORTED = 60_000  # lines of a payout or a file, whose rows are neighbours: read faster
Place = tuple[Any, int]  # a row's value of the sort, None for a blank amount, and its id


_BY = ("account", "outcome", "operation_code", "settlement_currency")  # what parts lines, and their totals


def count(tx: Connection, chosen: LineFilter) -> int:
    """How many lines the filter's categories, payout and file let through."""
    total, file = line_totals.c, settlement_files.c
    query = (
        select(func.sum(total.lines))
        .join(settlement_files, file.id == total.file)
        .where(file.state == "complete", *categories(chosen), *of_payout(chosen))
    )
    return int(tx.scalar(query) or 0)


def groups(tx: Connection, chosen: LineFilter) -> list[int]:
    """The numbers of the groups with such lines."""
    total, file = line_totals.c, settlement_files.c
    query = (
        select(line_groups.c.id)
        .join(line_totals, and_(*(total[name] == line_groups.c[name] for name in _BY)))
        .join(settlement_files, file.id == total.file)
        .where(file.state == "complete", *categories(chosen), *of_payout(chosen))
        .distinct()
    )
    return sorted(tx.scalars(query))


def places(
    tx: Connection, chosen: LineFilter, sort: Sort, after: Place | None, limit: int, *, back: bool = False
) -> tuple[list[Place], int | None]:
    """The next rows in the order of the sort, and how many there are in all where the totals know it.

    ``back``: those before the place instead, nearest first.
    """
    total = count(tx, chosen)
    if not total:
        return [], 0
    found = groups(tx, chosen)
    column, descending = SORTS[sort]
    direct = _direct(tx, chosen, found, total, column, limit)
    result: list[Place] = []
    for blank, start in _stretches(column, after, back):
        walk = _Walk(
            column=column,
            descending=descending != back,
            start=start,
            blank=blank,
            limit=limit - len(result),
            hidden=hidden_from(tx),
        )
        if direct is None:
            result += _walked(tx, chosen, found, walk)
        else:
            result += [(row[0], row[1]) for row in tx.execute(walk.query().where(*direct))]
        if len(result) == limit:
            break
    return result, total if chosen.counted else None


def _stretches(column: str, after: Place | None, back: bool) -> list[tuple[bool, Place | None]]:
    """A blank amount is in no order: those lines come last, by id. (Whether the stretch is theirs, where it begins.)"""
    if column != "settled_amount_units":
        return [(False, after)]
    if after is None:
        return [(False, None), (True, None)]
    if after[0] is None:
        return [(True, after), (False, None)] if back else [(True, after)]
    return [(False, after)] if back else [(False, after), (True, None)]


@dataclass(frozen=True, kw_only=True)
class _Walk:
    """One stretch of a list: how it is sorted, from where, how many rows, and from which id on nothing is seen."""

    column: str
    descending: bool
    start: Place | None
    blank: bool
    limit: int
    hidden: int

    def query(self) -> Select[Any]:
        value, number = LINE[self.column], LINE.id
        query = select(value, number).where(is_current(LINE), apart("id") < self.hidden)
        sorted_by = [number] if self.blank or self.column == "id" else [value, number]
        if self.column == "settled_amount_units":
            query = query.where(value.is_(None) if self.blank else value.is_not(None))
        if self.start is not None:
            at, last = self.start
            beyond = number < last if self.descending else number > last
            if len(sorted_by) == 1:
                query = query.where(beyond)
            else:  # the first condition alone is what an index begins at
                reached = value <= at if self.descending else value >= at
                query = query.where(reached, or_(value != at, beyond))
        ways = [way.desc() for way in sorted_by] if self.descending else sorted_by
        return query.order_by(*ways).limit(self.limit)

    def first(self, found: list[Place]) -> list[Place]:
        """The first of what several groups gave."""
        by_id = self.blank or self.column == "id"
        found.sort(key=lambda place: place[1:] if by_id else place, reverse=self.descending)
        return found[: self.limit]


def _walked(tx: Connection, chosen: LineFilter, found: Sequence[int], walk: _Walk) -> list[Place]:
    """The first rows of each group, by the index of the sort, merged."""
    query = walk.query().where(
        *_reach(tx, chosen, walk),
        LINE.group == bindparam("of_group"),
        *lines_of_payout(chosen, apart("payout")),
        *ranges(chosen, walk.column),
    )
    parts: list[tuple[int, int] | None] = [None]
    if chosen.amounts and walk.column == "settled_amount_units":
        query = query.where(LINE.settled_amount_units.between(bindparam("low"), bindparam("high")))
        parts = [*spans(chosen)]
    places: list[Place] = []
    for group in found:
        values = {"of_group": group}
        for span in parts:
            read = tx.execute(query, values if span is None else {**values, "low": span[0], "high": span[1]})
            places += [(row[0], row[1]) for row in read]
    return walk.first(places)


def _reach(tx: Connection, chosen: LineFilter, walk: _Walk) -> list[ColumnElement[bool]]:
    """Files are stored one after the other: ids outside those of the files with such lines are skipped."""
    if walk.column != "id":
        return []
    total, file = line_totals.c, settlement_files.c
    query = select(func.min(file.first_line_id), func.max(file.last_line_id)).join(
        line_totals, total.file == file.id
    )
    query = query.where(
        file.state == "complete",
        *categories(chosen),
        *of_payout(chosen),
        *within(chosen.since, chosen.until, total.last_date, total.first_date),
    )
    first, last = tx.execute(query).one()
    return [] if first is None or last is None else [LINE.id.between(first, last)]


def _direct(
    tx: Connection, chosen: LineFilter, found: Sequence[int], total: int, column: str, limit: int
) -> list[ColumnElement[bool]] | None:
    """All of the filter as conditions, where one of them leads to few lines by an index; None: walk the groups."""
    rest = [apart("group").in_(found), *lines_of_payout(chosen, apart("payout"))]
    if chosen.order is not None:
        return [LINE.id.in_(of_order(chosen.order)), *rest, *ranges(chosen)]
    if chosen.text:
        return [LINE.id.in_(lines_found(tx, chosen)), *rest, *ranges(chosen)]
    if chosen.settlement or chosen.files:
        return _by_payout(tx, chosen, found, total, column, limit)
    for other, wanted in (("settled_amount_units", chosen.amounts), ("date_day", chosen.dates)):
        if wanted and other != column:
            few = _by_range(chosen, found, other)
            counted = select(func.count()).select_from(few.limit(_NARROW + 1).subquery())
            if (tx.scalar(counted) or 0) <= _NARROW:
                return [LINE.id.in_(few), *rest, *ranges(chosen)]
    return None


def _by_range(chosen: LineFilter, found: Sequence[int], column: str) -> Select[Any]:
    of_groups = LINE.group.in_(found)
    if column == "date_day":
        return select(LINE.id).where(of_groups, *dates(chosen, LINE.date_day))
    parts = [select(LINE.id).where(of_groups, LINE[column].between(*span)) for span in spans(chosen)]
    return select(union_all(*parts).subquery().c.id)


def _by_payout(
    tx: Connection, chosen: LineFilter, found: Sequence[int], both: int, column: str, limit: int
) -> list[ColumnElement[bool]] | None:
    """The lines of the payout or the file, unless walking the groups is expected to read fewer."""
    total = line_totals.c
    here = int(tx.scalar(select(func.sum(total.lines)).where(*of_payout(chosen))) or 0)
    everywhere = count(
        tx,
        LineFilter(
            accounts=chosen.accounts,
            outcomes=chosen.outcomes,
            operations=chosen.operations,
            currencies=chosen.currencies,
        ),
    )
    by_id = bool(chosen.files) and column == "id"  # its ids are neighbours
    if by_id or (here > _SORTED and here > limit * everywhere // both):
        return None
    leads = (
        [of_files(chosen.files), *lines_of_payout(chosen, apart("payout"))]
        if chosen.files
        else lines_of_payout(chosen, LINE.payout)
    )
    return [*leads, apart("group").in_(found), *ranges(chosen)]


def of_order(order: int) -> Select[Any]:
    whole = select(LINE.id.label("id")).where(LINE.order == order, LINE.order.is_not(None))
    parts = select(line_shares.c.line.label("id")).where(line_shares.c.order == order)
    led = (
        select(LINE.id.label("id"))
        .select_from(payout_lines)
        .join(leader, followed_by(LINE))
        .where(leader.c.id.in_(parts), LINE.transaction_id != "", reason_of() == FOLLOWS)
    )
    return select(union(whole, parts, led).subquery().c.id)
