"""Payouts fetched from HiPay: against the real sandbox, and against servers that fail in every way."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services import clock
from services.access import WORKER, Actor, NotAllowed
from services.alarms.handling import to_do
from services.alarms.kinds import RESOLVED
from services.alarms.sweep import sweep
from services.checklist.payout_checks import findings
from services.desk import Desk
from services.disk_space import NoRoom
from services.imports import fetch_requests, fetch_schedule
from services.imports.background import fetch_next
from services.imports.download import check_content
from services.imports.errors import HoursOutOfRange, NoPayoutsThere, PayoutUnknown
from services.imports.fetch import Stopped, _Run, detail_of
from services.imports.fetch_requests import Fetching
from services.imports.fetch_schedule import Automatic
from services.store.lease import LeaseLost
from services.store.schema import fetching
from services.store.schema.fetching import hipay_settlements
from services.store.schema.settlement_files import settlement_files
from services.store.settlements import hipay_list, payout_requests
from tests.support.accounts import STAGE, audit_of
from tests.support.desk import open_test_desk, person
from tests.support.payouts import HEAD
from tests.support.sandbox import RunningSandbox
from tests.unit.hipay import wire
from tests.unit.hipay.wire import Wire, serve

pytestmark = pytest.mark.desk(sandbox=True)

FILE = f"{HEAD}\n1;77;T-1;A-1;10.00;EUR;;;;;Sale;10.00;EUR;F-1;2026-11-20\n".encode()


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


def files(desk: Desk) -> list[Any]:
    with desk.store.read() as tx:
        return list(tx.execute(select(settlement_files).order_by(settlement_files.c.id)))


def request(desk: Desk, actor: Actor, settlement_id: str = "", account: str = "demo") -> Fetching:
    """What a press of a button comes to."""
    fetch_requests.request_fetch(desk, actor, account, f"key-{clock.now().timestamp()}", settlement_id)
    while fetch_next(desk):
        pass
    return fetch_requests.read_fetching(desk, actor, account)


def test_all_that_is_new_is_fetched_once(desk: Desk, finance: Actor, sandbox: RunningSandbox) -> None:
    [first], [second] = settle(sandbox, "A1"), settle(sandbox, "A2")
    seen = request(desk, finance)
    assert seen.last is not None
    assert (seen.last.state, seen.last.wanted, seen.last.fetched, seen.last.missed) == ("done", 2, 2, 0)
    assert {(one.name, one.source, one.hipay_settlement) for one in files(desk)} == {
        (f"settlement-{first}.csv", "hipay", first),
        (f"settlement-{second}.csv", "hipay", second),
    }
    raw = sandbox.api("GET", f"/v1/settlement/{first}/raw.csv").content
    assert hashlib.sha256(raw).hexdigest() in {one.sha256 for one in files(desk)}
    assert [one.here for one in seen.payouts] != ["absent", "absent"]
    assert (seen.total, seen.absent) == (2, 0)
    assert [row.action for row in audit_of(desk)].count("payout_fetched") == 2

    again = request(desk, finance)
    assert again.last is not None
    assert (again.last.wanted, again.last.fetched, len(files(desk))) == (0, 0, 2)


def test_one_is_fetched_by_its_id_and_unchanged_the_second_time(
    desk: Desk, finance: Actor, sandbox: RunningSandbox
) -> None:
    with pytest.raises(PayoutUnknown):
        fetch_requests.request_fetch(desk, finance, "demo", "key", "4711")
    [first], _ = settle(sandbox, "A1"), settle(sandbox, "A2")
    with desk.store.write() as tx:  # listed, nothing fetched
        hipay_list.list_settlement(
            tx,
            {"account": "demo", "settlement_id": first},
            recent=True,
            at=clock.now(),
            amount=1,
            currency="EUR",
            date_value="",
            figures={},
        )
    seen = request(desk, finance, first)
    assert seen.last is not None
    assert (seen.last.state, seen.last.fetched, [one.hipay_settlement for one in files(desk)]) == (
        "done",
        1,
        [first],
    )
    again = request(desk, finance, first)
    assert again.last is not None
    assert (again.last.fetched, again.last.unchanged, len(files(desk))) == (0, 1, 1)


def test_a_payout_issued_again_is_a_new_file(desk: Desk, finance: Actor, sandbox: RunningSandbox) -> None:
    [payout] = settle(sandbox)
    request(desk, finance)
    sandbox.control("correct-settlement", {"id": int(payout)})
    seen = request(desk, finance)
    assert seen.last is not None
    assert (seen.last.fetched, len({one.sha256 for one in files(desk)})) == (1, 2)
    assert not seen.payouts[0].changed


def test_another_press_and_a_colleagues_find_the_first(desk: Desk, finance: Actor) -> None:
    first = fetch_requests.request_fetch(desk, finance, "demo", "one")
    assert fetch_requests.request_fetch(desk, finance, "demo", "one") == first
    assert fetch_requests.request_fetch(desk, person(desk, "finance"), "demo", "two") == first
    seen = fetch_requests.read_fetching(desk, finance, "demo")
    assert seen.under_way is not None
    assert (seen.under_way.id, seen.under_way.state) == (first, "waiting")


def test_who_may(desk: Desk) -> None:
    for role in ("manager", "admin"):
        with pytest.raises(NotAllowed):
            fetch_requests.request_fetch(desk, person(desk, role), "demo", role)
        with pytest.raises(NotAllowed):
            fetch_requests.read_fetching(desk, person(desk, role), "demo")
    with pytest.raises(NotAllowed):
        fetch_schedule.save(desk, person(desk, "finance"), "demo", Automatic(True))


def test_the_test_platform_has_no_payouts(tmp_path: Path) -> None:
    desk = open_test_desk(tmp_path, **STAGE)
    finance = person(desk, "finance")
    with pytest.raises(NoPayoutsThere):
        fetch_requests.request_fetch(desk, finance, "shop", "key")
    assert not fetch_requests.read_fetching(desk, finance, "shop").possible
    desk.close()


def test_two_workers_share_the_work(desk: Desk, finance: Actor, sandbox: RunningSandbox) -> None:
    settle(sandbox, "A1")
    settle(sandbox, "A2")
    for number in range(4):
        with desk.store.write() as tx:
            payout_requests.add(
                tx,
                account="demo",
                source=payout_requests.SCHEDULE,
                settlement_id="",
                form_key=f"k{number}",
                due_at=clock.now(),
                actor_kind="worker",
                actor_id="worker",
            )

    def run() -> None:
        for _ in range(20):
            fetch_next(desk)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    while fetch_next(desk):
        pass
    with desk.store.read() as tx:
        done = list(tx.execute(select(fetching.payout_requests)))
    assert [row.state for row in done] == ["done"] * 4
    assert sum(row.fetched for row in done) == 2
    assert len(files(desk)) == 2


# -- by itself


def test_it_comes_by_itself_where_it_is_on(desk: Desk, finance: Actor, sandbox: RunningSandbox) -> None:
    fetch_schedule.request_due(desk)
    assert not fetch_next(desk)  # the sandbox's are there to be added by hand first
    admin = person(desk, "admin")
    with pytest.raises(HoursOutOfRange):
        fetch_schedule.save(desk, admin, "demo", Automatic(True, 0))
    assert fetch_schedule.save(desk, admin, "demo", Automatic(True, 6))
    assert not fetch_schedule.save(desk, admin, "demo", Automatic(True, 6))
    settle(sandbox)
    for _ in range(3):
        fetch_schedule.request_due(desk)
    assert fetch_next(desk)
    assert not fetch_next(desk)
    assert len(files(desk)) == 1
    sandbox.control("clock", {"advance_seconds": 6 * 3600 + 1})
    settle(sandbox, "A2")
    fetch_schedule.request_due(desk)
    assert fetch_next(desk)
    assert len(files(desk)) == 2


@pytest.mark.parametrize(
    ("environment", "credentials", "on"),
    [
        ("production", True, True),
        ("production", False, False),
        ("stage", True, False),
        ("sandbox", True, False),
    ],
)
def test_by_default_it_is_on_with_finance_credentials(
    tmp_path: Path, environment: str, credentials: bool, on: bool
) -> None:
    account = {"name": "Shop", "environment": environment, "login": "l", "password": "p", "passphrase": "x"}
    account |= {"finance_login": "f", "finance_password": "g"} if credentials else {}
    desk = open_test_desk(tmp_path, accounts={"shop": account}, public_url="https://pay.example.com")
    assert fetch_requests.read_fetching(desk, person(desk, "finance"), "shop").automatic.on is on
    desk.close()


def test_old_payouts_wait_for_a_person(desk: Desk, finance: Actor, sandbox: RunningSandbox) -> None:
    fetch_schedule.save(desk, person(desk, "admin"), "demo", Automatic(True))
    settle(sandbox)
    sandbox.control("clock", {"advance_seconds": timedelta(days=80).total_seconds()})
    fetch_schedule.request_due(desk)
    assert fetch_next(desk)
    assert files(desk) == []
    sandbox.control("clock", {"advance_seconds": timedelta(days=2).total_seconds()})
    sweep(desk)
    assert to_do(desk, finance).free.total == 0
    request(desk, finance)
    assert len(files(desk)) == 1


def announce(desk: Desk, settlement_id: str, number: int = 1) -> None:
    from services.imports import announcements

    raw = f"notification_type=settlement&reference={settlement_id}&amount={number}.00".encode()
    announcements.receive(desk, "demo", raw, "application/x-www-form-urlencoded")


def test_a_notification_fetches_its_payout(desk: Desk, finance: Actor, sandbox: RunningSandbox) -> None:
    [first], _ = settle(sandbox, "A1"), settle(sandbox, "A2")
    announce(desk, first)
    while fetch_next(desk):
        pass
    assert [one.hipay_settlement for one in files(desk)] == [first]
    seen = fetch_requests.read_fetching(desk, finance, "demo")
    assert seen.announced_at is not None
    announce(desk, first)  # the same again
    assert not fetch_next(desk)


def test_a_notification_before_its_file_is_tried_again(
    desk: Desk, finance: Actor, sandbox: RunningSandbox
) -> None:
    [payout] = settle(sandbox)
    sandbox.control("settings", {"settlement_files": False})
    announce(desk, payout)
    while fetch_next(desk):
        pass
    waiting = fetch_requests.read_fetching(desk, finance, "demo").under_way
    assert waiting is not None
    assert (waiting.state, waiting.failure) == ("waiting", "payout_file_not_there")
    assert timedelta(minutes=4) < waiting.due_at - clock.now() <= timedelta(minutes=5)
    sandbox.control("settings", {"settlement_files": True})
    sandbox.control("clock", {"advance_seconds": 301})
    assert fetch_next(desk)
    assert len(files(desk)) == 1


def test_a_payout_without_a_file_is_an_alarm_until_it_comes(
    desk: Desk, finance: Actor, sandbox: RunningSandbox
) -> None:
    [payout] = settle(sandbox)
    sandbox.control("settings", {"settlement_files": False})
    seen = request(desk, finance)
    assert seen.last is not None
    assert (seen.last.state, seen.last.missed) == ("failed", 1)
    assert (seen.payouts[0].here, seen.payouts[0].failure) == ("absent", "payout_file_not_there")
    sweep(desk)
    assert to_do(desk, finance).free.total == 0
    sandbox.control("clock", {"advance_seconds": timedelta(days=1, seconds=60).total_seconds()})
    for _ in range(2):
        sweep(desk)
    [alarm] = to_do(desk, finance).free.alarms
    assert (alarm.kind, alarm.account, alarm.detail["settlement"]) == ("payout_without_file", "demo", payout)
    sandbox.control("settings", {"settlement_files": True})
    request(desk, finance)
    sweep(desk)
    assert to_do(desk, finance).free.total == 0
    with desk.store.read() as tx:
        from services.store.schema.alarms import alarms

        [closed] = tx.execute(select(alarms).where(alarms.c.kind == "payout_without_file"))
    assert (closed.closed_by, closed.closing_reason) == (WORKER.id, RESOLVED)


# -- a HiPay that fails


ITEM = {"settlementid": 77, "amount": 10.0, "currency": "EUR", "date_value": clock.now().date().isoformat()}
Answer = Callable[[str], bytes]


def told(body: object, status: str = "200 OK") -> bytes:
    return wire.http(body if isinstance(body, bytes) else json.dumps(body).encode(), status)


NOT_FOUND = told({"error": {"code": 404, "message": "Not found", "description": ""}}, "404 Not Found")
CUT = wire.http(FILE, length=len(FILE) + 50)


def hipay(**files_by_ext: bytes) -> Callable[[Any, bytes], None]:
    """A finance API with one payout; its files by ending, 404 for the others."""

    def behave(connection: Any, request: bytes) -> None:
        path = request.split(b" ")[1].decode()
        if "raw." in path:
            connection.sendall(files_by_ext.get(path.rsplit(".", 1)[1], NOT_FOUND))
        elif "/v1/settlement?" in path:
            connection.sendall(told({"settlements": [ITEM] if "&page=1&" in path else []}))
        else:
            connection.sendall(told(ITEM))

    return behave


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[Callable[[str], Desk]]:
    """A desk whose HiPay is at an address."""
    opened: list[Desk] = []

    def open_it(url: str) -> Desk:
        opened.append(open_test_desk(tmp_path, sandbox_url=url))
        return opened[-1]

    yield open_it
    for desk in opened:
        desk.close()


def paths(server: Wire) -> list[str]:
    return [one.split(b" ")[1].decode().split("?")[0] for one in server.requests]


@pytest.mark.parametrize(
    ("files_by_ext", "name"),
    [
        ({"csv": told(FILE)}, "settlement-77.csv"),
        ({"txt": told(FILE)}, "settlement-77.txt"),
        ({"csv": told(b"<!doctype html><html>Maintenance</html>"), "txt": told(FILE)}, "settlement-77.txt"),
        ({"csv": told(b""), "txt": told(b'{"error": {"code": 1}}'), "xls": told(FILE)}, "settlement-77.xls"),
        (
            {"csv": told({"error": {"code": 1010201}}, "400 Bad Request"), "txt": told(FILE)},
            "settlement-77.txt",
        ),
    ],
)
def test_the_next_form_stands_in(lone: Any, files_by_ext: dict[str, bytes], name: str) -> None:
    with serve(hipay(**files_by_ext)) as server:
        desk = lone(server.url)
        seen = request(desk, person(desk, "finance"))
    assert seen.last is not None
    assert (seen.last.state, [one.name for one in files(desk)]) == ("done", [name])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (told(b"<html>We will be back</html>"), "payout_wrong_content"),
        (told({"forwardUrl": ""}), "payout_wrong_content"),
        (told(b"\x00\xff{\x01\x02garbage"), "payout_wrong_content"),
        (told(b"  \n"), "payout_wrong_content"),
        (CUT, "payout_broken_off"),
        (NOT_FOUND, "payout_file_not_there"),
        (told(b"", "302 Found"), "hipay_bad_answer"),
        (b"\x00\x01\x02 no HTTP at all\r\n\r\n", "hipay_bad_answer"),
    ],
    ids=["html", "json", "noise", "blank", "short", "404", "redirect", "no HTTP"],
)
def test_a_file_that_is_none_is_a_payout_missed(lone: Any, answer: bytes, code: str) -> None:
    with serve(hipay(csv=answer, txt=answer, xls=answer)) as server:
        desk = lone(server.url)
        seen = request(desk, person(desk, "finance"))
    assert files(desk) == []
    assert seen.last is not None
    assert (seen.last.state, seen.last.missed, seen.last.failure) == ("failed", 1, code)
    assert (seen.payouts[0].here, seen.payouts[0].failure) == ("absent", code)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (told({"error": {"code": 1000001}}, "401 Unauthorized"), "payout_refused"),
        (told({"error": {"code": 1000005}}, "403 Forbidden"), "payout_refused"),
        (told(b"busy", "503 Service Unavailable"), "hipay_unavailable"),
        (told(b"<html>hello</html>"), "hipay_bad_answer"),
        (told([1, 2]), "hipay_bad_answer"),
        (told({"settlements": [{"settlementid": 1}]}), "hipay_bad_answer"),
        (wire.http(b"x" * 1_000_001), "hipay_answer_too_large"),
    ],
    ids=["401", "403", "503", "html", "not an object", "no amount", "too large"],
)
def test_a_list_that_is_none_ends_it_in_words(lone: Any, answer: bytes, code: str) -> None:
    with serve(wire.say(answer)) as server:
        desk = lone(server.url)
        seen = request(desk, person(desk, "finance"))
    assert seen.last is not None
    assert (seen.last.state, seen.last.failure, seen.total) == ("failed", code, 0)


def test_hipay_that_is_down_is_tried_again_for_the_schedule_only(lone: Any) -> None:
    with serve(hipay()) as server:
        url = server.url
    desk = lone(url)
    seen = request(desk, person(desk, "finance"))
    assert seen.last is not None
    assert (seen.last.state, seen.last.failure) == ("failed", "hipay_unreachable")
    with desk.store.write() as tx:
        payout_requests.add(
            tx,
            account="demo",
            source=payout_requests.SCHEDULE,
            settlement_id="",
            form_key="s",
            due_at=clock.now(),
            actor_kind="worker",
            actor_id="worker",
        )
    assert fetch_next(desk)
    later = fetch_requests.read_fetching(desk, person(desk, "finance"), "demo").under_way
    assert later is not None
    assert (later.state, later.failure) == ("waiting", "hipay_unreachable")
    # A person does not wait for it.
    assert fetch_requests.request_fetch(desk, person(desk, "finance"), "demo", "now") == later.id
    assert fetch_next(desk)


@pytest.mark.parametrize("trouble", [ValueError("a fault of ours"), NoRoom()])
def test_what_failed_here_is_tried_again_in_minutes_for_the_schedule(
    lone: Any, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def failing(*_: Any) -> Any:
        raise trouble

    monkeypatch.setattr(_Run, "_new", failing)
    desk = lone("http://127.0.0.1:9")
    fetch_schedule.save(desk, person(desk, "admin"), "demo", Automatic(on=True, hours=48))
    fetch_schedule.request_due(desk)
    assert fetch_next(desk)
    with desk.store.read() as tx:
        last = payout_requests.last_scheduled(tx, "demo")
    assert last is not None
    assert (last.state, last.due_at - clock.now() < timedelta(minutes=6)) == ("waiting", True)


def test_a_look_at_the_list_that_came_to_nothing_is_not_the_last_for_two_days(lone: Any) -> None:
    with serve(wire.say(told({"error": {"code": 1000005}}, "403 Forbidden"))) as server:
        desk = lone(server.url)
        fetch_schedule.save(desk, person(desk, "admin"), "demo", Automatic(on=True, hours=48))
        for hours, due in ((0, True), (3, False), (5, True)):
            clock.use(lambda hours=hours: timedelta(hours=hours))
            fetch_schedule.request_due(desk)
            assert fetch_next(desk) is due, hours
    clock.use(None)


def test_a_refused_account_is_not_asked_file_by_file(lone: Any) -> None:
    refused = told({"error": {"code": 1000005}}, "403 Forbidden")
    items = [{**ITEM, "settlementid": number} for number in range(1, 6)]

    def behave(connection: Any, request: bytes) -> None:
        listing = b"/v1/settlement?" in request and b"&page=1&" in request
        connection.sendall(
            told({"settlements": items})
            if listing
            else refused
            if b"raw." in request
            else told({"settlements": []})
        )

    with serve(behave) as server:
        desk = lone(server.url)
        seen = request(desk, person(desk, "finance"))
        assert sum("raw." in path for path in paths(server)) == 1
    assert seen.last is not None
    assert (seen.last.wanted, seen.last.missed) == (5, 1)


def test_a_list_that_repeats_its_page_ends(lone: Any) -> None:
    """How pages are counted is HiPay's to say: one that ignores the number must not be asked for ever."""

    def behave(connection: Any, request: bytes) -> None:
        connection.sendall(told({"settlements": [ITEM]}) if b"raw." not in request else told(FILE))

    with serve(behave) as server:
        desk = lone(server.url)
        seen = request(desk, person(desk, "finance"))
        assert len([path for path in paths(server) if path == "/v1/settlement"]) == 2
    assert seen.total == 1


def test_a_process_that_ends_gives_the_request_back(lone: Any) -> None:
    with serve(hipay(csv=told(FILE))) as server:
        desk = lone(server.url)
        finance = person(desk, "finance")
        fetch_requests.request_fetch(desk, finance, "demo", "key")
        stopping = threading.Event()
        stopping.set()
        assert fetch_next(desk, stopping)
        under_way = fetch_requests.read_fetching(desk, finance, "demo").under_way
        assert under_way is not None
        assert (under_way.state, files(desk)) == ("waiting", [])
        assert fetch_next(desk)
    assert len(files(desk)) == 1


def test_a_worker_thought_dead_writes_nothing(lone: Any) -> None:
    with serve(hipay(csv=told(FILE))) as server:
        desk = lone(server.url)
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
    assert (row.state, row.tries, len(files(desk))) == ("done", 2, 1)
    assert payout.file == files(desk)[0].id


def seen_by_check_list(desk: Desk, account: str = "demo") -> dict[str, tuple[str, str]]:
    with desk.store.read() as tx:
        return {name: found[:2] for name, found in findings(tx, desk, account, ("unknown", "unset", {}))}


def test_the_check_list_follows(desk: Desk, finance: Actor, sandbox: RunningSandbox) -> None:
    assert seen_by_check_list(desk) == {
        "payouts_fetched": ("unknown", "by_hand"),
        "finance_notifications": ("unknown", "none"),
        "settlements_folder": ("unknown", "unset"),
    }
    fetch_schedule.save(desk, person(desk, "admin"), "demo", Automatic(True))
    assert seen_by_check_list(desk)["payouts_fetched"] == ("unknown", "none")
    [payout] = settle(sandbox)
    sandbox.control("settings", {"settlement_files": False})
    request(desk, finance)
    assert seen_by_check_list(desk)["payouts_fetched"] == ("warning", "failed")
    sandbox.control("settings", {"settlement_files": True})
    request(desk, finance)
    assert seen_by_check_list(desk)["payouts_fetched"] == ("ok", "")
    announce(desk, payout)
    assert seen_by_check_list(desk)["finance_notifications"] == ("ok", "")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "no_address"),
        ({"public_url": "https://pay.example.com"}, "no_password"),
    ],
)
def test_the_check_list_says_what_notifications_lack(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    desk = open_test_desk(tmp_path, **STAGE, **settings)
    found = seen_by_check_list(desk, "shop")
    assert found["finance_notifications"] == ("unknown", said)
    assert found["payouts_fetched"] == ("unknown", "stage")
    desk.close()


def test_a_fault_of_ours_ends_the_request(lone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: Any, **__: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("services.imports.fetch.downloaded", break_down)
    with serve(hipay(csv=told(FILE))) as server:
        desk = lone(server.url)
        seen = request(desk, person(desk, "finance"))
    assert seen.under_way is None
    assert seen.last is not None
    assert (seen.last.state, seen.last.failure) == ("failed", "payout")


@pytest.mark.parametrize(
    "head",
    [FILE, b"\xef\xbb\xbf" + FILE, FILE.decode().encode("utf-16"), FILE.decode().encode("utf-16-le"), b"\xd0\xcf\x11\xe0" + b"\x00" * 500, b"PK\x03\x04\x00\x00"],
)  # fmt: skip
def test_what_may_be_a_payout_file(head: bytes) -> None:
    check_content(head)


def test_no_secret_is_stored_with_a_failure(lone: Any) -> None:
    error = Stopped()
    assert str(error) == ""
    from services.hipay.errors import Refused

    assert detail_of(Refused(1, "field", "words that repeat what was sent")) == {
        "hipay_code": "1",
        "field": "field",
    }
