"""The router: who sees which screen, where they begin, in which language, and what everybody sees in the sandbox's world."""

import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.navigation import SCREENS, menu
from pages.shell import sandbox_banner
from services import clock
from services.access import ROLE_RIGHTS, Actor, Grant, users
from services.access.users import list_people, set_disabled
from services.desk import Desk
from services.money import AmountError
from services.store import access
from tests.pages.conftest import ROUTER
from tests.support.desk import PROVIDER, person

Open = Callable[..., AppTest]
STAGE = {
    "name": "Shop",
    "environment": "stage",
    "login": "user",
    "password": "secret-word",
    "passphrase": "a-long-pass-phrase",
}


def router() -> AppTest:
    return AppTest.from_file(str(ROUTER), default_timeout=60)


def signed_in(roles: list[str], **more: Any) -> dict[str, Any]:
    now = int(time.time())
    return {
        "is_logged_in": True,
        "iss": "https://id.example.com",
        "aud": "desk",
        "provider": "default",
        "sub": "7",
        "iat": now,
        "exp": now + 300,
        "nonce": "n",
        "name": "Camille Martin",
        "email": "camille@example.com",
        "roles": roles,
        **more,
    }


def titles(at: AppTest) -> list[str]:
    return [title.value for title in at.title]


def labels(at: AppTest) -> set[str]:
    return {button.label for button in at.button} | {link.value for link in at.link_button}


@pytest.mark.parametrize("role", sorted(ROLE_RIGHTS))
def test_everybody_begins_with_what_needs_them(open_page: Open, role: str) -> None:
    assert menu(ROLE_RIGHTS[role], ROLE_RIGHTS[role])[0].file == "overview/page.py"
    assert titles(open_page(None, role)) == ["Overview"]


@pytest.mark.parametrize("role", sorted(ROLE_RIGHTS))
def test_only_the_screens_of_ones_roles_run(open_page: Open, role: str) -> None:
    at = open_page(None, role)
    for screen in SCREENS:
        at.switch_page(screen.file).run()
        assert not at.exception, screen
        refused = any("does not include this screen" in info.value for info in at.info)
        assert refused == (screen.right not in ROLE_RIGHTS[role]), screen
        assert bool(at.title) != refused, screen


def test_a_role_taken_away_takes_the_screen_at_the_next_run(open_page: Open, desk: Desk) -> None:
    at = open_page("admin/audit.py", "admin")
    assert titles(at) == ["Audit"]
    with desk.store.write() as tx:
        access.set_grants(tx, at.session_state["actor"].id, "table", (), at=_now(), granted_by="test")
    at.run()
    assert titles(at) == []
    assert "no role yet" in at.info[0].value


@pytest.mark.parametrize(
    ("locale", "title"),
    [("fr-CA", "Journal d’audit"), ("en-GB", "Audit"), ("de-DE", "Audit"), (None, "Audit")],
)
def test_the_browsers_language_is_the_first_choice(desk: Desk, locale: str | None, title: str) -> None:
    at = router()
    at.session_state["actor"] = person(desk, "finance")
    at.context = {"locale": locale}
    at.run()
    at.switch_page("admin/audit.py").run()
    assert titles(at) == [title]


def test_the_readers_choice_of_language_lasts_beyond_the_session(open_page: Open, desk: Desk) -> None:
    at = open_page("admin/audit.py", "admin", language="en")
    at.button_group(key="language").set_value("fr").run()
    assert titles(at) == ["Journal d’audit"]
    at.switch_page("admin/people.py").run()
    assert titles(at) == ["Utilisateurs"]
    assert users.language(desk, at.session_state["actor"]) == "fr"


def test_without_a_provider_the_one_local_user_has_every_screen(desk: Desk) -> None:
    first_session, second_session = router().run(), router().run()
    actor: Actor = first_session.session_state["actor"]
    assert actor.name
    assert second_session.session_state["actor"] == actor
    first_session.switch_page("admin/people.py").run()
    assert [one.id for one in list_people(desk, actor)] == [actor.id]
    assert "Sign out" not in labels(first_session)  # there would be no way back in


@pytest.mark.parametrize("file", [None, *(screen.file for screen in SCREENS)])
def test_in_the_sandboxs_world_every_screen_says_that_no_money_moves(
    open_page: Open, desk: Desk, file: str | None
) -> None:
    at = open_page(file, "manager", "finance", "admin")
    assert any("Sandbox: no money moves" in element.value for element in at.markdown)
    links = {link.value: link.url for link in at.link_button}
    assert links["Mailbox"] == f"{desk.settings.sandbox_url}/mailbox"
    assert links["HiPay sandbox"] == f"{desk.settings.sandbox_url}/control"


@pytest.mark.desk(accounts={"shop": STAGE})
class TestWithRealAccounts:
    def test_there_is_no_banner(self, open_page: Open) -> None:
        assert "Mailbox" not in labels(open_page("admin/people.py", "admin"))


@pytest.mark.desk(auth=PROVIDER)
class TestWithAProvider:
    def test_nobody_sees_a_screen_before_the_sign_in(self, desk: Desk) -> None:
        at = router()
        at.user = {"is_logged_in": False}
        at.run()
        assert titles(at) == ["E-Terminal Desk"]
        assert "Sign in" in labels(at)
        assert "Create a month of samples" not in labels(at)
        for screen in SCREENS:
            with pytest.raises(ValueError, match=re.escape(screen.file)):
                at.switch_page(screen.file)

    def test_the_claims_open_the_screens_of_their_roles(self, desk: Desk) -> None:
        at = router()
        at.user = signed_in(["admin"])
        at.run()
        at.switch_page("admin/people.py").run()
        assert titles(at) == ["People"]
        assert "Sign out" in labels(at)

    def test_sign_out_ends_the_session_for_good(self, desk: Desk) -> None:
        at = router()
        claims = signed_in(["admin"])
        at.user = claims
        at.run()
        at.button(key="sign_out").click().run()
        assert "Sign in" in labels(at)
        replay = router()
        replay.user = claims
        replay.run()
        assert "session has ended" in replay.warning[0].value
        assert "Sign in" in labels(replay)

    def test_a_person_without_a_role_reads_one_sentence(self, desk: Desk) -> None:
        at = router()
        at.user = signed_in([])
        at.run()
        assert [info.value for info in at.info] == [
            "You are signed in, but you have no role yet. Ask your administrator for one."
        ]
        assert titles(at) == []
        assert "Sign out" in labels(at)

    def test_a_closed_account_is_told_so(self, desk: Desk) -> None:
        at = router()
        at.user = signed_in(["admin"])
        at.run()
        set_disabled(desk, person(desk, "admin"), at.session_state["actor"].id, True)
        at.run()
        assert "closed" in at.warning[0].value
        assert at.session_state["actor"] is None

    def test_a_preset_actor_is_not_believed(self, desk: Desk) -> None:
        at = router()
        at.session_state["actor"] = person(desk, "admin")
        at.user = {"is_logged_in": False}
        at.run()
        assert at.session_state["actor"] is None


class TestSample:
    """The button that makes a month of samples."""

    @pytest.fixture(autouse=True)
    def fresh(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sandbox_banner, "_sample", sandbox_banner._Sample())

    @pytest.fixture
    def make(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., None]], None]:
        def install(function: Callable[..., None]) -> None:
            monkeypatch.setattr("services.demo.sample_month.make", function)

        return install

    @pytest.mark.parametrize("role", ["admin", "finance"])
    def test_who_may_not_send_is_not_offered_it(self, open_page: Open, role: str) -> None:
        assert "Create a month of samples" not in labels(open_page(None, role))

    def test_it_runs_once_and_shows_how_far_it_is(self, open_page: Open, desk: Desk, make: Any) -> None:
        asked, go_on = [], threading.Event()

        def slow(given: Desk, actor: Actor, progress: Callable[[float, str], None]) -> None:
            asked.append((given, actor.id))
            progress(0.4, "Orders are being sent")
            go_on.wait(60)

        make(slow)
        at = open_page("admin/my_notices.py", "manager")
        at.button(key="make_sample").click().run()
        _until(lambda: sandbox_banner._sample.fraction == 0.4)
        at.run()
        assert (at.progress[0].value, at.progress[0].text) == (40, "Orders are being sent")
        assert "Create a month of samples" not in labels(at)
        other = open_page("admin/my_notices.py", actor=at.session_state["actor"])
        assert "Create a month of samples" not in labels(other)
        sandbox_banner._start(desk, at.session_state["actor"])  # a second click that was already on its way
        go_on.set()
        _until(lambda: not sandbox_banner._sample.running)
        at.run()
        assert "Create a month of samples" in labels(at)
        assert "month of samples is there" in at.success[0].value
        assert asked == [(desk, at.session_state["actor"].id)]
        at.run()
        assert at.success, "whatever runs the screen again does not take the outcome away"
        at.button(key="sample_close").click().run()
        assert not at.success

    @pytest.mark.parametrize(
        ("error", "words"), [(AmountError(), "amount cannot be used"), (KeyError("x"), "Nothing was lost")]
    )
    def test_what_goes_wrong_is_said(self, open_page: Open, make: Any, error: Exception, words: str) -> None:
        go_on = threading.Event()

        def fail(*_: Any) -> None:
            go_on.wait(60)
            raise error

        make(fail)
        at = open_page("admin/my_notices.py", "manager")
        at.button(key="make_sample").click().run()
        go_on.set()
        _until(lambda: not sandbox_banner._sample.running)
        at.run()
        assert words in at.error[0].value


def test_people_are_given_roles_and_closed_here(open_page: Open, desk: Desk) -> None:
    at = open_page("admin/people.py", "admin")
    other = person(desk, "finance", name="Dominique *Roy*")
    at.run()
    at.button_group(key=f"wanted_{other.id}").set_value(["manager"])
    at.button(key=f"save_{other.id}").click().run()
    at.button(key=f"confirm_{other.id}").click().run()
    assert not at.exception
    found = next(one for one in list_people(desk, at.session_state["actor"]) if one.id == other.id)
    assert (found.given, found.disabled) == ({Grant("manager")}, True)
    assert any("Account closed" in element.value for element in at.markdown)
    assert any(r"Dominique \*Roy\*" in element.value for element in at.markdown)


def test_the_last_administrator_is_told_why_not(open_page: Open, desk: Desk) -> None:
    at = open_page("admin/people.py", "admin")
    me = at.session_state["actor"].id
    at.button_group(key=f"wanted_{me}").set_value([])
    at.button(key=f"save_{me}").click().run()
    assert "another person an administrator" in at.error[0].value
    assert list_people(desk, at.session_state["actor"])[0].given == {Grant("admin")}


def test_nobody_is_offered_a_role_for_themselves(open_page: Open, desk: Desk) -> None:
    at = open_page("admin/people.py", "admin")
    me = at.session_state["actor"].id
    assert at.button_group(key=f"wanted_{me}").options == ["Administrator"]
    other = person(desk, "finance")
    at.run()
    assert at.button_group(key=f"wanted_{other.id}").options == ["Manager", "Finance", "Administrator"]


@pytest.mark.desk(accounts={"shop": STAGE, "outlet": {**STAGE, "name": "Outlet"}})
class TestWithTwoAccounts:
    def test_a_role_is_given_for_one_account(self, open_page: Open, desk: Desk) -> None:
        at = open_page("admin/people.py", "admin")
        other = person(desk, "finance")
        at.run()
        at.multiselect(key=f"wanted_{other.id}_finance").set_value([])
        at.multiselect(key=f"wanted_{other.id}_manager").set_value(["outlet"])
        at.button(key=f"save_{other.id}").click().run()
        assert not at.exception
        found = next(one for one in list_people(desk, at.session_state["actor"]) if one.id == other.id)
        assert found.given == {Grant("manager", "outlet")}
        assert any("Manager, Outlet (given here)" in element.value for element in at.markdown)

    def test_nobody_is_offered_an_account_for_themselves(self, open_page: Open, desk: Desk) -> None:
        me = person(desk, "admin")
        with desk.store.write() as tx:
            grants = [Grant("admin"), Grant("finance", "shop")]
            access.set_grants(tx, me.id, "table", grants, at=clock.now(), granted_by="test")
        at = open_page("admin/people.py", actor=me)
        assert at.multiselect(key=f"wanted_{me.id}_admin").options == ["All accounts"]
        assert at.multiselect(key=f"wanted_{me.id}_finance").options == ["Shop"]
        assert not [one for one in at.multiselect if one.key == f"wanted_{me.id}_manager"]

    def test_people_and_audit_are_for_an_administrator_of_all_accounts(
        self, open_page: Open, desk: Desk
    ) -> None:
        one = person(desk, "admin", account="shop")
        for file in ("admin/people.py", "admin/audit.py"):
            at = open_page(file, actor=one)
            assert not at.title
            assert not at.exception


def test_the_audit_is_filtered_and_its_chain_checked(open_page: Open, desk: Desk) -> None:
    admin = person(desk, "admin")
    set_disabled(desk, admin, person(desk, "manager").id, True)
    set_disabled(desk, admin, person(desk, "manager").id, True)
    at = open_page("admin/audit.py", actor=admin)
    at.multiselect(key="audit_actions").set_value(["user.disabled"]).run()
    assert list(at.dataframe[0].value["Action"]) == ["Account closed"] * 2
    assert set(at.dataframe[0].value["Who"]) == {admin.name}
    at.button(key="check_chain").click().run()
    assert "No entry was changed" in at.success[0].value


def test_a_failing_screen_gives_a_number_and_the_log_the_traceback(caplog: pytest.LogCaptureFixture) -> None:
    def screen() -> None:
        from pages.shell.failure import show_failure

        try:
            raise RuntimeError("the secret of the house")
        except RuntimeError as error:
            show_failure(error)

    with caplog.at_level(logging.ERROR, logger="pages.shell.failure"):
        at = AppTest.from_function(screen).run()
    number = re.search(r"[0-9A-F]{8}", at.error[0].value)
    assert number
    assert "secret" not in at.error[0].value
    assert number[0] in caplog.text
    assert "RuntimeError: the secret of the house" in caplog.text


def _now() -> Any:
    from services import clock

    return clock.now()


def _until(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < limit, "waited for a minute in vain"
        time.sleep(0.01)
