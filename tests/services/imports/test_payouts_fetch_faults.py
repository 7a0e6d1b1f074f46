"""Payouts fetched from a HiPay that fails in every way, and by a worker that ends or loses its lease."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services import clock
from services.hipay.errors import Refused
from services.imports.background import fetch_next
from services.imports.received import fetch_requests
from services.imports.received.download import check_content
from services.imports.received.fetch import Stopped, _Run, detail_of
from services.store.lease import LeaseLost
from services.store.schema import fetching
from services.store.schema.fetching import hipay_settlements
from services.store.settlements.files import payout_requests
from tests.support.desk import person
from tests.support.payout_fetch import (
    FILE,
    ITEM,
    NOT_FOUND,
    fetch,
    finance_api,
    http_answer,
    stored_files,
)
from tests.unit.hipay import wire
from tests.unit.hipay.wire import Wire, serve

pytestmark = pytest.mark.desk(sandbox=True)


CUT = wire.http(FILE, length=len(FILE) + 50)


def paths(server: Wire) -> list[str]:
    return [one.split(b" ")[1].decode().split("?")[0] for one in server.requests]


@pytest.mark.parametrize(
    ("files_by_ext", "name"),
    [
        ({"csv": http_answer(FILE)}, "settlement-77.csv"),
        ({"txt": http_answer(FILE)}, "settlement-77.txt"),
        (
            {"csv": http_answer(b"<!doctype html><html>Maintenance</html>"), "txt": http_answer(FILE)},
            "settlement-77.txt",
        ),
        (
            {
                "csv": http_answer(b""),
                "txt": http_answer(b'{"error": {"code": 1}}'),
                "xls": http_answer(FILE),
            },
            "settlement-77.xls",
        ),
        (
            {"csv": http_answer({"error": {"code": 1010201}}, "400 Bad Request"), "txt": http_answer(FILE)},
            "settlement-77.txt",
        ),
    ],
)
def test_a_file_that_is_missing_or_wrong_is_fetched_in_the_next_format(
    desk_at: Any, files_by_ext: dict[str, bytes], name: str
) -> None:
    with serve(finance_api(**files_by_ext)) as server:
        desk = desk_at(server.url)
        seen = fetch(desk, person(desk, "finance"))
    assert seen.last is not None
    assert (seen.last.state, [one.name for one in stored_files(desk)]) == ("done", [name])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http_answer(b"<html>We will be back</html>"), "payout_wrong_content"),
        (http_answer({"forwardUrl": ""}), "payout_wrong_content"),
        (http_answer(b"\x00\xff{\x01\x02garbage"), "payout_wrong_content"),
        (http_answer(b"  \n"), "payout_wrong_content"),
        (CUT, "payout_broken_off"),
        (NOT_FOUND, "payout_file_not_there"),
        (http_answer(b"", "302 Found"), "hipay_bad_answer"),
        (b"\x00\x01\x02 no HTTP at all\r\n\r\n", "hipay_bad_answer"),
    ],
    ids=["html", "json", "noise", "blank", "short", "404", "redirect", "no HTTP"],
)
def test_a_payout_whose_every_file_is_wrong_is_missed_and_says_why(
    desk_at: Any, answer: bytes, code: str
) -> None:
    with serve(finance_api(csv=answer, txt=answer, xls=answer)) as server:
        desk = desk_at(server.url)
        seen = fetch(desk, person(desk, "finance"))
    assert stored_files(desk) == []
    assert seen.last is not None
    assert (seen.last.state, seen.last.missed, seen.last.failure) == ("failed", 1, code)
    assert (seen.payouts[0].here, seen.payouts[0].failure) == ("absent", code)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http_answer({"error": {"code": 1000001}}, "401 Unauthorized"), "payout_refused"),
        (http_answer({"error": {"code": 1000005}}, "403 Forbidden"), "payout_refused"),
        (http_answer(b"busy", "503 Service Unavailable"), "hipay_unavailable"),
        (http_answer(b"<html>hello</html>"), "hipay_bad_answer"),
        (http_answer([1, 2]), "hipay_bad_answer"),
        (http_answer({"settlements": [{"settlementid": 1}]}), "hipay_bad_answer"),
        (wire.http(b"x" * 1_000_001), "hipay_answer_too_large"),
    ],
    ids=["401", "403", "503", "html", "not an object", "no amount", "too large"],
)
def test_a_wrong_list_of_payouts_fails_the_request_and_says_why(
    desk_at: Any, answer: bytes, code: str
) -> None:
    with serve(wire.say(answer)) as server:
        desk = desk_at(server.url)
        seen = fetch(desk, person(desk, "finance"))
    assert seen.last is not None
    assert (seen.last.state, seen.last.failure, seen.total) == ("failed", code, 0)


def test_a_refused_account_is_asked_for_one_file_only(desk_at: Any) -> None:
    refused = http_answer({"error": {"code": 1000005}}, "403 Forbidden")
    items = [{**ITEM, "settlementid": number} for number in range(1, 6)]

    def behave(connection: Any, request: bytes) -> None:
        listing = b"/v1/settlement?" in request and b"&page=1&" in request
        connection.sendall(
            http_answer({"settlements": items})
            if listing
            else refused
            if b"raw." in request
            else http_answer({"settlements": []})
        )

    with serve(behave) as server:
        desk = desk_at(server.url)
        seen = fetch(desk, person(desk, "finance"))
        assert sum("raw." in path for path in paths(server)) == 1
    assert seen.last is not None
    assert (seen.last.wanted, seen.last.missed) == (5, 1)


def test_a_list_that_repeats_its_page_is_not_asked_for_without_end(desk_at: Any) -> None:
    """How pages are counted is HiPay's to say: one that ignores the number must not be asked for ever."""

    def behave(connection: Any, request: bytes) -> None:
        connection.sendall(
            http_answer({"settlements": [ITEM]}) if b"raw." not in request else http_answer(FILE)
        )

    with serve(behave) as server:
        desk = desk_at(server.url)
        seen = fetch(desk, person(desk, "finance"))
        assert len([path for path in paths(server) if path == "/v1/settlement"]) == 2
    assert seen.total == 1


def test_a_process_that_ends_leaves_the_request_to_the_next(desk_at: Any) -> None:
    with serve(finance_api(csv=http_answer(FILE))) as server:
        desk = desk_at(server.url)
        finance = person(desk, "finance")
        fetch_requests.request_fetch(desk, finance, "demo", "key")
        stopping = threading.Event()
        stopping.set()
        assert fetch_next(desk, stopping)
        under_way = fetch_requests.read_fetching(desk, finance, "demo").under_way
        assert under_way is not None
        assert (under_way.state, stored_files(desk)) == ("waiting", [])
        assert fetch_next(desk)
    assert len(stored_files(desk)) == 1


def test_a_worker_that_lost_its_lease_writes_nothing(desk_at: Any) -> None:
    with serve(finance_api(csv=http_answer(FILE))) as server:
        desk = desk_at(server.url)
        fetch_requests.request_fetch(desk, person(desk, "finance"), "demo", "key")
        now = clock.now()
        with desk.store.write() as tx:
            dead = payout_requests.claim(tx, ("demo",), now, timedelta(minutes=3))
            assert dead is not None
            assert payout_requests.claim(tx, ("demo",), now, timedelta(minutes=3)) is None
            payout_requests.change(tx, dead, leased_until=now - timedelta(seconds=1))
        assert fetch_next(desk)
        with desk.store.write() as tx, pytest.raises(LeaseLost):
            payout_requests.change(tx, dead, state="failed")
        late = _Run(desk, dead, threading.Event())
        with pytest.raises(LeaseLost):
            late.do()
    with desk.store.read() as tx:
        [row] = tx.execute(select(fetching.payout_requests))
        [payout] = tx.execute(select(hipay_settlements))
    assert (row.state, row.tries, len(stored_files(desk))) == ("done", 2, 1)
    assert payout.file == stored_files(desk)[0].id


def test_a_fault_of_ours_fails_the_request(desk_at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: Any, **__: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("services.imports.received.fetch.downloaded", break_down)
    with serve(finance_api(csv=http_answer(FILE))) as server:
        desk = desk_at(server.url)
        seen = fetch(desk, person(desk, "finance"))
    assert seen.under_way is None
    assert seen.last is not None
    assert (seen.last.state, seen.last.failure) == ("failed", "payout")


@pytest.mark.parametrize(
    "head",
    [FILE, b"\xef\xbb\xbf" + FILE, FILE.decode().encode("utf-16"), FILE.decode().encode("utf-16-le"), b"\xd0\xcf\x11\xe0" + b"\x00" * 500, b"PK\x03\x04\x00\x00"],
)  # fmt: skip
def test_content_that_may_be_a_payout_file_is_accepted(head: bytes) -> None:
    check_content(head)


def test_a_failure_is_stored_without_hipays_own_text(desk_at: Any) -> None:
    error = Stopped()
    assert str(error) == ""
    assert detail_of(Refused(1, "field", "words that repeat what was sent")) == {
        "hipay_code": "1",
        "field": "field",
    }
