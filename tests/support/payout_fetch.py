"""Payouts to fetch: settled in the sandbox, announced, or offered by a finance API that fails."""

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from services import clock
from services.access import Actor
from services.desk import Desk
from services.imports.background import fetch_next
from services.imports.received import announcements, fetch_requests
from services.imports.received.fetch_requests import Fetching
from services.store.schema.settlement_files import settlement_files
from tests.support.payouts import HEAD
from tests.support.sandbox import RunningSandbox
from tests.unit.hipay import wire

FILE = f"{HEAD}\n1;77;T-1;A-1;10.00;EUR;;;;;Sale;10.00;EUR;F-1;2026-11-20\n".encode()
ITEM = {"settlementid": 77, "amount": 10, "currency": "EUR", "date_value": clock.now().date().isoformat()}


def settle(sandbox: RunningSandbox, *orders: str) -> list[str]:
    """Orders paid and settled; the settlements' ids."""
    for order in orders or ("A1",):
        fields = {
            "orderid": order,
            "description": "x",
            "amount": "9.00",
            "currency": "EUR",
            "operation": "Sale",
        }
        assert sandbox.api("POST", "/v1/hpayment", data=fields).status_code == 200
    sandbox.control("pay", {"all_open": True, "outcome": "accept"})
    return [str(one["id"]) for one in sandbox.control("settlements", {})["settlements"]]


def stored_files(desk: Desk) -> list[Any]:
    with desk.store.read() as tx:
        return list(tx.execute(select(settlement_files).order_by(settlement_files.c.id)))


def fetch(desk: Desk, actor: Actor, settlement_id: str = "", account: str = "demo") -> Fetching:
    """Ask for the payouts, run what is due, and return what the screen shows."""
    fetch_requests.request_fetch(desk, actor, account, f"key-{clock.now().timestamp()}", settlement_id)
    while fetch_next(desk):
        pass
    return fetch_requests.read_fetching(desk, actor, account)


def announce(desk: Desk, settlement_id: str, number: int = 1) -> None:
    raw = f"notification_type=settlement&reference={settlement_id}&amount={number}.00".encode()
    announcements.receive(desk, "demo", raw, "application/x-www-form-urlencoded")


def http_answer(body: object, status: str = "200 OK") -> bytes:
    return wire.http(body if isinstance(body, bytes) else json.dumps(body).encode(), status)


NOT_FOUND = http_answer({"error": {"code": 404, "message": "Not found", "description": ""}}, "404 Not Found")
CUT = wire.http(FILE, length=len(FILE) + 50)


NOT_FOUND = http_answer({"error": {"code": 404, "message": "Not found", "description": ""}}, "404 Not Found")


def finance_api(**files_by_ext: bytes) -> Callable[[Any, bytes], None]:
    """A finance API with one payout; its files by ending, 404 for the others."""

    def behave(connection: Any, request: bytes) -> None:
        path = request.split(b" ")[1].decode()
        if "raw." in path:
            connection.sendall(files_by_ext.get(path.rsplit(".", 1)[1], NOT_FOUND))
        elif "/v1/settlement?" in path:
            connection.sendall(http_answer({"settlements": [ITEM] if "&page=1&" in path else []}))
        else:
            connection.sendall(http_answer(ITEM))

    return behave
