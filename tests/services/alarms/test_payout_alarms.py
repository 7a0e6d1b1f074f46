"""Payout files that nobody may be looking at are in To do: begun when they stop, ended by themselves when they go on."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import Row, update

from services import clock
from services.access import WORKER, Actor
from services.alarms.handling import close
from services.desk import Desk
from services.imports import background, file_accounts, files, loading
from services.imports.errors import FileUnknown
from services.imports.loading.lease import Lease
from services.imports.received import fetch_schedule
from services.imports.received.fetch_schedule import Automatic
from services.store.schema import fetching
from services.store.settlements.files import payout_requests
from tests.support.desk import person
from tests.support.open_alarms import open_alarms
from tests.support.payout_folder import look, zipped
from tests.support.payouts import csv, import_file, lines_of

pytestmark = pytest.mark.desk(settlements_folder="hipay")


@pytest.fixture
def place(desk: Desk) -> Path:
    """The folder that is watched."""
    folder = desk.settings.settlements_folder
    assert folder is not None
    return folder


def sale(order: str, account: str = "1") -> str:
    return f"{account};77;T-{order};{order};10.00;EUR;;;;;Sale;10.00;EUR;F-{order};2026-11-20"


def test_a_file_that_waits_for_an_answer_is_to_do_until_it_has_it(desk: Desk, finance: Actor) -> None:
    number = files.receive(desk, WORKER, "demo", "x.csv", BytesIO(csv(sale("A", "900"))), source="hipay")
    background.work_off(desk)
    [alarm] = open_alarms(desk, finance)
    assert (alarm.kind, alarm.detail["file_id"]) == ("payout_file_failed", number)
    assert (alarm.detail["failure"], alarm.detail["failure_detail"]) == (
        "file_account_unknown",
        {"cells": "900"},
    )
    file_accounts.assign(desk, finance, "900", "demo")
    assert open_alarms(desk, finance) == []


def test_one_that_fails_again_is_to_do_again(desk: Desk, finance: Actor) -> None:
    number = files.receive(desk, finance, "demo", "x.csv", BytesIO(b"%PDF-1.7"))
    background.work_off(desk)
    [alarm] = open_alarms(desk, finance)
    close(desk, finance, alarm.id, "somebody mistook it")
    assert open_alarms(desk, finance) == []
    files.retry(desk, finance, number)
    background.work_off(desk)
    assert len(open_alarms(desk, finance)) == 1
    files.cancel(desk, finance, number)
    assert open_alarms(desk, finance) == []


def test_one_whose_bytes_came_another_time_is_none(desk: Desk, finance: Actor) -> None:
    raw = csv(sale("A", "900"))
    files.receive(desk, finance, "demo", "x.csv", BytesIO(raw))
    background.work_off(desk)
    assert len(open_alarms(desk, finance)) == 1
    files.receive(desk, finance, "demo", "y.csv", BytesIO(raw))
    file_accounts.assign(desk, finance, "900", "demo")
    background.work_off(desk)
    assert open_alarms(desk, finance) == []


def test_what_a_file_leaves_and_always_fails_lets_the_others_go_and_is_to_do(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow_up, tried, first = (
        loading.follow_up.follow_up,
        [],
        files.receive(desk, finance, "demo", "a.csv", BytesIO(csv(sale("A")))),
    )

    def failing(lease: Lease, file: Row[object]) -> None:
        tried.append(file.id)
        if file.id == first:
            raise RuntimeError("a fault of ours")
        follow_up(lease, file)

    monkeypatch.setattr(loading.follow_up, "follow_up", failing)
    second = files.receive(desk, finance, "demo", "b.csv", BytesIO(csv(sale("B"))))
    background.work_off(desk)
    assert tried == [first, second, first, first]
    assert [file.follow_up for file in files.files(desk, finance)] == [None, 0]
    [alarm] = open_alarms(desk, finance)
    assert (alarm.kind, alarm.detail["file_id"]) == ("payout_follow_up", first)
    import_file(desk, finance, "demo", "c.csv", csv(sale("C")))  # the next ones go on
    files.retry(desk, finance, first)  # it fails once more
    background.work_off(desk)
    [again] = open_alarms(desk, finance)
    assert again.id != alarm.id
    monkeypatch.undo()
    files.retry(desk, finance, first)
    background.work_off(desk)
    assert open_alarms(desk, finance) == []
    assert len(lines_of(desk)) == 3
    with pytest.raises(FileUnknown):
        files.retry(desk, finance, first)


def test_a_zip_that_the_folder_refuses_is_to_do(desk: Desk, finance: Actor, place: Path) -> None:
    (place / "bad.zip").write_bytes(zipped("../three.csv"))
    look(desk)
    [alarm] = open_alarms(desk, finance)
    assert (alarm.kind, alarm.detail["file"]) == ("payout_folder_refused", "bad.zip")


def test_a_list_that_cannot_be_looked_at_for_a_day_is_to_do_until_it_can(desk: Desk, finance: Actor) -> None:
    admin = person(desk, "admin")
    fetch_schedule.save(desk, admin, "demo", Automatic(on=True, hours=4))
    looks = (("done", 40), ("failed", 30), ("failed", 2))
    for number, (state, hours) in enumerate(looks):
        at = clock.now() - timedelta(hours=hours)
        with desk.store.write() as tx:
            payout_requests.add(
                tx,
                account="demo",
                source="schedule",
                settlement_id="",
                form_key=str(number),
                due_at=at,
                actor_kind="system",
                actor_id="test",
            )
            new = fetching.payout_requests.c.form_key == str(number)
            tx.execute(
                update(fetching.payout_requests)
                .where(new)
                .values(state=state, finished_at=at, failure="payout_refused")
            )
        expected = [] if number < 1 else ["payouts_not_fetched"]
        assert [alarm.kind for alarm in open_alarms(desk, admin)] == expected
    fetch_schedule.save(desk, admin, "demo", Automatic(on=False))
    assert open_alarms(desk, admin) == []
    fetch_schedule.save(desk, admin, "demo", Automatic(on=True))
    with desk.store.write() as tx:
        tx.execute(
            update(fetching.payout_requests)
            .where(fetching.payout_requests.c.form_key == "2")
            .values(state="done")
        )
    assert open_alarms(desk, admin) == []


def test_a_failure_of_today_is_none_yet(desk: Desk) -> None:
    admin = person(desk, "admin")
    fetch_schedule.save(desk, admin, "demo", Automatic(on=True))
    at = clock.now() - timedelta(hours=20)
    with desk.store.write() as tx:
        payout_requests.add(
            tx,
            account="demo",
            source="schedule",
            settlement_id="",
            form_key="1",
            due_at=at,
            actor_kind="system",
            actor_id="t",
        )
        tx.execute(update(fetching.payout_requests).values(state="failed", finished_at=at))
    assert open_alarms(desk, admin) == []
