"""What the tests of the client share."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from services.hipay.client import HiPay
from services.hipay.errors import HiPayError
from services.hipay.fields import PageRequest
from services.settings.account import Account
from tests.unit.hipay.wire import Behaviour, http, say, serve

PASSWORD = "canary-password"
OK = "200 OK"
GOOD = json.dumps(
    {"forwardUrl": "http://127.0.0.1:1/payment/web/pay/1", "mid": "0001", "test": True}
).encode()


def account(**changes: Any) -> Account:
    fields: dict[str, Any] = {
        "key": "demo",
        "name": "Demo",
        "environment": "sandbox",
        "login": "canary-login",
        "password": SecretStr(PASSWORD),
        "passphrase": SecretStr("canary-passphrase"),
    }
    return Account(**(fields | changes))


def client(url: str, *, seconds: float = 5.0, **changes: Any) -> HiPay:
    return HiPay(account(**changes), sandbox_url=url, seconds=seconds)


def page(order_id: str = "A-1", **changes: Any) -> PageRequest:
    fields: dict[str, Any] = {
        "order_id": order_id,
        "description": "Order",
        "amount_units": 125000,
        "currency": "EUR",
        "operation": "Sale",
        "eci": 7,
        "language": "fr_FR",
    }
    return PageRequest(**(fields | changes))


def failure(url: str, *, seconds: float = 5.0) -> HiPayError:
    """What creating a page at ``url`` fails with."""
    with client(url, seconds=seconds) as hipay, pytest.raises(HiPayError) as failed:
        hipay.create_page(page())
    return failed.value


def answered(response: bytes) -> HiPayError:
    with serve(say(response)) as server:
        return failure(server.url)


def told(code: int, status: str, description: str = "", *, wrapped: bool = False) -> bytes:
    body: dict[str, object] = {"code": code, "message": "Words", "description": description}
    return http(json.dumps({"error": body} if wrapped else body).encode(), status)


def answering(*answers: tuple[Any, str]) -> Behaviour:
    """Answer each request with the next (body, status)."""
    waiting = list(answers)

    def behave(connection: Any, _: bytes) -> None:
        body, status = waiting.pop(0)
        connection.sendall(http(body if isinstance(body, bytes) else json.dumps(body).encode(), status))

    return behave


def call(
    method: str, *args: Any, answers: list[tuple[Any, str]], **kwargs: Any
) -> tuple[Any, list[str], list[bytes]]:
    """The result of one method, the request lines, and the whole requests."""
    with serve(answering(*answers)) as server, client(server.url) as hipay:
        result = getattr(hipay, method)(*args, **kwargs)
    return result, [request.split(b"\r\n")[0].decode() for request in server.requests], server.requests
