"""What the worker does for the sums over payment requests: it adds the changes up, and counts the requests of before there were
sums, each in short transactions, while everybody works."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from services.store.in_list import among
from services.store.locks import insert_or
from services.store.orders.order_sums import of_orders
from services.store.schema.order_sums import SUMMED, order_sum_changes, order_sum_fill, order_sums
from services.store.schema.orders import events, orders

_KEY = tuple(name for name, _ in SUMMED)
_ADDED = ("units", "orders")


def add_up(tx: Connection, at_once: int) -> bool:
    """Add the oldest changes to the sums; whether there may be more. Several may do so at the same moment: each takes other changes."""
    one = order_sum_changes.c
    oldest = select(order_sum_changes).order_by(one.id).limit(at_once).with_for_update(skip_locked=True)
    changes = tx.execute(oldest).all()
    added: dict[tuple[Any, ...], list[int]] = {}
    for change in changes:
        total = added.setdefault(tuple(getattr(change, name) for name in _KEY), [0, 0])
        total[0] += change.units
        total[1] += change.orders
    rows = [
        dict(zip((*_KEY, *_ADDED), (*key, *total), strict=True))
        # in one order: two workers that write the same rows would wait for each other
        for key, total in sorted(added.items(), key=lambda item: str(item[0]))
        if any(total)
    ]
    if rows:
        statement = insert_or(tx, order_sums)
        sums = {name: order_sums.c[name] + statement.excluded[name] for name in _ADDED}
        tx.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=sums), rows)
    if changes:
        tx.execute(delete(order_sum_changes).where(among(tx, one.id, [change.id for change in changes])))
    return len(changes) == at_once


def count_next(tx: Connection, at_once: int) -> bool:
    """Count the next requests of before there were sums; whether there may be more. A change of one waits until it is counted, or is
    counted with it."""
    fill, o = order_sum_fill.c, orders.c
    found = tx.execute(select(fill.after, fill.until).with_for_update()).first()
    if found is None:
        return False
    some = select(o.id, o.payment).where(o.id > found.after, o.id <= found.until).order_by(o.id)
    requests = tx.execute(some.limit(at_once).with_for_update(key_share=True)).all()
    if requests:
        _name_refusals(tx, [one.id for one in requests if one.payment == "refused"])
        counted = of_orders(o.id > found.after, o.id <= requests[-1].id, hour=lambda at: _hour(tx, at))
        tx.execute(insert(order_sum_changes).from_select([*_KEY, *_ADDED], counted))
    if len(requests) == at_once:
        tx.execute(update(order_sum_fill).values(after=requests[-1].id))
        return True
    tx.execute(delete(order_sum_fill))
    return False


def _hour(tx: Connection, at: Any) -> Any:
    """As the triggers write it."""
    return func.to_char(at, "YYYY-MM-DD HH24") if tx.dialect.name == "postgresql" else func.substr(at, 1, 13)


def _name_refusals(tx: Connection, refused: Collection[int]) -> None:
    """Store the reason of each of these refused requests, which earlier versions left to its events."""
    if not refused:
        return
    e = events.c
    query = select(e.order, e.data).where(among(tx, e.order, refused), e.kind == "payment").order_by(e.id)
    named: dict[int, list[Mapping[str, Any]]] = {}
    for row in tx.execute(query):
        named.setdefault(row.order, []).append(row.data)
    rows = [{"of": order, "code": code} for order, seen in named.items() if (code := refusal(seen))]
    if rows:
        here = update(orders).where(orders.c.id == bindparam("of"))
        tx.execute(here.values(refusal=bindparam("code")), rows)


def refusal(observed: Iterable[Mapping[str, Any]]) -> int:
    """HiPay's code of the newest reason that these observations of an order name, 0 where none names one."""
    named = [int(data["reason_code"]) for data in observed if data.get("reason_code")]
    return named[-1] if named and 0 < named[-1] < 2**31 else 0  # HiPay's have seven digits
