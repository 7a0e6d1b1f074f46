"""The shop's own orders: known once, never changed by a list, found by payout lines, and no payment request."""

import pytest

from services.access import SYSTEM, Actor, NotAllowed
from services.bulk import expected
from services.bulk.expected import ExpectedPreview
from services.desk import Desk
from services.orders import create, history
from services.orders.errors import OrderIdTaken, UnknownOrder
from services.store.orders import orders, steps
from services.store.orders.orders import Filter
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.payouts import import_file, lines_of, positions_of
from tests.support.tables import as_csv

pytestmark = pytest.mark.desk(prepared=True)

HEADINGS = ("Commande", "Montant", "Devise", "Date de commande", "N° de facture")
PAYOUT = (
    "Settlement ID;Transaction ID;Order;Original amount;Original currency;Operation;Settled amount;Settlement currency;"
    "Reporting data 1"
)


def look(desk: Desk, actor: Actor, *lines: tuple[str, ...]) -> ExpectedPreview:
    return expected.preview(desk, actor, "demo", as_csv(lines, HEADINGS), None)


def keep(desk: Desk, actor: Actor, *lines: tuple[str, ...]) -> int:
    return expected.save(desk, actor, "demo", look(desk, actor, *lines).new)


A = ("WEB/1001", "1 250,50", "EUR", "20/11/2026", "F-1")
B = ("WEB/1002", "20,00", "EUR", "", "")


def test_a_list_is_stored_once_and_an_order_that_differs_is_shown_and_not_changed(
    desk: Desk, finance: Actor
) -> None:
    assert keep(desk, finance, A, B) == 2
    again = look(desk, finance, A, (*B[:1], "25,00", *B[2:]), ("WEB/1003", "5,00", "GBP", "", ""))
    assert (again.known, [one.order_id for one in again.new]) == (1, ["WEB/1003"])
    [differs] = again.different
    assert (differs.listed.order_id, differs.facts, differs.amount) == ("WEB/1002", ("amount",), 20_0000)
    assert expected.save(desk, finance, "demo", again.new) == 1
    assert expected.save(desk, finance, "demo", again.new) == 0  # the same press once more
    assert expected.count(desk, finance, "demo") == 3
    with desk.store.read() as tx:
        kept = orders.order_by_business_id(tx, "demo", "WEB/1002")
        assert kept is not None
        assert kept.amount == 20_0000
        assert steps.steps_of(tx, kept.id) == {}
        assert orders.pages_of(tx, kept.id) == []
        first = orders.order_by_business_id(tx, "demo", "WEB/1001")
        assert first is not None
        assert first.created_at.isoformat() == "2026-11-19T23:00:00+00:00"  # the day begins in Paris


def test_an_order_sent_from_here_is_known_or_differs(desk: Desk, finance: Actor) -> None:
    manager = person(desk, "manager")
    create.create(
        desk, manager, draft(order_id="C-1", amount="10,00", references=("F-9",)), create.new_form_key()
    )
    seen = look(desk, finance, ("C-1", "10,00", "EUR", "", ""))
    assert (seen.known, seen.new, seen.different) == (1, (), ())
    [differs] = look(desk, finance, ("C-1", "10,00", "EUR", "", "F-8")).different
    assert differs.facts == ("reference_1",)


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        (("", "1,00", "EUR", "", ""), "order_id", "field_empty"),
        (("x" * 81, "1,00", "EUR", "", ""), "order_id", "field_too_long"),
        (("A\u200bB", "1,00", "EUR", "", ""), "order_id", "text_invisible_character"),
        (("A", "", "EUR", "", ""), "amount", "field_empty"),
        (("A", "zero", "EUR", "", ""), "amount", "cell_amount_unreadable"),
        (("A", "0,00", "EUR", "", ""), "amount", "amount_not_positive"),
        (("A", "-3,00", "EUR", "", ""), "amount", "amount_not_positive"),
        (("A", "10,50", "JPY", "", ""), "amount", "amount_too_many_decimals"),
        (("A", "1,00", "XXX", "", ""), "currency", "currency_unknown"),
        (("A", "1,00", "EUR", "32/01/2026", ""), "date", "cell_date_unreadable"),
        (("A", "1,00", "EUR", "", "r" * 81), "reference_1", "field_too_long"),
    ],
)
def test_a_mistake_is_named(
    desk: Desk, finance: Actor, line: tuple[str, ...], column: str, code: str
) -> None:
    seen = look(desk, finance, B, line)
    assert len(seen.new) == 1
    [problem] = seen.bad[0].problems
    assert (problem.column, problem.error.code) == (column, code)


def test_the_same_order_twice_in_a_list(desk: Desk, finance: Actor) -> None:
    same = look(desk, finance, B, B)
    assert (len(same.new), same.bad) == (1, ())
    other = look(desk, finance, B, (*B[:1], "21,00", *B[2:]))
    assert (len(other.new), other.bad[0].problems[0].error.code) == (1, "row_order_id_twice")


def test_payout_lines_find_expected_orders(desk: Desk, finance: Actor) -> None:
    keep(desk, finance, A, B, ("WEB/1003", "30,00", "EUR", "", "F-3"), ("WEB/1004", "40,00", "EUR", "", ""))
    lines = [
        "S1;T1;WEB/1001;1250.50;EUR;Sale;1250.50;EUR;",
        "S1;T2;WEB/1002;15.00;EUR;Sale;15.00;EUR;",
        "S1;T3;;30.00;EUR;Sale;30.00;EUR;F-3",
        "S1;T3;;-30.00;EUR;Refund;-30.00;EUR;F-3",
    ]
    import_file(desk, finance, "demo", "p.csv", "\n".join([PAYOUT, *lines, ""]).encode())
    assert set(lines_of(desk)["outcome"]) == {"matched"}
    assert {name: (one.status, one.open_units) for name, one in positions_of(desk).items()} == {
        "WEB/1001": ("settled_in_full", 0),
        "WEB/1002": ("settled_in_part", 5_0000),
        "WEB/1003": ("refunded", 0),
        "WEB/1004": ("awaited", 0),
    }


def test_it_is_no_payment_request(desk: Desk, finance: Actor) -> None:
    keep(desk, finance, A)
    with desk.store.read() as tx:
        order = orders.order_by_business_id(tx, "demo", "WEB/1001")
    assert order is not None
    assert history.find(desk, SYSTEM, Filter()).total == 0
    assert history.senders(desk, SYSTEM) == []
    with pytest.raises(UnknownOrder):
        history.detail(desk, SYSTEM, order.id)
    history.check_now(desk, SYSTEM, [order.id])
    with desk.store.read() as tx:
        assert steps.steps_of(tx, order.id) == {}


def test_its_order_id_is_not_given_to_a_payment_request(desk: Desk, finance: Actor) -> None:
    keep(desk, finance, ("C-7", "10,00", "EUR", "", ""))
    with pytest.raises(OrderIdTaken):
        create.create(desk, person(desk, "manager"), draft(order_id="C-7"), create.new_form_key())


def test_only_finance_adds_a_list(desk: Desk, finance: Actor) -> None:
    seen = look(desk, finance, A)
    for role in ("manager", "admin"):
        somebody = person(desk, role)
        with pytest.raises(NotAllowed):
            look(desk, somebody, A)
        with pytest.raises(NotAllowed):
            expected.save(desk, somebody, "demo", seen.new)
    assert expected.count(desk, finance, "demo") == 0


def test_a_list_cut_off_goes_on_where_it_was(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = look(desk, finance, *((f"N{n}", "1,00", "EUR", "", "") for n in range(25))).new
    real = expected.batches.add_expected

    def failing(tx: object, new: list[dict[str, object]]) -> None:
        if any(row["order_id"] == "N10" for row in new):
            raise KeyboardInterrupt
        real(tx, new)  # type: ignore[arg-type]

    monkeypatch.setattr(expected, "AT_ONCE", 10)
    with monkeypatch.context() as patch:
        patch.setattr(expected.batches, "add_expected", failing)
        with pytest.raises(KeyboardInterrupt):
            expected.save(desk, finance, "demo", wanted)
    assert expected.count(desk, finance, "demo") == 10
    assert expected.save(desk, finance, "demo", wanted) == 15


def test_an_id_that_looks_like_a_card_number_is_named_in_the_preview(desk: Desk, finance: Actor) -> None:
    seen = look(
        desk,
        finance,
        A,
        ("4111111111111111", "1,00", "EUR", "", ""),
        ("D-1", "1,00", "EUR", "", "4111 1111 1111 1111"),
    )
    assert (len(seen.new), seen.cards, seen.bad) == (3, (3, 4), ())
