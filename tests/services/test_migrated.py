"""A database of the first version: its tables are brought up to date, nothing is lost, and all comes to what it comes to now."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import select
from sqlalchemy import text as text

from services import retention, store
from services.access import Grant, Right, allowed_accounts
from services.bulk.rows import stored
from services.desk import Desk
from services.imports import background, file_accounts
from services.imports.file_accounts import FileAccountInUse
from services.imports.loading import process
from services.reconciliation.decisions import decide, undo
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.views import lists
from services.store import access, schema
from services.store.orders import batches, notifications
from services.store.orders.notifications import Processed
from services.store.schema.fetching import folder_files
from services.store.schema.orders import orders
from services.store.schema.payout_lines import line_groups, line_totals
from services.store.schema.reconciliation import line_decisions
from services.store.schema.settlement_files import settlement_files
from services.store.settlements import matching_rules
from services.store.settlements.position_pages import OrderFilter
from tests.support.desk import open_test_desk, person
from tests.support.drafts import draft
from tests.support.first_version import as_left_at, as_the_first_version_left_it, move_lines
from tests.support.open_alarms import open_alarms
from tests.support.orders import order_columns, store_paid_order
from tests.support.payout_lines import import_lines, line, line_id, outcomes
from tests.support.payouts import account_of
from tests.support.refold import refold
from tests.support.stored_join import assert_join_is_current, join_contents
from tests.support.stored_lines import every_line

pytestmark = pytest.mark.sqlite
HELD = datetime(2026, 11, 1, 9, tzinfo=UTC)


def test_a_database_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    before = open_test_desk(tmp_path / "before")
    finance = person(before, "finance")
    order = store_paid_order(before, "A-1", "100.00")
    with before.store.write() as tx:
        for days, facts in (
            (0, {"authorised": 100_0000}),
            (7, {"captured": 40_0000}),
            (9, {"captured": 100_0000}),
        ):
            store.orders.orders.add_event(
                tx,
                identity=str(days),
                order=order,
                page=None,
                at=HELD + timedelta(days=days),
                kind="payment",
                actor_kind="hipay",
                actor_id="hipay",
                data={"reference": "800", "status": 118, "currency": "EUR", **facts},
            )
        refold(tx, order)
    import_lines(before, line("A-1", "40.00"), line("A-1", "-40.00", operation="Refund"), line("WEB-1"))
    decide.exclude(before, finance, [Shown(line=line_id(before, "WEB-1"))], "test", "k1")
    as_the_first_version_left_it(before, tmp_path / "after" / "sandbox.db")
    expected, stood = join_contents(before), outcomes(before)
    before.store.truncate_log()
    before.close()

    after = open_test_desk(tmp_path / "after")
    move_lines(after)
    with after.store.read() as tx:
        found = tx.execute(select(orders)).one()
    assert (found.paid_at, found.captured_at, found.last_captured_at) == tuple(
        HELD + timedelta(days=days) for days in (0, 7, 9)
    )
    assert outcomes(after) == stood
    while background.work_off(after) or process.waiting(after.store):
        pass
    assert join_contents(after) == expected
    assert_join_is_current(after)
    assert [row.order_id for row in lists.orders(after, finance, OrderFilter(open=True)).rows] == ["A-1"]
    after.close()


def test_files_of_before_say_whose_their_lines_are_and_nothing_is_asked_again(tmp_path: Path) -> None:
    account = {"name": "Shop", "environment": "stage", "login": "l", "password": "p", "passphrase": "s"}
    worlds = {"accounts": {"shop": account, "outlet": account}}
    (tmp_path / "before").mkdir()
    before = open_test_desk(tmp_path / "before", **worlds)
    import_lines(before, line("A"), line("B"), line("C").replace("1;", ";", 1), account="shop")
    with before.store.write() as tx:
        matching_rules.save_matching(tx, "shop", file_accounts={})  # nobody was asked then
        tx.execute(
            folder_files.insert().values(
                account="shop",
                sha256="x",
                name="a.zip",
                size=1,
                state="refused",
                failure="settlement_zip_names",
                found_at=HELD,
            )
        )
    as_the_first_version_left_it(before, tmp_path / "after" / "eterminal.db")
    before.store.truncate_log()
    before.close()

    after = open_test_desk(tmp_path / "after", **worlds)
    move_lines(after)
    with after.store.read() as tx:
        [file] = tx.execute(select(settlement_files)).all()
        assert file.accounts == [["1", "shop", 2], ["", "shop", 1]]
        assert tx.scalar(select(folder_files.c.state)) == "put_aside"
    assert account_of(after, "1") == "shop"
    with pytest.raises(FileAccountInUse):
        file_accounts.assign(after, person(after, "finance"), "1", "outlet")
    after.close()


def test_fees_of_the_account_that_stood_open_stand_open_no_longer(tmp_path: Path) -> None:
    desk = open_test_desk(tmp_path)
    import_lines(
        desk, line("FEE-1", "-5.00", operation="Monthly fee"), line("FEE-2", "-9.00", operation="Setup fee")
    )
    expected = join_contents(desk)
    with desk.store.write() as tx:  # as they were joined then
        for table in (line_totals, line_groups):
            tx.execute(table.update().values(outcome="unmatched"))
    assert not process.waiting(desk.store)
    with desk.store.engine.begin() as tx, Operations.context(MigrationContext.configure(tx)):
        import_module("services.store.migrations.versions.0007_account_fees").upgrade()
    while background.work_off(desk) or process.waiting(desk.store):
        pass
    assert join_contents(desk) == expected
    assert_join_is_current(desk)
    desk.close()


def test_of_several_near_orders_the_nearest_is_named_after_the_upgrade(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    before = open_test_desk(tmp_path / "before")
    with before.store.write() as tx:
        for order_id, reference in (("A-1", "00 inv / 77"), ("A-2", "INV 77"), ("A-3", "INV 77")):
            store.orders.orders.add_order(tx, **order_columns(order_id, reference_1=reference))
    import_lines(before, line("", reference="INV-77", transaction=""))
    expected = join_contents(before)
    with before.store.read() as tx:
        assert [line.reason for line in every_line(tx)] == ["several_near"]
    (tmp_path / "after").mkdir()
    left = as_left_at(before, f"sqlite:///{tmp_path / 'after' / 'sandbox.db'}", "0013")
    with left.begin() as tx:  # as it was joined then
        tx.execute(
            text(
                "UPDATE settlement_lines SET nearest = (SELECT min(id) FROM orders), expected = '00 inv / 77'"
            )
        )
    left.dispose()
    before.close()

    after = open_test_desk(tmp_path / "after")
    move_lines(after)
    while background.work_off(after) or process.waiting(after.store):
        pass
    assert join_contents(after) == expected
    assert_join_is_current(after)
    after.close()


def test_a_role_granted_before_it_had_an_account_is_for_all_accounts(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    before = open_test_desk(tmp_path / "before")
    finance = person(before, "finance", "admin")
    url = f"sqlite:///{tmp_path / 'after' / 'sandbox.db'}"
    (tmp_path / "after").mkdir()
    as_left_at(before, url, "0011").dispose()
    before.close()

    after = open_test_desk(tmp_path / "after")
    move_lines(after)
    with after.store.write() as tx:
        assert access.grants_of(tx, finance.id) == {Grant("finance"), Grant("admin")}
        assert allowed_accounts(tx, finance, Right.RECONCILE) is None
        # the same role from the same source, for one account too
        access.set_grants(
            tx, finance.id, "table", [Grant("finance"), Grant("finance", "demo")], at=HELD, granted_by="test"
        )
        assert access.grants_of(tx, finance.id) == {Grant("finance"), Grant("finance", "demo")}
    after.close()


def test_what_was_stored_before_it_had_keys_is_found_when_its_customer_is_erased(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    before = open_test_desk(tmp_path / "before")
    admin, finance = person(before, "admin"), person(before, "finance")
    other, gone = (
        store_paid_order(before, "A-1", "4.00"),
        store_paid_order(before, "A-2", "6.00", customer="Zerline"),
    )
    import_lines(before, line("WEB-1"), line("WEB-2", "6.00"))
    here = Shown(line=line_id(before, "WEB-1"))
    decide.match(before, finance, [Shown(line=line_id(before, "WEB-2"))], gone, "called Zerline", "k1")
    undo.undo_group(before, finance, "k1", "not Zerline")
    decide.split(before, finance, here, [(other, 4_0000), (gone, 6_0000)], "with Zerline", "k2")
    undo.undo_group(before, finance, "k2", "no Zerline either")
    with before.store.write() as tx:
        store.orders.orders.change_facts(tx, other, email="other@example.com")
        batches.add(
            tx,
            [
                {"line": n, "data": stored(draft(email="Elodie@example.com ", order_id=f"L-{n}"))}
                for n in range(2, 1204)
            ],
            account="demo",
            name="x",
            form_key="k",
            state="cancelled",
            per_minute=1,
            days=7,
            next_at=HELD,
            created_at=HELD,
            actor_kind="user",
            actor_id="test",
            sender_name="",
        )
        for n in range(1, 4):
            body = (
                b"order%5Bemail%5D=Elodie%40example.com" if n < 3 else b"order%5Bemail%5D=other%40example.com"
            )
            notifications.store(
                tx, account="demo", identity=str(n), content_type="", body=body, received_at=HELD
            )
        waiting = notifications.waiting(tx, 9)
        notifications.finish(tx, [Processed(one, "unmatched", None, {}) for one in waiting], HELD)
    url = f"sqlite:///{tmp_path / 'after' / 'sandbox.db'}"
    (tmp_path / "after").mkdir()
    as_left_at(before, url, "0012").dispose()
    expected = retention.find(before, admin, "elodie@example.com")
    assert (len(expected.orders), expected.rows, expected.notifications) == (1, 1202, 2)
    before.close()

    after = open_test_desk(tmp_path / "after")
    move_lines(after)
    assert retention.find(after, admin, "elodie@example.com") == expected
    assert retention.find(after, admin, "Marchand Élodie").rows == 1202
    assert retention.find(after, admin, "L-7").rows == 1
    retention.erase(after, admin, "elodie@example.com")
    with after.store.read() as tx:
        words = tx.execute(select(line_decisions.c.reason, line_decisions.c.undo_reason)).all()
        assert words == [("", ""), ("", "")]
        assert [len(one) > 0 for one in tx.scalars(select(schema.orders.notifications.c.body))] == [
            False,
            False,
            True,
        ]
    assert not retention.find(after, admin, "elodie@example.com").anything
    after.close()


@pytest.mark.parametrize("revision", ["0001", "0020"])
def test_payouts_of_before_raise_one_alarm_and_not_one_each(tmp_path: Path, revision: str) -> None:
    """Whether they were there at the migration (0020), or came with their lines, which were moved after it (0001)."""
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    before = open_test_desk(tmp_path / "before")
    finance = person(before, "finance")
    for name in ("A", "B", "C"):
        differing(before, name)
    as_left_at(before, f"sqlite:///{tmp_path / 'after' / 'sandbox.db'}", revision).dispose()
    before.close()

    after = open_test_desk(tmp_path / "after")
    if revision == "0001":
        move_lines(after)
    while background.work_off(after) or process.waiting(after.store):
        pass
    found = [one for one in open_alarms(after, finance) if one.kind == "payout_differs"]
    assert [one.detail for one in found] == [{"payouts": 3}]
    differing(after, "D")
    found = [one for one in open_alarms(after, finance) if one.kind == "payout_differs"]
    assert sorted(one.detail.get("settlement", "") for one in found) == ["", "D"]
    after.close()


def differing(desk: Desk, settlement: str) -> None:
    rows = (line(f"S-{settlement}"), line("", "8.00", operation="Settlement", transaction=""))
    import_lines(desk, *(row.replace("1;77;", f"1;{settlement};") for row in rows))
