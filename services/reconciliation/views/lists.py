"""What the reconciliation screens show: sums, pages of lines and orders, and one of them whole.

Everything is read by an index or from stored sums: a page costs the same with a thousand stored lines as with a million.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from services import clock
from services.access import Actor, Right, allowed_accounts
from services.accounts.settlement_delay import days_to_settle
from services.desk import Desk
from services.payouts import states
from services.payouts.states import STATES, PayoutState
from services.reconciliation.matching.key_texts import loosely
from services.reconciliation.views.details import without_hidden_order
from services.reconciliation.views.payout_list import visible_accounts
from services.store import Connection
from services.store.payouts import rows
from services.store.remembered import remembered
from services.store.settlements import position_pages, reconciliation_views
from services.store.settlements.lines import line_pages, line_search
from services.store.settlements.lines.line_filter import LineFilter as LineFilter
from services.store.settlements.lines.line_pages import Sort
from services.store.settlements.lines.stored_lines import LineOfFile as LineOfFile
from services.store.settlements.lines.stored_lines import ShownLine as ShownLine
from services.store.settlements.outcomes import OPEN as OPEN
from services.store.settlements.outcomes import Outcome
from services.store.settlements.position_pages import ORDER_SORTS, OrderSort
from services.store.settlements.position_pages import ListedOrder as ListedOrder
from services.store.settlements.position_pages import OrderFilter as OrderFilter
from services.store.settlements.position_pages import PositionedOrder as PositionedOrder
from services.text.folding import typed

SHOWN = 25
SEARCH_LIMIT = line_search.MOST_FOUND  # hits of a search, by each key


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: after this place, or before it."""

    value: Any
    id: int
    back: bool = False


T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """``total`` where it is known; ``before`` and ``after`` lead to the previous and the next page, None where there is none.
    ``cut``: the text has more hits than a search reads: only those that it read are listed and counted."""

    rows: tuple[T, ...]
    total: int | None
    before: Cursor | None
    after: Cursor | None
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Figures:
    """``outcomes``: how many lines have each; ``open_orders``: that a person must look at; ``late``: those of which something collected is in no payout although
    its account's days are over; ``payout_states``: how many payouts are in each state; ``payouts_tied``: how many count as tied, of ``payouts``."""

    outcomes: dict[Outcome, int]
    statuses: dict[str, int]
    open_orders: int
    late: int
    payout_states: dict[PayoutState, int]
    payouts: int
    payouts_tied: int
    currencies: tuple[str, ...]
    operations: tuple[str, ...]

    def lines(self, *outcomes: Outcome) -> int:
        return sum(self.outcomes.get(outcome, 0) for outcome in outcomes)

    @property
    def orderly(self) -> int:
        """Lines that belong to an order, or should."""
        return self.lines("matched", *OPEN)


def figures(desk: Desk, actor: Actor, accounts: Sequence[str] = ()) -> Figures:
    """Raises NotAllowed."""
    with desk.store.read() as tx:
        known = visible_accounts(tx, desk, actor, accounts)
        minute = this_minute()
        return remembered(tx, ("figures", known, minute), lambda: _figures(tx, known, minute))


def _figures(tx: Connection, accounts: tuple[str, ...], now: datetime) -> Figures:
    payouts = rows.states_of(tx, accounts)
    shown = Counter(map(states.shown, payouts))
    return Figures(
        outcomes=reconciliation_views.outcomes(tx, accounts),
        statuses=position_pages.statuses(tx, accounts),
        open_orders=position_pages.opened(tx, accounts),
        late=position_pages.count(tx, OrderFilter(late=due(tx, accounts, now))),
        payout_states={state: shown[state] for state in STATES},
        payouts=len(payouts),
        payouts_tied=len(states.tied(payouts)),
        currencies=tuple(reconciliation_views.currencies(tx, accounts)),
        operations=tuple(reconciliation_views.operations(tx, accounts)),
    )


def lines(
    desk: Desk,
    actor: Actor,
    chosen: LineFilter,
    sort: Sort = "newest",
    cursor: Cursor | None = None,
    shown: int = SHOWN,
) -> Page[ShownLine]:
    """One page of the valid lines; each row as in ``LineDetail.line``. Raises NotAllowed."""
    with desk.store.read() as tx:
        chosen = narrowed_lines(tx, desk, actor, chosen)
        allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
        key = ("lines", chosen, sort, cursor, shown, allowed)
        return remembered(tx, key, lambda: _lines(tx, chosen, sort, cursor, shown, allowed))


def _lines(
    tx: Connection,
    chosen: LineFilter,
    sort: Sort,
    cursor: Cursor | None,
    shown: int,
    allowed: frozenset[str] | None,
) -> Page[ShownLine]:
    place = (cursor.value, cursor.id) if cursor else None
    back = cursor is not None and cursor.back
    found, total = line_pages.places(tx, chosen, sort, place, shown + 1, back=back)
    seen = reconciliation_views.lines(tx, [number for _, number in found[:shown]])
    cut = line_search.is_cut(tx, chosen)
    page = [without_hidden_order(seen[number], allowed) for _, number in found[:shown]]
    values = {number: value for value, number in found}
    made = page_of(page, total, cursor, len(found) > shown, lambda row: (values[row.id], row.id))
    return replace(made, cut=cut)


def orders(
    desk: Desk,
    actor: Actor,
    chosen: OrderFilter,
    sort: OrderSort = "newest",
    cursor: Cursor | None = None,
    shown: int = SHOWN,
    *,
    late: bool = False,
) -> Page[ListedOrder]:
    """One page of the orders with their positions; ``late``: only those of which something collected too long ago is in no
    payout.

    Rows have the columns of a position and order_id, invoice_number, created_at, channel, captured_at. Raises NotAllowed.
    """
    with desk.store.read() as tx:
        chosen = narrowed_orders(tx, desk, actor, chosen, late=late)
        key = ("orders", chosen, sort, cursor, shown)
        return remembered(tx, key, lambda: _orders(tx, chosen, sort, cursor, shown))


def _orders(
    tx: Connection, chosen: OrderFilter, sort: OrderSort, cursor: Cursor | None, shown: int
) -> Page[ListedOrder]:
    place = (cursor.value, cursor.id) if cursor else None
    back = cursor is not None and cursor.back
    found = position_pages.page(tx, chosen, sort, place, shown + 1, back=back)
    total = position_pages.count(tx, chosen)
    cut = position_pages.cut(tx, chosen)
    column = ORDER_SORTS[sort][0]
    made = page_of(
        found[:shown], total, cursor, len(found) > shown, lambda row: (getattr(row, column), row.order)
    )
    return replace(made, cut=cut)


def narrowed_lines(tx: Connection, desk: Desk, actor: Actor, chosen: LineFilter) -> LineFilter:
    """The filter as the store reads it, within the accounts that the actor may see. Raises NotAllowed."""
    accounts = visible_accounts(tx, desk, actor, chosen.accounts)
    return replace(chosen, accounts=accounts, text=chosen.text.strip(), loose=_loose(chosen.text))


def narrowed_orders(
    tx: Connection, desk: Desk, actor: Actor, chosen: OrderFilter, *, late: bool
) -> OrderFilter:
    """See ``narrowed_lines``. Raises NotAllowed."""
    accounts = visible_accounts(tx, desk, actor, chosen.accounts)
    since = due(tx, accounts, this_minute()) if late else {}
    return replace(chosen, accounts=accounts, late=since, loose=_loose(chosen.loose))


def page_of(
    found: list[T],
    total: int | None,
    cursor: Cursor | None,
    more: bool,
    place: Callable[[T], tuple[Any, int]],
) -> Page[T]:
    """``found`` in the order in which it was read, ``more``: there is at least one beyond it."""
    back = cursor is not None and cursor.back
    shown = found[::-1] if back else found
    if not shown:
        return Page(rows=(), total=total, before=None, after=None)
    before = more if back else cursor is not None
    after = back or more
    return Page(
        rows=tuple(shown),
        total=total,
        before=Cursor(*place(shown[0]), back=True) if before else None,
        after=Cursor(*place(shown[-1])) if after else None,
    )


def days_missing(position: ListedOrder) -> int | None:
    """For how many days something collected has been in no payout, None where nothing is missing."""
    if not position.open_units or position.paid_at is None:
        return None
    since: timedelta = clock.now() - position.paid_at
    return max(0, since.days)


def this_minute() -> datetime:
    """Now, to the minute: an order is late after days, and what is read of that is remembered."""
    return clock.now().replace(second=0, microsecond=0)


def due(tx: Connection, accounts: Sequence[str], now: datetime) -> dict[str, datetime]:
    """By account, when what is late now was collected at the latest."""
    return {account: now - timedelta(days=days_to_settle(tx, account)) for account in accounts}


def _loose(text: str) -> str:
    return loosely([typed(text)])[0] if text.strip() else ""
