"""A customer erased: the address is in no byte of the database's files, and no cent, id or decision has changed."""

import random
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select

from services import clock, retention
from services.access import SYSTEM, Actor, NotAllowed
from services.access.trail import broken_at, entries
from services.accounts import options
from services.accounts.options import Options
from services.bulk import request_table, sending
from services.bulk.rows import Rules, stored
from services.desk import Desk
from services.entrypoints.periodic import Rounds
from services.imports import background
from services.mail.errors import AddressError, AddressMalformed
from services.orders import create, history, record
from services.retention import MonthsRefused, NothingToErase
from services.store import alarms
from services.store.orders import batches, notifications, orders
from services.store.orders.notifications import Processed
from services.store.orders.orders import Filter
from services.store.schema.base import metadata
from services.store.schema.bulk import batch_rows
from services.text import folding
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.payouts import import_line
from tests.support.stored_lines import every_line
from tests.support.tables import as_csv, row

pytestmark = pytest.mark.desk(prepared=True)

ADDRESS = "Ines.Benali@example.com"
NAMES = ("Inès-Maëlle", "Benali-Unmistakable", "+33 6 12 34 56 78", "Canapé d’Inès")


def order(desk: Desk, manager: Actor, **changes: Any) -> int:
    """A request that is paid, with its message, its notification and a mail server's answer that names the customer."""
    values = {
        "email": ADDRESS,
        "first_name": NAMES[0],
        "last_name": NAMES[1],
        "phone": NAMES[2],
        "description": NAMES[3],
        "amount": "10,00",
    }
    found = create.create(desk, manager, draft(**{**values, **changes}), create.new_form_key())
    email = changes.get("email", ADDRESS)
    with desk.store.write() as tx:
        order = orders.order(tx, found)
        assert order is not None
        page = orders.pages_of(tx, found)[-1]
        orders.add_message(
            tx,
            order=found,
            page=page.id,
            kind="link",
            recipient=email,
            message_id=f"<{found}@shop.example>",
            body=f"To: {email}\r\n\r\nBonjour {order.first_name} {order.last_name}".encode() * 20,
            state="sent",
            answer=f"250 <{email}> ok",
            created_at=clock.now(),
        )
        record.record(tx, found, "mail_retry", SYSTEM, fields={"answer": f"451 <{email}>: try later"})
        notifications.store(
            tx,
            account="demo",
            identity=f"n{found}",
            content_type="x",
            body=f"order%5Bemail%5D={quote(email)}".encode(),
            received_at=clock.now(),
        )
        notifications.finish(
            tx, [Processed(notifications.waiting(tx, 1)[0], "applied", found, {})], clock.now()
        )
        for step in ("page", "mail"):
            tx.exec_driver_sql(f"DELETE FROM steps WHERE \"order\" = {found} AND kind = '{step}'")
        orders.write_state(
            tx,
            found,
            {
                "payment": "captured",
                "captured": 10_0000,
                "paid_at": clock.now(),
                "failure_detail": {"answer": email},
            },
        )
    return found


def bytes_of(desk: Desk) -> bytes:
    """Every byte of the database: its file, its log, what lies beside them; of PostgreSQL, every cell."""
    if not desk.store.sqlite:
        with desk.store.read() as tx:
            found = [row for table in metadata.sorted_tables for row in tx.execute(select(table))]
        return b"\n".join(
            cell if isinstance(cell, bytes) else str(cell).encode() for row in found for cell in row
        )
    folder = desk.settings.data_dir
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def traces(desk: Desk, *texts: str) -> list[str]:
    everything = bytes_of(desk)
    forms = {form for text in texts for form in (text, text.lower(), quote(text), folding.folded(text))}
    return sorted(form for form in forms if form.encode() in everything)


@pytest.mark.sqlite
def test_the_customer_is_in_no_byte_and_the_totals_stand(desk: Desk, admin: Actor) -> None:
    manager = person(desk, "manager")
    mixed = random.Random(7)  # the same pages of the file are written over and over, as months of work do
    mine = [order(desk, manager, references=("F-1",)) for _ in range(8)]
    for n in range(40):
        other = order(
            desk,
            manager,
            email=f"other{n}@example.com",
            first_name="Zoé",
            last_name=f"N{n}",
            phone="",
            description="x" * mixed.randint(1, 200),
        )
        with desk.store.write() as tx:
            orders.change_order(
                tx, mixed.choice(mine), failure_detail={"answer": ADDRESS + "y" * mixed.randint(1, 900)}
            )
            orders.change_order(tx, other, description="z" * mixed.randint(1, 200))
    assert traces(desk, ADDRESS, *NAMES)
    before = [(o.order_id, o.amount, o.captured, o.payment, o.reference_1) for o in everything(desk)]

    found = retention.find(desk, admin, "ines.benali@EXAMPLE.com")
    assert (len(found.orders), found.messages, found.notifications, found.alive) == (8, 8, 8, ())
    assert retention.erase(desk, admin, ADDRESS.lower()) == found

    assert traces(desk, ADDRESS, *NAMES) == []
    assert [(o.order_id, o.amount, o.captured, o.payment, o.reference_1) for o in everything(desk)] == before
    assert history.find(desk, SYSTEM, Filter(text="f-1")).total == 8  # still found by what stays
    assert history.find(desk, SYSTEM, Filter(text="other3@example.com")).total == 1
    assert history.detail(desk, SYSTEM, mine[0]).order.last_name == "—"
    assert broken_at(desk, SYSTEM) is None
    [entry] = entries(desk, SYSTEM, actions=("customer_erased",), limit=5)
    assert entry.detail["orders"] == mine
    with pytest.raises(NothingToErase):
        retention.erase(desk, admin, ADDRESS)


def everything(desk: Desk) -> list[Any]:
    with desk.store.read() as tx:
        return sorted(orders.each_order(tx, Filter(), None, now=clock.now()), key=lambda one: one.id)


def test_what_is_alive_stays_until_it_has_ended(desk: Desk, admin: Actor) -> None:
    manager = person(desk, "manager")
    order(desk, manager)
    alive = create.create(desk, manager, draft(email=ADDRESS, order_id="ALIVE"), create.new_form_key())
    found = retention.find(desk, admin, ADDRESS)
    assert (len(found.orders), found.alive) == (1, ("ALIVE",))
    retention.erase(desk, admin, ADDRESS)
    assert history.detail(desk, SYSTEM, alive).order.email == ADDRESS
    with pytest.raises(NothingToErase):
        retention.erase(desk, admin, ADDRESS)


def test_rows_of_lists_and_loose_notifications_go_too(desk: Desk, admin: Actor) -> None:
    manager = person(desk, "manager")
    table = as_csv([row(1, Courriel=ADDRESS), row(2)])
    preview = request_table.preview(desk, manager, "demo", table, Rules("fr", 7, "fr"))
    batch = sending.start(desk, manager, "demo", "x", preview.good, days=7, per_minute=1, form_key="k")
    with desk.store.write() as tx:
        notifications.store(
            tx,
            account="demo",
            identity="loose",
            content_type="x",
            body=f"<email>{ADDRESS}</email>".encode(),
            received_at=clock.now(),
        )
        notifications.finish(
            tx, [Processed(notifications.waiting(tx, 1)[0], "unmatched", None, {})], clock.now()
        )
    found = retention.find(desk, admin, ADDRESS)
    assert (found.rows, found.rows_alive, found.notifications) == (0, 1, 1)
    sending.cancel(desk, manager, batch)
    assert retention.find(desk, admin, ADDRESS).rows == 1
    retention.erase(desk, admin, ADDRESS)
    assert not retention.find(desk, admin, ADDRESS).anything
    with desk.store.read() as tx:
        left = [one.data for one in sending.batches.rows_in(tx, batch, "waiting")]
    assert left[0] == {}
    assert left[1]["email"] == "client2@example.com"


def test_a_row_of_a_list_is_found_by_its_order_id_and_by_the_name_in_either_order(
    desk: Desk, admin: Actor
) -> None:
    manager = person(desk, "manager")
    people = [
        draft(email="", first_name="Zoé", last_name="Lefèvre-Roy", order_id="L-1"),
        draft(email="", first_name="", last_name="Lefèvre", order_id=""),
        draft(email="", first_name="Lefèvre", last_name="Roy Zoé", order_id="L-3"),
    ]
    with desk.store.write() as tx:
        batches.add(
            tx,
            [{"line": n, "data": stored(one)} for n, one in enumerate(people, 2)],
            account="demo",
            name="x",
            form_key="k",
            state="cancelled",
            per_minute=1,
            days=7,
            next_at=clock.now(),
            created_at=clock.now(),
            actor_kind=manager.kind,
            actor_id=manager.id,
            sender_name="",
        )
    for whom, count in (
        ("L-1", 1),
        ("l-1", 0),
        ("zoe lefevre roy", 1),
        ("Lefèvre-Roy Zoé", 1),
        ("lefevre", 1),
        ("roy zoe lefevre", 1),
        ("lefevre roy zoe", 2),
        ("Zoé", 0),
    ):
        assert retention.find(desk, admin, whom).rows == count, whom
    retention.erase(desk, admin, "lefevre roy zoe")
    with desk.store.read() as tx:
        left = tx.execute(
            select(batch_rows.c.order_id, batch_rows.c.name_key, batch_rows.c.email).order_by("number")
        ).all()
    assert left == [("", "", ""), ("", "lefevre", ""), ("", "", "")]


@pytest.mark.parametrize(
    "body",
    [
        b"order%5Bemail%5D=Ines.Benali%40example.com&x=1",
        b"order[email]=Ines.Benali@example.com&x=1",
        b"order%5bemail%5d=ines.benali%40EXAMPLE.com",
        b'{"order":{"email":"Ines.Benali@example.com"}}',
        b"<order><email>Ines.Benali@example.com</email></order>",
        b"text=451+%3CInes.Benali%40example.com%3E%3A+later",
        b"text=write to Ines.Benali@example.com.",
    ],
)
def test_a_notification_of_no_order_is_found_however_it_writes_the_address(
    desk: Desk, admin: Actor, body: bytes
) -> None:
    with desk.store.write() as tx:
        for number, one in enumerate((body, b"email=other@example.com", b"")):
            notifications.store(
                tx,
                account="demo",
                identity=str(number),
                content_type="",
                body=one,
                received_at=clock.now(),
            )
            [this] = notifications.waiting(tx, 1)
            notifications.finish(tx, [Processed(this, "unmatched", None, {})], clock.now())
    assert retention.find(desk, admin, ADDRESS).notifications == 1
    assert retention.erase(desk, admin, ADDRESS).notifications == 1
    assert not retention.find(desk, admin, ADDRESS).anything
    assert retention.find(desk, admin, "other@example.com").notifications == 1


def test_a_reference_that_is_the_address_goes_and_others_stay(desk: Desk, admin: Actor) -> None:
    found = order(desk, person(desk, "manager"), references=("F-7", f"client {ADDRESS}"))
    background.work_off(desk)  # the join knows the order by its references
    assert traces(desk, ADDRESS)
    retention.erase(desk, admin, ADDRESS)
    background.work_off(desk)
    assert not traces(desk, ADDRESS)
    kept_order = history.detail(desk, SYSTEM, found).order
    assert (kept_order.reference_1, kept_order.reference_2) == ("F-7", "client …@…")


def test_after_its_time_each_account_is_erased_by_itself(desk: Desk, admin: Actor) -> None:
    manager = person(desk, "manager")
    old = order(desk, manager)
    offset = timedelta()
    clock.use(lambda: offset)
    retention.sweep(desk)
    assert history.detail(desk, SYSTEM, old).order.email == ADDRESS  # off by default
    retention.save_months(desk, admin, "demo", 13)
    retention.save_months(desk, admin, "demo", 13)
    assert retention.months(desk, admin, "demo") == 13
    offset = timedelta(days=380)
    retention.sweep(desk)
    assert history.detail(desk, SYSTEM, old).order.email == ADDRESS
    offset = timedelta(days=410)
    new = order(desk, manager)
    retention.sweep(desk)
    assert history.detail(desk, SYSTEM, old).order.email == ""
    assert history.detail(desk, SYSTEM, new).order.email == ADDRESS
    assert [
        entry.detail["count"] for entry in entries(desk, SYSTEM, actions=("customers_erased",), limit=5)
    ] == [1]
    assert len(entries(desk, SYSTEM, actions=("retention_set",), limit=5)) == 1


def test_the_other_options_of_an_account_leave_the_time_alone(desk: Desk, admin: Actor) -> None:
    retention.save_months(desk, admin, "demo", 13)
    before = options.of_account(desk, admin, "demo")
    options.save(desk, admin, "demo", Options(own_link=not before.own_link))
    assert retention.months(desk, admin, "demo") == 13
    retention.save_months(desk, admin, "demo", 14)
    assert options.of_account(desk, admin, "demo") == Options(own_link=not before.own_link)


def test_a_notification_that_comes_after_the_erasure_is_emptied_too(desk: Desk, admin: Actor) -> None:
    found = order(desk, person(desk, "manager"))
    retention.erase(desk, admin, ADDRESS)
    with desk.store.write() as tx:
        notifications.store(
            tx,
            account="demo",
            identity="late",
            content_type="x",
            body=ADDRESS.encode(),
            received_at=clock.now(),
        )
        late = notifications.waiting(tx, 1)[0]
        notifications.finish(tx, [Processed(late, "applied", found, {})], clock.now())
    retention.sweep(desk)
    with desk.store.write() as tx:
        # A replay is still known by its identity.
        assert not notifications.store(
            tx, account="demo", identity="late", content_type="x", body=b"x", received_at=clock.now()
        )
        assert tx.exec_driver_sql(f"SELECT body FROM notifications WHERE id = {late}").scalar() == b""


def test_who_may_not_and_what_cannot(desk: Desk, admin: Actor) -> None:
    order(desk, person(desk, "manager"))
    for role in ("manager", "finance"):
        somebody = person(desk, role)
        for call in (
            lambda who: retention.find(desk, who, ADDRESS),
            lambda who: retention.erase(desk, who, ADDRESS),
            lambda who: retention.save_months(desk, who, "demo", 1),
            lambda who: retention.months(desk, who, "demo"),
        ):
            with pytest.raises(NotAllowed):
                call(somebody)
    for months in (-1, 121):
        with pytest.raises(MonthsRefused):
            retention.save_months(desk, admin, "demo", months)
    with pytest.raises(AddressMalformed):
        retention.find(desk, admin, "nobody@")
    with pytest.raises(AddressError):
        retention.find(desk, admin, "  ")
    assert not retention.find(desk, admin, "nobody").anything
    with pytest.raises(NothingToErase):
        retention.erase(desk, admin, "somebody.else@example.com")
    assert history.find(desk, SYSTEM, Filter(text=ADDRESS)).total == 1


def test_the_worker_does_it_once_a_day(desk: Desk) -> None:
    assert any(one.name == "retention" and one.every == timedelta(hours=24) for one in Rounds()._rounds)


def test_what_was_called_off_has_ended_with_the_page_that_somebody_has_open(desk: Desk, admin: Actor) -> None:
    manager = person(desk, "manager")
    found = create.create(
        desk,
        manager,
        draft(email=ADDRESS, expires_at=clock.now() + timedelta(days=20)),
        create.new_form_key(),
    )
    with desk.store.write() as tx:
        page = orders.pages_of(tx, found)[-1]
        orders.change_page(
            tx, page.id, url="https://x.example/p", expires_at=clock.now() + timedelta(minutes=30)
        )
        record.record(tx, found, "link_cancelled", manager)
        tx.exec_driver_sql("DELETE FROM steps")
    assert retention.find(desk, admin, ADDRESS).alive
    clock.use(lambda: timedelta(hours=1))
    assert len(retention.erase(desk, admin, ADDRESS).orders) == 1
    assert not traces(desk, ADDRESS)


def test_what_was_called_off_goes_by_itself_though_its_end_is_far(desk: Desk, admin: Actor) -> None:
    retention.save_months(desk, admin, "demo", 1)
    found = create.create(desk, person(desk, "manager"), draft(email=ADDRESS), create.new_form_key())
    offset = timedelta(days=25)
    clock.use(lambda: offset)
    with desk.store.write() as tx:
        tx.exec_driver_sql("DELETE FROM steps")
        orders.change_order(tx, found, expires_at=clock.now() + timedelta(days=340))
        record.record(tx, found, "link_cancelled", SYSTEM)
    offset = timedelta(days=40)  # a month after it was made, and not yet since it was called off
    retention.sweep(desk)
    assert history.detail(desk, SYSTEM, found).order.email == ADDRESS
    offset = timedelta(days=60)
    retention.sweep(desk)
    assert history.detail(desk, SYSTEM, found).order.email == ""


@pytest.mark.parametrize("payment", ["pending", "authorised"])
def test_what_hipay_is_asked_of_no_more_is_over(desk: Desk, admin: Actor, payment: str) -> None:
    found = order(desk, person(desk, "manager"))
    with desk.store.write() as tx:
        orders.write_state(tx, found, {"payment": payment})
    assert retention.find(desk, admin, ADDRESS).alive
    clock.use(lambda: timedelta(days=46))
    assert len(retention.erase(desk, admin, ADDRESS).orders) == 1


def test_an_address_that_a_request_had_before(desk: Desk, admin: Actor) -> None:
    found = order(desk, person(desk, "manager"), order_id="A-1")
    with desk.store.write() as tx:
        orders.change_facts(tx, found, email="new@example.com")
        page = orders.pages_of(tx, found)[-1]
        orders.add_message(
            tx,
            order=found,
            page=page.id,
            kind="link",
            recipient="new@example.com",
            message_id="<new@shop.example>",
            body=b"To: new@example.com",
            state="sent",
            created_at=clock.now(),
        )
        orders.change_order(tx, found, failure_detail={})
    seen = retention.find(desk, admin, ADDRESS)
    assert (seen.orders, seen.moved, seen.messages, seen.notifications) == ((), ("A-1",), 1, 1)
    retention.erase(desk, admin, ADDRESS)
    assert not traces(desk, ADDRESS)
    assert traces(desk, "new@example.com")
    assert history.detail(desk, SYSTEM, found).order.last_name == NAMES[1]


def test_who_has_no_address_is_found_by_order_id_or_name(desk: Desk, admin: Actor) -> None:
    manager = person(desk, "manager")
    phone = {"email": "", "channel": "phone", "first_name": "Zoé", "last_name": "Lefèvre"}
    one = create.create(desk, manager, draft(**phone, order_id="P-1"), create.new_form_key())
    two = create.create(desk, manager, draft(**phone, order_id="P-2"), create.new_form_key())
    create.create(
        desk,
        manager,
        draft(**{**phone, "last_name": "Lefèvre-Dupont"}, order_id="P-3"),
        create.new_form_key(),
    )
    with desk.store.write() as tx:
        tx.exec_driver_sql("DELETE FROM steps")
    clock.use(lambda: timedelta(days=30))
    found = retention.find(desk, admin, "P-1")
    assert (found.orders, found.by_name) == (("P-1",), False)
    found = retention.find(desk, admin, " lefevre  ZOE ")
    assert (found.orders, found.by_name) == (("P-1", "P-2"), True)
    assert not retention.find(desk, admin, "Zoé").anything
    retention.erase(desk, admin, "P-1")
    assert [history.detail(desk, SYSTEM, each).order.last_name for each in (one, two)] == ["—", "Lefèvre"]
    retention.erase(desk, admin, "Zoé Lefèvre")
    assert not retention.find(desk, admin, "Zoé Lefèvre").anything
    assert history.find(desk, SYSTEM, Filter(text="lefevre-dupont")).total == 1


def test_why_a_person_closed_an_alarm_goes_too(desk: Desk, admin: Actor) -> None:
    manager = person(desk, "manager")
    found = order(desk, manager)
    with desk.store.write() as tx:
        for identity, by, why in (("a", manager.id, "Inès has called"), ("b", "worker", "resolved")):
            alarms.open_alarm(
                tx,
                identity=identity,
                account="demo",
                order=found,
                kind="mail_bounced",
                detail={},
                opened_at=clock.now(),
            )
            alarms.close_alarms(tx, identity, at=clock.now(), by=by, reason=why)
    retention.erase(desk, admin, ADDRESS)
    with desk.store.read() as tx:
        assert [row.closing_reason for row in alarms.alarms_of(tx, found)] == ["—", "resolved"]


def test_an_address_in_a_payout_line_goes_and_its_amounts_stay(desk: Desk, admin: Actor) -> None:
    found = order(desk, person(desk, "manager"), order_id="A-1")
    import_line(desk, file_order="A-1", reporting_data_1=ADDRESS)
    import_line(desk, file_order="UNKNOWN", reporting_data_1=ADDRESS.lower(), settlement_id="78")
    before = lines(desk)
    assert before[0][:2] == (found, "matched")
    assert retention.find(desk, admin, ADDRESS).lines == 2
    assert retention.erase(desk, admin, ADDRESS).lines == 2
    after = lines(desk)
    assert [line[:3] for line in after] == [line[:3] for line in before]
    assert "@" not in str(after)


def lines(desk: Desk) -> list[Any]:
    with desk.store.read() as tx:
        return [
            (
                line.order,
                line.outcome,
                line.settled_amount_units,
                line.reporting_data_1,
                line.loose_reference,
                line.seen,
                line.expected,
            )
            for line in every_line(tx)
        ]
