"""The finance API over a fixed set of settlements."""

import asyncio
import itertools
import json
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from sandbox import finance
from sandbox.files import Dialect, render
from sandbox.settlements import Settlement
from tests.sandbox.settling import AT, movement, run


@pytest.fixture
def get():
    sales = [movement(amount="0.10"), movement(currency="GBP")]
    history: list[Settlement] = []
    for number in range(4):
        day = AT + timedelta(days=number)
        history += run(sales, first_id=500 + len(history), at=day, history=tuple(history))

    def guard(request: Request) -> Response | None:
        if request.headers.get("authorization") is None:
            return finance.error(401, 1000001, "Incorrect Credentials", "")
        return None

    dialect = Dialect(encoding="cp1252", header_language="fr")
    application = Starlette(routes=finance.routes(lambda: history, lambda: dialect, guard))

    def fetch(path, **options):
        async def call():
            transport = httpx.ASGITransport(application)
            async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
                return await client.get(path, **{"auth": ("sandbox", "sandbox")} | options)

        return asyncio.run(call())

    fetch.history = history
    return fetch


def test_one_settlement_is_answered_in_exact_numbers(get):
    answer = get("/v1/settlement/501")
    assert answer.status_code == 200
    body = json.loads(answer.text, parse_float=Decimal)
    expected = get.history[1].summary
    assert body == expected
    assert f'"sales":{expected["sales"]}' in answer.text
    assert (body["currency"], body["date_value"], body["merchant_id"]) == ("GBP", "2026-03-13", 1234567)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [500, 501, 502, 503, 504, 505, 506, 507]),
        ("currency=GBP", [501, 503, 505, 507]),
        ("date_from=2026-03-14&date_to=2026-03-15", [502, 503, 504, 505]),
        ("currency=JEP", []),
        ("currency=GBP&date_from=2026-03-16", [507]),
        ("sort=currency&per_page=5&page=1", [500, 502, 504, 506, 501]),
        ("sort=currency&per_page=5&page=2", [503, 505, 507]),
        ("page=3&per_page=4", []),
        ("sort=date_value&per_page=3", [500, 501, 502]),
        ("anything=1&per_page=1", [500]),
    ],
)
def test_the_list_filters_sorts_and_pages(get, query, ids):
    answer = get(f"/v1/settlement?{query}")
    assert answer.status_code == 200
    assert [item["settlementid"] for item in answer.json()["settlements"]] == ids


def test_the_list_filters_by_amount_and_sorts_by_it(get):
    amount = get.history[1].amount
    found = get(f"/v1/settlement?amount={amount}0").json()["settlements"]
    assert [item["settlementid"] for item in found] == [s.id for s in get.history if s.amount == amount]
    listed = get("/v1/settlement?sort=amount").json()["settlements"]
    assert all(a["amount"] <= b["amount"] for a, b in itertools.pairwise(listed))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/settlement?amount=1e3", 400),
        ("/v1/settlement?amount=NaN", 400),
        ("/v1/settlement?currency=ZZZ", 400),
        ("/v1/settlement?date_from=2026-02-30", 400),
        ("/v1/settlement?date_to=20260301", 400),
        ("/v1/settlement?sort=sales", 400),
        ("/v1/settlement?page=0", 400),
        ("/v1/settlement?per_page=-1", 400),
        ("/v1/settlement/abc", 400),
        ("/v1/settlement/999", 404),
        ("/v1/settlement/999/raw.csv", 404),
        ("/v1/settlement/500/raw.pdf", 400),
    ],
)
def test_what_cannot_be_answered_is_a_wrapped_error(get, path, status):
    answer = get(path)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert isinstance(answer.json()["error"].pop("code"), int)
    assert set(answer.json()["error"]) == {"code", "message", "description"}


@pytest.mark.parametrize("path", ["/v1/settlement", "/v1/settlement/500", "/v1/settlement/500/raw.csv"])
def test_every_address_is_guarded(get, path):
    assert get(path, auth=None).status_code == 401


@pytest.mark.parametrize(
    ("ext", "media"),
    [
        (".csv", "text/csv; charset=windows-1252"),
        (".txt", "text/plain; charset=windows-1252"),
        (".xls", "application/vnd.ms-excel"),
    ],
)
def test_the_file_is_served_in_the_dialect_of_the_moment(get, ext, media):
    answer = get(f"/v1/settlement/500/raw{ext}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, media)
    assert answer.headers["content-disposition"] == f'attachment; filename="settlement-500{ext}"'
    if ext != ".xls":
        assert "Référence de facture" in answer.content.decode("cp1252")
    assert len(answer.content) == len(
        render(get.history[0], ext, Dialect(encoding="cp1252", header_language="fr"))
    )
