"""What follows a decision by hand: the lines of the transaction, a correction, the decision that stood before."""

from decimal import Decimal

import pytest

from services.access import Actor
from services.desk import Desk
from services.imports import background
from services.imports.issued_again.issue_answers import Answers
from services.reconciliation.decisions import available, decide, history, undo
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.views import payout_list
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line, line_id, orders_seen, outcomes, position, stored
from tests.support.stored_join import assert_join_is_current
from tests.support.stored_lines import every_line

SALE = line("A-100", "100.00", transaction="T-1")
FEE = line("A-100", "-1.01", operation="Fixed fee", transaction="T-1")
REFUND = line("A-100", "-10.00", operation="Refund", transaction="T-1")
PART = Answers(every="part")
OTHERS = tuple(line(f"B-{n}", f"{n}.00") for n in range(1, 9))
PAYOUT = line("", "{}", operation="Settlement", transaction="")


def payout(amount: str) -> str:
    return line("", amount, operation="Settlement", transaction="")


@pytest.fixture
def orders(desk: Desk) -> dict[str, int]:
    found = {
        name: store_paid_order(desk, name, amount)
        for name, amount in (("A-100", "100.00"), ("A-200", "70.00"), ("A-300", "30.00"))
    }
    import_lines(desk, SALE, FEE, REFUND, *OTHERS)
    return found


def shown(desk: Desk, order: str, operation: str = "Sale") -> Shown:
    row = stored(desk)[f"{order} {operation}"]
    return Shown(line=row.id, decision=row.decision)


def standing_lines(desk: Desk, order: str = "A-100") -> list[tuple[str, int, str, int | None]]:
    rows = [row for row in stored_all(desk) if row.file_order == order and row.replaced_by is None]
    return [(row.operation, row.original_amount_units, row.outcome, row.order) for row in rows]


def stored_all(desk: Desk) -> list:
    with desk.store.read() as tx:
        return every_line(tx)


# -- the lines of the transaction


def test_when_a_sale_is_matched_to_another_order_its_fee_and_refund_follow(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    done = decide.match(
        desk,
        finance,
        [shown(desk, "A-100")],
        orders["A-200"],
        "other customer",
        "k1",
        seen=orders_seen(desk),
    )
    assert {outcomes(desk)[f"A-100 {name}"] for name in ("Sale", "Fixed fee", "Refund")} == {
        ("matched", orders["A-200"])
    }
    assert (len(done.lines), done.followers) == (1, 2)
    undone = undo.undo_group(desk, finance, "k1", "not so")
    assert undone.followers == 2
    assert outcomes(desk)["A-100 Refund"] == ("matched", orders["A-100"])
    assert_join_is_current(desk)


def test_when_a_sale_is_split_its_fee_and_refund_are_split_in_proportion(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    shares = [(orders["A-200"], 70_0000), (orders["A-300"], 30_0000)]
    done = decide.split(
        desk, finance, shown(desk, "A-100"), shares, "one payment", "k1", seen=orders_seen(desk)
    )
    assert done.followers == 2
    large, small = (position(desk, order) for order, _ in shares)
    assert (large.gross_units, large.refunds_units, large.lines) == (70_0000, 7_0000, 3)
    assert (small.gross_units, small.refunds_units, small.lines) == (30_0000, 3_0000, 3)
    # a fee of 1.01: no order bears a fraction of a cent
    assert (large.fees_units, small.fees_units) == (7_100, 3_000)
    assert large.net_units + small.net_units == int(Decimal("88.99") * 10_000)
    assert_join_is_current(desk)
    # a fee that comes in a later file goes the same way
    import_lines(desk, line("A-100", "-2.00", operation="Variable", transaction="T-1"))
    assert position(desk, orders["A-200"]).fees_units == 7_100 + 1_4000
    assert_join_is_current(desk)
    undo.undo_group(desk, finance, "k1", "not so")
    assert [position(desk, order).lines for order, _ in shares] == [0, 0]
    assert position(desk, orders["A-100"]).lines == 4
    assert_join_is_current(desk)


def test_the_fee_and_refund_of_a_sale_are_offered_and_marked_not_ours_with_it(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    found = available.companions(desk, finance, [line_id(desk, "A-100")])
    assert [one.operation_code for one in found] == ["fixed_fee", "refund"]
    assert available.companions(desk, finance, [line_id(desk, "B-1")]) == ()
    done = decide.not_ours(
        desk, finance, [shown(desk, "A-100"), *(one.shown for one in found)], "web shop", "k1"
    )
    assert len(done.lines) == 3
    assert {outcomes(desk)[f"A-100 {name}"][0] for name in ("Sale", "Fixed fee", "Refund")} == {"not_ours"}
    undo.undo_group(desk, finance, "k1", "all of it")
    assert outcomes(desk)["A-100 Refund"] == ("matched", orders["A-100"])


def test_lines_without_a_transaction_id_have_no_companions(desk: Desk, finance: Actor) -> None:
    import_lines(
        desk, line("C-1", transaction="0"), line("C-2", transaction="0"), line("C-3", transaction="")
    )
    assert available.companions(desk, finance, [line_id(desk, "C-1"), line_id(desk, "C-3")]) == ()


# -- counted twice


def test_a_duplicate_line_no_longer_counts_in_its_payout(desk: Desk, finance: Actor) -> None:
    import_lines(desk, line("A-1", "10.00"), *OTHERS, payout("46.00"))
    import_lines(desk, line("A-1", "11.00"), answers=PART)  # a person says that these are other lines
    [before] = payout_list.list_payouts(desk, finance)
    assert (before.state, before.difference_units) == ("differs", 11_0000)
    second = max(row.id for row in stored_all(desk) if row.file_order == "A-1")
    first = min(row.id for row in stored_all(desk) if row.file_order == "A-1")
    decide.exclude(desk, finance, [Shown(line=second)], "handled elsewhere", "k0")
    assert (
        payout_list.list_payouts(desk, finance) == (before,)
        or payout_list.list_payouts(desk, finance)[0].state == "differs"
    )
    decide.twice(desk, finance, [Shown(line=first)], "stands again, corrected", "k1")
    [now] = payout_list.list_payouts(desk, finance)
    assert (now.state, now.difference_units) == ("differs", 1_0000)  # the correction is one of a euro
    assert_join_is_current(desk)
    undo.undo_group(desk, finance, "k1", "not so")
    [again] = payout_list.list_payouts(desk, finance)
    assert again.difference_units == 11_0000
    assert_join_is_current(desk)


def test_a_duplicate_total_no_longer_counts_in_its_payout(desk: Desk, finance: Actor) -> None:
    import_lines(desk, *OTHERS, payout("36.00"))
    import_lines(desk, *OTHERS[:2], payout("35.00"), answers=PART)
    total = max(row.id for row in stored_all(desk) if row.kind == "control")
    assert payout_list.list_payouts(desk, finance)[0].state == "differs"
    decide.twice(desk, finance, [Shown(line=total)], "of an excerpt", "k1")
    assert payout_list.list_payouts(desk, finance)[0].state == "tied"
    undo.undo_group(desk, finance, "k1", "not so")
    assert payout_list.list_payouts(desk, finance)[0].state == "differs"
    assert_join_is_current(desk)


# -- the decision that stood before


def test_undoing_a_decision_restores_the_decision_before_it(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    decide.match(desk, finance, [shown(desk, "B-1")], orders["A-200"], "first", "k1", seen=orders_seen(desk))
    decide.exclude(desk, finance, [shown(desk, "B-1")], "second", "k2")
    decide.match(desk, finance, [shown(desk, "B-1")], orders["A-300"], "third", "k3", seen=orders_seen(desk))
    for key, outcome in (("k3", ("excluded", None)), ("k2", ("matched", orders["A-200"]))):
        undo.undo_group(desk, finance, key, "not so")
        assert outcomes(desk)["B-1 Sale"] == outcome
    told = history.of_line(desk, finance, line_id(desk, "B-1"))
    assert [(one.kind, one.how) for one in told if one.is_valid] == [("match", "again")]
    assert [(one.after, one.after_order) for one in told if one.kind == "undone"][-1] == ("matched", "A-200")
    undo.undo_group(desk, finance, "k1", "none of it")
    assert outcomes(desk)["B-1 Sale"] == ("unmatched", None)
    assert history.of_line(desk, finance, line_id(desk, "B-1"))[-1].after == "unmatched"
    assert_join_is_current(desk)


def test_undoing_an_exclusion_restores_the_split_with_its_shares(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    shares = [(orders["A-200"], 70_0000), (orders["A-300"], 30_0000)]
    decide.split(desk, finance, shown(desk, "A-100"), shares, "one payment", "k1", seen=orders_seen(desk))
    decide.exclude(desk, finance, [shown(desk, "A-100")], "no", "k2")
    undo.undo_group(desk, finance, "k2", "yes")
    assert [position(desk, order).gross_units for order, _ in shares] == [70_0000, 30_0000]
    assert_join_is_current(desk)


# -- a correction


def test_a_corrected_line_keeps_its_decision(desk: Desk, finance: Actor, orders: dict[str, int]) -> None:
    decide.match(
        desk,
        finance,
        [shown(desk, "A-100")],
        orders["A-200"],
        "other customer",
        "k1",
        seen=orders_seen(desk),
    )
    decide.exclude(desk, finance, [shown(desk, "B-1"), shown(desk, "B-2")], "handled", "k2")
    corrected = line("A-100", "101.00", transaction="T-1")
    import_lines(desk, corrected, FEE, REFUND, line("B-1", "1.50"), *OTHERS[1:])
    assert standing_lines(desk) == [
        ("Fixed fee", -1_0100, "matched", orders["A-200"]),
        ("Refund", -10_0000, "matched", orders["A-200"]),
        ("Sale", 101_0000, "matched", orders["A-200"]),
    ]
    assert standing_lines(desk, "B-1") == [("Sale", 1_5000, "excluded", None)]
    assert_join_is_current(desk)
    told = history.of_line(
        desk, finance, max(row.id for row in stored_all(desk) if row.file_order == "A-100")
    )
    assert [(one.kind, one.who, one.text, one.how) for one in told] == [
        ("match", "Camille Martin", "other customer", "carried")
    ]
    # what was decided at once is undone at once, of the correction, too
    undo.undo_group(desk, finance, "k2", "not so")
    assert standing_lines(desk, "B-1") == [("Sale", 1_5000, "unmatched", None)]
    assert_join_is_current(desk)


def test_a_split_line_is_reopened_when_its_amount_is_corrected(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    shares = [(orders["A-200"], 70_0000), (orders["A-300"], 30_0000)]
    decide.split(desk, finance, shown(desk, "A-100"), shares, "one payment", "k1", seen=orders_seen(desk))
    import_lines(desk, line("A-100", "101.00", transaction="T-1"), FEE, REFUND, *OTHERS)
    [sale] = [
        row
        for row in stored_all(desk)
        if (row.file_order, row.operation, row.replaced_by) == ("A-100", "Sale", None)
    ]
    assert (sale.outcome, sale.reason) == ("unmatched", "reopened")
    assert [position(desk, order).gross_units for order, _ in shares] == [0, 0]
    [told] = history.of_line(desk, finance, sale.id)
    assert (told.kind, told.text, told.how) == ("reopened", "one payment", "carried")
    assert_join_is_current(desk)
    undo.undo_decisions(desk, finance, [sale.decision], "by its keys")
    assert standing_lines(desk)[-1] == ("Sale", 101_0000, "matched", orders["A-100"])
    assert_join_is_current(desk)


def test_a_split_line_stays_split_when_only_its_date_is_corrected(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    shares = [(orders["A-200"], 70_0000), (orders["A-300"], 30_0000)]
    decide.split(desk, finance, shown(desk, "A-100"), shares, "one payment", "k1", seen=orders_seen(desk))
    import_lines(desk, SALE.replace("2026-11-20", "2026-11-21"), FEE, REFUND, *OTHERS)
    assert [position(desk, order).gross_units for order, _ in shares] == [70_0000, 30_0000]
    assert_join_is_current(desk)


def test_a_line_that_is_corrected_back_next_to_a_new_one_with_its_key_is_valid_again(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    import_lines(desk, line("A-100", "101.00", transaction="T-1"), FEE, REFUND, *OTHERS)
    assert [units for _, units, _, _ in standing_lines(desk)] == [-1_0100, -10_0000, 101_0000]
    second = line("A-100", "7.00", transaction="T-1")
    import_lines(desk, SALE, second, FEE, REFUND, *OTHERS)
    assert sorted(units for _, units, _, _ in standing_lines(desk)) == [-10_0000, -1_0100, 7_0000, 100_0000]
    assert {(outcome, order) for _, _, outcome, order in standing_lines(desk)} == {
        ("matched", orders["A-100"])
    }
    background.work_off(desk)
    assert_join_is_current(desk)
