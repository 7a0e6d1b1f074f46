"""The orders that a settlement line may be matched to: by id, by key, by text, by amount."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from services.store.in_list import in_batches
from services.store.order_states import Channel
from services.store.orders.searching import finds
from services.store.schema.orders import orders
from services.store.schema.reconciliation import order_keys, order_positions

_ORDER = (
    "id",
    "account",
    "order_id",
    "channel",
    "first_name",
    "last_name",
    "amount",
    "currency",
    *(f"reference_{n}" for n in range(1, 6)),
    "captured",
    "created_at",
    "erased_at",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class MatchableOrder:
    """An order that a line may belong to. The sums of its position are 0, and ``settlement_ids`` "", before it has one.

    Amounts in 1/10000.
    """

    id: int
    account: str
    order_id: str
    channel: Channel
    first_name: str
    last_name: str
    amount: int
    currency: str
    reference_1: str
    reference_2: str
    reference_3: str
    reference_4: str
    reference_5: str
    captured: int
    created_at: datetime
    erased_at: datetime | None
    gross_units: int
    refunds_units: int
    open_units: int
    settlement_ids: str
    lines: int


def orders_by_id(tx: Connection, ids: Iterable[int]) -> dict[int, MatchableOrder]:
    position, order = order_positions.c, orders.c
    query = select(
        *(order[name] for name in _ORDER),
        func.coalesce(position.gross_units, 0).label("gross_units"),
        func.coalesce(position.refunds_units, 0).label("refunds_units"),
        func.coalesce(position.open_units, 0).label("open_units"),
        func.coalesce(position.settlement_ids, "").label("settlement_ids"),
        func.coalesce(position.lines, 0).label("lines"),
    ).outerjoin(order_positions, position.order == order.id)
    return {
        row.id: MatchableOrder(**row._asdict())
        for some in in_batches(ids)
        for row in tx.execute(query.where(order.id.in_(some)))
    }


def orders_by_key(tx: Connection, account: str, loose: Iterable[str], limit: int) -> list[int]:
    """Orders that have one of these texts as a key; the texts are written as in ``order_keys.loose``."""
    key = order_keys.c
    query = select(key.order).where(key.loose.in_(list(loose)), key.account == account).distinct()
    return list(tx.scalars(query.order_by(key.order.desc()).limit(limit)))


def orders_by_text(tx: Connection, account: str, text: str, limit: int) -> list[int]:
    """The newest orders that have all words of the text in a name, an address, an id or a reference."""
    query = select(orders.c.id).where(orders.c.account == account, *finds(text))
    return list(tx.scalars(query.order_by(orders.c.id.desc()).limit(limit)))


def orders_by_amount(
    tx: Connection, account: str, units: int, currency: str, limit: int, *, only: bool = False
) -> list[int]:
    """Orders of this amount: those of the currency (``only`` those), those without a line, and the newest first."""
    position = order_positions.c
    here = [position.account == account, position.amount_units == units]
    query = (
        select(position.order)
        .where(*here, *([position.currency == currency] if only else []))
        .order_by(position.currency != currency, position.lines > 0, position.order.desc())
    )
    return list(tx.scalars(query.limit(limit)))


def order_ids(tx: Connection, account: str, business_ids: Iterable[str]) -> list[int]:
    query = select(orders.c.id).where(orders.c.account == account, orders.c.order_id.in_(list(business_ids)))
    return list(tx.scalars(query))
