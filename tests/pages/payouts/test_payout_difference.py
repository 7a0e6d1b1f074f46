"""A payout that differs, on screen: what explains it, how sure that is, and the button that goes on from there."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from services import clock
from services.desk import Desk
from services.store.settlements.files import hipay_list
from tests.support.desk import person
from tests.support.orders import store_paid_order
from tests.support.payout_files import Row, payout_file, rows_of_sales, total
from tests.support.payout_pages import words
from tests.support.payouts import import_file
from tests.support.screens import followed

Open = Callable[..., AppTest]
SALES = rows_of_sales(("19.99", "42.50", "100.00", "6.50", "88.75"))
SHORT = [row for row in SALES if row[:2] != ("Sale", "T4")]


def opened(
    open_page: Open, desk: Desk, rows: list[Row], announced: Decimal, *roles: str, language: str = "en"
) -> AppTest:
    """The payout of a file with these lines, chosen in the list."""
    import_file(desk, person(desk, "finance"), "demo", "77.csv", payout_file(rows, announced))
    at = open_page("payouts/page.py", *(roles or ("finance",)), language=language)
    at.query_params["payout_of"] = "demo:77:EUR"
    at = at.run()
    assert not at.exception
    return at


def test_a_removed_sale_is_explained_and_leads_to_its_order(open_page: Open, desk: Desk) -> None:
    store_paid_order(desk, "AT4", "88.75")
    at = opened(open_page, desk, SHORT, total(SALES))
    shown = words(at)
    assert "What may explain the difference" in shown
    assert "Order AT4 was captured, and no payout has its sale. Its fees are in this payout." in shown
    assert "Fixed fee · -€0.30" in shown
    at = followed(at, "Open the order")
    assert at.session_state["view"] == "orders"
    assert "Order AT4" in words(at)


def test_it_is_said_in_french(open_page: Open, desk: Desk) -> None:
    shown = words(opened(open_page, desk, SHORT, total(SALES), language="fr"))
    assert "Ce qui peut expliquer l’écart" in shown
    assert "Les frais de la transaction T4 sont là, sa vente manque." in shown


def test_a_line_too_many_is_marked_with_one_press(open_page: Open, desk: Desk) -> None:
    rows = [*SALES, SALES[-1]]  # the percentage fee of the last sale, twice in all cells
    at = opened(open_page, desk, rows, total(SALES))
    assert "These lines are the same in every cell: one may be there twice." in words(at)
    at = at.button(key="mark_demo_77_EUR_0").click().run()
    assert not at.exception
    assert at.session_state["by_hand_window"][0] == "twice"
    assert len(at.session_state["by_hand_window"][1]) == 1


def test_lines_of_the_amount_are_opened_filtered(open_page: Open, desk: Desk) -> None:
    rows: list[Row] = [*SALES, ("Adjustment in favor of TPP", "", Decimal("-7.77"))]
    at = opened(open_page, desk, rows, total(SALES))
    assert "Exactly the difference: this line may not belong to the payout." in words(at)
    at = followed(at, "Open the line")
    assert (at.session_state["view"], at.session_state["payout"]) == ("lines", "77")
    assert at.session_state["from_amount"] == at.session_state["to_amount"] == "7.77"


def test_a_payout_that_adds_up_explains_nothing(open_page: Open, desk: Desk) -> None:
    at = opened(open_page, desk, SALES, total(SALES))
    assert "What may explain the difference" not in words(at)


@pytest.mark.parametrize("announced", ["1.00", "900.01"])
def test_where_nothing_is_known_it_says_so(open_page: Open, desk: Desk, announced: str) -> None:
    at = opened(open_page, desk, [("Sale", "T1", Decimal("10.00"))], Decimal(announced))
    assert "Nothing that is known here explains it." in words(at)


def test_what_hipay_shows_otherwise_is_explained_too(open_page: Open, desk: Desk) -> None:
    """HiPay's list has one more fee than the file, whose lines make its payout line."""
    listed = {"amount": int((total(SALES) - Decimal("0.30")) * 10_000), "currency": "EUR"}
    with desk.store.write() as tx:
        key = {"account": "demo", "settlement_id": "77"}
        hipay_list.list_settlement(
            tx, key, recent=False, at=clock.now(), **listed, date_value="2026-11-21", figures={}
        )
    shown = words(opened(open_page, desk, SALES, total(SALES)))
    assert "What may explain that HiPay shows another amount" in shown
