"""What the tests of the client share."""

from typing import Any

from pydantic import SecretStr

from services.hipay.client import HiPay
from services.hipay.fields import PageRequest
from services.settings import Account

PASSWORD = "canary-password"


def account(**changes: Any) -> Account:
    fields: dict[str, Any] = {
        "key": "demo", "name": "Demo", "environment": "sandbox", "login": "canary-login",
        "password": SecretStr(PASSWORD), "passphrase": SecretStr("canary-passphrase"),
    }  # fmt: skip
    return Account(**(fields | changes))


def client(url: str, *, seconds: float = 5.0, **changes: Any) -> HiPay:
    return HiPay(account(**changes), sandbox_url=url, seconds=seconds)


def page(order_id: str = "A-1", **changes: Any) -> PageRequest:
    fields: dict[str, Any] = {
        "order_id": order_id, "description": "Order", "amount_units": 125000, "currency": "EUR", "operation": "Sale",
        "eci": 7, "language": "fr_FR",
    }  # fmt: skip
    return PageRequest(**(fields | changes))
