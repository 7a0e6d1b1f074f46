"""A database whose lines are in the former table: they are moved while links are sent, whatever is killed, and come to the same."""

import signal
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import inspect

from services.access import Actor
from services.desk import Desk
from services.imports import background, files
from services.imports.loading import lease
from services.imports.loading.supervisor import ImportProcess
from services.orders import create
from services.orders.steps import runner
from services.reconciliation.decisions import decide
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.matching import decided_lines
from services.reconciliation.views import lists
from services.store import line_rewrite, open_store
from services.store.line_rewrite import LinesBeingRewritten, Rewrite
from services.store.settlements.files import settlement_files
from services.store.settlements.lines.line_filter import LineFilter
from tests.support import postgres
from tests.support.desk import settings_for
from tests.support.drafts import draft
from tests.support.first_version import as_left_at
from tests.support.orders import store_paid_order
from tests.support.payout_lines import line_id
from tests.support.payouts import csv, import_file
from tests.support.sandbox import RunningSandbox
from tests.support.stored_join import assert_join_is_current, join_contents
from tests.support.stored_lines import every_line

pytestmark = [pytest.mark.faults, pytest.mark.desk(sandbox=True)]
PATIENCE = 100.0
LINES = 24_000
BEFORE = "0014"  # the last migration with the former table


def payout(number: int, lines: int) -> BytesIO:
    return BytesIO(
        csv(
            *(
                f"1;{number};T-{number}-{n};A-{n % 40};10.00;EUR;;;;;Sale;10.00;EUR;;2026-11-20"
                for n in range(lines)
            )
        )
    )


def until(holds: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.02)


def state(desk: Desk) -> Rewrite | None:
    with desk.store.read() as tx:
        return line_rewrite.under_way(tx)


def former_lines_are_there(desk: Desk) -> bool:
    return inspect(desk.store.engine).has_table("settlement_lines")


def kill_at(child: ImportProcess, reached: Callable[[], object]) -> None:
    """Kill the import process once this is true."""

    def at_work() -> object:
        child.poll()
        return child._process is not None and reached()

    until(at_work)
    process = child._process
    assert process is not None
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)


def under_way_before_the_upgrade(desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch) -> int:
    """A decision and a split whose lines are not joined yet, and a file of which a part is imported; its id."""
    for number in range(1, 20):
        store_paid_order(desk, f"A-{number}")
    import_file(desk, finance, "demo", "first.csv", csv(
        "1;1;T-1;WEB-1;10.00;EUR;;;;;Sale;10.00;EUR;;2026-11-20", "1;1;T-2;WEB-2;20.00;EUR;;;;;Sale;20.00;EUR;;2026-11-20",
    ))  # fmt: skip
    with monkeypatch.context() as dies, desk.store.read() as tx:
        dies.setattr(decided_lines, "join_lines", lambda *_: None)
        one, two = line_id(desk, "WEB-1"), line_id(desk, "WEB-2")
        del tx
        decide.exclude(desk, finance, [Shown(line=one)], "test", "k1")
        decide.split(desk, finance, Shown(line=two), [(1, 10_0000), (2, 10_0000)], "test", "k2")
    file = files.receive(desk, finance, "demo", "second.csv", payout(2, LINES))
    child = ImportProcess(desk)

    def some() -> bool:
        with desk.store.read() as tx:
            return int(tx.exec_driver_sql("SELECT count(*) FROM payout_lines").scalar_one()) > 5_000

    kill_at(child, some)
    lease.release(desk.store, child._owner)  # as its worker does, or time
    with desk.store.read() as tx:
        found = settlement_files.get(tx, file)
    assert found is not None
    assert found.state == "running"
    return file


def test_killed_at_any_point_it_goes_on_and_comes_to_the_same(
    desk: Desk,
    finance: Actor,
    manager: Actor,
    sandbox: RunningSandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = under_way_before_the_upgrade(desk, finance, monkeypatch)
    url = postgres.empty("former") if postgres.SERVER else f"sqlite:///{tmp_path / 'former.db'}"
    as_left_at(desk, url, BEFORE).dispose()
    with desk.store.read() as tx:
        lines = [(line.id, line.identity, line.key) for line in every_line(tx)]
    settings = desk.settings.model_copy(
        update={"database_url": settings_for(tmp_path, database_url=url).database_url}
    )
    after = Desk(settings, open_store(url, demo=True))
    child = ImportProcess(after)
    try:
        for moved in (1, 3_001, 6_001):
            kill_at(
                child,
                lambda moved=moved: (
                    (found := state(after)) is None or found.moved >= moved or found.state != "moving"
                ),
            )
            _others_go_on_and_nobody_reads_lines(after, finance, manager, sandbox, file)
        kill_at(child, lambda: (found := state(after)) is None or found.state == "deleting")
        until(lambda: (child.poll(), state(after) is None)[1])
        assert not former_lines_are_there(after)
        with after.store.read() as tx:
            assert [(line.id, line.identity, line.key) for line in every_line(tx)][: len(lines)] == lines

        def imported() -> bool:
            child.poll()
            with after.store.read() as tx:
                found = settlement_files.get(tx, file)
            assert found is not None
            return found.state == "complete" and found.follow_up is None

        until(imported)
    finally:
        child.stop()
    for one in (desk, after):
        while background.work_off(one):
            pass
    (lines_now, orders_now, sums_now), (lines_then, orders_then, sums_then) = map(
        join_contents, (after, desk)
    )
    assert (lines_now, sums_now) == (lines_then, sums_then)
    assert set(orders_then) <= set(orders_now)  # some were sent meanwhile
    assert_join_is_current(after)
    after.close()


def _others_go_on_and_nobody_reads_lines(
    desk: Desk, finance: Actor, manager: Actor, sandbox: RunningSandbox, file: int
) -> None:
    mails = len(sandbox.mails())
    create.create(desk, manager, draft(order_id=f"ORDER-{mails}"), create.new_form_key())
    while runner.run_next(desk, "here"):
        pass
    assert len(sandbox.mails()) == mails + 1
    if (found := state(desk)) is not None:
        with pytest.raises(LinesBeingRewritten) as refused:
            lists.lines(desk, finance, LineFilter())
        assert refused.value.lines == found.lines
        with pytest.raises(LinesBeingRewritten):
            decide.exclude(desk, finance, [Shown(line=1)], "test", "k3")
        with desk.store.read() as tx:
            waiting = settlement_files.get(tx, file)
        assert waiting is not None
        assert waiting.state == "running"
