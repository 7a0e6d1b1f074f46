"""Why a line is open, in words: the keys that were tried, what comes near, what differs."""

import pytest

from services.access import Actor
from services.desk import Desk
from services.i18n import translator
from services.reconciliation.views import details, line_text
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line, line_id


@pytest.fixture
def desk(desk: Desk) -> Desk:
    store_paid_order(desk, "A-100", "42.00", reference="F-2026-7")
    store_paid_order(desk, "A-200", "42.00")
    store_paid_order(desk, "A-300", "17.00", reference="SHARED")
    store_paid_order(desk, "A-400", "17.00", reference="SHARED")
    return desk


def told(desk: Desk, actor: Actor, order: str, language: str = "en") -> str:
    found = details.line(desk, actor, line_id(desk, order))
    return line_text.reason(found.line, translator(language)).replace("\xa0", " ").replace("\u202f", " ")


def test_the_keys_that_were_tried_are_named_with_their_texts(desk: Desk, finance: Actor) -> None:
    import_lines(desk, line("WEB-1", reference="R-9", transaction="T-9"))
    assert told(desk, finance, "WEB-1") == (
        "No order is known by its invoice number or reference “R-9”, order id “WEB-1”, transaction id “T-9”."
    )
    assert "« WEB-1 »" in told(desk, finance, "WEB-1", "fr")


def test_a_near_miss_says_what_was_tried_and_what_differs(desk: Desk, finance: Actor) -> None:
    import_lines(desk, line("a 100", "40.00", transaction=""))
    assert told(desk, finance, "a 100") == (
        "No order is known by its order id “a 100”. “a 100” is nearly the order id “A-100”. "
        "The texts differ in: capital and small letters; blanks; dashes, underscores, dots and slashes. "
        "The amounts differ: €40.00 in the line, €42.00 ordered."
    )
    import_lines(desk, line("00A-200", "42.00", transaction=""))
    assert told(desk, finance, "00A-200").endswith(
        "The texts differ in: zeros at the beginning. The amount is the same."
    )


def test_keys_that_disagree_say_which_names_which_order(desk: Desk, finance: Actor) -> None:
    import_lines(desk, line("A-100", reference="SHARED"))
    assert told(desk, finance, "A-100") == (
        "The keys name different orders: invoice number or reference “SHARED” names A-300, A-400; order id “A-100” names A-100."
    )


def test_a_shared_reference_says_what_it_is(desk: Desk, finance: Actor) -> None:
    import_lines(desk, line("WEB-3", reference="SHARED"))
    assert (
        "Found by: invoice number or reference “SHARED”, but several orders have it: A-300, A-400."
        in told(desk, finance, "WEB-3")
    )


def test_beside_a_line_that_nothing_names_stand_the_orders_that_come_near(desk: Desk, finance: Actor) -> None:
    import_lines(desk, line("WEB-1", "42.00"))
    beside = details.line(desk, finance, line_id(desk, "WEB-1")).related
    assert {(one.order.order_id, one.role) for one in beside} == {("A-100", "hint"), ("A-200", "hint")}
    assert {one.fact: one.verdict for one in beside[0].compared}["amount"] == "same"


def test_a_text_in_another_column_is_a_hint(desk: Desk, finance: Actor) -> None:
    """The join looks at one reference of a line; a person who looks at it is shown what any of them comes near."""
    head = "Account;Settlement ID;Transaction ID;Order;Original amount;Original currency;Operation;Settled amount;Settlement currency;Reporting data 1;Reporting data 2;Date"
    raw = f"{head}\r\n1;77;T-5;WEB-5;9.00;EUR;Sale;9.00;EUR;SHOP;f 2026 7;2026-11-20\r\n"
    from tests.support.payouts import import_file

    import_file(desk, finance, "demo", "p.csv", raw.encode())
    found = details.line(desk, finance, line_id(desk, "WEB-5"))
    assert found.line.outcome == "unmatched"
    assert [(one.order.order_id, one.role) for one in found.related] == [("A-100", "hint")]
