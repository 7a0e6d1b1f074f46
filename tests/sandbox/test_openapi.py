"""Answers, refusals too, beside HiPay's own OpenAPI descriptions, where somebody has put these.

They are HiPay's (github.com/hipay/openapi-hipay) and not part of this project: the folder that
``ETERMINAL_TEST_OPENAPI`` names, or ``shared/hipay/openapi`` beside the project. What they leave out (the second
version's calls, ``/checkout-data``) cannot be tested here.
"""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.sandbox.asking import act, ask, maintain, page
from tests.support.sandbox import LOGIN, ROOT, RunningSandbox

FOLDER = Path(os.environ.get("ETERMINAL_TEST_OPENAPI") or ROOT.parent / "shared" / "hipay" / "openapi")
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="HiPay's OpenAPI descriptions are not here: ETERMINAL_TEST_OPENAPI names their folder",
)
FILES = {
    "/v1/hpayment": "hpayment.yaml", "/v1/transaction": "gateway.yaml", "/v1/maintenance": "gateway.yaml",
    "/v3/order": "api-gateway.yml", "/v3/transaction": "api-gateway.yml", "/v1/settlement": "settlement.yaml",
}  # fmt: skip


@cache
def description(file: str) -> dict[str, Any]:
    found: dict[str, Any] = _as_json_schema(yaml.safe_load((FOLDER / file).read_text(encoding="utf-8")))
    return found


def _as_json_schema(part: Any) -> Any:
    """OpenAPI's dialects write "or null" beside the type."""
    if isinstance(part, list):
        return [_as_json_schema(each) for each in part]
    if not isinstance(part, dict):
        return part
    schema = {name: _as_json_schema(value) for name, value in part.items()}
    if schema.pop("nullable", None) is True or schema.pop("x-nullable", None) is True:
        return {"anyOf": [schema, {"type": "null"}]}
    return schema


def validator(path: str, method: str, status: int) -> Validator:
    """For the answer of a described call with this status."""
    file = next(file for begin, file in FILES.items() if path.startswith(begin))
    document = description(file)
    base = str(document.get("basePath", ""))
    steps = path.removeprefix(base).split("/")
    [operation] = [
        described[method]
        for template, described in document["paths"].items()
        if method in described and _fits(template.split("/"), steps)
    ]
    answer = operation["responses"][str(status)]
    schema = answer["schema"] if "schema" in answer else answer["content"]["application/json"]["schema"]
    resource = Resource(contents=document, specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource("description:", resource)
    return Draft202012Validator({"$id": "description:", **document, **schema}, registry=registry)


def _fits(template: list[str], steps: list[str]) -> bool:
    return len(template) == len(steps) and all(
        one == other or one.startswith("{") for one, other in zip(template, steps, strict=True)
    )


def answers(sandbox: RunningSandbox) -> Iterator[httpx.Response]:
    """Each described call as the product makes it, and refused for what it may be refused for."""
    yield ask(sandbox, "A1", phone="+33199001234", custom_data='{"mark": "x"}')
    yield ask(sandbox, "A2", email="nobody")
    yield ask(sandbox, "A2", amount=None)
    act(sandbox, page(sandbox, "A1"), "decline")
    act(sandbox, page(sandbox, "A1"), "accept")
    act(sandbox, page(sandbox, "A3", operation="Authorization"), "accept")
    act(sandbox, page(sandbox, "A4", currency="JPY", amount="1200"), "pending")
    for order in ("A1", "A3", "A4"):
        yield sandbox.api("GET", f"/v3/order/{order}")
        yield sandbox.api("GET", "/v1/transaction", params={"orderid": order})
    yield sandbox.api("GET", "/v3/order/NONE")
    reference = sandbox.api("GET", "/v3/order/A3").json()["transactions"][0]["id"]
    yield sandbox.api("GET", f"/v1/transaction/{reference}")
    yield sandbox.api("GET", f"/v3/transaction/{reference}")
    yield sandbox.api("GET", "/v3/transaction/1")
    yield maintain(sandbox, reference, "capture", amount="25.00", operation_id="A3-C1")
    yield maintain(sandbox, reference, "refund", amount="5.00")
    sandbox.control("operation", {"orderid": "A3", "outcome": "refused"})
    sandbox.control("settings", {"operations": "later"})
    yield maintain(sandbox, reference, "capture", amount="10.00", operation_id="A3-C2")
    sandbox.control("operation", {"orderid": "A3", "outcome": "refused"})
    yield sandbox.api("GET", "/v3/order/A3")
    for name in ("opid/A3-C1", "opid/NONE", "orderid/A3"):
        yield sandbox.api("GET", f"/v3/transactions/{name}")
    yield maintain(sandbox, reference, "capture", amount="9999.00")
    yield maintain(sandbox, "800000000000", "capture")
    sandbox.control("chargeback", {"orderid": "A1"})
    yield sandbox.api("GET", "/v3/order/A1")
    [made, *_] = sandbox.control("settlements", {})["settlements"]
    yield sandbox.api("GET", "/v1/settlement")
    yield sandbox.api("GET", f"/v1/settlement/{made['id']}")
    yield sandbox.api("GET", "/v1/settlement/9")
    for method, path in (
        ("POST", "/v1/hpayment"),
        ("GET", "/v1/transaction"),
        ("GET", "/v3/order/A1"),
        ("GET", "/v1/settlement"),
        ("GET", f"/v3/transaction/{reference}"),
        ("GET", "/v3/transactions/opid/A3-C1"),
        ("POST", f"/v1/maintenance/transaction/{reference}"),
    ):
        yield sandbox.client.request(method, path, auth=(LOGIN, "wrong"))


def bodies(answer: httpx.Response) -> list[Any]:
    """The answer; each of its transactions, where an order has several: the description knows of one only.

    It does not know either that `threeDSecure` is "" where there is none, as HiPay's PHP client needs it.
    """
    told = answer.json()
    if not isinstance(told, dict) or not told.get("transaction"):
        return [told]
    attempts = told["transaction"] if isinstance(told["transaction"], list) else [told["transaction"]]
    assert [each.pop("threeDSecure") for each in attempts] == [""] * len(attempts)
    return [{"transaction": each} for each in attempts]


@pytest.mark.parametrize("nulls", ["written", "left_out"])
def test_every_answer_is_as_described(sandbox: RunningSandbox, nulls: str) -> None:
    sandbox.control("settings", {"nulls": nulls})
    wrong, described = [], 0
    for answer in answers(sandbox):
        path, method = urlsplit(str(answer.request.url)).path, answer.request.method.lower()
        called = f"{method.upper()} {path} {answer.status_code}"
        try:
            expected = validator(path, method, answer.status_code)
        except KeyError:
            wrong.append(f"{called}: this status is not described")
            continue
        for body in bodies(answer):
            wrong += [
                f"{called}: {error.json_path} {error.message[:200]}" for error in expected.iter_errors(body)
            ]
            described += not expected.is_valid(_broken(body))
    assert wrong == []
    assert described > 20  # the descriptions do say something of them


def _broken(body: Any) -> Any:
    """The same answer with an empty list in the place of each value."""
    return {name: _broken(value) for name, value in body.items()} if isinstance(body, dict) else []
