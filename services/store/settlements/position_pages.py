"""Pages of orders with their positions, by keyset, and counts by status."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select

from services.store.order_states import Channel
from services.store.schema.orders import orders
from services.store.schema.reconciliation import account_matching, order_positions
from services.store.settlements.invoice_numbers import invoice_number, rules_of
from services.store.settlements.lines.line_filter import within
from services.store.settlements.lines.line_search import has_more_orders, orders_known
from services.store.settlements.outcomes import Status

OrderSort = Literal["newest", "oldest", "highest", "lowest", "latest", "earliest"]
ORDER_SORTS: dict[OrderSort, tuple[str, bool]] = {  # column, whether the greatest comes first
    "newest": ("order", True),
    "oldest": ("order", False),
    "highest": ("amount_units", True),
    "lowest": ("amount_units", False),
    "latest": ("last_date", True),
    "earliest": ("last_date", False),
}
_POSITION = order_positions.c


@dataclass(frozen=True, kw_only=True)
class OrderFilter:
    """What a list of orders is narrowed to; empty fields narrow nothing.

    ``open``: only those that a person must look at. ``late``: an account's moment before which what was collected should
    be in a payout; where given, only orders of which something is in none. ``since`` and ``until``: the day of the last collection, ISO, both included. ``loose``: how one of the order's keys begins, as
    loosely as keys are ever compared.
    """

    accounts: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()
    open: bool = False
    late: Mapping[str, datetime] = field(default_factory=dict, hash=False)
    least: int | None = None
    most: int | None = None
    since: str = ""
    until: str = ""
    loose: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedOrder:
    """An order that has a position, as a list shows it. ``order``: our id of it; amounts in 1/10000.

    ``paid_at``: since when what is collected and not settled counts; ``accepted``: the acceptance that applies.
    """

    order: int
    account: str
    order_id: str
    invoice_number: str
    channel: Channel
    created_at: datetime
    captured_at: datetime | None
    status: Status
    currency: str
    amount_units: int
    captured_units: int
    captures: int
    gross_units: int
    refunds_units: int
    chargebacks_units: int
    won_units: int
    open_units: int
    fees_units: int | None
    vat_units: int | None
    invoice_currency: str
    net_units: int | None
    settlement_currency: str
    settlement_ids: str
    first_date: str
    last_date: str
    first_transfer: str
    last_transfer: str
    lines: int
    paid_at: datetime | None
    accepted: int | None
    open: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionedOrder:
    """An order whole, with its position; before it has one, ``status`` is "", sums are 0 and texts "".

    Amounts in 1/10000. ``settled_since``: since when what is collected and not settled counts.
    """

    id: int
    account: str
    order_id: str
    invoice_number: str
    channel: Channel
    first_name: str
    last_name: str
    description: str
    amount: int
    currency: str
    reference_1: str
    reference_2: str
    reference_3: str
    reference_4: str
    reference_5: str
    created_at: datetime
    captured_at: datetime | None
    status: Status | Literal[""]
    captured_units: int
    gross_units: int
    refunds_units: int
    chargebacks_units: int
    won_units: int
    open_units: int
    fees_units: int | None
    vat_units: int | None
    invoice_currency: str
    net_units: int | None
    settlement_currency: str
    settlement_ids: str
    first_date: str
    last_date: str
    first_transfer: str
    last_transfer: str
    settled_since: datetime | None
    accepted: int | None
    open: bool


_OF_ORDER = (
    "id",
    "account",
    "order_id",
    "channel",
    "first_name",
    "last_name",
    "description",
    "amount",
    "currency",
    *(f"reference_{n}" for n in range(1, 6)),
    "created_at",
    "captured_at",
)
_SUMS = ("captured", "gross", "refunds", "chargebacks", "won", "open")
_TEXTS = (
    "status",
    "invoice_currency",
    "settlement_currency",
    "settlement_ids",
    "first_date",
    "last_date",
    "first_transfer",
    "last_transfer",
)


def page(
    tx: Connection,
    chosen: OrderFilter,
    sort: OrderSort,
    after: tuple[Any, int] | None,
    limit: int,
    *,
    back: bool = False,
) -> list[ListedOrder]:
    """Positions with the facts of their orders, in the order of the sort; ``back``: those before the place, nearest first."""
    name, greatest = ORDER_SORTS[sort]
    descending = greatest != back
    value, number = _POSITION[name], _POSITION.order
    query = select(number).where(*_where(tx, chosen))
    if after is not None:
        at, last = after
        beyond = number < last if descending else number > last
        if name == "order":
            query = query.where(beyond)
        else:
            query = query.where(or_(value < at if descending else value > at, and_(value == at, beyond)))
    by = [one.desc() if descending else one for one in ([number] if name == "order" else [value, number])]
    sorted_ = query.order_by(*by).limit(limit).subquery()  # before anything else is looked up of them
    facts = (
        select(
            order_positions,
            orders.c.order_id,
            invoice_number(orders.c, "reference"),
            orders.c.created_at,
            orders.c.channel,
            orders.c.captured_at,
        )
        .join(orders, orders.c.id == number)
        .outerjoin(account_matching, rules_of(orders.c))
        .where(number.in_(select(sorted_.c.order)))
    )
    return [ListedOrder(**row._asdict()) for row in tx.execute(facts.order_by(*by))]


def count(tx: Connection, chosen: OrderFilter) -> int:
    return int(tx.scalar(select(func.count()).select_from(order_positions).where(*_where(tx, chosen))) or 0)


def cut(tx: Connection, chosen: OrderFilter) -> bool:
    """Whether the text has more hits than a search returns: the others are neither listed nor counted."""
    return has_more_orders(tx, chosen.loose)


def statuses(tx: Connection, accounts: tuple[str, ...]) -> dict[str, int]:
    """How many orders have each status."""
    query = select(_POSITION.status, func.count()).group_by(_POSITION.status)
    if accounts:
        query = query.where(_POSITION.account.in_(accounts))
    return {row[0]: int(row[1]) for row in tx.execute(query)}


def opened(tx: Connection, accounts: tuple[str, ...]) -> int:
    """How many orders a person must look at."""
    return count(tx, OrderFilter(accounts=accounts, open=True))


def position(tx: Connection, order: int) -> PositionedOrder | None:
    """The order with its position."""
    query = (
        select(
            *(orders.c[name] for name in _OF_ORDER),
            *(func.coalesce(_POSITION[f"{name}_units"], 0).label(f"{name}_units") for name in _SUMS),
            *(func.coalesce(_POSITION[name], "").label(name) for name in _TEXTS),
            _POSITION.fees_units,
            _POSITION.vat_units,
            _POSITION.net_units,
            _POSITION.paid_at.label("settled_since"),
            _POSITION.accepted,
            func.coalesce(_POSITION.open, false()).label("open"),
            invoice_number(orders.c, "reference"),
        )
        .outerjoin(order_positions, _POSITION.order == orders.c.id)
        .outerjoin(account_matching, rules_of(orders.c))
    )
    found = tx.execute(query.where(orders.c.id == order)).first()
    return None if found is None else PositionedOrder(**found._asdict())


def _where(tx: Connection, chosen: OrderFilter) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    for column, values in (
        (_POSITION.account, chosen.accounts),
        (_POSITION.status, chosen.statuses),
        (_POSITION.currency, chosen.currencies),
    ):
        if values:
            clauses.append(column.in_(values))
    if chosen.open:
        clauses.append(_POSITION.open.is_(True))
    if chosen.late:
        due = [
            and_(
                _POSITION.account == account,
                _POSITION.open.is_(True),
                _POSITION.paid_at < moment,
                _POSITION.open_units > 0,
            )
            for account, moment in chosen.late.items()
        ]
        clauses.append(or_(false(), *due))
    if chosen.least is not None:
        clauses.append(_POSITION.amount_units >= chosen.least)
    if chosen.most is not None:
        clauses.append(_POSITION.amount_units <= chosen.most)
    clauses += within(chosen.since, chosen.until, _POSITION.last_date, _POSITION.last_date)
    if chosen.loose:
        clauses.append(_POSITION.order.in_(orders_known(tx, chosen.loose)))
    return clauses
