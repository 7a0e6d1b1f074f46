"""What happens to orders, rules and files while a payout file is on its way into the store: nothing is lost."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from threading import Event
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from services import clock
from services.access import Actor
from services.desk import Desk
from services.imports import background, files
from services.imports.errors import FileUnknown
from services.imports.loading import (
    complete,
    lease,
    load,
    process,
    supervisor,
)
from services.reconciliation.decisions import not_ours_rules
from services.reconciliation.matching import order_changes, rejoin
from services.reconciliation.matching.lookup import Lookup
from services.settlements.dialect import Detection
from services.settlements.untrusted_file import UntrustedFile
from services.store import Connection, meta, settlements
from services.store.orders import orders
from services.store.schema.settlement_files import settlement_files
from tests.support import postgres, servers
from tests.support.orders import order_columns, store_paid_order
from tests.support.payouts import csv, import_file, lines_of


def sale(order: str) -> str:
    return f"1;77;T-{order};{order};10.00;EUR;;;;;Sale;10.00;EUR;;2026-11-20"


def outcomes(desk: Desk) -> dict[str, str]:
    lines = lines_of(desk)
    return dict(zip(lines["file_order"], lines["outcome"], strict=True))


def once_stored(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Once the next file's lines are stored, and before it is complete, this happens."""
    real = complete.complete

    def later(*args: object) -> None:
        monkeypatch.setattr(complete, "complete", real)
        act()
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(complete, "complete", later)


def test_a_rule_begun_while_a_file_is_imported_takes_its_lines(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin() -> None:
        not_ours_rules.add(desk, finance, "demo", "order", "starts", "SHOP", "the shop's own", "key")
        background.catch_up(desk)
        assert not_ours_rules.rules(desk, finance, "demo")[0].rejoining

    import_file(desk, finance, "demo", "a.csv", csv(sale("SHOP-1"), sale("A-1")))
    once_stored(monkeypatch, begin)
    import_file(desk, finance, "demo", "b.csv", csv(sale("SHOP-2"), sale("A-2")))
    assert outcomes(desk) == {
        "SHOP-1": "not_ours",
        "A-1": "unmatched",
        "SHOP-2": "not_ours",
        "A-2": "unmatched",
    }
    assert not not_ours_rules.rules(desk, finance, "demo")[0].rejoining


def test_a_rule_ended_while_a_file_is_imported_lets_its_lines_go(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_file(desk, finance, "demo", "b.csv", csv(sale("A-1")))
    rule = not_ours_rules.add(desk, finance, "demo", "order", "starts", "SHOP", "the shop's own", "key")
    once_stored(monkeypatch, lambda: not_ours_rules.end(desk, finance, rule, "sold"))
    import_file(desk, finance, "demo", "a.csv", csv(sale("SHOP-1")))
    assert outcomes(desk) == {"A-1": "unmatched", "SHOP-1": "unmatched"}


def test_a_rule_begun_before_the_first_file_takes_its_lines(desk: Desk, finance: Actor) -> None:
    not_ours_rules.add(desk, finance, "demo", "order", "starts", "SHOP", "the shop's own", "key")
    import_file(desk, finance, "demo", "a.csv", csv(sale("SHOP-1")))
    assert outcomes(desk) == {"SHOP-1": "not_ours"}


@pytest.mark.skipif(not postgres.SERVER, reason="on SQLite ids commit in their order")
def test_an_order_that_commits_late_is_found_by_the_lines_of_a_file_that_is_just_imported(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk.store.engine.connect() as slow:
        transaction = slow.begin()
        late = order_columns(payment="captured", captured=10_0000, paid_at=clock.now())
        orders.add_order(slow, **late)
        store_paid_order(desk, "A-2")  # a higher id, committed before
        background.work_off(desk)

        def arrive() -> None:
            transaction.commit()
            while background.catch_up(desk):
                pass

        once_stored(monkeypatch, arrive)
        import_file(desk, finance, "demo", "a.csv", csv(sale("A-1")))
    assert outcomes(desk) == {"A-1": "matched"}


@pytest.mark.skipif(not postgres.SERVER, reason="on SQLite a transaction reads one state")
def test_an_order_that_comes_while_the_orders_are_looked_up_is_found(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = rejoin.full_lookup

    def slowly(tx: Connection) -> Lookup:
        found = look_up(tx)
        store_paid_order(desk, "A-1")
        while background.catch_up(desk):
            pass
        return found

    monkeypatch.setattr(rejoin, "full_lookup", slowly)
    import_file(desk, finance, "demo", "a.csv", csv(sale("A-1")))
    assert outcomes(desk) == {"A-1": "matched"}


def leased_until(desk: Desk) -> float:
    with desk.store.read() as tx:
        return meta.lease(tx, lease._NAME)[1]


def test_who_reads_a_large_file_keeps_the_turn(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    detect, until = UntrustedFile.detect, list[float]()

    def at_length(*args: Any) -> Detection:
        until.append(leased_until(desk))
        servers.until(lambda: leased_until(desk) > until[0])
        return detect(*args)

    monkeypatch.setattr(lease, "_SECONDS", 4.0)
    monkeypatch.setattr(UntrustedFile, "detect", at_length)
    import_file(desk, finance, "demo", "a.csv", csv(sale("A-1")))
    assert len(until) == 1


@pytest.mark.parametrize(("stopped", "tries"), [(True, 0), (False, 1)])
def test_a_try_counts_unless_it_was_stopped(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch, stopped: bool, tries: int
) -> None:
    stopping, detect = Event(), UntrustedFile.detect

    def interrupted(*args: Any) -> Detection:
        if stopped:
            stopping.set()
        else:  # another has taken it for dead
            with desk.store.write() as tx:
                meta.release_lease(tx, lease._NAME, "one")
                meta.take_lease(tx, lease._NAME, "another", 120)
        return detect(*args)

    file = files.receive(desk, finance, "demo", "a.csv", BytesIO(csv(sale("A-1"))))
    monkeypatch.setattr(UntrustedFile, "detect", interrupted)
    process.work_off(desk.store, "one", desk.settings.all_accounts, stopping)
    with desk.store.read() as tx:
        found = settlements.files.settlement_files.get(tx, file)
    assert found is not None
    assert (found.state, found.tries) == ("running", tries)


def test_what_cannot_be_joined_does_not_keep_the_others_back(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: Desk) -> bool:
        raise ValueError("a fault of ours")

    import_file(desk, finance, "demo", "a.csv", csv(sale("WEB-1")))
    monkeypatch.setattr(not_ours_rules, "_join", lambda *_: True)
    not_ours_rules.add(desk, finance, "demo", "order", "starts", "WEB", "why", "k1")
    monkeypatch.undo()
    monkeypatch.setattr(order_changes, "catch_up", failing)
    with pytest.raises(ValueError, match="fault of ours"):
        background.catch_up(desk)
    assert lines_of(desk)["outcome"].tolist() == ["not_ours"]


def test_a_rule_that_cannot_be_applied_does_not_keep_the_others_back(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_file(desk, finance, "demo", "a.csv", csv(sale("WEB-1"), sale("POS-1")))
    join_, none = not_ours_rules._join, list[int]()
    monkeypatch.setattr(not_ours_rules, "_join", lambda *_: True)
    for start in ("WEB", "POS"):
        none.append(not_ours_rules.add(desk, finance, "demo", "order", "starts", start, "why", start))

    def failing(here: Desk, rule: int, *rest: Any) -> bool:
        if rule == none[0]:
            raise ValueError("a fault of ours")
        return join_(here, rule, *rest)

    monkeypatch.setattr(not_ours_rules, "_join", failing)
    with pytest.raises(ValueError, match="fault of ours"):
        not_ours_rules.catch_up(desk)
    outcomes = lines_of(desk).set_index("file_order")["outcome"].to_dict()
    assert outcomes == {"WEB-1": "unmatched", "POS-1": "not_ours"}


class Dead:
    """A process that ended by itself."""

    def __init__(self, returncode: int) -> None:
        self.returncode = returncode

    def poll(self) -> int:
        return self.returncode


def test_a_process_that_dies_again_and_again_is_begun_less_and_less_often(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = list[int]()
    monkeypatch.setattr(supervisor.ImportProcess, "_start", lambda _: started.append(1))
    files.receive(desk, finance, "demo", "a.csv", BytesIO(csv(sale("A-1"))))
    child = supervisor.ImportProcess(desk)
    for _ in range(20):
        child._process = Dead(-9)  # type: ignore[assignment]
        child.poll()
    before = len(started)
    child.poll()
    assert len(started) == before
    assert 0 < child._not_before - monotonic() <= 60
    child._process = Dead(0)  # type: ignore[assignment]
    child._not_before = 0.0
    child.poll()
    assert len(started) == before + 1


def test_a_process_that_ended_since_the_store_was_away_does_not_count_as_a_try(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = files.receive(desk, finance, "demo", "a.csv", BytesIO(csv(sale("A-1"))))

    def away(*_: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("the server has gone"))

    monkeypatch.setattr(supervisor.ImportProcess, "_start", lambda _: None)
    monkeypatch.setattr(load, "load", away)
    for code in (*[process.AWAY] * 5, -9):
        child = supervisor.ImportProcess(desk)
        with pytest.raises(OperationalError):
            process.work_off(desk.store, "one", desk.settings.all_accounts)
        child._process = Dead(code)  # type: ignore[assignment]
        child.poll()
    with desk.store.read() as tx:
        found = settlements.files.settlement_files.get(tx, file)
    assert found is not None
    assert (found.state, found.tries) == ("running", 1)


class Ending(BytesIO):
    """A stream at whose end something happens."""

    def __init__(self, raw: bytes, act: Callable[[], object]) -> None:
        super().__init__(raw)
        self._act = act

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        if not piece:
            self._act()
        return piece


def test_a_file_cancelled_when_its_last_piece_has_come_is_not_said_to_be_received(
    desk: Desk, finance: Actor
) -> None:
    def cancel() -> None:
        (file,) = files.running(desk, finance)
        files.cancel(desk, finance, file.id)  # type: ignore[attr-defined]

    with pytest.raises(FileUnknown):
        files.receive(desk, finance, "demo", "a.csv", Ending(csv(sale("A-1")), cancel))
    background.work_off(desk)
    assert outcomes(desk) == {}


def test_a_slow_reception_that_comes_to_its_end_is_not_cleaned_away(desk: Desk, finance: Actor) -> None:
    left = []

    def fall_silent() -> None:
        with desk.store.write() as tx:
            tx.execute(update(settlement_files).values(alive_at=clock.now() - timedelta(hours=1)))
        with desk.store.read() as tx:
            left.extend(settlements.files.settlement_files.to_clean(tx, clock.now() - timedelta(minutes=30)))

    file = files.receive(desk, finance, "demo", "a.csv", Ending(csv(sale("A-1")), fall_silent))
    held = lease.acquire(desk.store, "test", (), Event())
    assert held is not None
    process._clean(held, left[0])  # it was looked at before its end, and is cleaned after
    lease.release(desk.store, "test")
    background.work_off(desk)
    with desk.store.read() as tx:
        kept = settlements.files.settlement_files.get(tx, file)
    assert kept is not None
    assert kept.state == "complete"
