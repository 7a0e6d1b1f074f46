"""A page asked for as a merchant would, and the paths that every test walks."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.support.sandbox import RunningSandbox

FIELDS = {
    "orderid": "A1",
    "description": "Révision annuelle",
    "amount": "125.75",
    "currency": "EUR",
    "operation": "Sale",
    "language": "fr_FR",
    "email": "rose@example.org",
    "firstname": "Rose",
    "lastname": "Dévent",
}


def ask(sandbox: RunningSandbox, orderid: str = "A1", **fields: str | None) -> httpx.Response:
    """POST /v1/hpayment; a field of None is left out."""
    sent = {
        name: value for name, value in {**FIELDS, "orderid": orderid, **fields}.items() if value is not None
    }
    return sandbox.api("POST", "/v1/hpayment", data=sent)


def page(sandbox: RunningSandbox, orderid: str = "A1", **fields: str | None) -> str:
    """The forwardUrl of a page that must be granted."""
    answer = ask(sandbox, orderid, **fields)
    assert answer.status_code == 200, answer.text
    url: str = answer.json()["forwardUrl"]
    return url


def act(sandbox: RunningSandbox, url: str, outcome: str, **fields: str) -> httpx.Response:
    """Press a button of the page."""
    return sandbox.client.post(url, data={"outcome": outcome, **fields})


def transaction(sandbox: RunningSandbox, orderid: str = "A1") -> dict[str, Any]:
    """The only attempt of an order, as GET /v1/transaction tells it."""
    found: dict[str, Any] = sandbox.api("GET", "/v1/transaction", params={"orderid": orderid}).json()[
        "transaction"
    ]
    return found


def maintain(sandbox: RunningSandbox, reference: str, operation: str, **fields: str) -> httpx.Response:
    path = f"/v1/maintenance/transaction/{reference}"
    return sandbox.api("POST", path, data={"operation": operation, **fields})


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
