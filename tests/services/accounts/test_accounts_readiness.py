"""Whether an account may send: from what is stored, without asking anybody."""

from pathlib import Path
from typing import Any

import pytest

from services import clock
from services.access import NotAllowed
from services.accounts.configuration import save_email_settings, save_redirect_pages, use_own_pages
from services.accounts.errors import AccountUnknown
from services.accounts.pauses import pause, pauses, resume
from services.accounts.readiness import Missing, readiness
from services.checklist.overview import overview
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.mail.settings import FIELDS
from services.store import access, accounts
from tests.support.accounts import EMAIL, STAGE, audit_of
from tests.support.desk import open_test_desk, person

pytestmark = pytest.mark.desk(prepared=True)

SMTP = "127.0.0.1:8525 none"  # the mailbox of the sandbox


def measured(desk: Desk, name: str, status: str, **detail: str) -> None:
    with desk.store.write() as tx:
        accounts.save_check(tx, "demo", name, status, detail, at=clock.now(), actor_kind="user", actor_id="x")


def names(desk: Desk, channel: Any) -> set[str]:
    found = readiness(desk, "demo", channel)
    assert found.ready == (not found.missing)
    return {each.name for each in found.missing}


def test_the_demo_account_is_ready_before_anybody_touches_it(desk: Desk) -> None:
    assert readiness(desk, "demo", "link").ready
    assert readiness(desk, "demo", "phone").ready


def test_preparing_the_demo_again_changes_nothing_that_a_person_did(desk: Desk) -> None:
    save_email_settings(desk, person(desk, "admin"), "demo", "", {"footer": ""})
    prepare_demo(desk)
    assert readiness(desk, "demo", "link").missing == (Missing("email_settings", ("footer",)),)


def test_a_real_account_is_never_prepared(tmp_path: Path) -> None:
    desk = open_test_desk(tmp_path, **STAGE)
    prepare_demo(desk)
    with desk.store.read() as tx:
        assert accounts.sections(tx, "shop") == {}
    desk.close()


def test_a_real_account_begins_with_everything_missing_and_ends_ready(tmp_path: Path) -> None:
    desk = open_test_desk(tmp_path, **STAGE)
    admin = person(desk, "admin")
    empty = readiness(desk, "shop", "link")
    assert empty.missing == (
        Missing("redirect_pages", ("accept", "decline", "pending", "cancel", "exception")),
        Missing("email_settings", FIELDS),
        Missing("smtp"),
    )
    assert readiness(desk, "shop", "phone").ready
    save_redirect_pages(
        desk, admin, "shop", {kind: f"https://maison.example/{kind}" for kind in empty.missing[0].fields}
    )
    save_email_settings(desk, admin, "shop", "", EMAIL)
    assert readiness(desk, "shop", "link").missing == (Missing("smtp"),)
    desk.close()
    again = open_test_desk(tmp_path, smtp_url="smtps://mail.maison.example", **STAGE)
    assert readiness(again, "shop", "link").ready
    again.close()


def test_own_pages_stop_counting_when_the_public_address_goes(tmp_path: Path) -> None:
    first = open_test_desk(tmp_path, public_url="https://pay.example", **STAGE)
    use_own_pages(first, person(first, "admin"), "shop")
    assert "redirect_pages" not in {each.name for each in readiness(first, "shop", "link").missing}
    first.close()
    later = open_test_desk(tmp_path, **STAGE)
    assert "redirect_pages" in {each.name for each in readiness(later, "shop", "link").missing}
    later.close()


@pytest.mark.parametrize(
    ("name", "status", "detail", "link", "phone"),
    [
        (
            "credentials",
            "failed",
            {"reason": "refused", "hipay_code": "1000001"},
            {"credentials"},
            {"credentials"},
        ),
        ("credentials", "unknown", {"reason": "unreachable", "host": "x"}, set(), set()),
        ("hash_algorithm", "ok", {"reason": "", "hipay": "sha512"}, {"hash_algorithm"}, set()),
        ("products_link", "failed", {"reason": "empty"}, {"products_link"}, set()),
        ("products_phone", "warning", {"reason": "empty"}, set(), {"products_phone"}),
        ("smtp", "failed", {"reason": "session", "answer": "421", "server": SMTP}, set(), set()),
        ("smtp", "failed", {"reason": "auth", "answer": "535", "server": SMTP}, {"smtp"}, set()),
        ("smtp", "failed", {"reason": "starttls", "server": SMTP}, {"smtp"}, set()),
        ("smtp", "failed", {"reason": "tls", "answer": "", "server": SMTP}, {"smtp"}, set()),
        ("smtp", "failed", {"reason": "auth", "answer": "535", "server": "elsewhere:25 none"}, set(), set()),
        ("finance_api", "warning", {"reason": "refused"}, set(), set()),
    ],
)
def test_a_measured_result_stops_only_its_channels(
    desk: Desk, name: str, status: str, detail: dict[str, str], link: set[str], phone: set[str]
) -> None:
    measured(desk, name, status, **detail)
    assert names(desk, "link") == link
    assert names(desk, "phone") == phone


def test_a_pause_stops_what_it_names_until_an_admin_resumes(desk: Desk) -> None:
    with desk.store.write() as tx:
        pause(tx, "demo", "mail", "smtp_auth_refused")
    assert readiness(desk, "demo", "link").missing == (Missing("paused", ("mail",)),)
    assert readiness(desk, "demo", "phone").ready
    with desk.store.write() as tx:
        pause(tx, "demo", "gateway", "hipay_not_authorised")
        pause(tx, "demo", "gateway", "hipay_not_authorised")
    assert readiness(desk, "demo", "link").missing == (Missing("paused", ("gateway", "mail")),)
    assert readiness(desk, "demo", "phone").missing == (Missing("paused", ("gateway",)),)

    with pytest.raises(NotAllowed):
        resume(desk, person(desk, "manager"), "demo")
    desk.wake.clear()
    admin = person(desk, "admin")
    resume(desk, admin, "demo")
    assert desk.wake.is_set()
    assert readiness(desk, "demo", "link").ready
    actions = [row.action for row in audit_of(desk)]
    assert actions == ["account.resumed", "account.paused", "account.paused", "account.demo"]
    resume(desk, admin, "demo")
    assert len(audit_of(desk)) == len(actions)


def test_a_pause_keeps_when_it_began_and_takes_the_newest_reason(desk: Desk) -> None:
    with desk.store.write() as tx:
        pause(tx, "demo", "gateway", "hipay_not_authorised")
        (first,) = pauses(tx, "demo")
        pause(tx, "demo", "gateway", "hipay_bad_certificate")
        (second,) = pauses(tx, "demo")
    assert (second.since, second.reason) == (first.since, "hipay_bad_certificate")


def test_the_overview_has_the_persons_rights(desk: Desk) -> None:
    seen = overview(desk, person(desk, "finance"), "demo")
    assert (seen.may_configure, seen.may_send, seen.link.ready) == (False, False, True)
    both = overview(desk, person(desk, "admin", "manager"), "demo")
    assert (both.may_configure, both.may_send) == (True, True)
    with pytest.raises(NotAllowed):
        overview(desk, person(desk), "demo")
    with pytest.raises(AccountUnknown):
        overview(desk, person(desk, "admin"), "elsewhere")


def test_a_role_taken_away_counts_at_once(desk: Desk) -> None:
    admin = person(desk, "admin")
    with desk.store.write() as tx:
        access.set_grants(tx, admin.id, "table", (), at=clock.now(), granted_by="test")
    with pytest.raises(NotAllowed):
        save_email_settings(desk, admin, "demo", "", {"footer": "x"})
