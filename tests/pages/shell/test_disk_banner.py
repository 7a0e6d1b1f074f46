"""On a disk without room every screen says so; files, uploads and exports are told of in a sentence, never by a traceback."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from streamlit.testing.v1 import AppTest

from pages.shell import failure
from services import clock
from services.desk import Desk
from services.disk_space import Room
from services.imports import background, files
from services.store import StoreFull
from services.store.settlements.files import settlement_files
from tests.support.desk import person
from tests.support.full_database import no_room
from tests.support.orders import store_paid_order
from tests.support.payout_pages import FILE, upload, words
from tests.support.screens import unfold

Open = Callable[..., AppTest]
TOO_MUCH = 1_000_000


# Whoever asks for it is about SQLite: only its file is on a disk of this machine, whose room is measured.
@pytest.fixture
def short(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Desk, "room", property(lambda self: Room.of(self.store, TOO_MUCH << 20)))
    vars(desk).pop("shortage", None)


def said(at: AppTest) -> list[str]:
    assert not at.exception
    return [one.value.replace("\\", "") for one in at.error]


def test_there_is_room(open_page: Open) -> None:
    assert said(open_page("admin/people.py", "admin")) == []


@pytest.mark.sqlite
@pytest.mark.usefixtures("short")
def test_the_banner_is_for_everybody_and_says_who_can_end_it(open_page: Open) -> None:
    [shown] = said(open_page("admin/people.py", "admin"))
    assert shown.startswith("**Too little room on the server's disk: ")
    assert "1000000 MB are needed" in shown
    assert "ETERMINAL_KEEP_FREE_MB" in shown
    [montre] = said(open_page("admin/my_notices.py", "manager", language="fr"))
    assert montre.startswith("**Pas assez de place sur le disque du serveur")
    assert "Prévenez la personne qui administre" in montre


def test_it_is_measured_where_nothing_can_be_stored(open_page: Open, desk: Desk) -> None:
    at = open_page("admin/people.py", "admin")
    with no_room(desk), pytest.raises(StoreFull), desk.store.write() as tx:
        tx.exec_driver_sql("INSERT INTO meta (name, value) VALUES ('much', '" + "x" * 200_000 + "')")
    [shown] = said(at.run())
    assert shown.startswith("**There is no room on the database's disk.**")


@pytest.mark.sqlite
def test_a_file_says_what_it_waits_for(open_page: Open, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    file = files.receive(desk, person(desk, "finance"), "demo", "july.csv", BytesIO(FILE.encode()))
    with monkeypatch.context() as patch:
        patch.setattr(Desk, "room", property(lambda self: Room.of(self.store, TOO_MUCH << 20)))
        assert not background.work_off(desk)
        at = open_page("payouts/page.py", "finance")
        assert "july.csv: waits for room on the server's disk" in _bars(at)
    for values, wanted in (
        (
            {"failure": "no_room_short", "failure_detail": {"free": "3", "needed": "700"}},
            "(3 MB are free, 700 MB are needed)",
        ),
        ({"state": "running", "failure": "import_stopped", "tries": 3}, "It is tried again by itself at"),
    ):
        with desk.store.write() as tx:
            settlement_files.change(tx, file, states=("waiting",), **values)
        at = open_page("payouts/page.py", "finance")
        assert wanted in _bars(at)
    clock.use(lambda: timedelta(hours=1))
    background.work_off(desk)
    clock.use(None)
    assert files.running(desk, person(desk, "finance", email="b@example.com")) == []


def _bars(at: AppTest) -> str:
    assert not at.exception
    return " ".join(bar.proto.text.replace("\\", "") for bar in at.get("progress"))


@pytest.mark.sqlite
@pytest.mark.usefixtures("short")
def test_uploads_and_exports_are_refused_in_a_sentence(open_page: Open, desk: Desk) -> None:
    store_paid_order(desk, "A-1")
    at = open_page("payouts/page.py", "finance")
    shown = words(upload(at, ("july.csv", FILE)))
    assert not at.exception
    assert "july.csv" in shown
    assert "There is too little room on the server's disk:" in shown
    history = unfold(open_page("payment_requests/page.py", "manager"), "exporting_PaymentRequests")
    assert "There is too little room on the server's disk to make a file." in words(history)


def test_a_screen_that_finds_the_disk_full_shows_a_sentence(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(failure.st, "error", lambda text, icon: shown.append(text))
    for error in (OSError(28, "No space left on device"), StoreFull("INSERT", None, Exception())):
        assert failure.show_failure(error)
    assert ["no room on the server" in text for text in shown] == [True, True]
    assert not any(record.exc_info for record in caplog.records)
