"""The sales that a list of payout lines is of: each with its fees, refunds and chargebacks, and what they come to."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.access import ALL_ACCOUNTS, Actor, Right, allowed_accounts, require
from services.desk import Desk
from services.reconciliation.decisions.errors import LineUnknown
from services.reconciliation.views.details import without_hidden_order
from services.reconciliation.views.lists import (
    SHOWN,
    Cursor,
    LineFilter,
    Page,
    ShownLine,
    narrowed_lines,
)
from services.settlements.settlement_operations import bucket
from services.store import Connection
from services.store.remembered import remembered
from services.store.settlements import reconciliation_views
from services.store.settlements.lines import line_pages, line_search, sale_pages
from services.store.settlements.lines.line_pages import Place, Sort
from services.store.settlements.lines.sale_pages import BucketSum, Heads, Transaction

MOST_LINES = 50  # of a sale that are shown
_READ = 4 * SHOWN  # lines at once: a sale has some three
_MOST_READ = 20  # times for one page: it is shorter where single sales have thousands of lines
_COLLECTED, _FEES, _TOTAL = "gross", "fees", "announced"  # buckets


@dataclass(frozen=True, kw_only=True)
class SaleSum:
    """What a sale comes to in one settlement currency, in 1/10000. ``refunds_units``: refunds and chargebacks, and those won;
    ``net_units``: all of its lines, None where one has no amount."""

    currency: str
    gross_units: int
    fees_units: int
    refunds_units: int
    net_units: int | None


@dataclass(frozen=True, kw_only=True)
class Sale:
    """The valid lines of one transaction, or one line without a transaction.

    ``line``: the one that stands for it, its Sale where the list that it was read from has that; ``date``: of its first line in
    that list, ISO; ``lines``: all of them by date, at most MOST_LINES of ``count``.
    """

    line: ShownLine
    date: str
    lines: tuple[ShownLine, ...]
    count: int
    sums: tuple[SaleSum, ...]


@dataclass(frozen=True)
class SalePage:
    """``page``: its ``total`` counts lines; ``sales``: how many sales there are, None where too many to count."""

    page: Page[Sale]
    sales: int | None


def sales(
    desk: Desk, actor: Actor, chosen: LineFilter, sort: Sort = "latest", cursor: Cursor | None = None
) -> SalePage:
    """One page of the sales one of whose valid lines fits, in the order of their first such lines. Raises NotAllowed."""
    with desk.store.read() as tx:
        chosen = narrowed_lines(tx, desk, actor, chosen)
        allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
        key = ("sales", chosen, sort, cursor, allowed)
        return remembered(tx, key, lambda: _sales(tx, chosen, sort, cursor, allowed))


def sale_of(desk: Desk, actor: Actor, line_id: int) -> Sale:
    """The sale of a line. Raises LineUnknown, NotAllowed."""
    with desk.store.read() as tx:
        line = reconciliation_views.lines(tx, [line_id]).get(line_id)
        require(tx, actor, Right.SEE_SETTLEMENTS, line.account if line else ALL_ACCOUNTS)
        if line is None:
            raise LineUnknown
        allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
        [found] = _whole(tx, [without_hidden_order(line, allowed)], [line.date], allowed)
        return found


def _sales(
    tx: Connection,
    chosen: LineFilter,
    sort: Sort,
    cursor: Cursor | None,
    allowed: frozenset[str] | None,
) -> SalePage:
    back, place = cursor is not None and cursor.back, (cursor.value, cursor.id) if cursor else None
    heads, of_list = list[Place](), Heads(tx, chosen, sort)
    for _ in range(_MOST_READ):
        found, total = line_pages.places(tx, chosen, sort, place, _READ, back=back)
        heads += of_list.among(found)
        place = found[-1] if found else place
        if len(heads) > SHOWN or len(found) < _READ:
            break
    more = len(heads) > SHOWN or len(found) == _READ
    end = heads[SHOWN - 1] if len(heads) > SHOWN else place  # from where the list goes on
    shown = heads[:SHOWN][::-1] if back else heads[:SHOWN]
    leads = {number: of_list.lead(number) for _, number in shown}
    lines = reconciliation_views.lines(tx, {*leads, *leads.values()})
    standing = [without_hidden_order(lines[leads[number]], allowed) for _, number in shown]
    rows = _whole(tx, standing, [lines[number].date for _, number in shown], allowed)
    first, last = (shown[0], shown[-1]) if shown else (place, place)
    page = Page(
        rows=tuple(rows),
        total=total,
        before=_cursor(end if back else first, back=True) if (more if back else cursor) else None,
        after=_cursor(last if back else end) if back or more else None,
        cut=line_search.is_cut(tx, chosen),
    )
    return SalePage(page, sale_pages.count(tx, chosen))


def _cursor(place: Place | None, *, back: bool = False) -> Cursor | None:
    return Cursor(place[0], place[1], back) if place else None


def _whole(
    tx: Connection, standing: Sequence[ShownLine], dates: Sequence[str], allowed: frozenset[str] | None
) -> list[Sale]:
    """The sales for which these lines stand, in their order."""
    named = {(one.account, one.transaction_id) for one in standing if one.transaction_id}
    ids = sale_pages.lines_of(tx, named, MOST_LINES)
    lines = reconciliation_views.lines(tx, [number for numbers in ids.values() for number in numbers])
    sums = dict[Transaction, list[BucketSum]]()
    for one in sale_pages.sums(tx, named):
        sums.setdefault(one.transaction, []).append(one)
    found = []
    for line, date in zip(standing, dates, strict=True):
        key = (line.account, line.transaction_id)
        theirs: tuple[ShownLine, ...] = (line,)  # without a transaction, or no longer valid
        parts = sums.get(key) or _alone(line)
        if key in sums:
            theirs = tuple(without_hidden_order(lines[number], allowed) for number in ids[key])
        count = sum(one.lines for one in parts)
        found.append(Sale(line=line, date=date, lines=theirs, count=count, sums=total(parts)))
    return found


def _alone(line: ShownLine) -> list[BucketSum]:
    units = line.settled_amount_units
    return [
        BucketSum(
            transaction=(line.account, ""),
            bucket=bucket(line.operation_code, line.kind),
            currency=line.settlement_currency,
            lines=1,
            missing=int(units is None),
            units=units or 0,
        )
    ]


def total(buckets: Iterable[BucketSum]) -> tuple[SaleSum, ...]:
    """By currency; total lines repeat others and count nothing."""
    units, missing = dict[str, Counter[str]](), Counter[str]()
    for one in buckets:
        if one.bucket != _TOTAL:
            units.setdefault(one.currency, Counter())[one.bucket] += one.units
            missing[one.currency] += one.missing
    return tuple(
        SaleSum(
            currency=currency,
            gross_units=of[_COLLECTED],
            fees_units=of[_FEES],
            refunds_units=sum(of[name] for name in ("refunds", "chargebacks", "chargebacks_won")),
            net_units=None if missing[currency] else sum(of.values()),
        )
        for currency, of in sorted(units.items())
    )
