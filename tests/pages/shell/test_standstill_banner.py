"""While no worker works, or not on everything, every screen says so, to everybody who is signed in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from streamlit.testing.v1 import AppTest

from services.alarms import stopped_workers
from services.desk import Desk
from services.heartbeats import LANES, WorkerWatch
from services.store import heartbeats

Open = Callable[..., AppTest]
SINCE = datetime(2026, 11, 30, 9, 7, 41, tzinfo=UTC)


def stand_still(desk: Desk, *lanes: str) -> None:
    """These lanes gave their last sign at SINCE, and a day has passed in which all others went on."""
    seconds = [0.0]
    vars(desk)["worker_watch"] = watch = WorkerWatch(desk.store, seconds=lambda: seconds[0])
    for turn in range(15):
        with desk.store.write() as tx:
            heartbeats.store_signs(
                tx,
                {
                    lane: SINCE if lane in lanes else datetime.now(UTC) + timedelta(seconds=turn)
                    for lane in LANES
                },
            )
        watch.poll()
        seconds[0] += 10
    stopped_workers.note(desk)


def said(at: AppTest) -> list[str]:
    assert not at.exception
    return [one.value.replace("\\", "") for one in at.error]


def test_all_goes_on(open_page: Open, desk: Desk) -> None:
    stand_still(desk)
    assert said(open_page("admin/people.py", "admin")) == []


def test_no_worker(open_page: Open, desk: Desk) -> None:
    stand_still(desk, *LANES)
    [words] = said(open_page("admin/people.py", "admin"))
    assert words.startswith("**Nothing is sent, fetched or imported since 30 Nov 2026, 10:07")
    assert "Restart the dashboard" in words
    [mots] = said(open_page("admin/my_notices.py", "manager", language="fr"))
    assert mots.startswith("**Rien n’est envoyé, récupéré ni importé depuis le 30 nov. 2026, 10:07")
    assert "Prévenez la personne qui administre" in mots
    to_do = " ".join(one.value for one in open_page("overview/page.py", "admin").markdown).replace("\\", "")
    assert "No worker runs: nothing has been sent, fetched or imported" in to_do


def test_a_part_of_the_worker(open_page: Open, desk: Desk) -> None:
    stand_still(desk, "imports")
    [words] = said(open_page("configuration/page.py", "admin"))
    assert words.startswith("**Not everything is done since 30 Nov 2026, 10:07")
    assert "Payout files are not imported." in words
    to_do = " ".join(one.value for one in open_page("overview/page.py", "admin", language="fr").markdown)
    assert "Une partie du processus de travail" in to_do
