"""Invented orders in a store, with the rows that the services would write, but many at once."""

import uuid
from datetime import UTC, datetime, time, timedelta
from types import TracebackType
from typing import Any

from sqlalchemy import Table, insert

from benchmarks.settlement_shapes import Order, Payment
from services.store import Store, open_store
from services.store.schema import orders
from services.text.folding import searched

AT_ONCE = 5_000  # orders


class OrderFiller:
    """Puts orders, their pages, payment events and operations into a store; the rest of them when it is left.

    ``first``: the number of the first order's row; the next ones follow it.
    """

    def __init__(self, database: str | Store, first: int = 1) -> None:
        self._own = isinstance(database, str)
        self._store = open_store(database, demo=True) if isinstance(database, str) else database
        self._rows: dict[Table, list[dict[str, Any]]] = {
            table: [] for table in (orders.orders, orders.pages, orders.events, orders.operations)
        }
        self._next = first

    def __enter__(self) -> "OrderFiller":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        if self._own:
            self._store.close()

    def add(self, order: Order) -> None:
        number, self._next = self._next, self._next + 1
        at = datetime.combine(order.created, time(9), UTC)
        self._rows[orders.orders].append(_order_row(number, order, at))
        for place, page in enumerate(order.pages, start=1):
            self._rows[orders.pages].append(
                {
                    "order": number,
                    "account": order.account,
                    "hipay_order_id": page,
                    "number": place,
                    "amount": order.amount,
                    "currency": order.currency,
                    "state": "open",
                    "url": None,
                    "mid": "",
                    "token": uuid.uuid4().hex,
                    "created_at": at,
                    "opened_at": None,
                    "expires_at": at + timedelta(days=7),
                }
            )
        for payment in order.payments:
            self._add_payment(number, order, payment, at)
        if number % AT_ONCE == 0:
            self._flush()

    def _add_payment(self, number: int, order: Order, payment: Payment, at: datetime) -> None:
        captured = refunded = 0
        told: list[tuple[int, str, int]] = []  # status, operation id, amount
        told += [(118, operation_id, amount) for operation_id, amount in payment.captures]
        told += [(125, operation_id, amount) for operation_id, amount in payment.refunds]
        if payment.charged_back:
            told.append((129, "", payment.charged_back))
        for place, (status, operation_id, amount) in enumerate(told):
            captured += amount if status == 118 else 0
            refunded += amount if status == 125 else 0
            self._rows[orders.events].append(
                {
                    "order": number,
                    "page": None,
                    "at": at + timedelta(minutes=place),
                    "kind": "payment",
                    "actor_kind": "worker",
                    "actor_id": "worker",
                    "identity": f"payment:{number}:{payment.reference}:{place}",
                    "data": {
                        "order_id": order.pages[0] if order.pages else order.order_id,
                        "reference": payment.reference,
                        "status": status,
                        "state": "completed",
                        "currency": order.currency,
                        "authorised": order.amount,
                        "captured": captured,
                        "refunded": refunded,
                        "charged_back": amount if status == 129 else None,
                        "order_amount": order.amount,
                        "order_currency": order.currency,
                        "reason_code": None,
                        "reason_text": None,
                        "payment_product": "visa",
                        "eci": 7,
                        "test": True,
                        "mid": None,
                        "operation_id": operation_id or None,
                        "operation_amount": amount if operation_id else None,
                        "at": (at + timedelta(minutes=place)).isoformat(),
                        "operation_ids": [operation_id] if operation_id else [],
                        "source": "read",
                    },
                }
            )
            if operation_id:
                self._rows[orders.operations].append(
                    {
                        "order": number,
                        "account": order.account,
                        "reference": payment.reference,
                        "kind": "capture" if status == 118 else "refund",
                        "amount": amount,
                        "currency": order.currency,
                        "why": "",
                        "form_key": uuid.uuid4().hex,
                        "operation_id": operation_id,
                        "state": "done",
                        "created_at": at,
                        "done_at": at,
                        "actor_kind": "user",
                        "actor_id": "bench",
                    }
                )

    def _flush(self) -> None:
        with self._store.write() as tx:
            for table, rows in self._rows.items():
                if rows:
                    tx.execute(insert(table), rows)
                    rows.clear()


def _order_row(number: int, order: Order, at: datetime) -> dict[str, Any]:
    captured = sum(amount for one in order.payments for _, amount in one.captures)
    refunded = sum(amount for one in order.payments for _, amount in one.refunds)
    back = sum(one.charged_back for one in order.payments)
    payment = "captured" if captured >= order.amount else "partly_captured" if captured else "unpaid"
    if captured and refunded:
        payment = "refunded" if refunded >= captured else "partly_refunded"
    if back:
        payment = "charged_back"
    listed = order.channel == "imported"
    return {
        "id": number,
        "account": order.account,
        "order_id": order.order_id,
        "channel": order.channel,
        "form_key": uuid.uuid4().hex,
        "mark": uuid.uuid4().hex,
        "first_name": "" if listed else "Zoé",
        "last_name": "" if listed else "Martin",
        "email": "" if listed else f"customer{number}@example.com",
        "phone": "",
        "language": "fr",
        "amount": order.amount,
        "currency": order.currency,
        "description": "" if listed else "Lampe de bureau",
        **{f"reference_{n}": text for n, text in enumerate(order.references, start=1)},
        "capture": "now",
        "expires_at": at + timedelta(days=7),
        "created_at": at,
        "actor_kind": "user",
        "actor_id": "bench",
        "sender_name": "Camille",
        "search": searched(("", ""), (order.order_id, *order.references), "", ""),
        "delivery": "sent" if order.channel == "link" else "none",
        "availability": "open",
        "payment": payment,
        "authorised": sum(order.amount for _ in order.payments),
        "captured": captured,
        "refunded": refunded,
        "charged_back": back,
        "paid_at": at if captured else None,
        "checked_at": at if captured else None,
    }
