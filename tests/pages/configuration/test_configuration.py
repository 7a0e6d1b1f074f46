"""The configuration screen, rendered and driven."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import services
from services import clock
from services.access import Grant
from services.accounts import redirects
from services.accounts.configuration import REDIRECT_PAGES, configuration, save_email_settings
from services.accounts.pauses import pause
from services.accounts.readiness import readiness
from services.accounts.redirects import KINDS, OWN, RedirectPages
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.store import access, accounts
from tests.support.accounts import STAGE
from tests.support.desk import open_test_desk, person

FILE = "configuration/page.py"
SCREEN = Path(__file__).resolve().parents[3] / "pages" / FILE
OpenPage = Callable[..., AppTest]


@pytest.fixture
def demo(desk: Desk) -> Desk:
    """The demo account as a newcomer finds it, measured a moment ago."""
    prepare_demo(desk)
    with desk.store.write() as tx:
        for name in ("credentials", "products_link", "products_phone", "finance_api"):
            detail = {"reason": "", "count": "2", "codes": "cb visa"}
            accounts.save_check(
                tx, "demo", name, "ok", detail, at=clock.now(), actor_kind="user", actor_id="x"
            )
    return desk


def stored(desk: Desk) -> Any:
    return stored_of(desk, "demo")


def stored_of(desk: Desk, account: str) -> Any:
    with desk.store.read() as tx:
        return configuration(tx, account)


def said(elements: Any) -> str:
    return "\n".join(element.value for element in elements)


@pytest.mark.parametrize(
    ("language", "enabled", "phone"),
    [
        ("en", "Send by e-mail is enabled", "Payment by phone is enabled"),
        ("fr", "L’envoi par e-mail est activé", "Le paiement par téléphone est activé"),
    ],
)
def test_a_ready_account_says_so_in_one_sentence(
    demo: Desk, open_page: OpenPage, language: str, enabled: str, phone: str
) -> None:
    at = open_page(FILE, "admin", language=language)
    assert not at.exception
    assert enabled in said(at.success)
    assert phone in said(at.success)
    assert not at.error


def test_the_check_list_says_who_acts_and_with_which_words(demo: Desk, open_page: OpenPage) -> None:
    with demo.store.write() as tx:
        accounts.save_check(
            tx,
            "demo",
            "products_phone",
            "warning",
            {"reason": "empty"},
            at=clock.now(),
            actor_kind="user",
            actor_id="x",
        )
    at = open_page(FILE, "admin")
    assert "Payment by phone is not available" in said(at.warning)
    assert "[Payment methods by phone](#checks)" in said(at.warning)
    assert "No payment method is open for payments by phone in EUR" in said(at.markdown)
    assert "your HiPay account manager" in said(at.caption)
    (words,) = [each.value for each in at.code if "ECI 1" in each.value]
    assert "our account Maison Demo" in words


def test_a_page_is_emptied_then_refused_then_set(demo: Desk, open_page: OpenPage) -> None:
    at = open_page(FILE, "admin")
    at.checkbox(key="cfg_page_demo_decline_own").uncheck().run()
    at.button(key="cfg_save_pages").click().run()
    assert stored(demo).redirect_pages.decline == ""
    assert "[Pages after the payment: Payment refused](#redirect-pages)" in said(at.warning)

    at.text_input(key="cfg_page_demo_decline").set_value("boutique.example/non").run()
    assert "Write the whole address" in said(at.caption)
    at.button(key="cfg_save_pages").click().run()
    assert "Nothing was saved" in said(at.error)
    assert at.text_input(key="cfg_page_demo_decline").value == "boutique.example/non"
    assert stored(demo).redirect_pages.decline == ""

    at.text_input(key="cfg_page_demo_decline").set_value("https://boutique.example/non").run()
    at.button(key="cfg_save_pages").click().run()
    assert stored(demo).redirect_pages.decline == "https://boutique.example/non"
    assert "Send by e-mail is enabled" in said(at.success)


def test_our_own_pages_in_one_click(desk: Desk, open_page: OpenPage) -> None:
    at = open_page(FILE, "admin")
    assert "Send by e-mail is not available yet" in said(at.warning)
    at.button(key="cfg_own_pages").click().run()
    assert not at.exception
    assert stored(desk).redirect_pages.missing("https://pay.example") == ()
    assert at.checkbox(key="cfg_page_demo_exception_own").value
    assert at.text_input(key="cfg_page_demo_exception").disabled
    assert "/return/preview/exception?account=demo&lang=en" in said(at.caption)


@pytest.mark.desk(**STAGE)
def test_without_a_public_address_the_ready_made_pages_can_be_left(desk: Desk, open_page: OpenPage) -> None:
    admin = person(desk, "admin")
    with desk.store.write() as tx:
        pages = redirects.storable(RedirectPages(**dict.fromkeys(KINDS, OWN)))
        accounts.save_section(
            tx, "shop", REDIRECT_PAGES, "", pages, at=clock.now(), actor_kind="user", actor_id="x"
        )
        accounts.save_check(  # a moment ago: nobody is asked
            tx, "shop", "credentials", "ok", {"reason": ""}, at=clock.now(), actor_kind="user", actor_id="x"
        )
    at = open_page(FILE, actor=admin)
    assert not at.text_input(key="cfg_page_shop_accept").disabled
    at.text_input(key="cfg_page_shop_accept").set_value("https://maison.example/merci").run()
    at.button(key="cfg_save_pages").click().run()
    assert not at.exception
    found = stored_of(desk, "shop").redirect_pages
    assert (found.accept, found.decline) == ("https://maison.example/merci", OWN)
    box = at.checkbox(key="cfg_page_shop_decline_own")
    assert (box.value, box.disabled) == (True, False)
    box.uncheck().run()
    at.button(key="cfg_save_pages").click().run()
    assert stored_of(desk, "shop").redirect_pages.decline == ""
    assert at.checkbox(key="cfg_page_shop_decline_own").disabled


def test_a_field_of_the_email_is_emptied_and_named_and_filled_again(demo: Desk, open_page: OpenPage) -> None:
    at = open_page(FILE, "admin")
    at.text_input(key="cfg_email_demo_default_reply_to").set_value("").run()
    at.button(key="cfg_save_email").click().run()
    assert "[E-mail to the customer: Replies go to](#email-settings)" in said(at.warning)
    assert not readiness(demo, "demo", "link").ready
    at.text_input(key="cfg_email_demo_default_reply_to").set_value("bonjour@maison-demo.example").run()
    at.button(key="cfg_save_email").click().run()
    assert readiness(demo, "demo", "link").ready
    assert "Send by e-mail is enabled" in said(at.success)


def test_what_was_typed_wrong_stays_and_each_field_says_why(demo: Desk, open_page: OpenPage) -> None:
    at = open_page(FILE, "admin", language="fr")
    at.text_input(key="cfg_email_demo_default_sender_address").set_value("a@b.example, c@d.example")
    at.text_input(key="cfg_email_demo_default_colour").set_value("rouge").run()
    beside = [each.value for each in at.caption if each.value.startswith(":red[")]
    assert len(beside) == 2
    at.button(key="cfg_save_email").click().run()
    assert "Rien n’a été enregistré" in said(at.error)
    assert at.text_input(key="cfg_email_demo_default_colour").value == "rouge"
    assert stored(demo).email.default.colour == "#1f4e79"


def test_a_language_overlays_the_default_and_keeps_what_is_typed_while_one_looks_elsewhere(
    demo: Desk, open_page: OpenPage
) -> None:
    at = open_page(FILE, "admin")
    languages = at.button_group(key="cfg_email_language")
    languages.set_value("de").run()
    at.text_area(key="cfg_email_demo_de_signature").set_value("Bis bald").run()
    at.button(key="cfg_save_email").click().run()
    assert stored(demo).email.resolve("de").signature == "Bis bald"
    assert stored(demo).email.resolve("de").sender_name == "Maison Demo"
    assert stored(demo).email.resolve("fr").signature == "Camille Martin\nMaison Demo"


def test_the_preview_is_the_email_as_typed(demo: Desk, open_page: OpenPage) -> None:
    at = open_page(FILE, "admin")
    at.text_input(key="cfg_email_demo_default_merchant_name").set_value("Maison <b>Élan</b>").run()
    (frame,) = at.get("iframe")
    assert "Maison &lt;b&gt;Élan&lt;/b&gt;" in frame.proto.srcdoc
    assert stored(demo).email.default.merchant_name == "Maison Demo"


def test_a_picked_colour_becomes_the_text(demo: Desk, open_page: OpenPage) -> None:
    at = open_page(FILE, "admin")
    at.color_picker(key="cfg_email_demo_default_colour_picker").pick("#ffee00").run()
    assert at.text_input(key="cfg_email_demo_default_colour").value == "#ffee00"
    assert "White could not be read on this colour" in said(at.caption)


def test_the_payment_page_is_saved_or_refused_beside_its_field(demo: Desk, open_page: OpenPage) -> None:
    at = open_page(FILE, "admin")
    at.text_input(key="cfg_hosted_demo_name").set_value("x" * 33)
    at.multiselect(key="cfg_hosted_demo_products").set_value(["visa"])
    at.button(key="cfg_save_payment_page").click().run()
    assert "HiPay takes at most 32 characters here." in said(at.caption)
    assert stored(demo).payment_page.payment_product_list == ()
    at.text_input(key="cfg_hosted_demo_name").set_value("Maison Élan")
    at.button(key="cfg_save_payment_page").click().run()
    assert stored(demo).payment_page.merchant_display_name == "Maison Élan"
    assert stored(demo).payment_page.payment_product_list == ("visa",)


def test_a_pause_is_said_and_resumed_after_a_question(demo: Desk, open_page: OpenPage) -> None:
    with demo.store.write() as tx:
        pause(tx, "demo", "mail", "smtp_missing")
    at = open_page(FILE, "admin")
    assert "No mail server is set" in said(at.error)
    assert "[Paused: e-mail](#paused)" in said(at.warning)
    at.button(key="cfg_resume").click().run()
    with demo.store.read() as tx:
        assert accounts.pauses(tx, "demo")  # nothing yet: the question comes first
    at.button(key="cfg_resume_sure").click().run()
    with demo.store.read() as tx:
        assert accounts.pauses(tx, "demo") == []


def test_the_first_look_measures_and_the_button_measures_again(desk: Desk, open_page: OpenPage) -> None:
    prepare_demo(desk)
    at = open_page(FILE, "admin")
    with desk.store.read() as tx:
        first = {row.name: row.checked_at for row in accounts.checks(tx, "demo")}
    assert "credentials" in first
    at.run()
    with desk.store.read() as tx:
        assert {row.name: row.checked_at for row in accounts.checks(tx, "demo")} == first
    at.button(key="cfg_check_again").click().run()
    with desk.store.read() as tx:
        assert all(row.checked_at > first[row.name] for row in accounts.checks(tx, "demo"))


def test_a_test_email_says_where_to_look(demo: Desk, open_page: OpenPage) -> None:
    at = open_page(FILE, "admin")
    at.button(key="cfg_test").click().run()
    assert at.error  # nobody listens: told in words, no exception
    assert not at.exception


def test_a_role_taken_away_stops_the_next_save(demo: Desk, open_page: OpenPage) -> None:
    at = open_page(FILE, "admin", "manager")
    me = at.session_state["actor"]
    at.text_input(key="cfg_email_demo_default_sender_name").set_value("X").run()
    with demo.store.write() as tx:
        access.set_grants(tx, me.id, "table", [Grant("manager")], at=clock.now(), granted_by="test")
    at.button(key="cfg_save_email").click().run()
    assert stored(demo).email.default.sender_name == "Maison Demo"


def test_whoever_may_not_configure_sees_the_state_and_why_the_forms_are_closed(demo: Desk) -> None:
    save_email_settings(demo, person(demo, "admin"), "demo", "", {"footer": ""})
    at = AppTest.from_file(str(SCREEN), default_timeout=60)
    at.session_state["actor"] = person(demo, "finance")
    at.session_state["language"] = "en"
    at.run()
    assert not at.exception
    assert "[E-mail to the customer: Footer](#email-settings)" in said(at.warning)
    assert "Only an administrator can change these settings." in said(at.info)
    assert all(each.disabled for each in (*at.text_input, *at.text_area, *at.multiselect, *at.color_picker))
    assert all(each.disabled for each in at.button)


def test_a_real_account_without_a_public_address_cannot_choose_our_own_pages(stage_page: AppTest) -> None:
    at = stage_page
    assert not at.exception
    assert at.button(key="cfg_own_pages").disabled
    assert at.checkbox(key="cfg_page_shop_accept_own").disabled
    assert "No mail server is set." in said(at.markdown)
    assert "[Mail server](#checks)" in said(at.warning)


@pytest.fixture
def stage_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    opened = open_test_desk(tmp_path, **STAGE)
    monkeypatch.setattr(services.desk, "current", lambda: opened)
    at = AppTest.from_file(str(SCREEN), default_timeout=60)
    at.session_state["actor"] = person(opened, "admin")
    at.session_state["language"] = "en"
    at.session_state["cfg_measured_shop"] = True  # HiPay's own hosts are not asked by a test
    yield at.run()
    opened.close()
