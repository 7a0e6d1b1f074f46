"""The receiver of HiPay's finance notifications, over real HTTP: own address, own algorithm, own password."""

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from services.desk import Desk
from services.imports.received import announcements
from services.settings.account import Account
from services.store.schema.fetching import finance_notifications, payout_requests
from tests.support.desk import nobody_else_writes
from tests.support.public import PASSPHRASE, serving

SECRET = "canary-finance-password"
FORM = b"notification_type=settlement&account=00001342917&reference=4711&sales=10.00&amount=9.75&currency=EUR"
JSON = b'{"settlement":{"notification_type":"settlement","account":"1342917","reference":4711,"amount":9.75}}'
XML = b"<settlement><notification_type>settlement</notification_type><reference>4711</reference></settlement>"


def account(key: str, **values: Any) -> Account:
    return Account(
        **{
            "key": key,
            "name": f"Shop {key}",
            "environment": "sandbox",
            "login": "l",
            "password": "p",
            "passphrase": PASSPHRASE,
            "finance_notification_password": SECRET,
            **values,
        }
    )


ACCOUNTS = {
    "demo": account("demo"),
    "old": account("old", finance_notification_algorithm="sha1"),
    "long": account("long", finance_notification_algorithm="sha512"),
    "moving": account(
        "moving", finance_notification_password="new-one", previous_finance_notification_password=SECRET
    ),
    "unset": account("unset", finance_notification_password=None),
    "blank": account("blank", finance_notification_password=""),
}
pytestmark = pytest.mark.desk(accounts=ACCOUNTS)


@pytest.fixture
def client(desk: Desk) -> Iterator[httpx.Client]:
    with serving(desk) as client:
        yield client


def signed(raw: bytes, secret: str = SECRET, algorithm: str = "sha256") -> dict[str, str]:
    return {"X-Allopass-Signature": hashlib.new(algorithm, raw + secret.encode()).hexdigest()}


def stored(desk: Desk) -> list[Any]:
    with desk.store.read() as tx:
        return list(tx.execute(select(finance_notifications).order_by(finance_notifications.c.id)))


def requests(desk: Desk) -> list[tuple[str, str, str]]:
    with desk.store.read() as tx:
        found = tx.execute(select(payout_requests).order_by(payout_requests.c.id))
        return [(row.account, row.source, row.settlement_id) for row in found]


@pytest.mark.parametrize(("key", "algorithm"), [("demo", "sha256"), ("old", "sha1"), ("long", "sha512")])
def test_each_account_has_its_algorithm(client: httpx.Client, desk: Desk, key: str, algorithm: str) -> None:
    for other in {"sha1", "sha256", "sha512"} - {algorithm}:
        refused = client.post(f"/notify-finance/{key}", content=FORM, headers=signed(FORM, algorithm=other))
        assert refused.status_code == 403
    answer = client.post(f"/notify-finance/{key}", content=FORM, headers=signed(FORM, algorithm=algorithm))
    assert (answer.status_code, answer.content) == (202, b"")
    [row] = stored(desk)
    assert (row.account, row.state, row.identity) == (key, "stored", hashlib.sha256(FORM).hexdigest())


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"X-Allopass-Signature", b"")],
        [(b"X-Allopass-Signature", b"0" * 64)],
        [(b"X-Allopass-Signature", "signé".encode("latin-1"))],
        [(b"X-Allopass-Signature", value.encode()) for value in signed(FORM).values()] * 2,
        [(b"X-Allopass-Signature", value.encode()) for value in signed(FORM, PASSPHRASE).values()],
        [(b"X-Allopass-Signature", value.encode()) for value in signed(FORM, "").values()],
    ],
    ids=["missing", "empty", "wrong", "non-ASCII", "twice", "the payments' passphrase", "no secret"],
)
def test_a_signature_that_does_not_fit_is_refused(
    client: httpx.Client, desk: Desk, headers: list[tuple[bytes, bytes]], caplog: pytest.LogCaptureFixture
) -> None:
    for key in ("demo", "unset", "blank"):
        answer = client.post(f"/notify-finance/{key}", content=FORM, headers=headers)
        assert (answer.status_code, answer.text) == (403, "Forbidden")
    assert stored(desk) == []
    assert SECRET not in caplog.text
    assert not [record for record in caplog.records if record.exc_info]


def test_a_changed_body_and_another_hash_in_the_query_are_refused(client: httpx.Client, desk: Desk) -> None:
    for changed in (FORM + b"\n", FORM.replace(b"4711", b"4712"), b""):
        assert client.post("/notify-finance/demo", content=changed, headers=signed(FORM)).status_code == 403
    weak = signed(FORM, algorithm="sha1")
    assert client.post("/notify-finance/demo?hash=sha1", content=FORM, headers=weak).status_code == 403
    # One of payments is none of finance, and the other way round.
    assert client.post("/notify/demo", content=FORM, headers=signed(FORM)).status_code == 403
    assert stored(desk) == []


def test_both_passwords_are_taken_during_a_rotation(client: httpx.Client, desk: Desk) -> None:
    other = FORM.replace(b"4711", b"4712")
    assert client.post("/notify-finance/moving", content=FORM, headers=signed(FORM)).status_code == 202
    assert (
        client.post("/notify-finance/moving", content=other, headers=signed(other, "new-one")).status_code
        == 202
    )
    assert len(stored(desk)) == 2


def test_what_cannot_be_taken(client: httpx.Client, desk: Desk) -> None:
    assert client.post("/notify-finance/nobody", content=FORM, headers=signed(FORM)).status_code == 404
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        answer = client.request(method, "/notify-finance/demo")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    large = b"x" * 10_000_000
    assert client.post("/notify-finance/demo", content=large, headers=signed(large)).status_code == 413
    assert stored(desk) == []


def test_a_locked_database_is_5xx_and_the_next_try_is_stored(desk: Desk) -> None:
    with serving(desk, patience=0.3) as client:
        with nobody_else_writes(desk):
            answer = client.post("/notify-finance/demo", content=FORM, headers=signed(FORM))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert client.post("/notify-finance/demo", content=FORM, headers=signed(FORM)).status_code == 202
    assert len(stored(desk)) == 1


def test_a_replay_has_one_effect(client: httpx.Client, desk: Desk) -> None:
    for _ in range(3):
        assert client.post("/notify-finance/demo", content=FORM, headers=signed(FORM)).status_code == 202
        announcements.work_off(desk)
    assert requests(desk) == [("demo", "notification", "4711")]
    assert [row.state for row in stored(desk)] == ["requested"]


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (FORM, "application/x-www-form-urlencoded"),
        (JSON, "application/json"),
        (XML, "application/xml"),
        (XML, ""),
    ],
)
def test_it_is_worked_off_whatever_its_form(
    client: httpx.Client, desk: Desk, raw: bytes, content_type: str
) -> None:
    headers = signed(raw) | {"Content-Type": content_type}
    assert client.post("/notify-finance/demo", content=raw, headers=headers).status_code == 202
    assert announcements.work_off(desk) == 1
    assert announcements.work_off(desk) == 0
    assert requests(desk) == [("demo", "notification", "4711")]


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        (b"notification_type=balance&reference=1", "ignored"),
        (b"reference=4711", "unreadable"),
        (b"notification_type=settlement", "unreadable"),
        (b"notification_type=settlement&reference=../../etc", "unreadable"),
        (b"notification_type=settlement&reference=%00", "unreadable"),
        (b"\xff\xfe\x00", "unreadable"),
        (b"<settlement><reference>1", "unreadable"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><settlement>&x;</settlement>', "unreadable"),
        (b"{" * 5000, "unreadable"),
        (b'{"settlement":{"reference":1e999999999999999999999}}', "unreadable"),
    ],
)
def test_a_finance_notification_of_another_kind_is_stored_and_changes_nothing(
    client: httpx.Client, desk: Desk, raw: bytes, state: str
) -> None:
    assert client.post("/notify-finance/demo", content=raw, headers=signed(raw)).status_code == 202
    announcements.work_off(desk)
    assert [row.state for row in stored(desk)] == [state]
    assert requests(desk) == []
