"""An export from the press to the file: one for two presses, its rights asked again, kept for a day, gone with an erasure."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from services import clock, exports, retention
from services.access import SYSTEM, Actor, Grant, NotAllowed
from services.access.trail import entries
from services.desk import Desk
from services.disk_space import Room, RoomShort
from services.exports import KeptExport, kinds, process
from services.exports.errors import ExportGone, ExportNotReady, ExportRightsChanged
from services.exports.kinds import KINDS, Lines, PaymentRequests, Payouts, SettledOrders, Wanted, name_of
from services.i18n import translator
from services.reconciliation.views import list_exports, lists
from services.spreadsheets.write import Form
from services.store import access, kept_exports
from services.store.orders.orders import Filter
from services.store.settlements import reconciliation_views
from services.store.settlements.lines import exported_lines
from services.store.settlements.lines.line_filter import LineFilter
from services.store.settlements.position_pages import OrderFilter
from tests.support.desk import person
from tests.support.orders import store_paid_order
from tests.support.payouts import csv, import_file

LINES = Lines(chosen=LineFilter())


@pytest.fixture
def desk(desk: Desk, finance: Actor) -> Desk:
    store_paid_order(desk, "A-1", "100.00")
    row = "1;77;80{n};A-1;100.00;EUR;;;;;Sale;100.00;EUR;;2026-11-20"
    import_file(desk, finance, "demo", "october.csv", csv(*(row.format(n=n) for n in range(6))))
    return desk


def ask(desk: Desk, who: Actor, wanted: Wanted = LINES, form: Form = "csv") -> KeptExport:
    exports.request(desk, who, wanted, form, "en")
    return exports.kept(desk, who)[0]


def made(desk: Desk, who: Actor, wanted: Wanted = LINES, form: Form = "csv") -> KeptExport:
    ask(desk, who, wanted, form)
    assert process.work_off(desk, "test")
    return exports.kept(desk, who)[0]


def chunks(desk: Desk) -> int:
    with desk.store.read() as tx:
        return int(tx.exec_driver_sql("SELECT count(*) FROM export_chunks").scalar_one())


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "wanted",
    [LINES, SettledOrders(chosen=OrderFilter()), Payouts(), PaymentRequests(chosen=Filter())],
    ids=name_of,
)
def test_each_kind_is_made_and_downloaded(desk: Desk, wanted: Wanted, form: Form) -> None:
    who = person(desk, "finance", "manager")
    waiting = ask(desk, who, wanted, form)
    assert (waiting.state, waiting.under_way, waiting.wanted) == ("waiting", True, wanted)
    with pytest.raises(ExportNotReady):
        exports.content(desk, who, waiting.id)
    assert process.work_off(desk, "test")
    [ready] = exports.kept(desk, who)
    assert (ready.state, ready.failure, ready.under_way) == ("ready", "", False)
    assert ready.file_name == f"{KINDS[name_of(wanted)].file}.{form}"
    content = exports.content(desk, who, ready.id)
    assert content.startswith(b"PK" if form == "xlsx" else b"\xef\xbb\xbf")
    assert len(content) == ready.size


def test_the_file_is_what_the_list_writes_and_its_rows_are_counted(desk: Desk, finance: Actor) -> None:
    ready = made(desk, finance)
    out = io.BytesIO()
    rows = list_exports.write_lines(desk, finance, LineFilter(), "newest", "csv", translator("en"), out)
    assert exports.content(desk, finance, ready.id) == out.getvalue()
    assert (ready.rows, ready.total) == (rows, rows) == (6, 6)


def test_two_presses_make_one_and_another_one_when_it_is_done(desk: Desk, finance: Actor) -> None:
    for _ in range(2):
        exports.request(desk, finance, LINES, "csv", "en")
    assert len(exports.kept(desk, finance)) == 1
    assert len(entries(desk, SYSTEM, actions=("lines_exported",), limit=5)) == 1
    process.work_off(desk, "test")
    [ready] = exports.kept(desk, finance)
    exports.again(desk, finance, ready.id, "en")
    exports.request(desk, finance, LINES, "xlsx", "en")
    assert [one.state for one in exports.kept(desk, finance)] == ["waiting", "waiting", "ready"]


def test_nobody_else_sees_or_gets_it(desk: Desk, finance: Actor) -> None:
    ready, other = made(desk, finance), person(desk, "finance")
    assert exports.kept(desk, other) == ()
    for act in (exports.content, exports.drop):
        with pytest.raises(ExportGone):
            act(desk, other, ready.id)
    with pytest.raises(ExportGone):
        exports.again(desk, other, ready.id, "en")
    assert exports.content(desk, finance, ready.id)


def test_who_has_no_right_makes_none(desk: Desk, manager: Actor) -> None:
    with pytest.raises(NotAllowed):
        exports.request(desk, manager, LINES, "csv", "en")
    assert exports.kept(desk, manager) == ()


def grant(desk: Desk, who: Actor, *grants: Grant) -> None:
    with desk.store.write() as tx:
        access.set_grants(tx, who.id, "table", list(grants), at=clock.now(), granted_by="test")


def test_a_right_taken_away_refuses_the_file_and_what_is_being_made(desk: Desk, finance: Actor) -> None:
    ready = made(desk, finance)
    ask(desk, finance, form="xlsx")
    grant(desk, finance)
    with pytest.raises(NotAllowed):
        exports.content(desk, finance, ready.id)
    process.work_off(desk, "test")
    refused, kept = exports.kept(desk, finance)
    assert (refused.state, refused.failure) == ("failed", "not_allowed")
    assert (kept.state, kept.failure) == ("failed", "export_rights_changed")


def test_a_right_narrowed_to_one_account_refuses_a_file_of_all(desk: Desk, finance: Actor) -> None:
    ready = made(desk, finance)
    grant(desk, finance, Grant("finance", "demo"))
    with pytest.raises(ExportRightsChanged):
        exports.content(desk, finance, ready.id)
    again = made(desk, finance, form="xlsx")
    assert exports.content(desk, finance, again.id)
    grant(desk, finance, Grant("finance"))  # more than then
    assert exports.content(desk, finance, again.id)


def test_it_is_kept_for_a_day(desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    ready, now = made(desk, finance), clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=23))
    exports.sweep(desk)
    assert exports.content(desk, finance, ready.id)
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=25))
    with pytest.raises(ExportGone):
        exports.content(desk, finance, ready.id)
    assert exports.kept(desk, finance) == ()
    exports.sweep(desk)
    assert chunks(desk) == 0


def test_one_that_is_cancelled_stops_and_leaves_nothing(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work = ask(desk, finance)
    # its first part is stored, and the process pauses
    monkeypatch.setattr(process.time, "sleep", lambda seconds: exports.drop(desk, finance, at_work.id))
    assert process.work_off(desk, "test")
    assert exports.kept(desk, finance) == ()
    assert chunks(desk) == 0


def test_a_process_that_was_overtaken_writes_nothing(desk: Desk, finance: Actor) -> None:
    ask(desk, finance)
    lost = process._take(desk, "one")
    assert lost is not None
    with desk.store.write() as tx:
        kept_exports.release(tx, "one")
    assert process.work_off(desk, "other")
    process._make(desk, lost)
    [ready] = exports.kept(desk, finance)
    assert (ready.state, chunks(desk)) == ("ready", 1)


def test_one_whose_process_died_each_time_fails_with_a_sentence(desk: Desk, finance: Actor) -> None:
    ask(desk, finance)
    for _ in range(process.MOST_TRIES):
        assert process._take(desk, "one") is not None
        with desk.store.write() as tx:
            kept_exports.release(tx, "one")
    process.work_off(desk, "one")
    [failed] = exports.kept(desk, finance)
    assert (failed.state, failed.failure) == ("failed", "export_died")
    exports.again(desk, finance, failed.id, "en")
    process.work_off(desk, "one")
    assert [one.state for one in exports.kept(desk, finance)] == ["ready"]


def test_a_disk_without_room_fails_it_with_a_sentence(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(desk, finance)

    def short(self: Room, **more: int) -> None:
        raise RoomShort(10, 500)

    with monkeypatch.context() as patched:
        patched.setattr(Room, "require", short)
        process.work_off(desk, "test")
        with pytest.raises(RoomShort):
            exports.request(desk, finance, LINES, "xlsx", "en")
    [failed] = exports.kept(desk, finance)
    assert (failed.state, failed.failure) == ("failed", "no_room_short")
    assert failed.failure_detail == {"free": "10", "needed": "500"}
    assert chunks(desk) == 0


def test_a_fault_of_ours_fails_it_and_the_next_is_made(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(desk, finance)
    exports.request(desk, finance, Payouts(), "csv", "en")

    def broken(*given: Any, **more: Any) -> int:
        raise ValueError

    monkeypatch.setattr(list_exports, "write_lines", broken)
    process.work_off(desk, "test")
    payouts, lines = exports.kept(desk, finance)
    assert (lines.state, lines.failure, payouts.state) == ("failed", "export_failed", "ready")


def test_a_long_text_file_comes_in_a_zip(desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = exports.content(desk, finance, made(desk, finance).id)
    monkeypatch.setattr(exports, "MOST_UNZIPPED", 5)
    packed = made(desk, finance)
    assert (packed.file_name, packed.media_type) == ("payout-lines.zip", "application/zip")
    with zipfile.ZipFile(io.BytesIO(exports.content(desk, finance, packed.id))) as archive:
        assert archive.read("payout-lines.csv") == plain


def test_the_rows_are_of_one_state_whatever_changes_meanwhile(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_exports, "_BATCH", 2)
    monkeypatch.setattr(list_exports, "_PLACES", 2)
    changed: list[int] = []

    def change(rows: int) -> None:
        if not changed:
            with desk.store.write() as tx:
                tx.exec_driver_sql("UPDATE orders SET order_id = 'OTHER'")
        changed.append(rows)

    out = io.BytesIO()
    list_exports.write_lines(desk, finance, LineFilter(), "newest", "csv", translator("en"), out, change)
    assert changed == [2, 4, 6]
    assert b"OTHER" not in out.getvalue()


@pytest.mark.parametrize("moment", ["waiting", "running", "ready"])
def test_an_erasure_empties_every_export(desk: Desk, manager: Actor, moment: str) -> None:
    wanted = PaymentRequests(chosen=Filter(text="marchand"))
    ask(desk, manager, wanted)
    at_work = process._take(desk, "one") if moment == "running" else None
    if moment == "ready":
        process.work_off(desk, "one")
    with desk.store.write() as tx:
        exports.empty_all(tx)
    if at_work is not None:
        process._make(desk, at_work)
    [emptied] = exports.kept(desk, manager)
    assert (emptied.state, emptied.failure, emptied.wanted) == ("failed", "export_emptied", None)
    with pytest.raises(ExportNotReady):
        exports.content(desk, manager, emptied.id)
    with pytest.raises(ExportGone):
        exports.again(desk, manager, emptied.id, "en")
    with desk.store.read() as tx:
        rows = str(tx.exec_driver_sql("SELECT * FROM exports").all())
    assert "marchand" not in rows
    assert chunks(desk) == 0


def test_an_erased_customer_takes_the_exports_along(desk: Desk, admin: Actor, finance: Actor) -> None:
    made(desk, finance)
    store_paid_order(desk, "A-9")
    retention.erase(desk, admin, "A-9")
    [emptied] = exports.kept(desk, finance)
    assert emptied.failure == "export_emptied"


@pytest.mark.parametrize(
    "wanted",
    [
        Lines(chosen=LineFilter(accounts=("demo",), outcomes=("matched",), least=1, since="2026-01-01", text="x"), sort="latest"),
        SettledOrders(chosen=OrderFilter(statuses=("paid_twice",), open=True, loose="x"), sort="oldest", late=True),
        Payouts(accounts=("demo",), states=("tied",)),
        PaymentRequests(chosen=Filter(text="x", badges=("open",), channels=("link",), sender="me", since=clock.now())),
    ],
    ids=name_of,
)  # fmt: skip
def test_what_is_asked_for_is_stored_and_read_again(wanted: Wanted) -> None:
    assert kinds.read(name_of(wanted), kinds.stored(wanted)) == wanted


def test_an_export_of_one_file_that_was_asked_for_before_an_upgrade_has_the_lines_of_that_file() -> None:
    assert kinds.read("lines", {"chosen": {"file": 12}}) == Lines(chosen=LineFilter(files=(12,)))


def test_the_lines_of_an_export_are_those_of_the_screens(desk: Desk, finance: Actor) -> None:
    near = "1;78;900;a-1;5.00;EUR;-0.25;-0.05;-0.30;EUR;Sale;5.00;EUR;F-9;2026-11-20 10:00:00"
    strange = "1;79;;;;;;;;;Nothing known;7.00;EUR;;no date"
    import_file(desk, finance, "demo", "more.csv", csv(near, strange))
    with desk.store.read() as tx:
        ids = [line.id for line in lists.lines(desk, finance, LineFilter()).rows]
        shown, exported = reconciliation_views.lines(tx, ids), exported_lines.read(tx, ids)
    assert [line.id for line in exported] == ids
    for line in exported:
        named = shown[line.id]
        assert line._asdict() | {
            name: getattr(named, name) for name in line._fields if hasattr(named, name)
        } == (line._asdict())
