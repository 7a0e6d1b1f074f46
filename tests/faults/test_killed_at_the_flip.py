"""SIGKILL while a file that withdraws and corrects lines becomes visible: around each commit of the import, and within the flip."""

import signal
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from services.access import Actor
from services.desk import Desk
from services.imports import background, files
from services.imports.issued_again import issue_decisions
from services.imports.loading import complete, lease
from services.reconciliation.decisions import decide, history
from services.reconciliation.decisions.checks import Shown
from services.reconciliation.matching import order_changes, rejoin
from services.reconciliation.views import payout_list
from services.store import meta
from services.store.schema.people import audit
from services.store.settlements.files import payout_issues, settlement_files
from tests.faults.kill_points import death, die_at_commits
from tests.support import forked
from tests.support.desk import copy_of, open_test_desk, person
from tests.support.orders import store_paid_order
from tests.support.payouts import NEWEST, csv, import_file, lines_of
from tests.support.stored_join import assert_join_is_current, join_contents

pytestmark = pytest.mark.faults
PATIENCE = 60
EVERY = 40  # statements of the flip from one point to the next


def sale(order: str, amount: str = "10.00", reference: str = "", operation: str = "Sale") -> str:
    return f"1;77;T-{order};{order};{amount};EUR;;;;;{operation};{amount};EUR;{reference};2026-11-20"


def fee(order: str) -> str:
    return sale(order, "-1.00", operation="Fixed fee")


def paid(amount: str) -> str:
    return f"1;77;;;{amount};EUR;;;;;Settlement;{amount};EUR;;2026-11-21"


FIRST = csv(sale("A"), fee("A"), sale("B"), fee("B"), sale("C"), paid("28.00"))
# A has another reference, B is gone, and its fee, C has another amount, D is new
SECOND = csv(sale("A", reference="F-1"), fee("A"), sale("C", "12.00"), sale("D", "5.00"), paid("26.00"))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejoin, "GAP_SECONDS", 0)
    monkeypatch.setattr(order_changes, "GAP_SECONDS", 0)


def made(folder: Path) -> tuple[Desk, Actor, int]:
    """The first issue, one of its lines decided and commented; and the second, which waits for its import."""
    folder.mkdir()
    desk = open_test_desk(folder)
    finance = person(desk, "finance")
    for order in "ABCD":
        store_paid_order(desk, order, "10.00")
    other = store_paid_order(desk, "Z", "10.00")
    import_file(desk, finance, "demo", "first.csv", FIRST)
    [line] = lines_of(desk).query("file_order == 'A' and operation == 'Sale'")["id"]
    decide.match(desk, finance, [Shown(line=int(line))], other, "by telephone", "k1")
    history.comment_line(desk, finance, int(line), "asked the shop", "k2")
    file = files.receive(desk, finance, "demo", "second.csv", BytesIO(SECOND), answers=NEWEST)
    return desk, finance, file


def outcome(desk: Desk, finance: Actor, file: int) -> Any:
    """All that came of the import, without times."""
    lines = lines_of(desk)
    columns = ("file_order", "operation", "settled_amount_units", "reporting_data_1", "order_id")
    content = sorted(zip(*(lines[name].fillna("") for name in columns), strict=True))
    [now] = lines.query("file_order == 'A' and operation == 'Sale'")["id"]
    comments = [entry.text for entry in history.of_line(desk, finance, int(now))]
    gone = [
        (one.cells["order"], one.cells["operation"])
        for one in issue_decisions.withdrawn_of_file(desk, finance, file)
    ]
    [payout] = payout_list.list_payouts(desk, finance)
    with desk.store.read() as tx:
        found = settlement_files.get(tx, file)
        pairs = len(payout_issues.corrected_by(tx, file, 100))
        imported = tx.scalar(
            select(func.count()).where(
                audit.c.action == "settlement_file_imported",
                audit.c.subject == f"settlement_file:{file}",
            )
        )
    assert found is not None
    assert imported == 1
    counts = (found.state, found.lines, found.changed_lines, found.withdrawn_lines, pairs)
    return content, comments, gone, (payout.state, payout.row.net_units), counts, join_contents(desk)


def die_at(desk: Desk, kind: str, at: int) -> None:
    """This process does not outlive its ``at``-th point at a commit, or statement of the flip."""
    point, flips, flip = death(at), False, complete.complete

    def flipping(*given: Any) -> None:
        nonlocal flips
        flips = True
        flip(*given)
        flips = False

    if kind == "commit":
        die_at_commits(point)
        return
    complete.complete = flipping
    event.listen(desk.store.engine, "after_cursor_execute", lambda *_: point() if flips else None)


def work(folder: Path, url: str, kind: str, at: int) -> None:
    desk = open_test_desk(folder, database_url=url)
    rejoin.GAP_SECONDS = order_changes.GAP_SECONDS = 0
    die_at(desk, kind, at)
    background.work_off(desk)


def died(desk: Desk, kind: str, at: int) -> bool:
    """Import in a process that ends itself at this point; whether it came so far."""
    folder = desk.settings.data_dir
    log = folder / "killed.log"
    process = forked.begin(work, folder, desk.settings.database, kind, at, log=log)
    process.join(PATIENCE)
    assert process.exitcode in (0, -signal.SIGKILL), log.read_text()
    with desk.store.read() as tx:
        owner, _ = meta.lease(tx, "reconciliation")
    lease.release(desk.store, owner)  # as the supervisor does for a process that has ended
    return process.exitcode != 0


# Before each commit: nothing but the database is changed, so after one is the same as before the next.
@pytest.mark.parametrize(("kind", "step", "least"), [("commit", 2, 8), ("statement", EVERY, EVERY)])
def test_killed_at_any_point_the_second_issue_comes_to_the_same(
    tmp_path: Path, kind: str, step: int, least: int
) -> None:
    prepared, finance, file = made(tmp_path / "prepared")
    before = lines_of(prepared)["settled_amount_units"].sum()
    prepared.close()

    def again(name: str) -> Desk:
        (folder := tmp_path / name).mkdir()
        return copy_of(prepared, folder)

    desk = again("whole")
    background.work_off(desk)
    wanted = outcome(desk, finance, file)
    desk.close()
    assert wanted[3] == ("tied", 26_0000)
    assert wanted[2] == [("B", "Sale"), ("B", "Fixed fee")]
    for at in count(1, step):
        desk = again(f"{kind}{at}")
        try:
            over = not died(desk, kind, at)
            with desk.store.read() as tx:
                found = settlement_files.get(tx, file)
            assert found is not None
            if found.state != "complete":  # all of the former issue, nothing of this one
                assert lines_of(desk)["settled_amount_units"].sum() == before
                assert len(lines_of(desk)) == 6
            [payout] = payout_list.list_payouts(desk, finance)
            behind = payout.row.version != payout.row.worked_version
            assert not (behind and payout.state == "tied")
            background.work_off(desk)
            assert outcome(desk, finance, file) == wanted, f"{kind} {at}"
            assert_join_is_current(desk)
        finally:
            desk.close()
        if over:
            assert at > least
            return
