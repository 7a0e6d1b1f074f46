"""The return pages, over real HTTP, in every language."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services import clock
from services.access import Actor
from services.accounts import configuration
from services.desk import Desk
from services.i18n import LANGUAGES, translator
from services.orders.staff_return import staff_return
from services.public import customer_texts
from services.public.customer_texts import PAGES
from services.store import schema
from services.store.orders import orders, steps
from tests.support.desk import nobody_else_writes, open_test_desk, person
from tests.support.public import PAN, TOKEN, feedback, order_row, order_with_page, serving

KINDS = ("accept", "decline", "pending", "cancel", "exception")


@pytest.fixture
def client(desk: Desk) -> Iterator[httpx.Client]:
    with serving(desk) as client:
        yield client


def reads_due(desk: Desk, row: int) -> list[Any]:
    with desk.store.read() as tx:
        return [due for kind, due in steps.steps_of(tx, row).items() if kind == "read"]


def shown(answer: httpx.Response) -> str:
    """The words of the page."""
    text = re.sub(r"<style.*?</style>", "", answer.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).replace("&#39;", "'")


def heading(answer: httpx.Response) -> str:
    found = re.search(r"<h1>(.*?)</h1>", answer.text)
    assert found
    return found[1]


@pytest.mark.parametrize("kind", KINDS)
def test_signed_parameters_lead_to_the_clean_page_and_a_read(
    client: httpx.Client, desk: Desk, kind: str
) -> None:
    row, token = order_with_page(desk)
    before = order_row(desk, row)
    answer = client.get(f"/return/demo/{kind}/{token}", params=feedback())
    assert answer.status_code == 303
    clean = answer.next_request
    assert clean is not None
    assert (clean.url.path, clean.url.query) == (f"/return/demo/{kind}/{token}", b"")
    assert answer.headers["referrer-policy"] == "no-referrer"
    [due] = reads_due(desk, row)
    assert due <= clock.now()
    assert desk.wake.is_set()
    page = client.get(clean.url)
    assert page.status_code == 200
    for value in ("Zoé Lefèvre-Müller", "15,00\xa0€", "A-1", "Maison Demo"):
        assert value in page.text
    assert order_row(desk, row) == before


def test_a_visit_brings_the_next_read_forward_but_never_asks_twice(client: httpx.Client, desk: Desk) -> None:
    row, token = order_with_page(desk)
    with desk.store.write() as tx:
        steps.schedule(tx, row, "read", "demo", clock.now() + timedelta(hours=1))
    client.get(f"/return/demo/accept/{token}", params=feedback())
    [first] = reads_due(desk, row)
    assert first <= clock.now()
    for _ in range(3):
        assert client.get(f"/return/demo/accept/{token}", params=feedback()).status_code == 303
    assert reads_due(desk, row) == [first]
    # Just read: the customer's reload does not make us ask HiPay again.
    with desk.store.write() as tx:
        tx.execute(schema.orders.steps.delete())
        orders.change_order(tx, row, checked_at=clock.now())
    assert client.get(f"/return/demo/accept/{token}", params=feedback()).status_code == 303
    assert reads_due(desk, row) == []


@pytest.mark.parametrize(
    "query",
    [
        {**feedback(), "status": "116"},
        {**feedback(), "added": "1"},
        {**feedback(), "hash": ""},
        {**feedback(), "hash": "é"},
        feedback(secret="another"),
        feedback("A-2"),
        [*feedback().items(), ("orderid", "A-1")],
        "hash=%FF%FE",
        "hash=" + "&a=b" * 300,
    ],
    ids=["changed", "added", "empty", "non-ascii", "secret", "other order", "twice", "bytes", "many"],
)
def test_parameters_that_hipay_did_not_sign_are_refused(client: httpx.Client, desk: Desk, query: Any) -> None:
    row, token = order_with_page(desk)
    answer = client.get(f"/return/demo/accept/{token}", params=query)
    assert answer.status_code == 403
    assert heading(answer) == translator("fr", "customer")(PAGES["invalid_link"].title)
    for value in ("Zoé", "15,00", "A-1", TOKEN, PAN):
        assert value not in answer.text
    assert reads_due(desk, row) == []


def test_parameters_without_a_hash_prove_nothing_and_are_dropped(client: httpx.Client, desk: Desk) -> None:
    row, token = order_with_page(desk)
    answer = client.get(f"/return/demo/accept/{token}", params={"utm_source": "x"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"./{token}")
    assert len(reads_due(desk, row)) == 1


def test_the_previous_passphrase_is_taken_during_a_rotation(tmp_path: Path) -> None:
    account = {
        "name": "Shop",
        "environment": "sandbox",
        "login": "l",
        "password": "p",
        "passphrase": "new",
        "previous_passphrase": "former",
        "hash_algorithm": "sha256",
    }
    desk = open_test_desk(tmp_path, accounts={"demo": account})
    _, token = order_with_page(desk)
    with serving(desk) as client:
        for secret, status in (("new", 303), ("former", 303), ("sandbox-passphrase", 403)):
            assert (
                client.get(f"/return/demo/accept/{token}", params=feedback(secret=secret)).status_code
                == status
            )
    desk.close()


@pytest.mark.parametrize(
    ("path", "language", "words"),
    [
        ("/return/demo/accept/unknown", "de-AT,de;q=0.9,en;q=0.5", "Dieser Link ist ungültig"),
        ("/return/nobody/accept/{token}", "xx, pl;q=0.8, fr;q=0.4", "Ten link"),
        ("/return/demo/refund/{token}", "fr;q=0, sv, *", "This link is not valid"),
        ("/return/demo/accept/unknown?hash=1", "", "This link is not valid"),
        ("/return/preview/refund", ";;;q=2,fr-FR", "Ce lien n’est pas valable"),
    ],
)
def test_an_unknown_page_is_404_in_the_browsers_language(
    client: httpx.Client, desk: Desk, path: str, language: str, words: str
) -> None:
    row, token = order_with_page(desk)
    answer = client.get(path.format(token=token), headers={"accept-language": language})
    assert answer.status_code == 404
    assert words in shown(answer)
    assert "Zoé" not in answer.text
    assert reads_due(desk, row) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_page_speaks_the_customers_language(
    client: httpx.Client, desk: Desk, kind: str, language: str
) -> None:
    _, token = order_with_page(desk, language=language)
    answer = client.get(f"/return/demo/{kind}/{token}", headers={"accept-language": "ja"})
    t = translator(language, "customer")
    text = customer_texts.SUBMITTED if kind == "accept" else PAGES[kind]
    assert (heading(answer), t(text.body) in shown(answer)) == (t(text.title), True)
    assert f'<html lang="{language}">' in answer.text
    if language != "en":
        assert t(text.title) != text.title


def test_every_text_of_the_pages_is_translated() -> None:
    own = [value for name, value in vars(customer_texts).items() if name.isupper()]
    ids = [line for value in own for line in (value if isinstance(value, tuple) else (value,))]
    ids = [line for line in ids if isinstance(line, str)]
    assert len(ids) == 20
    alike = {"Description"}  # in French
    for language in set(LANGUAGES) - {"en"}:
        t = translator(language, "customer")
        assert [text for text in ids if t.gettext(text) == text and text not in alike] == [], language


@pytest.mark.parametrize(
    ("kind", "payment", "told"),
    [
        ("accept", "unpaid", "submitted"), ("accept", "refused", "submitted"), ("accept", "pending", "submitted"),
        ("accept", "authorised", "accept"), ("accept", "captured", "accept"), ("accept", "refunded", "accept"),
        ("decline", "captured", "paid"), ("cancel", "captured", "paid"), ("exception", "captured", "paid"),
        ("pending", "captured", "accept"), ("decline", "pending", "pending"), ("cancel", "authorised", "pending"),
        ("decline", "refused", "decline"), ("cancel", "unpaid", "cancel"), ("pending", "unpaid", "pending"),
    ],
)  # fmt: skip
def test_no_page_claims_more_than_is_known(
    client: httpx.Client, desk: Desk, kind: str, payment: str, told: str
) -> None:
    _, token = order_with_page(desk, language="en", payment=payment)
    text = customer_texts.SUBMITTED if told == "submitted" else PAGES[told]
    answer = client.get(f"/return/demo/{kind}/{token}")
    assert heading(answer) == text.title
    assert ("has been accepted" in shown(answer)) == (told == "accept")


def test_the_way_back_to_the_payment_is_offered_only_while_it_can_be_paid(
    client: httpx.Client, desk: Desk
) -> None:
    def offers(kind: str, **changes: Any) -> bool:
        _, token = order_with_page(desk, f"B-{next(numbers)}", **changes)
        return "https://secure-gateway.example.com/pay/1" in client.get(f"/return/demo/{kind}/{token}").text

    numbers = iter(range(100))
    assert offers("decline", payment="refused")
    assert offers("cancel")
    assert not offers("accept")
    assert not offers("exception")  # it may have been paid
    assert not offers("decline", payment="captured")
    assert not offers("decline", page_expires_at=clock.now() - timedelta(seconds=1))
    assert not offers("decline", page_state="lost")


def test_the_merchants_name_logo_colour_and_contact_are_shown(client: httpx.Client, desk: Desk) -> None:
    admin: Actor = person(desk, "admin")
    values = {
        "merchant_name": "Zoé & <Fils>",
        "logo_url": "https://cdn.example.com:8443/logo.png",
        "colour": "#ffdd00",
        "support_contact": "aide@example.com",
    }
    configuration.save_email_settings(desk, admin, "demo", "", values)
    configuration.save_email_settings(desk, admin, "demo", "de", {"support_contact": "hilfe@example.com"})
    _, token = order_with_page(
        desk, language="de", first_name="<script>alert(1)</script>", last_name="{{7*7}}"
    )
    answer = client.get(f"/return/demo/decline/{token}")
    assert 'alt="Zoé &amp; &lt;Fils&gt;"' in answer.text
    assert "hilfe@example.com" in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}}" in answer.text
    assert "--button: #ffdd00; --ink: #1a1a1a;" in answer.text
    assert "img-src https://cdn.example.com:8443" in answer.headers["content-security-policy"]


def test_the_preview_is_marked_as_an_example(client: httpx.Client, desk: Desk) -> None:
    for language in LANGUAGES:
        for kind in KINDS:
            answer = client.get(f"/return/preview/{kind}", params={"lang": language, "account": "demo"})
            assert answer.status_code == 200
            assert " ".join(translator(language, "customer")(customer_texts.EXAMPLE).split()) in shown(answer)
            assert 'name="robots" content="noindex, nofollow"' in answer.text
            assert (heading(answer), "TEST-0001" in answer.text) == (
                translator(language, "customer")(PAGES[kind].title),
                True,
            )
    assert "Example with sample data" in client.get("/return/preview/accept?lang=ja&account=nobody").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/return/demo/accept/{token}", 200), ("/return/demo/accept/{token}?a=1", 303), ("/return/preview/accept", 200),
        ("/return/demo/accept/{token}?hash=1", 403), ("/return/demo/accept/unknown", 404), ("/health", 200), ("/", 404),
        ("/_stcore/health", 404), ("/return/demo/accept/{token}/", 303), ("/return/demo/accept/", 404), ("/notify/demo", 405), ("/docs", 404),
    ],
)  # fmt: skip
def test_every_answer_is_closed_to_others(client: httpx.Client, desk: Desk, path: str, status: int) -> None:
    _, token = order_with_page(desk)
    answer = client.get(path.format(token=token))
    assert answer.status_code == status
    headers = answer.headers
    policy = headers["content-security-policy"]
    assert policy.startswith(
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert "unsafe" not in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert "server" not in headers
    assert "set-cookie" not in headers
    assert "strict-transport-security" not in headers


def test_a_style_nonce_is_used_once(client: httpx.Client, desk: Desk) -> None:
    _, token = order_with_page(desk)
    nonces = set()
    for _ in range(3):
        answer = client.get(f"/return/demo/accept/{token}")
        found = re.search(r"style-src 'nonce-([^']+)'", answer.headers["content-security-policy"])
        assert found
        assert f'<style nonce="{found[1]}">' in answer.text
        nonces.add(found[1])
    assert len(nonces) == 3


def test_only_the_public_address_and_this_machine_are_answered(tmp_path: Path) -> None:
    desk = open_test_desk(tmp_path, public_url="https://pay.example.com/desk")
    with serving(desk) as client:
        for host in (
            "pay.example.com",
            "PAY.example.com:443",
            "pay.example.com.",
            "127.0.0.1",
            "localhost:8503",
            "[::1]:8503",
        ):
            answer = client.get("/health", headers={"host": host})
            assert (answer.status_code, answer.headers["strict-transport-security"]) == (
                200,
                "max-age=31536000",
            ), host
        for host in (
            "evil.example",
            "pay.example.com.evil.example",
            "",
            "127.0.0.1.evil.example",
            "[",
            "xpay.example.com",
        ):
            answer = client.get("/health", headers={"host": host})
            assert (answer.status_code, answer.text) == (404, "Not found"), host
    desk.close()


def test_a_locked_database_still_redirects_and_shows_the_page(desk: Desk) -> None:
    _, token = order_with_page(desk)
    with serving(desk, patience=0.3) as client, nobody_else_writes(desk):
        assert client.get(f"/return/demo/accept/{token}", params=feedback()).status_code == 303
        assert client.get(f"/return/demo/accept/{token}").status_code == 200


def test_a_broken_database_is_said_in_words(client: httpx.Client, desk: Desk) -> None:
    with desk.store.write() as tx:
        tx.exec_driver_sql("ALTER TABLE pages RENAME TO gone")
    answer = client.get("/return/demo/accept/x", headers={"accept-language": "es"})
    assert answer.status_code == 503
    assert heading(answer) == translator("es", "customer")(customer_texts.UNAVAILABLE.title)


def test_a_fault_of_ours_is_an_error_id_and_no_traceback(
    client: httpx.Client, desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def faulty(*_: Any) -> None:
        raise ValueError("secret text of zoe@example.com")

    monkeypatch.setattr("services.public.return_pages.answer", faulty)
    answer = client.get("/return/demo/accept/x")
    assert answer.status_code == 500
    error_id = answer.text.removeprefix("Error ")
    assert re.fullmatch(r"[0-9a-f]{8}", error_id)
    assert answer.headers["cache-control"] == "no-store"
    [line] = [r.getMessage() for r in caplog.records if error_id in r.getMessage()]
    assert "ValueError in return_page: test_return_pages.py:" in line
    assert "secret text" not in caplog.text


def test_an_invented_token_at_the_operators_return_opens_no_write_transaction(desk: Desk) -> None:
    row, token = order_with_page(desk)
    with nobody_else_writes(desk):
        assert staff_return(desk, "made-up") == "/payment-requests"
    assert staff_return(desk, token) == f"/payment-requests?order={row}"
    assert len(reads_due(desk, row)) == 1


def test_when_hipays_page_has_ended_our_own_link_leads_back(client: httpx.Client, desk: Desk) -> None:
    ended = {"page_expires_at": clock.now() - timedelta(minutes=1), "link_token": "tok"}
    _, token = order_with_page(desk, **ended)
    assert f'href="{desk.settings.public}/p/tok"' in client.get(f"/return/demo/decline/{token}").text
    _, token = order_with_page(desk, "A-2", **ended | {"link_token": "off", "availability": "cancelled"})
    assert "/p/off" not in client.get(f"/return/demo/decline/{token}").text


@pytest.mark.parametrize("sign", [".", ")", "%20", "/", "%3E", "»", "_"])
def test_what_is_glued_to_the_address_is_dropped_and_the_signature_still_counts(
    client: httpx.Client, desk: Desk, sign: str
) -> None:
    row, token = order_with_page(desk)
    clean = f"/return/demo/accept/{token}"
    answer = client.get(f"{clean}{sign}")
    assert (answer.status_code, answer.next_request and answer.next_request.url.path) == (303, clean)
    assert reads_due(desk, row) == []
    forged = {**feedback(), "status": "116"}
    assert client.get(f"{clean}{sign}", params=forged).status_code == 403
    answer = client.get(f"{clean}{sign}", params=feedback())
    assert (answer.status_code, answer.next_request and answer.next_request.url.path) == (303, clean)
    assert len(reads_due(desk, row)) == 1
