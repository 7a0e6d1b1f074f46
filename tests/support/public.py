"""The public application on a real port, with an order in a real database."""

import hashlib
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import uvicorn

from services import clock
from services.desk import Desk
from services.public.__main__ import server_config
from services.public.app import application
from services.store.orders import orders
from tests.support.orders import order_columns

PASSPHRASE = "sandbox-passphrase"
PAN, TOKEN, HOLDER = "411111xxxxxx1111", "canarytoken74a2150be6c4", "CANARY HOLDER"


@contextmanager
def serving(desk: Desk, *, head_seconds: float = 10, **options: Any) -> Iterator[httpx.Client]:
    """The application served by uvicorn; a client of it, which follows no redirect."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(server_config(application(desk, **options), head_seconds=head_seconds))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        # Nothing is encrypted here, and reading the certificate authorities costs more than a request.
        with httpx.Client(base_url=address, timeout=30, trust_env=False, verify=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(15)
        listening.close()


def order_with_page(desk: Desk, order_id: str = "A-1", **changes: Any) -> tuple[int, str]:
    """An order of 15.00 EUR with an open page; its row's id and the page's token. ``page_…`` changes the page."""
    now, token = clock.now(), uuid.uuid4().hex
    order = order_columns(
        order_id,
        first_name="Zoé",
        last_name="Lefèvre-Müller",
        email="zoe@example.com",
        amount=15_0000,
        description="Commande",
        created_at=now,
        expires_at=now + timedelta(days=7),
        actor_id="u",
        sender_name="Camille",
    )
    page = {
        "account": "demo",
        "hipay_order_id": order_id,
        "number": 1,
        "amount": 15_0000,
        "currency": "EUR",
        "state": "open",
        "url": "https://secure-gateway.example.com/pay/1",
        "mid": "1342917",
        "token": token,
        "created_at": now,
        "opened_at": now,
        "expires_at": now + timedelta(days=7),
    }
    page |= {name.removeprefix("page_"): value for name, value in changes.items() if name.startswith("page_")}
    order |= {name: value for name, value in changes.items() if not name.startswith("page_")}
    with desk.store.write() as tx:
        row = orders.add_order(tx, **order)
        orders.add_page(tx, order=row, **page)
    return row, token


def order_row(desk: Desk, row: int) -> Any:
    with desk.store.read() as tx:
        found = orders.order(tx, row)
    assert found is not None
    return found


def body(order_id: str = "A-1", status: int = 118, **changes: str) -> bytes:
    """A form notification as HiPay writes it (March 2026), with card data; ``changes`` by HiPay's names."""
    captured = "15.00" if status in (118, 125, 126) else "0.00"
    fields = {
        "state": "completed",
        "test": "true",
        "mid": "00001342917",
        "attempt_id": "1",
        "transaction_reference": "800417743755",
        "date_created": "2026-03-05T12:06:55+0000",
        "date_updated": "2026-03-05T12:07:06+0000",
        "status": str(status),
        "message": "Captured",
        "authorized_amount": "15.00",
        "captured_amount": captured,
        "refunded_amount": "0.00",
        "decimals": "2",
        "currency": "EUR",
        "cdata1": "",
        "cvc_result": "M",
        "eci": "7",
        "payment_product": "visa",
        "payment_method[token]": TOKEN,
        "payment_method[card_id]": "canary-card-id",
        "payment_method[brand]": "VISA",
        "payment_method[pan]": PAN,
        "payment_method[card_holder]": HOLDER,
        "payment_method[card_expiry_month]": "12",
        "payment_method[card_expiry_year]": "2026",
        "order[id]": order_id,
        "order[amount]": "15.00",
        "order[currency]": "EUR",
        **changes,
    }
    return str(httpx.QueryParams(fields)).encode()


def signed(raw: bytes, secret: str = PASSPHRASE, algorithm: str = "sha256") -> dict[str, str]:
    """The headers of a notification, its signature made here rather than by the code under test."""
    return {
        "X-Allopass-Signature": hashlib.new(algorithm, raw + secret.encode()).hexdigest(),
        "Content-Type": "application/x-www-form-urlencoded",
    }


def feedback(order_id: str = "A-1", secret: str = PASSPHRASE, **changes: str) -> dict[str, str]:
    """HiPay's parameters of a return page with their ``hash`` (CONTRACT: sorted, non-empty, name + value + passphrase)."""
    values = {
        "orderid": order_id,
        "cid": "",
        "state": "completed",
        "status": "118",
        "test": "true",
        "reference": "800417743755",
        "cardtoken": TOKEN,
        "cardpan": PAN,
        "cardexpiry": "202612",
        **changes,
    }
    text = "".join(f"{name}{value}{secret}" for name, value in sorted(values.items()) if value)
    return {**values, "hash": hashlib.sha256(text.encode()).hexdigest()}
