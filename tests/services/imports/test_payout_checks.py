"""The check list shows whether payouts are fetched and announced."""

from pathlib import Path

import pytest

from services.access import Actor
from services.checklist.payout_checks import findings
from services.desk import Desk
from services.imports.received import fetch_schedule
from services.imports.received.fetch_schedule import Automatic
from tests.support.accounts import STAGE
from tests.support.desk import open_test_desk, person
from tests.support.payout_fetch import (
    announce,
    fetch,
    settle,
)
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.desk(sandbox=True)


def shown_by_check_list(desk: Desk, account: str = "demo") -> dict[str, tuple[str, str]]:
    with desk.store.read() as tx:
        return {name: found[:2] for name, found in findings(tx, desk, account, ("unknown", "unset", {}))}


def test_the_check_list_shows_what_was_fetched_and_announced(
    desk: Desk, finance: Actor, sandbox: RunningSandbox
) -> None:
    assert shown_by_check_list(desk) == {
        "payouts_fetched": ("unknown", "by_hand"),
        "finance_notifications": ("unknown", "none"),
        "settlements_folder": ("unknown", "unset"),
    }
    fetch_schedule.save(desk, person(desk, "admin"), "demo", Automatic(True))
    assert shown_by_check_list(desk)["payouts_fetched"] == ("unknown", "none")
    [payout] = settle(sandbox)
    sandbox.control("settings", {"settlement_files": False})
    fetch(desk, finance)
    assert shown_by_check_list(desk)["payouts_fetched"] == ("warning", "failed")
    sandbox.control("settings", {"settlement_files": True})
    fetch(desk, finance)
    assert shown_by_check_list(desk)["payouts_fetched"] == ("ok", "")
    announce(desk, payout)
    assert shown_by_check_list(desk)["finance_notifications"] == ("ok", "")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "no_address"),
        ({"public_url": "https://pay.example.com"}, "no_password"),
    ],
)
def test_the_check_list_shows_what_finance_notifications_need(
    tmp_path: Path, settings: dict[str, str], reason: str
) -> None:
    desk = open_test_desk(tmp_path, **STAGE, **settings)
    found = shown_by_check_list(desk, "shop")
    assert found["finance_notifications"] == ("unknown", reason)
    assert found["payouts_fetched"] == ("unknown", "stage")
    desk.close()
