"""Fetch from HiPay as finance drives it: what is not here first, a press that is written and done elsewhere."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from services import clock
from services.access import Actor
from services.desk import Desk
from services.imports.received import fetch_schedule
from services.imports.received.fetch_schedule import Automatic
from services.store.schema import fetching
from services.store.settlements.files import hipay_list, payout_requests
from tests.support.desk import person

Draw = Callable[..., AppTest]


def screen() -> None:
    from pages.payout_files import fetch

    fetch.show()


@pytest.fixture
def draw(desk: Desk) -> Draw:
    def it(role: str = "finance", language: str = "en", actor: Actor | None = None) -> AppTest:
        at = AppTest.from_function(screen, default_timeout=60)
        at.session_state["actor"] = actor or person(desk, role)
        at.session_state["language"] = language
        return at.run()

    return it


def listed(desk: Desk, settlement_id: str, **values: Any) -> None:
    with desk.store.write() as tx:
        hipay_list.list_settlement(
            tx,
            {"account": "demo", "settlement_id": settlement_id},
            recent=True,
            at=clock.now(),
            amount=12_3400,
            currency="EUR",
            date_value="2026-11-20",
            figures={},
        )
        if values:
            hipay_list.change_settlement(tx, "demo", settlement_id, **values)


def requested(desk: Desk, **values: Any) -> None:
    now = clock.now()
    with desk.store.write() as tx:
        payout_requests.add(
            tx,
            account="demo",
            source=payout_requests.PERSON,
            settlement_id="",
            form_key=f"k{now}",
            due_at=now,
            actor_kind="user",
            actor_id="x",
        )
        held = payout_requests.claim(tx, ("demo",), now, timedelta(minutes=3))
        assert held is not None
        payout_requests.change(tx, held, **values)


def requests(desk: Desk) -> list[Any]:
    with desk.store.read() as tx:
        return list(tx.execute(select(fetching.payout_requests).order_by(fetching.payout_requests.c.id)))


def words(at: AppTest) -> str:
    assert not at.exception
    shown = [*at.caption, *at.markdown, *at.warning, *at.error, *at.info, *at.success]
    return "\n".join(element.value.replace("\\", "").replace("**", "") for element in shown)


def test_nothing_is_known_before_the_first_look(draw: Draw, desk: Desk) -> None:
    at = draw()
    assert "HiPay's list is looked at when somebody asks." in words(at)
    at.button(key="payout_fetch_all").click().run()
    [request] = requests(desk)
    assert (request.settlement_id, request.source, request.state) == ("", "person", "waiting")
    assert not at.exception
    assert at.button(key="payout_fetch_all").disabled


def test_two_tabs_ask_once(draw: Draw, desk: Desk) -> None:
    finance = person(desk, "finance")
    one, two = draw(actor=finance), draw(actor=finance)
    for at in (one, two):
        at.button(key="payout_fetch_all").click().run()
        assert not at.exception
    assert len(requests(desk)) == 1


def test_what_is_not_here_comes_first_with_its_reason(draw: Draw, desk: Desk) -> None:
    listed(desk, "1000")
    listed(desk, "1001", failure="payout_file_not_there", failure_detail={"settlement": "1001"})
    at = draw()
    assert "1000 · €12.34 · 20 Nov 2026 — not here" in words(at)
    assert "HiPay lists payout 1001, but has no file of it yet." in words(at)
    assert at.button(key="payout_fetch_all").label == "Get 2 payouts that are not here"
    at.button(key="payout_fetch_1001").click().run()
    assert [request.settlement_id for request in requests(desk)] == ["1001"]


def test_any_payout_can_be_got_once_more(draw: Draw, desk: Desk) -> None:
    listed(desk, "1000")
    at = draw()
    assert at.button(key="payout_fetch_again").disabled
    at.selectbox(key="payout_fetch_chosen").set_value("1000").run()
    at.button(key="payout_fetch_again").click().run()
    assert [request.settlement_id for request in requests(desk)] == ["1000"]
    assert not at.exception


def test_progress_and_how_it_ended(draw: Draw, desk: Desk) -> None:
    requested(desk, wanted=4, fetched=1, unchanged=1, current="1002", bytes=45_000_000)
    assert not draw().exception
    with desk.store.write() as tx:
        tx.execute(
            fetching.payout_requests.update().values(
                state="failed", finished_at=clock.now(), failure="payout_broken_off"
            )
        )
    at = draw()
    assert "HiPay's answer broke off before its end." in words(at)
    assert "1 new file was fetched" in words(at)
    requested(desk, state="done", finished_at=clock.now())
    assert "Nothing new." in words(draw())


def test_a_later_try_is_announced_and_can_be_hastened(draw: Draw, desk: Desk) -> None:
    requested(
        desk,
        state="waiting",
        due_at=clock.now() + timedelta(minutes=10),
        failure="hipay_unavailable",
        leased_until=None,
    )
    at = draw()
    assert "HiPay is unavailable for the moment. It is tried again in" in words(at)
    at.button(key="payout_fetch_all").click().run()
    [request] = requests(desk)
    assert request.due_at <= clock.now()


def test_in_french(draw: Draw, desk: Desk) -> None:
    listed(desk, "1000")
    fetch_schedule.save(desk, person(desk, "admin"), "demo", Automatic(True, 6))
    at = draw(language="fr")
    assert "1000 · 12,34\xa0€ · 20 nov. 2026 — absent" in words(at)
    assert "toutes les 6 heures" in words(at)
    assert at.button(key="payout_fetch_all").label == "Récupérer 1 reversement absent"


def test_whoever_may_not_see_payouts_is_told_so(draw: Draw, desk: Desk) -> None:
    at = draw("manager")
    assert "Your role does not allow this." in words(at)
    assert not at.button
