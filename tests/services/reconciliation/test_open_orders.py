"""Which orders are open and since when, what is late, and the open ones that a person accepts as they stand."""

import io
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
from services.reconciliation.views import details, list_exports, lists, order_text
from services.store.schema.alarms import alarms
from services.store.schema.orders import orders
from services.store.settlements.position_pages import OrderFilter
from tests.support.desk import all_that_is_stored, person
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line, position
from tests.support.stored_join import assert_join_is_current

DAYS = timedelta(days=1)
_of_orders = select(alarms).where(alarms.c.order.is_not(None))


def collected(desk: Desk, order: int, *days_ago: int) -> None:
    """When the order was first collected, and last."""
    first, last = (clock.now() - DAYS * days for days in (days_ago[0], days_ago[-1]))
    with desk.store.write() as tx:
        store.orders.orders.write_state(tx, order, {"captured_at": first, "last_captured_at": last})
        positions.refresh(tx, [order])


def open_ones(desk: Desk, actor: Actor) -> list[str]:
    return [row.order_id for row in lists.orders(desk, actor, OrderFilter(open=True)).rows]


def late_ones(desk: Desk, actor: Actor) -> list[str]:
    return [row.order_id for row in lists.orders(desk, actor, OrderFilter(), late=True).rows]


def why(desk: Desk, actor: Actor, order: int, language: str = "en") -> str:
    return order_text.reason(details.order(desk, actor, order), UTC, translator(language)).replace(
        "\xa0", " "
    )


# -- what is open, and late


def test_an_order_of_which_a_part_is_missing_is_open_and_in_time_late(desk: Desk, finance: Actor) -> None:
    order = store_paid_order(desk, "A-1", "100.00")
    import_lines(desk, line("A-1", "50.00"), line("A-1", "-50.00", operation="Refund"))
    assert position(desk, order).status == "refunded_in_part"
    assert open_ones(desk, finance) == ["A-1"]
    assert late_ones(desk, finance) == []
    collected(desk, order, 60, 3)  # the part that is missing was collected three days ago
    assert late_ones(desk, finance) == []
    collected(desk, order, 60, 40)
    assert late_ones(desk, finance) == ["A-1"]
    figures = lists.figures(desk, finance)
    assert (figures.open_orders, figures.late) == (1, 1)
    sweep(desk)
    with desk.store.read() as tx:
        assert [row.kind for row in tx.execute(_of_orders)] == ["not_settled"]


def test_what_was_held_long_ago_and_collected_today_is_not_late(desk: Desk, finance: Actor) -> None:
    now = datetime.now(UTC)
    order = store_paid_order(desk, "A-1")
    with desk.store.write() as tx:
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
    with desk.store.write() as tx:
        record(tx, order, "note", WORKER)
    with desk.store.read() as tx:
        row = tx.execute(select(orders)).one()
    assert [(now - moment).days for moment in (row.paid_at, row.captured_at, row.last_captured_at)] == [
        30,
        5,
        2,
    ]
    background.work_off(desk)
    assert position(desk, order).paid_at == row.captured_at
    assert late_ones(desk, finance) == []
    import_lines(desk, line("A-1", "4.00"))
    assert position(desk, order).paid_at == row.last_captured_at


def test_what_is_settled_in_full_has_nothing_missing(desk: Desk, finance: Actor) -> None:
    order = store_paid_order(desk, "A-1")
    import_lines(desk, line("A-1"))
    collected(desk, order, 90)
    assert (open_ones(desk, finance), late_ones(desk, finance)) == ([], [])
    assert why(desk, finance, order) == ""


# -- why, in words


def test_an_open_order_says_what_is_missing_and_since_when(desk: Desk, finance: Actor) -> None:
    order = store_paid_order(desk, "A-100", "100.00")
    import_lines(desk, line("A-100", "60.00"), line("a 100", "40.00", transaction="T-9"))
    collected(desk, order, 30)
    told = why(desk, finance, order)
    assert "they are less than was collected" in told
    assert "Of €100.00 collected, €40.00 is in no payout line." in told
    assert "ago: late since" in told
    assert "Sur 100,00 € capturés, 40,00 € ne figurent dans aucune ligne" in why(desk, finance, order, "fr")
    [near] = details.order(desk, finance, order).near
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
def test_every_open_status_has_its_sentence(desk: Desk, finance: Actor, rows: list[str], told: str) -> None:
    order = store_paid_order(desk, "A-1")
    import_lines(desk, *rows)
    assert told in why(desk, finance, order)
    assert open_ones(desk, finance) == ["A-1"]


# -- accepted as it stands


@pytest.fixture
def short(desk: Desk) -> int:
    """An order of which a cent is missing."""
    order = store_paid_order(desk, "A-1")
    import_lines(desk, line("A-1", "9.99"))
    return order


def figures(desk: Desk, order: int) -> dict[str, Any]:
    return positions.figures(position(desk, order)._mapping)


def test_an_accepted_order_leaves_the_open_list_until_its_figures_change(
    desk: Desk, finance: Actor, short: int
) -> None:
    collected(desk, short, 60)
    acceptances.accept(desk, finance, short, figures(desk, short), "a cent", "k1")
    acceptances.accept(desk, finance, short, figures(desk, short), "a cent", "k1")  # a second press
    assert (open_ones(desk, finance), late_ones(desk, finance)) == ([], [])
    assert position(desk, short).status == "settled_under"
    assert_join_is_current(desk)
    sweep(desk)
    with desk.store.read() as tx:
        assert tx.execute(_of_orders).first() is None
    import_lines(desk, line("A-1", "-2.00", operation="Refund"))
    assert open_ones(desk, finance) == ["A-1"]
    [one] = acceptances.of_order(desk, finance, short)
    assert (one.applies, one.reason, one.who, one.undone_at) == (False, "a cent", "Camille Martin", None)
    assert_join_is_current(desk)
    sweep(desk)
    with desk.store.read() as tx:
        assert [row.kind for row in tx.execute(_of_orders)] == ["not_settled"]
    acceptances.accept(desk, finance, short, figures(desk, short), "so be it", "k2")
    assert [one.applies for one in acceptances.of_order(desk, finance, short)] == [False, True]
    assert_join_is_current(desk)


def test_an_acceptance_is_undone(desk: Desk, finance: Actor, short: int) -> None:
    acceptances.accept(desk, finance, short, figures(desk, short), "a cent", "k1")
    acceptances.undo(desk, finance, short, "not so")
    acceptances.undo(desk, finance, short, "not so")  # a second press
    assert open_ones(desk, finance) == ["A-1"]
    with pytest.raises(AlreadyUndone):
        acceptances.undo(desk, person(desk, "finance"), short, "me too")
    assert_join_is_current(desk)
    told = [(one.action, one.subject) for one in entries(desk, finance) if one.action.startswith("order.acc")]
    assert told == [("order.acceptance_undone", f"order:{short}"), ("order.accepted", f"order:{short}")]


def test_what_an_acceptance_needs(desk: Desk, finance: Actor, short: int) -> None:
    seen = figures(desk, short)
    with pytest.raises(ReasonMissing):
        acceptances.accept(desk, finance, short, seen, " ", "k1")
    with pytest.raises(NotAllowed):
        acceptances.accept(desk, person(desk, "manager"), short, seen, "why", "k1")
    with pytest.raises(NotAllowed):
        acceptances.undo(desk, person(desk, "manager"), short, "why")
    import_lines(desk, line("A-1", "-1.00", operation="Refund"))
    with pytest.raises(acceptances.FiguresChanged):
        acceptances.accept(desk, finance, short, seen, "why", "k1")
    whole = store_paid_order(desk, "A-2")
    import_lines(desk, line("A-2"))
    with pytest.raises(acceptances.OrderNotOpen):
        acceptances.accept(desk, finance, whole, figures(desk, whole), "why", "k1")


def test_an_erased_customer_takes_along_why_an_order_was_accepted(
    desk: Desk, finance: Actor, short: int, tmp_path: Path
) -> None:
    acceptances.accept(desk, finance, short, figures(desk, short), "agreed with Zerline", "k1")
    retention.erase(desk, person(desk, "admin"), "elodie@example.com")
    assert b"Zerline" not in all_that_is_stored(desk, tmp_path)
    assert open_ones(desk, finance) == []


def test_the_export_says_since_when_something_is_missing(desk: Desk, finance: Actor, short: int) -> None:
    collected(desk, short, 12)
    out = io.BytesIO()
    list_exports.write_orders(desk, finance, OrderFilter(open=True), "newest", "csv", translator("en"), out)
    head, row = (text.split(",") for text in out.getvalue().decode("utf-8-sig").splitlines())
    cells = dict(zip(head, row, strict=True))
    assert (cells["Still open"], cells["Days missing"]) == ("0.01", "12")
    assert cells["Missing since"] == cells["Captured on"] != ""


def test_an_order_that_was_never_seen_by_the_join_is_late_all_the_same(desk: Desk, finance: Actor) -> None:
    order = store_paid_order(desk, "A-1")
    import_lines(desk, line("OTHER"))
    with desk.store.write() as tx:
        tx.execute(update(orders).values(captured_at=clock.now() - DAYS * 60, folds=orders.c.folds + 1))
        from services.store.schema.reconciliation import order_positions

        tx.execute(order_positions.delete())
    sweep(desk)
    with desk.store.read() as tx:
        assert [row.order for row in tx.execute(_of_orders)] == [order]
