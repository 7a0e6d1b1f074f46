"""A sale is its transaction's valid lines, and what they come to; what has no amount makes no net."""

import pytest

from services.access import Actor
from services.desk import Desk
from services.reconciliation.views import sales
from services.reconciliation.views.lists import LineFilter
from services.reconciliation.views.sales import MOST_LINES, Sale, SaleSum
from services.store.settlements.lines import sale_pages
from tests.support.payout_lines import import_lines, line, line_id

EURO = 10_000


def the_sale(desk: Desk, finance: Actor, chosen: LineFilter | None = None) -> Sale:
    [found] = sales.sales(desk, finance, chosen or LineFilter()).page.rows
    return found


def test_a_sale_has_its_fees_and_its_refund_of_whatever_payout(desk: Desk, finance: Actor) -> None:
    import_lines(desk, line("A"), line("A", "-0.30", operation="Fixed fee"))
    import_lines(desk, line("A", "-4.00", operation="Refund").replace("1;77;", "1;78;"))
    found = the_sale(desk, finance)
    assert [one.operation_code for one in found.lines] == ["sale", "fixed_fee", "refund"]
    assert [one.settlement_id for one in found.lines] == ["77", "77", "78"]
    assert found.sums == (
        SaleSum(
            currency="EUR",
            gross_units=10 * EURO,
            fees_units=-3_000,
            refunds_units=-4 * EURO,
            net_units=57_000,
        ),
    )


def test_a_filter_chooses_sales_and_leaves_them_whole(desk: Desk, finance: Actor) -> None:
    import_lines(desk, line("A"), line("A", "-0.30", operation="Fixed fee"))
    found = the_sale(desk, finance, LineFilter(operations=("fixed_fee",)))
    assert found.line.operation_code == "fixed_fee"
    assert found.count == len(found.lines) == 2
    assert sales.sales(desk, finance, LineFilter(operations=("refund",))).sales == 0


def test_its_sale_stands_for_it_wherever_a_fee_is_listed_first(desk: Desk, finance: Actor) -> None:
    import_lines(desk, line("A"), line("A", "-0.30", operation="Fixed fee").replace("11-20", "11-22"))
    found = the_sale(desk, finance)
    assert (found.line.operation_code, found.date) == ("sale", "2026-11-22")


def test_lines_without_a_transaction_are_sales_of_their_own(desk: Desk, finance: Actor) -> None:
    import_lines(desk, line("A", transaction=""), line("B", "20.00", transaction=""))
    found = sales.sales(desk, finance, LineFilter())
    assert [(one.count, one.sums[0].net_units) for one in found.page.rows] in (
        [(1, 20 * EURO), (1, 10 * EURO)],
        [(1, 10 * EURO), (1, 20 * EURO)],
    )
    assert (found.sales, found.page.total) == (2, 2)


def test_a_line_without_an_amount_leaves_the_net_open() -> None:
    def known(without: bool) -> int | None:
        bucket = sale_pages.BucketSum(
            transaction=("demo", "T"), bucket="fees", currency="EUR", lines=1, missing=int(without), units=0
        )
        return sales.total([bucket])[0].net_units

    assert (known(False), known(True)) == (0, None)


def test_a_total_line_is_no_part_of_a_sale(desk: Desk, finance: Actor) -> None:
    import_lines(desk, line("", "9.70", operation="Settlement", transaction=""))
    assert the_sale(desk, finance).sums == ()


def test_a_sale_of_very_many_lines_is_one_row(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sales, "_READ", 30)
    rows = [line("A", f"{amount}.00") for amount in range(1, 201)]
    import_lines(desk, *rows, line("B", "0.50"))
    found = sales.sales(desk, finance, LineFilter())
    assert sorted((one.count, len(one.lines)) for one in found.page.rows) == [(1, 1), (200, MOST_LINES)]
    assert (found.page.before, found.page.after, found.sales) == (None, None, 2)
    # where a page ends before its rows are found, the next one goes on from there
    monkeypatch.setattr(sales, "_MOST_READ", 2)
    chosen, seen, after = LineFilter(), list[str](), None
    for _ in range(9):
        page = sales.sales(desk, finance, chosen, "newest", after).page
        seen += [one.line.file_order for one in page.rows]
        after = page.after
        if after is None:
            break
    assert (sorted(seen), after) == (["A", "B"], None)


def test_the_sale_of_one_line(desk: Desk, finance: Actor) -> None:
    import_lines(desk, line("A"), line("A", "-0.30", operation="Fixed fee"))
    fee = line_id(desk, "A", "Fixed fee")
    assert sales.sale_of(desk, finance, fee).sums[0].net_units == 97_000
