"""The check list measured against a real sandbox, and by what may go wrong on the way."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.access import NotAllowed
from services.accounts.checks import Check, SenderDomains, sender_domains
from services.accounts.configuration import configuration, save_email_settings
from services.accounts.errors import RecipientMissing, SenderMissing
from services.accounts.readiness import BLOCKS, blocks, readiness
from services.checklist import measure, overview
from services.checklist.guidance import (
    GUIDANCE,
    TITLES,
    console_url,
    guidance,
)
from services.checklist.overview import last_checks
from services.checklist.test_email import send_test_email
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.i18n import translator
from services.mail.dns import SenderDomain
from services.mail.errors import Rejected
from services.store import accounts
from tests.support.accounts import STAGE, audit_of
from tests.support.desk import open_test_desk, person
from tests.support.sandbox import RunningSandbox

AT = datetime(2026, 3, 1, tzinfo=UTC)
SANDBOX = {
    "name": "Maison Demo",
    "environment": "sandbox",
    "login": "sandbox",
    "password": "sandbox",
    "passphrase": "sandbox-passphrase",
}


@pytest.fixture
def open_desk(tmp_path: Path, sandbox: RunningSandbox) -> Iterator[Any]:
    opened: list[Desk] = []

    def open_it(**settings: Any) -> Desk:
        given = {"sandbox_url": sandbox.url, "sandbox_smtp_port": sandbox.smtp_port, **settings}
        opened.append(open_test_desk(tmp_path, **given))
        prepare_demo(opened[-1])
        return opened[-1]

    yield open_it
    for desk in opened:
        desk.close()


def measured(desk: Desk) -> dict[str, Check]:
    key = next(iter(desk.settings.all_accounts))
    return {check.name: check for check in measure.measure(desk, person(desk, "admin"), key)}


def test_everything_is_in_order_with_a_sandbox(open_desk: Any) -> None:
    desk = open_desk()
    before = {check.name: check for check in last_checks(desk, "demo")}
    assert before["credentials"] == Check(name="credentials", status="unknown", reason="never")
    found = measured(desk)
    assert tuple(found) == overview.NAMES
    asked = ("credentials", "hash_algorithm", "products_link", "products_phone", "smtp", "finance_api")
    assert {found[name].status for name in asked} == {"ok"}
    assert "mbway" in found["products_link"].detail["codes"].split()
    assert int(found["products_phone"].detail["count"]) < int(found["products_link"].detail["count"])
    kept = {check.name: check for check in last_checks(desk, "demo")}
    assert [kept[name] for name in asked[:4]] == [found[name] for name in asked[:4]]
    (row, *_) = audit_of(desk)
    assert (row.action, row.detail["credentials"]) == ("account.checked", "ok")


def test_another_hash_algorithm_fails_and_putting_it_right_in_the_settings_is_enough(
    open_desk: Any, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"hash_algorithm": "SHA512"})
    desk = open_desk()
    found = measured(desk)["hash_algorithm"]
    assert (found.status, found.reason, found.detail) == (
        "failed",
        "different",
        {"hipay": "sha512", "ours": "sha256"},
    )
    assert not readiness(desk, "demo", "link").ready
    again = open_desk(accounts={"demo": {**SANDBOX, "hash_algorithm": "sha512"}})
    assert readiness(again, "demo", "link").ready  # nobody had to measure again


def test_sha1_on_both_sides_works_and_warns(open_desk: Any, sandbox: RunningSandbox) -> None:
    sandbox.control("settings", {"hash_algorithm": "SHA1"})
    desk = open_desk(accounts={"demo": {**SANDBOX, "hash_algorithm": "sha1"}})
    assert (measured(desk)["hash_algorithm"].status, measured(desk)["hash_algorithm"].reason) == (
        "warning",
        "sha1",
    )
    assert readiness(desk, "demo", "link").ready


def test_channels_without_payment_methods(open_desk: Any, sandbox: RunningSandbox) -> None:
    sandbox.control("settings", {"products": {"7": ["visa"], "1": []}})
    desk = open_desk()
    found = measured(desk)
    assert (found["products_phone"].status, found["products_phone"].reason) == ("warning", "empty")
    assert readiness(desk, "demo", "link").ready
    assert [each.name for each in readiness(desk, "demo", "phone").missing] == ["products_phone"]
    sandbox.control("settings", {"products": {"7": [], "1": []}})
    assert measured(desk)["products_link"].status == "failed"
    assert [each.name for each in readiness(desk, "demo", "link").missing] == ["products_link"]


def test_wrong_credentials_stop_both_channels_and_are_said_once(open_desk: Any) -> None:
    desk = open_desk(accounts={"demo": {**SANDBOX, "password": "canary-wrong"}})
    found = measured(desk)
    assert (found["credentials"].status, found["credentials"].reason) == ("failed", "refused")
    assert found["credentials"].detail["hipay_code"] == "1000001"
    assert {found[name].reason for name in ("hash_algorithm", "products_link", "products_phone")} == {
        "credentials"
    }
    assert not readiness(desk, "demo", "link").ready
    assert not readiness(desk, "demo", "phone").ready
    assert "canary" not in repr(found)
    with desk.store.read() as tx:
        assert "canary" not in str(accounts.checks(tx, "demo"))


@pytest.mark.parametrize("kind", ["down", "5xx", "garbage", "html"])
def test_a_hipay_that_fails_is_not_known_and_stops_nothing(
    open_desk: Any, sandbox: RunningSandbox, kind: str
) -> None:
    sandbox.control("faults", {"kind": kind})
    desk = open_desk()
    found = measured(desk)
    assert {found[name].status for name in ("credentials", "products_link", "finance_api")} == {"unknown"}
    assert found["smtp"].status == "ok"
    assert readiness(desk, "demo", "link").ready
    assert all(guidance(check).means for check in found.values())


def test_nobody_listening_anywhere(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    desk = open_test_desk(tmp_path, sandbox_url=f"http://127.0.0.1:{port}", sandbox_smtp_port=port)
    found = measured(desk)
    assert (found["credentials"].status, found["credentials"].reason) == ("unknown", "unreachable")
    assert (found["smtp"].status, found["smtp"].reason) == ("failed", "session")
    desk.close()


def test_a_slow_server_costs_the_deadline_and_no_more(
    open_desk: Any, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "DEADLINE", 3)
    sandbox.control("faults", {"kind": "slow", "path": "/v2/", "delay_ms": 60_000})
    desk = open_desk()
    begun = time.monotonic()
    found = measured(desk)
    assert time.monotonic() - begun < 40
    assert {found[name].reason for name in ("credentials", "hash_algorithm", "products_link")} == {"timeout"}
    assert found["finance_api"].status == "ok"


def test_a_check_that_breaks_leaves_the_others(open_desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("canary-text")

    monkeypatch.setattr(measure, "check_session", broken)
    desk = open_desk()
    found = measured(desk)
    assert (found["smtp"].status, found["smtp"].reason) == ("unknown", "answer")
    assert found["credentials"].status == "ok"


def test_only_an_admin_may_measure(open_desk: Any) -> None:
    desk = open_desk()
    with pytest.raises(NotAllowed):
        measure.measure(desk, person(desk, "manager", "finance"), "demo")
    with desk.store.read() as tx:
        assert accounts.checks(tx, "demo") == []


@pytest.mark.parametrize(
    ("spf", "dmarc", "status", "reason"),
    [
        ("ok", "ok", "ok", ""), ("missing", "ok", "warning", "spf"), ("ok", "missing", "warning", "dmarc"),
        ("missing", "missing", "warning", "both"), ("unknown", "unknown", "unknown", "dns"), ("ok", "unknown", "unknown", "dns"),
        ("missing", "unknown", "warning", "spf"),
    ],
)  # fmt: skip
def test_what_the_senders_domain_publishes(
    monkeypatch: pytest.MonkeyPatch, spf: Any, dmarc: Any, status: str, reason: str
) -> None:
    monkeypatch.setattr(measure.dns, "sender_domain", lambda domain: SenderDomain(spf, dmarc, "ok"))
    found = measure._sender_domain(SenderDomains(("maison.example",), ("maison.example",)), AT)
    assert (found.status, found.reason, found.detail["domain"]) == (status, reason, "maison.example")


def test_spf_is_asked_where_mail_comes_back_and_dmarc_of_every_sender(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    published = {
        "bounces.example": SenderDomain("missing", "missing", "ok"),
        "maison.example": SenderDomain("missing", "ok", "ok"),
        "haus.example": SenderDomain("ok", "missing", "ok"),
    }
    monkeypatch.setattr(measure.dns, "sender_domain", published.__getitem__)
    desk = open_test_desk(tmp_path, return_path="back@bounces.example", **STAGE)
    admin = person(desk, "admin")
    save_email_settings(desk, admin, "shop", "", {"sender_address": "boutique@maison.example"})
    save_email_settings(desk, admin, "shop", "de", {"sender_address": "laden@haus.example"})
    with desk.store.read() as tx:
        domains = sender_domains(configuration(tx, "shop"), desk.settings)
    assert domains == SenderDomains(("bounces.example",), ("maison.example", "haus.example"))
    found = measure._sender_domain(domains, AT)
    assert (found.reason, found.detail["spf"], found.detail["dmarc"]) == (
        "both",
        "bounces.example",
        "haus.example",
    )
    said = translator("en")(guidance(found).means, **found.detail)
    assert said.startswith("No SPF record is published for bounces.example, no DMARC record for haus.example")
    with desk.store.write() as tx:
        accounts.save_check(
            tx,
            "shop",
            found.name,
            found.status,
            {"reason": found.reason, **found.detail},
            at=AT,
            actor_kind="user",
            actor_id="x",
        )
    assert {check.name: check for check in last_checks(desk, "shop")}["sender_domain"].reason == "both"
    save_email_settings(desk, admin, "shop", "de", {"sender_address": ""})
    assert {check.name: check for check in last_checks(desk, "shop")}["sender_domain"].reason == "never"
    desk.close()


def test_the_test_platform_has_no_payouts_and_is_not_asked(tmp_path: Path) -> None:
    desk = open_test_desk(tmp_path, **STAGE)
    assert measure._finance(desk, "shop", AT) == Check(
        name="finance_api", status="unknown", reason="stage", detail={}, checked_at=AT
    )
    desk.close()


def test_a_mail_server_that_is_not_set_stops_the_link(tmp_path: Path) -> None:
    desk = open_test_desk(tmp_path, smtp_url=None, **STAGE)
    found = {check.name: check for check in last_checks(desk, "shop")}["smtp"]
    assert (found.status, found.reason) == ("failed", "unset")
    assert "link" in blocks(found)
    desk.close()


@pytest.mark.parametrize(
    ("version", "status"),
    [((3, 11, 2), "warning"), ((3, 11, 14), "warning"), ((3, 11, 15), "ok"), ((3, 12, 12), "warning"), ((3, 12, 13), "ok"), ((3, 14, 0), "ok")],
)  # fmt: skip
def test_a_python_without_the_repair_is_said(version: tuple[int, ...], status: str) -> None:
    assert overview.python_check(version, AT).status == status


def test_every_result_has_words_in_french() -> None:
    t = translator("fr")
    alike = {"Python", "{kind}", "{version}", "Notifications"}
    said = [text for each in GUIDANCE.values() for text in (each.means, each.where, each.ask) if text]
    untranslated = [text for text in (*said, *TITLES.values()) if t(text) == text and text not in alike]
    assert untranslated == []


def test_guidance_names_who_acts_and_where_or_with_which_text() -> None:
    helpless = [name for name, each in GUIDANCE.items() if each.acts and not (each.where or each.ask)]
    blocking = [name for name in BLOCKS if not GUIDANCE[name].acts]
    assert (helpless, blocking) == ([], [])


def test_the_console_is_that_of_the_accounts_world(tmp_path: Path) -> None:
    desk = open_test_desk(tmp_path, **STAGE)
    assert console_url(desk.account("shop"), "http://127.0.0.1:1") == "https://stage-merchant.hipay-tpp.com"
    desk.close()


def test_the_test_email_goes_to_its_sender_only(open_desk: Any, sandbox: RunningSandbox) -> None:
    desk = open_desk()
    admin = person(desk, "admin", email="admin@maison.example")
    sent = send_test_email(desk, admin, "demo", "de", "stranger@elsewhere.example")
    (mail,) = sandbox.mails()
    assert (mail["to"], sent.to) == (["admin@maison.example"], "admin@maison.example")
    assert mail["subject"].startswith("[TEST] ")
    assert "boutique@maison-demo.example" in mail["from"]
    (row, *_) = audit_of(desk)
    assert (row.action, row.detail) == ("account.test_email", {"language": "de", "result": "sent"})


def test_a_person_without_an_address_gives_one(open_desk: Any, sandbox: RunningSandbox) -> None:
    desk = open_desk()
    nameless = person(desk, "admin", email="")
    with pytest.raises(RecipientMissing):
        send_test_email(desk, nameless, "demo", "fr", " ")
    send_test_email(desk, nameless, "demo", "fr", "me@maison.example")
    assert sandbox.mails()[0]["to"] == ["me@maison.example"]


def test_a_refused_test_email_raises_and_is_audited(open_desk: Any, sandbox: RunningSandbox) -> None:
    sandbox.control("settings", {"smtp_reply": "550 5.7.1 not here"})
    desk = open_desk()
    with pytest.raises(Rejected) as refused:
        send_test_email(desk, person(desk, "admin"), "demo", "fr")
    assert refused.value.reply == 550
    (row, *_) = audit_of(desk)
    assert row.detail["result"] == "mail_rejected"


def test_only_an_admin_may_send_a_test_email(open_desk: Any, sandbox: RunningSandbox) -> None:
    desk = open_desk()
    with pytest.raises(NotAllowed):
        send_test_email(desk, person(desk, "manager"), "demo", "fr")
    assert sandbox.mails() == []


def test_without_a_sender_no_test_email_leaves(tmp_path: Path, sandbox: RunningSandbox) -> None:
    desk = open_test_desk(tmp_path, sandbox_url=sandbox.url, sandbox_smtp_port=sandbox.smtp_port)
    with pytest.raises(SenderMissing):
        send_test_email(desk, person(desk, "admin"), "demo", "fr")
    assert sandbox.mails() == []
    desk.close()
