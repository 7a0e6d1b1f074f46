"""Saving an account's configuration: each field by its rule, each refusal by its name, nothing personal in the audit."""

import pytest

from services import clock
from services.access import NotAllowed
from services.accounts import redirects
from services.accounts.configuration import (
    configuration,
    redirect_pages,
    save_email_settings,
    save_payment_page,
    save_redirect_pages,
    use_own_pages,
)
from services.accounts.errors import AccountUnknown, FieldProblems, LanguageUnknown, PublicAddressMissing
from services.accounts.payment_page import PaymentPage
from services.accounts.readiness import blocks
from services.accounts.redirects import KINDS, OWN, RedirectPages
from services.checklist.overview import last_checks
from services.desk import Desk
from services.store import accounts
from tests.support.accounts import EMAIL, STAGE, audit_of
from tests.support.desk import person

STAGE_DESK = pytest.mark.desk(**STAGE)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("boutique.example/merci", "url_not_absolute"),
        ("/merci", "url_not_absolute"),
        ("ftp://boutique.example/merci", "url_not_absolute"),
        ("javascript:alert(1)", "url_not_absolute"),
        ("https:///merci", "url_not_absolute"),
        ("http://boutique.example/merci", "url_not_secure"),
        ("https://user:secret@boutique.example/merci", "url_has_credentials"),
        ("https://user@boutique.example/merci", "url_has_credentials"),
        ("https://boutique.example/merci#fin", "url_has_fragment"),
        ("https://boutique.example/merci#", "url_has_fragment"),
        ("https://boutique.example/mer ci", "url_malformed"),
        ("https://boutique.example/m\tci", "url_malformed"),
        ("https://élan.example/merci", "url_malformed"),
        ("https://boutique.example\\@evil.example/", "url_malformed"),
        ("https://boutique.example:0/", "url_malformed"),
        ("https://boutique.example:99999/", "url_malformed"),
        ("https://[::1/", "url_malformed"),
        ("https://boutique.example/" + "a" * 2000, "url_too_long"),
    ],
)
@STAGE_DESK
def test_a_redirect_page_that_hipay_could_not_use_is_refused_by_name(desk: Desk, url: str, code: str) -> None:
    with pytest.raises(FieldProblems) as refused:
        save_redirect_pages(
            desk, person(desk, "admin"), "shop", {"accept": "https://good.example/", "decline": url}
        )
    assert {name: problem.code for name, problem in refused.value.problems.items()} == {"decline": code}
    with desk.store.read() as tx:
        assert redirect_pages(tx, "shop") == RedirectPages()


@pytest.mark.parametrize(
    "url", ["https://boutique.example/merci?lang=fr&x=%20", " https://xn--lan-9la.example:8443 "]
)
@STAGE_DESK
def test_a_redirect_page_keeps_its_query_and_loses_its_blanks(desk: Desk, url: str) -> None:
    assert save_redirect_pages(desk, person(desk, "admin"), "shop", {"accept": url}) == ("accept",)
    with desk.store.read() as tx:
        assert redirect_pages(tx, "shop").accept == url.strip()


def test_the_sandbox_takes_http(desk: Desk) -> None:
    save_redirect_pages(desk, person(desk, "admin"), "demo", {"cancel": "http://127.0.0.1:9000/cancel"})
    with desk.store.read() as tx:
        assert redirect_pages(tx, "demo").cancel == "http://127.0.0.1:9000/cancel"


def test_our_own_pages_in_one_click_have_the_address_of_each_payment_page(desk: Desk) -> None:
    assert use_own_pages(desk, person(desk, "admin"), "demo") == KINDS
    with desk.store.read() as tx:
        pages = redirect_pages(tx, "demo")
    assert pages.missing("https://pay.example") == ()
    assert (
        pages.urls("https://pay.example", "demo", "tok")["exception"]
        == "https://pay.example/return/demo/exception/tok"
    )
    assert pages.missing(None) == KINDS
    assert pages.urls(None, "demo", "tok") == {}


@STAGE_DESK
def test_our_own_pages_need_a_public_address(desk: Desk) -> None:
    with pytest.raises(PublicAddressMissing):
        use_own_pages(desk, person(desk, "admin"), "shop")


def test_pages_left_out_stay_and_a_page_can_be_emptied(desk: Desk) -> None:
    admin = person(desk, "admin")
    use_own_pages(desk, admin, "demo")
    assert save_redirect_pages(desk, admin, "demo", {"decline": ""}) == ("decline",)
    with desk.store.read() as tx:
        pages = redirect_pages(tx, "demo")
    assert pages.accept == OWN
    assert pages.missing("https://pay.example") == ("decline",)


def test_what_is_stored_reads_back_the_same() -> None:
    pages = RedirectPages(accept=OWN, decline="https://boutique.example/non")
    assert redirects.stored(redirects.storable(pages)) == pages


def test_saving_twice_writes_and_audits_once_and_only_names(desk: Desk) -> None:
    admin = person(desk, "admin")
    assert save_email_settings(desk, admin, "demo", "", EMAIL) == tuple(EMAIL)
    assert save_email_settings(desk, admin, "demo", "", EMAIL) == ()
    assert save_email_settings(desk, admin, "demo", "", {"footer": "RCS Lyon"}) == ("footer",)
    newest, first = audit_of(desk)
    assert (newest.action, newest.subject, newest.actor_id) == ("account.email", "account:demo", admin.id)
    assert newest.detail == {"fields": ["footer"], "language": ""}
    assert "maison" not in str(first.detail)


def test_a_language_has_its_own_fields_over_the_default(desk: Desk) -> None:
    admin = person(desk, "admin")
    save_email_settings(desk, admin, "demo", "", EMAIL)
    save_email_settings(desk, admin, "demo", "de", {"signature": "Bis bald"})
    with desk.store.read() as tx:
        email = configuration(tx, "demo").email
    assert email.resolve("de").signature == "Bis bald"
    assert email.resolve("de").sender_name == "Maison Élan"
    assert email.resolve("fr").signature == "À bientôt\nCamille"
    assert email.of("de").sender_name == ""
    assert email.default.colour == "#1f4e79"


def test_every_wrong_field_of_the_email_is_named_and_nothing_is_saved(desk: Desk) -> None:
    wrong = EMAIL | {
        "sender_name": "Zoé\r\nBcc: x@evil.example",
        "sender_address": "a@b.example, c@d.example",
        "logo_url": "http://maison.example/logo.png",
        "colour": "red",
    }
    with pytest.raises(FieldProblems) as refused:
        save_email_settings(desk, person(desk, "admin"), "demo", "", wrong)
    codes = {name: problem.code for name, problem in refused.value.problems.items()}
    assert codes == {
        "sender_name": "text_line_break",
        "sender_address": "address_several",
        "logo_url": "logo_address_invalid",
        "colour": "colour_invalid",
    }
    assert audit_of(desk) == []


def test_an_unknown_language_is_refused(desk: Desk) -> None:
    with pytest.raises(LanguageUnknown):
        save_email_settings(desk, person(desk, "admin"), "demo", "xx", {"footer": "x"})


def test_the_payment_page_is_checked_field_by_field(desk: Desk) -> None:
    admin = person(desk, "admin")
    values = {
        "merchant_display_name": "Maison Élan",
        "theme_code": "elan_2026",
        "payment_product_list": ["visa", "cb", "visa"],
        "display_cancel_button": True,
    }
    assert set(save_payment_page(desk, admin, "demo", values)) == set(values)
    assert save_payment_page(desk, admin, "demo", values) == ()
    with desk.store.read() as tx:
        assert configuration(tx, "demo").payment_page.payment_product_list == ("visa", "cb")
    wrong = {
        "merchant_display_name": "x" * 33,
        "theme_code": "a b",
        "payment_product_list": ["VISA;"],
    }
    with pytest.raises(FieldProblems) as refused:
        save_payment_page(desk, admin, "demo", wrong)
    assert {name: problem.code for name, problem in refused.value.problems.items()} == {
        "merchant_display_name": "payment_page_name_too_long",
        "theme_code": "payment_page_theme_malformed",
        "payment_product_list": "payment_page_product_unknown",
    }


def test_a_frame_that_an_earlier_version_stored_is_the_full_page_and_said_until_saved(desk: Desk) -> None:
    with desk.store.write() as tx:
        old = {"theme_code": "elan", "template": "iframe-js", "payment_product_list": ["visa"]}
        accounts.save_section(
            tx, "demo", "payment_page", "", old, at=clock.now(), actor_kind="person", actor_id="1"
        )
    (said,) = [check for check in last_checks(desk, "demo") if check.name == "payment_page"]
    assert (said.status, said.reason, blocks(said)) == ("warning", "framed", frozenset())
    assert save_payment_page(desk, person(desk, "admin"), "demo", {"theme_code": "elan"}) == ("template",)
    with desk.store.read() as tx:
        assert configuration(tx, "demo").payment_page == PaymentPage(
            merchant_display_name="", theme_code="elan", payment_product_list=("visa",)
        )
        assert "iframe" not in str(accounts.sections(tx, "demo"))
    assert "ok" in [check.status for check in last_checks(desk, "demo") if check.name == "payment_page"]
    assert save_payment_page(desk, person(desk, "admin"), "demo", {"theme_code": "elan"}) == ()


@pytest.mark.parametrize("roles", [(), ("manager",), ("finance",), ("manager", "finance")])
def test_only_an_admin_may_change_the_configuration(desk: Desk, roles: tuple[str, ...]) -> None:
    someone = person(desk, *roles)
    for attempt in (
        lambda: save_redirect_pages(desk, someone, "demo", {"accept": "https://a.example"}),
        lambda: use_own_pages(desk, someone, "demo"),
        lambda: save_email_settings(desk, someone, "demo", "", {"footer": "x"}),
        lambda: save_payment_page(desk, someone, "demo", {"theme_code": "x"}),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    with desk.store.read() as tx:
        assert configuration(tx, "demo").redirect_pages == RedirectPages()
    assert audit_of(desk) == []


def test_an_unknown_account_is_refused(desk: Desk) -> None:
    with pytest.raises(AccountUnknown):
        save_redirect_pages(desk, person(desk, "admin"), "elsewhere", {"accept": "https://a.example"})
