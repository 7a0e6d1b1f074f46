"""A passphrase that a customer could find by trying: said for an account that works, refused for one that is new."""

from pathlib import Path
from typing import Any

import pytest

from services import clock
from services.accounts.readiness import blocks, readiness
from services.checklist.overview import last_checks
from services.desk import open_desk
from services.settings import Settings
from services.settings.sources import SettingsError
from services.store import accounts, open_store
from services.store.orders import orders
from tests.support import postgres
from tests.support.desk import open_test_desk, settings_for
from tests.support.orders import order_columns

LONG = "twelve-signs"
SHOP = {"name": "Shop", "environment": "stage", "login": "l", "password": "p", "passphrase": LONG}


def settings(tmp_path: Path, **changes: Any) -> Settings:
    given = settings_for(tmp_path, accounts={"shop": {**SHOP, **changes}, "other": SHOP})
    if postgres.SERVER:
        given = given.model_copy(
            update=settings_for(tmp_path, database_url=postgres.migrated(given.database)).model_dump(
                include={"database_url"}
            )
        )
    return given


def line(tmp_path: Path, **changes: Any) -> tuple[str, str, str]:
    desk = open_test_desk(tmp_path, accounts={"shop": {**SHOP, **changes}})
    checks = {check.name: check for check in last_checks(desk, "shop")}
    found = checks["passphrase"]
    assert not blocks(found)
    assert "passphrase" not in [one.name for one in readiness(desk, "shop", "link").missing]
    desk.close()
    return found.status, found.reason, checks["finance_notifications"].reason


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({}, "ok", ""), ({"passphrase": "x"}, "failed", "short"), ({"passphrase": "eleven-sign"}, "failed", "short"),
        ({"passphrase": " " * 20}, "failed", "short"), ({"passphrase": "  one  letter "}, "failed", "short"),
        ({"previous_passphrase": "x"}, "failed", "previous_short"), ({"previous_passphrase": ""}, "ok", ""),
        ({"previous_passphrase": LONG}, "ok", ""), ({"passphrase": "x", "previous_passphrase": "y"}, "failed", "short"),
    ],
)  # fmt: skip
def test_a_short_one_is_to_be_put_right_and_stops_nothing(
    tmp_path: Path, changes: dict[str, str], status: str, reason: str
) -> None:
    assert line(tmp_path, **changes)[:2] == (status, reason)


def test_a_short_password_of_finance_notifications_is_a_warning(tmp_path: Path) -> None:
    assert line(tmp_path, finance_notification_password="x")[2] == "short"
    both = {"finance_notification_password": LONG, "previous_finance_notification_password": "x"}
    assert line(tmp_path, **both)[2] == "short"
    assert line(tmp_path, finance_notification_password=LONG)[2] != "short"
    assert line(tmp_path, finance_notification_password="")[2] != "short"


@pytest.mark.parametrize("name", ["passphrase", "previous_passphrase"])
def test_a_new_account_does_not_start_with_one(tmp_path: Path, name: str) -> None:
    short = settings(tmp_path, **{name: "canary"})
    with pytest.raises(SettingsError, match=f"accounts → shop → {name}: has fewer than 12") as refused:
        open_desk(short)
    assert "canary" not in str(refused.value)
    assert "other" not in str(refused.value)
    open_desk(settings(tmp_path)).close()
    with pytest.raises(SettingsError):  # to have been named in the settings is no past
        open_desk(short)


def test_an_account_that_the_database_knows_goes_on(tmp_path: Path) -> None:
    short = settings(tmp_path, passphrase="x")
    store = open_store(short.database, demo=False)
    with store.write() as tx:
        accounts.save_check(
            tx, "shop", "smtp", "ok", {}, at=clock.now(), actor_kind="system", actor_id="test"
        )
    store.close()
    open_desk(short).close()


def test_an_account_is_known_by_its_orders(tmp_path: Path) -> None:
    short = settings(tmp_path, passphrase="x")
    store = open_store(short.database, demo=False)
    with store.write() as tx:
        assert not accounts.known(tx, "shop")
        orders.add_order(tx, **order_columns(account="shop"))
        assert accounts.known(tx, "shop")
        assert not accounts.known(tx, "other")
    store.close()
    open_desk(short).close()
