"""Tables whose columns can be taken for one another: a price beside a total is asked, what is said is remembered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from services.access import Actor
from services.bulk import expected, request_table, sending
from services.bulk.errors import ColumnsDoubtful, ColumnsMissing
from services.bulk.rows import Rules
from services.demo.drain import drain
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.store.schema.bulk import table_columns
from services.store.schema.orders import orders
from services.store.schema.people import audit
from tests.support.desk import person
from tests.support.tables import as_csv, as_xlsx

pytestmark = pytest.mark.desk(sandbox=True)

Write = Callable[[Sequence[Sequence[Any]], Sequence[str]], bytes]
RULES = Rules("fr", 7, "fr")
WHO = {"First name": "Zoé", "E-mail address": "zoe@example.com", "Description": "Lampe", "Order id": "C-1"}
LAST = {"Last name": "Martin"}


def table(write: Write, cells: Mapping[str, str], *more: Sequence[str]) -> bytes:
    """One row of cells by heading; ``more``: the cells of further rows."""
    return write([list(cells.values()), *more], list(cells))


def asked(desk: Desk, actor: Actor, raw: bytes, said: Mapping[str, str | None] | None = None) -> Any:
    """The one order that the table makes: looked at, sent, and worked off."""
    preview = request_table.preview(desk, actor, "demo", raw, RULES, said)
    assert not preview.bad
    sending.start(
        desk,
        actor,
        "demo",
        "x.csv",
        preview.good,
        days=7,
        per_minute=600,
        form_key=repr(said),
        head=preview.table.head,
    )
    drain(desk)
    with desk.store.read() as tx:
        return tx.execute(select(orders).order_by(orders.c.id.desc())).first()


@pytest.fixture
def ready(desk: Desk) -> Actor:
    prepare_demo(desk)
    return person(desk, "manager")


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
@pytest.mark.parametrize(
    "told", [{"Price": "12,50", "Quantity": "4", "Total": "50,00"}, {"Total": "50,00", "Prix unitaire": "12,50"},
             {"PU": "12,50", "Qté": "4", "Montant": "50,00"}, {"Amount": "50,00", "Unit price": "12,50"}]
)  # fmt: skip
def test_a_price_and_a_total_that_differ_are_in_doubt_and_the_chosen_column_is_the_amount(
    desk: Desk, ready: Actor, write: Write, told: dict[str, str]
) -> None:
    raw = table(write, {**WHO, **LAST, **told})
    with pytest.raises(ColumnsDoubtful) as doubtful:
        request_table.preview(desk, ready, "demo", raw, RULES)
    price, total = (
        next(name for name, cell in told.items() if cell == wanted) for wanted in ("12,50", "50,00")
    )
    [(meaning, names)] = doubtful.value.head.doubts
    assert (meaning, set(names)) == ("amount", {price, total})
    assert doubtful.value.head.samples[doubtful.value.head.names.index(total)] == ("50,00",)
    assert (
        request_table.preview(desk, ready, "demo", raw, RULES, {"amount": price}).good[0].accepted.amount
        == 12_5000
    )
    head = request_table.preview(desk, ready, "demo", raw, RULES, {"amount": total}).table.head
    assert (price, "amount", total) in head.unused
    assert price not in head.unknown
    assert asked(desk, ready, raw, {"amount": total}).amount == 50_0000


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
@pytest.mark.parametrize(
    ("told", "column", "value"),
    [
        ({"Amount": "50,00", "Amount due": "20,00"}, "amount", 20_0000),
        ({"Montant": "50,00", "Reste à payer": "20,00", "Prix": "12,50"}, "amount", 20_0000),
        ({"Total": "50,00", "Amount": "20,00"}, "amount", 20_0000),
        ({"Reference": "R-9", "Invoice number": "F-1", "Amount": "5,00"}, "reference_1", "F-1"),
        ({"Référence": "R-9", "N° de facture": "F-1", "Montant": "5,00"}, "reference_1", "F-1"),
        ({"Order": "X-9", "Amount": "5,00"}, "order_id", "C-1"),
        ({"Currency code": "USD", "Currency": "EUR", "Amount": "5,00"}, "currency", "EUR"),
    ],
)
def test_the_column_with_the_exact_name_is_read_wherever_it_is(
    desk: Desk, ready: Actor, write: Write, told: dict[str, str], column: str, value: object
) -> None:
    preview = request_table.preview(desk, ready, "demo", table(write, {**told, **WHO, **LAST}), RULES)
    assert preview.table.head.unused
    assert getattr(asked(desk, ready, table(write, {**told, **WHO, **LAST})), column) == value


def test_a_full_name_does_not_take_the_place_of_the_last_name(desk: Desk, ready: Actor) -> None:
    raw = table(as_csv, {"Name": "Zoé Martin", **WHO, "Amount": "5,00", **LAST})
    assert asked(desk, ready, raw).last_name == "Martin"


def test_prices_that_are_the_totals_are_not_asked(desk: Desk, ready: Actor) -> None:
    cells = {**WHO, **LAST, "Price": "12,50", "Quantity": "1", "Total": "12,50"}
    assert asked(desk, ready, table(as_csv, cells)).amount == 12_5000
    one = {**WHO, **LAST, "Order id": "C-2", "Price": "9,00", "Qté": "1"}
    assert asked(desk, ready, table(as_csv, one), {}).amount == 9_0000
    with pytest.raises(ColumnsDoubtful):
        request_table.preview(desk, ready, "demo", table(as_csv, {**one, "Qté": "2"}), RULES)


def test_the_same_heading_twice_is_asked_and_each_has_a_name(desk: Desk, ready: Actor) -> None:
    raw = as_csv([[*WHO.values(), "Martin", "1,00", "2,00"]], [*WHO, "Last name", "Amount", "amount"])
    with pytest.raises(ColumnsDoubtful) as doubtful:
        request_table.preview(desk, ready, "demo", raw, RULES)
    assert doubtful.value.head.doubts == (("amount", ("Amount", "amount (2)")),)
    assert asked(desk, ready, raw, {"amount": "amount (2)"}).amount == 2_0000


def test_a_choice_of_columns_is_used_for_the_same_headings_of_the_account_until_it_is_changed(
    desk: Desk, ready: Actor
) -> None:
    cells = {**WHO, **LAST, "Price": "12,50", "Total": "50,00"}
    asked(desk, ready, table(as_csv, cells), {"amount": "Total"})
    turned = dict(reversed({**cells, "Order id": "C-2", "Total": "60,00"}.items()))
    turned["TOTAL"] = turned.pop("Total")
    preview = request_table.preview(desk, ready, "demo", table(as_csv, turned), RULES)
    assert preview.table.head.chosen == {"amount": "TOTAL"}
    assert preview.good[0].accepted.amount == 60_0000
    with pytest.raises(ColumnsDoubtful):  # another set of headings
        request_table.preview(desk, ready, "demo", table(as_csv, {**cells, "Remark": "x"}), RULES)
    with pytest.raises(ColumnsDoubtful):  # another kind of table
        expected.preview(desk, person(desk, "finance"), "demo", table(as_csv, cells), None)
    asked(desk, ready, table(as_csv, {**cells, "Order id": "C-3"}), {"amount": "Price"})
    assert asked(desk, ready, table(as_csv, {**cells, "Order id": "C-4"}), {}).amount == 12_5000
    with pytest.raises(ColumnsDoubtful):  # what the table itself says
        request_table.preview(desk, ready, "demo", table(as_csv, cells), RULES, {"amount": None})
    with desk.store.read() as tx:
        assert tx.scalar(select(func.count()).select_from(table_columns)) == 1
        named = tx.execute(select(audit).where(audit.c.action == "table_columns_named")).all()
    assert [row.detail for row in named] == [{"columns": ["amount"]}] * 2


def test_without_a_choice_nothing_is_stored(desk: Desk, ready: Actor) -> None:
    cells = {**WHO, **LAST, "Amount": "5,00", "Remark": "R-7"}
    asked(desk, ready, table(as_csv, cells), {"reference_1": "Remark"})
    asked(desk, ready, table(as_csv, {**cells, "Order id": "C-2"}), {"reference_1": None})
    with desk.store.read() as tx:
        assert tx.execute(select(table_columns)).all() == []


def test_a_column_under_an_unknown_name_is_named_by_hand_and_one_can_be_left_out(
    desk: Desk, ready: Actor
) -> None:
    raw = table(as_csv, {**WHO, **LAST, "Zu zahlen": "5,00", "Reference": "secret"})
    with pytest.raises(ColumnsMissing) as missing:
        request_table.preview(desk, ready, "demo", raw, RULES)
    assert missing.value.head is not None
    assert missing.value.head.unknown == ("Zu zahlen",)
    order = asked(desk, ready, raw, {"amount": "Zu zahlen", "reference_1": ""})
    assert (order.amount, order.reference_1) == (5_0000, "")


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_expected_orders_are_stored_with_the_chosen_column(desk: Desk, ready: Actor, write: Write) -> None:
    finance = person(desk, "finance")
    raw = table(
        write,
        {
            "Order": "A",
            "Price": "12,50",
            "Quantity": "4",
            "Total": "50,00",
            "Order number": "W-1",
            "Reference": "R",
            "Invoice number": "F-1",
        },
    )
    with pytest.raises(ColumnsDoubtful):
        expected.preview(desk, finance, "demo", raw, None)
    preview = expected.preview(desk, finance, "demo", raw, None, {"amount": "Total"})
    assert expected.save(desk, finance, "demo", preview.new, replace(preview.table, lines=()).head) == 1
    with desk.store.read() as tx:
        [order] = tx.execute(select(orders)).all()
    assert (order.order_id, order.amount, order.reference_1) == ("W-1", 50_0000, "F-1")
    assert expected.preview(desk, finance, "demo", raw, None).known == 1


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
@pytest.mark.parametrize(
    ("told", "currency"),
    [({"Amount (USD)": "12.50"}, "USD"), ({"Montant (€)": "12.50"}, "EUR"), ({"Total £": "12.50"}, "GBP"),
     ({"Amount US$": "12.50"}, "USD"), ({"Amount (USD)": "12.50 EUR"}, "EUR"), ({"AMOUNT CHF": "12.50"}, "CHF"),
     ({"AMOUNT_USD": "12.50"}, "USD"), ({"amount_usd": "12.50"}, "USD"), ({"totalUSD": "12.50"}, "USD"), ({"Total euros": "12.50"}, "EUR"),
     ({"Total TTC": "12.50"}, "EUR")],
)  # fmt: skip
def test_a_currency_in_the_amounts_heading_applies_to_cells_without_one(
    desk: Desk, ready: Actor, write: Write, told: dict[str, str], currency: str
) -> None:
    preview = request_table.preview(desk, ready, "demo", table(write, {**WHO, **LAST, **told}), RULES)
    [row] = preview.good
    assert (row.accepted.amount, row.accepted.currency) == (12_5000, currency)


@pytest.mark.parametrize("heading", ["Amount ($)", "Amount (€/$)"])
def test_a_sign_in_the_heading_that_is_not_the_accounts_is_refused_never_dropped(
    desk: Desk, ready: Actor, heading: str
) -> None:
    preview = request_table.preview(
        desk, ready, "demo", table(as_csv, {**WHO, **LAST, heading: "12.50"}), RULES
    )
    assert not preview.good
    assert {problem.column for problem in preview.bad[0].problems} == {"amount"}


def test_the_currency_in_a_heading_that_a_person_names_is_not_dropped(desk: Desk, ready: Actor) -> None:
    raw = table(as_csv, {**WHO, **LAST, "Montant en dollars": "12.50"})
    [bad] = request_table.preview(desk, ready, "demo", raw, RULES, {"amount": "Montant en dollars"}).bad
    assert {problem.error.code for problem in bad.problems} == {"amount_other_currency"}


def test_a_heading_and_a_column_that_name_two_currencies_are_refused(desk: Desk, ready: Actor) -> None:
    cells = {**WHO, **LAST, "Amount (USD)": "12.50", "Currency": "EUR"}
    assert not request_table.preview(desk, ready, "demo", table(as_csv, cells), RULES).good
    with pytest.raises(ColumnsDoubtful):
        request_table.preview(desk, ready, "demo", table(as_csv, {**cells, "Amount (EUR)": "11.50"}), RULES)
