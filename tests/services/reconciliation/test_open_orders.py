"""Which orders are open and since when, what is late, and the open ones that a person accepts as they stand."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from services import clock, retention, store
from services.access import WORKER, Actor, NotAllowed
from services.access.trail import entries
from services.alarms.sweep import sweep
from services.desk import Desk
from services.i18n import translator
from services.imports import background
from services.orders.record import record
from services.reconciliation.decisions import acceptances
from services.reconciliation.decisions.errors import AlreadyUndone, ReasonMissing
from services.reconciliation.matching import positions
from services.reconciliation.views import list_exports, lists, order_text
from services.store.schema.orders import alarms, orders
from services.store.settlements.position_pages import OrderFilter
from tests.support.by_hand import an_order, line, position, take
from tests.support.desk import all_that_is_stored, open_test_desk, person
from tests.support.joined import must_hold

DAYS = timedelta(days=1)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Desk]:
    opened = open_test_desk(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def finance(books: Desk) -> Actor:
    return person(books, "finance", name="Camille Martin")


def collected(desk: Desk, order: int, *days_ago: int) -> None:
    """When the order was first collected, and last."""
    first, last = (clock.now() - DAYS * days for days in (days_ago[0], days_ago[-1]))
    with desk.store.write() as tx:
        store.orders.orders.change_order(tx, order, captured_at=first, last_captured_at=last)
        positions.refresh(tx, [order])


def open_ones(desk: Desk, actor: Actor) -> list[str]:
    return [row.order_id for row in lists.orders(desk, actor, OrderFilter(open=True)).rows]


def late_ones(desk: Desk, actor: Actor) -> list[str]:
    return [row.order_id for row in lists.orders(desk, actor, OrderFilter(), late=True).rows]


def why(desk: Desk, actor: Actor, order: int, language: str = "en") -> str:
    return order_text.reason(lists.order(desk, actor, order), UTC, translator(language)).replace("\xa0", " ")


# -- what is open, and late


def test_an_order_of_which_a_part_is_missing_is_open_and_in_time_late(books: Desk, finance: Actor) -> None:
    order = an_order(books, "A-1", "100.00")
    take(books, line("A-1", "50.00"), line("A-1", "-50.00", operation="Refund"))
    assert position(books, order).status == "refunded_in_part"
    assert open_ones(books, finance) == ["A-1"]
    assert late_ones(books, finance) == []
    collected(books, order, 60, 3)  # the part that is missing was collected three days ago
    assert late_ones(books, finance) == []
    collected(books, order, 60, 40)
    assert late_ones(books, finance) == ["A-1"]
    figures = lists.figures(books, finance)
    assert (figures.open_orders, figures.late) == (1, 1)
    sweep(books)
    with books.store.read() as tx:
        assert [row.kind for row in tx.execute(select(alarms))] == ["not_settled"]


def test_what_was_held_long_ago_and_collected_today_is_not_late(books: Desk, finance: Actor) -> None:
    now = datetime.now(UTC)
    order = an_order(books, "A-1")
    with books.store.write() as tx:
        for days, facts in (
            (30, {"authorised": 10_0000}),
            (5, {"captured": 4_0000}),
            (2, {"captured": 10_0000}),
        ):
            store.orders.orders.add_event(
                tx,
                identity=str(days),
                order=order,
                page=None,
                at=now - DAYS * days,
                kind="payment",
                actor_kind="worker",
                actor_id="worker",
                data={"source": "read", "reference": "800", "status": 118, "currency": "EUR", **facts},
            )
    with books.store.write() as tx:
        record(tx, order, "note", WORKER)
    with books.store.read() as tx:
        row = tx.execute(select(orders)).one()
    assert [(now - moment).days for moment in (row.paid_at, row.captured_at, row.last_captured_at)] == [
        30,
        5,
        2,
    ]
    background.work_off(books)
    assert position(books, order).paid_at == row.captured_at
    assert late_ones(books, finance) == []
    take(books, line("A-1", "4.00"))
    assert position(books, order).paid_at == row.last_captured_at


def test_what_is_settled_in_full_has_nothing_missing(books: Desk, finance: Actor) -> None:
    order = an_order(books, "A-1")
    take(books, line("A-1"))
    collected(books, order, 90)
    assert (open_ones(books, finance), late_ones(books, finance)) == ([], [])
    assert why(books, finance, order) == ""


# -- why, in words


def test_an_open_order_says_what_is_missing_and_since_when(books: Desk, finance: Actor) -> None:
    order = an_order(books, "A-100", "100.00")
    take(books, line("A-100", "60.00"), line("a 100", "40.00", transaction="T-9"))
    collected(books, order, 30)
    told = why(books, finance, order)
    assert "they are less than was collected" in told
    assert "Of €100.00 collected, €40.00 is in no payout line." in told
    assert "ago: late since" in told
    assert "Sur 100,00 € encaissés, 40,00 € ne figurent dans aucune ligne" in why(books, finance, order, "fr")
    [near] = lists.order(books, finance, order).near
    assert (near.file_order, near.outcome) == ("a 100", "suggested")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([line("A-1", "12.00")], "€2.00 more is settled than was collected."),
        ([line("A-1"), line("A-1", "-3.00", operation="Chargeback")], "€3.00 was charged back, and not won back."),
        ([line("A-1"), line("A-1", "-3.00", operation="Refund", currency="USD")], "“Refund” is in USD, the order in EUR"),
        ([line("A-1"), line("A-1", transaction="T-2")], "Two transactions were settled, each of the whole amount"),
    ],
)  # fmt: skip
def test_every_open_status_has_its_sentence(books: Desk, finance: Actor, rows: list[str], told: str) -> None:
    order = an_order(books, "A-1")
    take(books, *rows)
    assert told in why(books, finance, order)
    assert open_ones(books, finance) == ["A-1"]


# -- accepted as it stands


@pytest.fixture
def short(books: Desk) -> int:
    """An order of which a cent is missing."""
    order = an_order(books, "A-1")
    take(books, line("A-1", "9.99"))
    return order


def figures(desk: Desk, order: int) -> dict[str, Any]:
    return positions.figures(position(desk, order)._mapping)


def test_an_accepted_order_leaves_the_open_list_until_its_figures_change(
    books: Desk, finance: Actor, short: int
) -> None:
    collected(books, short, 60)
    acceptances.accept(books, finance, short, figures(books, short), "a cent", "k1")
    acceptances.accept(books, finance, short, figures(books, short), "a cent", "k1")  # a second press
    assert (open_ones(books, finance), late_ones(books, finance)) == ([], [])
    assert position(books, short).status == "settled_under"
    must_hold(books)
    sweep(books)
    with books.store.read() as tx:
        assert tx.execute(select(alarms)).first() is None
    take(books, line("A-1", "-2.00", operation="Refund"))
    assert open_ones(books, finance) == ["A-1"]
    [one] = acceptances.of_order(books, finance, short)
    assert (one.applies, one.reason, one.who, one.undone_at) == (False, "a cent", "Camille Martin", None)
    must_hold(books)
    sweep(books)
    with books.store.read() as tx:
        assert [row.kind for row in tx.execute(select(alarms))] == ["not_settled"]
    acceptances.accept(books, finance, short, figures(books, short), "so be it", "k2")
    assert [one.applies for one in acceptances.of_order(books, finance, short)] == [False, True]
    must_hold(books)


def test_an_acceptance_is_undone(books: Desk, finance: Actor, short: int) -> None:
    acceptances.accept(books, finance, short, figures(books, short), "a cent", "k1")
    acceptances.undo(books, finance, short, "not so")
    acceptances.undo(books, finance, short, "not so")  # a second press
    assert open_ones(books, finance) == ["A-1"]
    with pytest.raises(AlreadyUndone):
        acceptances.undo(books, person(books, "finance"), short, "me too")
    must_hold(books)
    told = [
        (one.action, one.subject) for one in entries(books, finance) if one.action.startswith("order.acc")
    ]
    assert told == [("order.acceptance_undone", f"order:{short}"), ("order.accepted", f"order:{short}")]


def test_what_an_acceptance_needs(books: Desk, finance: Actor, short: int) -> None:
    seen = figures(books, short)
    with pytest.raises(ReasonMissing):
        acceptances.accept(books, finance, short, seen, " ", "k1")
    with pytest.raises(NotAllowed):
        acceptances.accept(books, person(books, "manager"), short, seen, "why", "k1")
    with pytest.raises(NotAllowed):
        acceptances.undo(books, person(books, "manager"), short, "why")
    take(books, line("A-1", "-1.00", operation="Refund"))
    with pytest.raises(acceptances.FiguresChanged):
        acceptances.accept(books, finance, short, seen, "why", "k1")
    whole = an_order(books, "A-2")
    take(books, line("A-2"))
    with pytest.raises(acceptances.OrderNotOpen):
        acceptances.accept(books, finance, whole, figures(books, whole), "why", "k1")


def test_an_erased_customer_takes_along_why_an_order_was_accepted(
    books: Desk, finance: Actor, short: int, tmp_path: Path
) -> None:
    acceptances.accept(books, finance, short, figures(books, short), "agreed with Zerline", "k1")
    retention.erase(books, person(books, "admin"), "elodie@example.com")
    assert b"Zerline" not in all_that_is_stored(books, tmp_path)
    assert open_ones(books, finance) == []


def test_the_export_says_since_when_something_is_missing(books: Desk, finance: Actor, short: int) -> None:
    collected(books, short, 12)
    out = io.BytesIO()
    list_exports.write_orders(books, finance, OrderFilter(open=True), "newest", "csv", translator("en"), out)
    head, row = (text.split(",") for text in out.getvalue().decode("utf-8-sig").splitlines())
    cells = dict(zip(head, row, strict=True))
    assert (cells["Still open"], cells["Days missing"]) == ("0.01", "12")
    assert cells["Missing since"] == cells["Collected on"] != ""


def test_an_order_that_was_never_seen_by_the_join_is_late_all_the_same(books: Desk, finance: Actor) -> None:
    order = an_order(books, "A-1")
    take(books, line("OTHER"))
    with books.store.write() as tx:
        tx.execute(update(orders).values(captured_at=clock.now() - DAYS * 60))
        from services.store.schema.settlements import order_positions

        tx.execute(order_positions.delete())
    sweep(books)
    with books.store.read() as tx:
        assert [row.order for row in tx.execute(select(alarms))] == [order]
