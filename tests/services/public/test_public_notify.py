"""The receiver of HiPay's notifications, over real HTTP."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from services.desk import Desk
from services.settings.account import Account
from services.store.schema.orders import notifications
from tests.support.desk import all_that_is_stored, nobody_else_writes
from tests.support.public import HOLDER, PAN, PASSPHRASE, TOKEN, body, order_with_page, serving, signed


def account(key: str, **values: Any) -> Account:
    return Account(
        **{
            "key": key,
            "name": f"Shop {key}",
            "environment": "sandbox",
            "login": "l",
            "password": "p",
            "passphrase": PASSPHRASE,
            **values,
        }
    )


ACCOUNTS = {
    "demo": account("demo"),
    "old": account("old", hash_algorithm="sha1"),
    "long": account("long", hash_algorithm="sha512"),
    "moving": account("moving", passphrase="new-one", previous_passphrase=PASSPHRASE),
}
pytestmark = pytest.mark.desk(accounts=ACCOUNTS)


@pytest.fixture
def client(desk: Desk) -> Iterator[httpx.Client]:
    with serving(desk) as client:
        yield client


def stored(desk: Desk) -> list[Any]:
    with desk.store.read() as tx:
        return list(tx.execute(select(notifications).order_by(notifications.c.id)))


def test_a_right_signature_is_stored_at_once(client: httpx.Client, desk: Desk) -> None:
    raw = body()
    answer = client.post("/notify/demo", content=raw, headers=signed(raw))
    assert (answer.status_code, answer.content) == (202, b"")
    [row] = stored(desk)
    assert (row.account, row.state, row.identity) == ("demo", "received", hashlib.sha256(raw).hexdigest())
    assert desk.wake.is_set()


@pytest.mark.parametrize(
    ("key", "signature"),
    [
        # printf 'order[id]=A-1&status=118&amount=15.00sandbox-passphrase' | sha1sum, sha256sum, sha512sum
        ("old", "d1d78f8d5ea6f41251a249ea86ba2867fad24906"),
        ("demo", "b2205bef97919a806d83f1985c9009546fa8107c975b67a3a7af4c82d9556a84"),
        (
            "long",
            "b886cd6294634e1b2e8ce6847b93db9b9909254ac04f5df1060f483f33fbbdeb"
            "d8110b8337ebd65a393554839f7dd4a5fd983d4d97b0709a91a4f678b866ac37",
        ),
    ],
)
def test_golden_vectors(client: httpx.Client, desk: Desk, key: str, signature: str) -> None:
    raw = b"order[id]=A-1&status=118&amount=15.00"
    assert (
        client.post(f"/notify/{key}", content=raw, headers={"X-Allopass-Signature": signature}).status_code
        == 202
    )
    others = {"old", "demo", "long"} - {key}
    for other in others:
        refused = client.post(f"/notify/{other}", content=raw, headers={"X-Allopass-Signature": signature})
        assert refused.status_code == 403
    assert [row.account for row in stored(desk)] == [key]


RIGHT = signed(body())["X-Allopass-Signature"]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"X-Allopass-Signature", b"")],
        [(b"X-Allopass-Signature", b"0" * 64)],
        [(b"X-Allopass-Signature", RIGHT[:-1].encode())],
        [(b"X-Allopass-Signature", RIGHT.upper().encode())],
        [(b"X-Allopass-Signature", "signé-é".encode("latin-1"))],
        [(b"X-Allopass-Signature", b"\xff\xfe\x80" * 20)],
        [(b"X-Allopass-Signature", RIGHT.encode()), (b"X-Allopass-Signature", RIGHT.encode())],
        [(b"X-Allopass-Signature", signed(body(), secret="")["X-Allopass-Signature"].encode())],
        [(b"X-Allopass-Signature", signed(body(), algorithm="sha1")["X-Allopass-Signature"].encode())],
    ],
    ids=[
        "missing",
        "empty",
        "wrong",
        "short",
        "capitals",
        "latin",
        "bytes",
        "twice",
        "no secret",
        "other algorithm",
    ],
)
def test_a_signature_that_does_not_fit_is_refused(
    client: httpx.Client, desk: Desk, headers: list[tuple[bytes, bytes]], caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.post("/notify/demo", content=body(), headers=headers)
    assert (answer.status_code, answer.text) == (403, "Forbidden")
    assert stored(desk) == []
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(
    "changed",
    [
        body() + b"&x=1",
        body() + b"\n",
        body().replace(b"15.00", b"99.00"),
        body().replace(b"%5B", b"["),
        body().replace(b"%5B", b"%5b"),
        b"",
    ],
)
def test_a_body_changed_or_written_otherwise_is_refused(
    client: httpx.Client, desk: Desk, changed: bytes
) -> None:
    assert changed != body()
    assert client.post("/notify/demo", content=changed, headers=signed(body())).status_code == 403
    assert stored(desk) == []


@pytest.mark.parametrize("hash_name", ["sha1", "md5", ""])
def test_the_request_never_chooses_the_algorithm(client: httpx.Client, desk: Desk, hash_name: str) -> None:
    raw = body()
    weak = {"X-Allopass-Signature": hashlib.sha1(raw + PASSPHRASE.encode()).hexdigest(), "hash": hash_name}
    assert client.post(f"/notify/demo?hash={hash_name}", content=raw, headers=weak).status_code == 403
    assert client.post(f"/notify/demo?hash={hash_name}", content=raw, headers=signed(raw)).status_code == 202
    assert len(stored(desk)) == 1


def test_both_passphrases_are_taken_during_a_rotation(client: httpx.Client, desk: Desk) -> None:
    before, after, foreign = body(), body(status=116), body(status=117)
    assert client.post("/notify/moving", content=before, headers=signed(before)).status_code == 202
    assert client.post("/notify/moving", content=after, headers=signed(after, "new-one")).status_code == 202
    assert client.post("/notify/moving", content=foreign, headers=signed(foreign, "third")).status_code == 403
    assert len(stored(desk)) == 2


def test_a_replay_is_accepted_and_stored_once(client: httpx.Client, desk: Desk) -> None:
    raw = body()
    for _ in range(3):
        assert client.post("/notify/demo", content=raw, headers=signed(raw)).status_code == 202
    assert len(stored(desk)) == 1
    # The same body is another fact for another account.
    moved = {"X-Allopass-Signature": hashlib.sha1(raw + PASSPHRASE.encode()).hexdigest()}
    assert client.post("/notify/old", content=raw, headers=moved).status_code == 202
    assert len(stored(desk)) == 2


def test_200_notifications_from_10_connections_are_all_stored(client: httpx.Client, desk: Desk) -> None:
    bodies = [body(f"A-{number}") for number in range(200)]

    def send(part: list[bytes]) -> list[int]:
        with httpx.Client(base_url=client.base_url, timeout=30) as own:
            return [own.post("/notify/demo", content=raw, headers=signed(raw)).status_code for raw in part]

    with ThreadPoolExecutor(10) as pool:
        answers = [code for codes in pool.map(send, [bodies[n::10] for n in range(10)]) for code in codes]
    assert answers == [202] * 200
    assert {row.identity for row in stored(desk)} == {hashlib.sha256(raw).hexdigest() for raw in bodies}


def test_a_locked_database_answers_503_and_the_next_try_is_stored(desk: Desk) -> None:
    raw = body()
    with serving(desk, patience=0.3) as client:
        with nobody_else_writes(desk):
            answer = client.post("/notify/demo", content=raw, headers=signed(raw))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
            assert client.get("/health").status_code == 200  # nobody else waits
        assert client.post("/notify/demo", content=raw, headers=signed(raw)).status_code == 202
    assert len(stored(desk)) == 1


def test_a_broken_database_answers_503_without_a_word(
    client: httpx.Client, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    with desk.store.write() as tx:
        tx.exec_driver_sql("ALTER TABLE notifications RENAME TO gone")
    raw = body()
    answer = client.post("/notify/demo", content=raw, headers=signed(raw))
    assert (answer.status_code, answer.text) == (503, "Unavailable")
    assert client.get("/health").status_code == 503
    assert "did not answer" in caplog.text
    assert "INSERT" not in caplog.text


def test_an_unknown_account_is_404_and_another_method_405(client: httpx.Client, desk: Desk) -> None:
    raw = body()
    assert client.post("/notify/nobody", content=raw, headers=signed(raw)).status_code == 404
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = client.request(method, "/notify/demo")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert stored(desk) == []


def test_a_body_over_1_mb_is_413_with_or_without_its_length(client: httpx.Client, desk: Desk) -> None:
    large = b"x" * 10_000_000
    assert client.post("/notify/demo", content=large, headers=signed(large)).status_code == 413
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(160):
            sent += 65_536
            yield b"x" * 65_536

    assert client.post("/notify/demo", content=pieces(), headers=signed(large)).status_code == 413
    whole = b"x=" + b"y" * 999_998
    assert client.post("/notify/demo", content=whole, headers=signed(whole)).status_code == 202
    assert len(stored(desk)) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"order[id]=\xff\xfe&status=118",
        b"order%5Bid%5D=A%00B&status=118",
        b"\x00\x01\x02",
        b"<notification><order><id>A</id>",
        b'<!DOCTYPE a [<!ENTITY x "y">]><notification>&x;</notification>',
        b"{" * 5000,
        b'{"status":118,"captured_amount":1e999999999999999999999}',
        b"&" * 900_000,
        b"[]=&[=&]=&=%",
    ],
)
def test_a_signed_body_that_makes_no_sense_is_stored_without_a_crash(
    client: httpx.Client, desk: Desk, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.post("/notify/demo", content=raw, headers=signed(raw)).status_code == 202
    assert [row.state for row in stored(desk)] == ["received"]
    assert "error" not in caplog.text.lower()


XML = f"""<notification><status>118</status><payment_method><token>{TOKEN}</token><pan>{PAN}</pan>
<card_holder>{HOLDER}</card_holder></payment_method><order><id>A-1</id></order></notification>""".encode()
JSON = f'{{"status":"118","payment_method":{{"token":"{TOKEN}","pan":"{PAN}","card_holder":"{HOLDER}"}}}}'.encode()


def test_no_card_data_reaches_the_database_or_a_log(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    _, token = order_with_page(desk)
    query = f"cardtoken={TOKEN}&cardpan={PAN}&name={HOLDER.replace(' ', '%20')}"
    with serving(desk) as client:
        for raw in (body(), XML, JSON):
            assert client.post(f"/notify/demo?{query}", content=raw, headers=signed(raw)).status_code == 202
            assert client.post(f"/notify/demo?{query}", content=raw).status_code == 403
        for path in (
            f"/return/demo/accept/{token}",
            "/return/demo/accept/unknown",
            "/health",
            f"/{TOKEN}",
            f"/notify/{TOKEN}",
        ):
            client.get(f"{path}?{query}")
    desk.close()
    out, err = capfd.readouterr()
    # The clients' own lines are this test's, not the application's.
    lines = "\n".join(
        r.getMessage() for r in caplog.records if r.name.split(".")[0] not in ("httpx", "httpcore")
    )
    written = all_that_is_stored(desk, tmp_path)
    assert b"A-1" in written
    assert "notify demo 202" in lines
    for canary in (TOKEN, PAN, HOLDER, "canary-card-id", HOLDER.replace(" ", "+"), token, "zoe@example.com"):
        assert canary not in lines + out + err
    for canary in (TOKEN, PAN, HOLDER, HOLDER.replace(" ", "+"), "canary-card-id"):
        assert canary.encode() not in written
