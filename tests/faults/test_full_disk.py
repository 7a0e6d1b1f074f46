"""A small real disk that fills up while a file is imported and links are sent: sending goes on, the import waits, nothing is lost."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest

from services import clock
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.entrypoints import worker
from services.imports import background, file_accounts, files
from services.imports.loading import supervisor
from services.orders import create, history
from services.store import StoreError, StoreFull, engine
from services.store.locks import put
from services.store.schema import meta
from services.store.settlements.files import settlement_files
from tests.support.desk import person, settings_for
from tests.support.drafts import draft
from tests.support.payouts import csv
from tests.support.public import body, serving, signed
from tests.support.sandbox import RunningSandbox, clock_of, wait_for
from tests.support.small_disk import fill, free, small_disk
from tests.support.stored_join import assert_join_is_current, count_visible_lines

pytestmark = [pytest.mark.faults, pytest.mark.sqlite]
DISK, KEPT = 56, 16  # megabytes: one transaction of the import takes some four of them
LINES = 11_000  # some 7 MB of database


@pytest.fixture
def desk(sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Desk]:
    with small_disk(tmp_path / "disk", DISK) as disk:
        settings = settings_for(
            disk, sandbox_url=sandbox.url, sandbox_smtp_port=sandbox.smtp_port, keep_free_mb=KEPT
        )
        opened = Desk(settings, engine.open_store(settings.database, demo=True))
        prepare_demo(opened)
        clock.use(clock_of(sandbox.client))
        yield opened
        clock.use(None)
        opened.close()


def lines(start: str) -> bytes:
    return csv(
        *(f"1;77;T-{start}{n};A-{n % 400};10.00;EUR;;;;;Sale;10.00;EUR;;2026-11-20" for n in range(LINES))
    )


def row(desk: Desk, file: int) -> Any:
    with desk.store.read() as tx:
        return settlement_files.get(tx, file)


def stored(desk: Desk) -> int:
    with desk.store.read() as tx:
        return int(tx.exec_driver_sql("SELECT count(*) FROM payout_lines").scalar_one())


def tell(client: httpx.Client, raw: bytes) -> int:
    return client.post("/notify/demo", content=raw, headers=signed(raw)).status_code


def test_the_disk_fills_up_while_importing_and_sending(
    desk: Desk, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervisor, "_HELD_UP_SECONDS", 0.5)
    monkeypatch.setattr(background, "_AGAIN_SECONDS", 0.5)
    monkeypatch.setattr(worker, "AGAIN_SECONDS", 0.5)
    disk, manager, finance = desk.settings.data_dir, person(desk, "manager"), person(desk, "finance")

    def send() -> int:
        return create.create(desk, manager, draft(), create.new_form_key())

    def sent(order: int) -> bool:
        return history.detail(desk, manager, order).badge == "open"

    def settle(holds: Callable[[], bool], what: str) -> None:
        wait_for(lambda: _quietly(holds), what, 60)

    file_accounts.assign(desk, finance, "1", "demo")
    running = worker.start(desk)
    try:
        file = files.receive(desk, finance, "demo", "payout.csv", BytesIO(lines("")))
        settle(lambda: stored(desk) > 0, "the import to begin")
        other = fill(disk, (KEPT << 20) - (1 << 20))  # another program takes what was to be kept free
        settle(lambda: row(desk, file).failure == "no_room_short", "the import to stop")
        found = row(desk, file)
        assert (found.state, found.tries, count_visible_lines(desk)) == ("running", 0, 0)
        assert 0 < stored(desk) < LINES
        order = send()
        settle(lambda: sent(order), "a link to leave meanwhile")
        assert row(desk, file).tries == 0

        fill(disk)  # and now everything; what is free within the database's own files lasts for a while
        refused = 0
        with serving(desk) as client:
            raws = [body(f"N-{number}", cdata1="x" * 400_000) for number in range(20)]
            told = [tell(client, raw) for raw in raws]
            assert set(told) <= {202, 503}
            assert 503 in told
            for _ in range(30):
                try:
                    send()
                except StoreFull:
                    refused += 1
            assert refused
            assert desk.shortage.poll() is not None
            other.unlink()
            assert free(disk) > KEPT << 20
            assert [tell(client, raw) for raw in raws] == [202] * len(raws)
        settle(
            lambda: row(desk, file).state == "complete" and row(desk, file).follow_up is None, "the import"
        )
        last = send()
        settle(lambda: sent(last), "sending to go on")
        assert desk.room.has()
    finally:
        running.stop()
    while background.catch_up(desk):
        pass
    assert count_visible_lines(desk) == LINES
    assert_join_is_current(desk)
    with desk.store.read() as tx:
        assert tx.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    assert not [record for record in caplog.records if record.exc_info]
    assert sum(record.name == "services.store" for record in caplog.records) <= 2  # it began; it was over


def test_what_was_erased_is_erased_though_the_log_cannot_be_emptied(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 8) as disk:
        store = engine.open_store(f"sqlite:///{disk}/a.db")
        with store.write() as tx:
            put(tx, meta.meta, {"name": "large"}, value="x" * 1_500_000)
        fill(disk)
        store.truncate_log()
        assert store.outages.full
        (disk / "another-program").unlink()
        store.truncate_log()
        assert (disk / "a.db-wal").stat().st_size == 0
        store.close()


def _quietly(holds: Callable[[], bool]) -> bool:
    with suppress(StoreError):
        return holds()
    time.sleep(0.1)
    return False
