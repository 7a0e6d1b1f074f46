"""Settlement runs: every line, to the cent."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.money import exponent
from sandbox.settlements import COLUMNS, CONTROLS, DEBITS, FEES, OPERATIONS, SCENARIOS, Settlement
from tests.sandbox.settling import AT, amounts, lines, movement, movements, run

runs = st.lists(
    st.tuples(st.lists(movements(), max_size=6), st.sampled_from(SCENARIOS), st.booleans()),
    min_size=1,
    max_size=3,
)


def history_of(plan):
    """The settlements of several runs, two weeks apart, each run knowing those before it."""
    history: list[Settlement] = []
    for number, (moved, scenario, release) in enumerate(plan):
        made = run(
            moved,
            first_id=500 + len(history),
            at=AT + timedelta(days=14 * number),
            scenario=scenario,
            reserve_release=release,
            history=tuple(history),
        )
        history += made
    return history


@settings(max_examples=150, deadline=None)
@given(runs)
def test_every_settlement_adds_up_and_no_movement_is_lost_or_doubled(plan):
    history = history_of(plan)
    assert [s.id for s in history] == list(range(500, 500 + len(history)))
    for s in history:
        assert {tuple(row) for row in s.rows} == {COLUMNS}
        assert {row["Settlement currency"] for row in s.rows} == {s.currency}
        moved = [row for row in s.rows if row["Operation"] not in CONTROLS]
        assert sum(row["Settled amount"] for row in moved) == s.amount
        assert s.amount >= 0
        assert all(row["Amount (Incl. Tax)"] == row["Settled amount"] for row in moved)
        assert all(
            row["Amount (Excl. Tax)"] + row["Tax amount"] == row["Amount (Incl. Tax)"] for row in moved
        )
        smallest = Decimal(1).scaleb(-exponent(s.currency))
        assert all(row["Settled amount"] == row["Settled amount"].quantize(smallest) for row in s.rows)
        assert all(
            (row["Settled amount"] <= 0) == (row["Operation"] in DEBITS)
            for row in moved
            if row["Settled amount"]
        )
        parts = ("sales", "refunds", "fees", "chargeback", "deferred", "rolling", "other")
        assert sum(s.summary[part] for part in parts) == s.summary["amount"] == s.amount
        for name in CONTROLS - {"Split settlement"}:
            assert all(row["Settled amount"] == s.amount for row in lines(s, name))
        if pieces := lines(s, "Split settlement"):
            assert sum(row["Settled amount"] for row in pieces) == s.amount
        assert bool(lines(s, "Deferred settlement")) != bool(lines(s, *CONTROLS))

    def identity(operation, m):
        sign = -1 if operation in DEBITS else 1
        return (
            operation,
            m.transaction,
            m.orderid,
            sign * m.amount,
            m.currency,
            *(text or None for text in (m.operation_id, m.customer_id, m.product, *m.reporting)),
        )

    names = ("Operation", "Transaction ID", "Order", "Original amount", "Original currency")
    names += ("Merchant operation ID", "Customer ID", "Product name")
    names += tuple(f"Reporting data {n}" for n in range(1, 6))
    written = Counter(
        tuple(row[name] for name in names) for s in history for row in lines(s, *OPERATIONS.values())
    )
    assert written == Counter(identity(OPERATIONS[m.kind], m) for moved, _, _ in plan for m in moved)


@settings(max_examples=150, deadline=None)
@given(runs)
def test_what_is_held_or_carried_over_comes_back_once(plan):
    history = history_of([*plan, ([], "plain", True)])
    captured = {
        str(s.id): -row["Settled amount"] for s in history for row in lines(s, "Rolling reserve capture")
    }
    released = [row for s in history for row in lines(s, "Rolling reserve release")]
    assert Counter(row["Original settlement ID"] for row in released) == Counter(list(captured))
    assert all(row["Settled amount"] == captured[row["Original settlement ID"]] for row in released)
    deferred = {
        str(s.id): (s, row["Settled amount"]) for s in history for row in lines(s, "Deferred settlement")
    }
    for s in history:
        for row in lines(s, "Asset settlement"):
            origin, amount = deferred.pop(row["Original settlement ID"])
            assert (origin.currency, origin.id < s.id, amount) == (s.currency, True, -row["Settled amount"])
    # What is left to carry over is the last of its currency: any later settlement would have taken it.
    assert all(max(s.id for s in history if s.currency == o.currency) == o.id for o, _ in deferred.values())
    months = [row["Date"].month for s in history for row in lines(s, "Monthly fee")]
    assert len(months) == len(set(months))


def test_a_sale_is_followed_by_its_fees_and_the_reserve_and_the_payout_come_last():
    (s,) = run([movement()])
    assert [row["Operation"] for row in s.rows] == [
        "Sale",
        "Fixed fee",
        "Variable",
        "Rolling reserve capture",
        "Monthly fee",
        "Settlement",
    ]
    assert [str(row["Settled amount"]) for row in s.rows] == [
        "100.00",
        "-0.30",
        "-1.68",
        "-5.00",
        "-36.00",
        "57.02",
    ]
    taxes = [(str(row["Amount (Excl. Tax)"]), str(row["Tax amount"])) for row in lines(s, *FEES)]
    assert taxes == [("-0.25", "-0.05"), ("-1.40", "-0.28"), ("-30.00", "-6.00")]
    assert {row["Transaction ID"] for row in s.rows[:3]} == {"800006445363"}
    assert (s.date_value, s.rows[0]["Transfer"]) == (date(2026, 3, 13), date(2026, 3, 13))
    sale = s.rows[0]
    assert (sale["Date"], sale["Date value"], sale["Operation date"]) == (
        date(2026, 3, 10),
        date(2026, 3, 11),
        date(2026, 3, 9),
    )


@pytest.mark.parametrize(
    ("amount", "currency", "fee", "tax"),
    [
        ("7.50", "EUR", "-0.11", "-0.02"),  # 0.105 half up, where half even gives 0.10
        ("1000", "JPY", "-14", "-3"),
        ("1.250", "KWD", "-0.018", "-0.004"),  # 0.0175
    ],
)
def test_the_percentage_is_rounded_half_up_to_the_smallest_unit(amount, currency, fee, tax):
    (s,) = run([movement(amount=amount, currency=currency)])
    (variable,) = lines(s, "Variable")
    assert (str(variable["Amount (Excl. Tax)"]), str(variable["Tax amount"])) == (fee, tax)


def test_the_monthly_fee_waits_for_a_settlement_that_can_bear_it_and_comes_once_a_month():
    history: list[Settlement] = []
    charged = []
    for day, amount in [(1, "12.50"), (2, "100.00"), (3, "100.00"), (31, "100.00")]:
        at = AT.replace(day=1) + timedelta(days=day - 1)
        history += run([movement(amount=amount)], first_id=500 + len(history), at=at, history=tuple(history))
        charged.append(amounts(history[-1], "Monthly fee"))
    (april,) = run([movement()], first_id=504, at=AT.replace(month=4, day=1), history=history)
    assert [*charged, amounts(april, "Monthly fee")] == [[], ["-36.00"], [], [], ["-36.00"]]
    first, second = run([movement(), movement(currency="GBP")])
    assert (amounts(first, "Monthly fee"), amounts(second, "Monthly fee")) == (["-36.00"], [])


def test_each_capture_of_a_transaction_is_a_sale_of_its_own():
    (s,) = run([movement(amount="40.00"), movement(amount="60.00", operation_id="op-2")])
    sales = lines(s, "Sale")
    assert [(str(r["Settled amount"]), r["Merchant operation ID"]) for r in sales] == [
        ("40.00", "op-1"),
        ("60.00", "op-2"),
    ]
    assert {r["Transaction ID"] for r in sales} == {"800006445363"}


def test_refunds_and_chargebacks_point_to_the_settlement_of_their_sale():
    first = run([movement(), movement("refund", "10.00")])
    assert [r["Original settlement ID"] for r in lines(first[0], "Refund")] == [None]
    assert amounts(first[0], "Fixed fee") == ["-0.30"]  # the sale's own: such a refund costs nothing
    later = [movement(kind, "20.00") for kind in ("refund", "chargeback", "chargeback_refund")]
    (s,) = run(later, first_id=501, history=first)
    found = lines(s, "Refund", "Chargeback", "Chargeback refund")
    assert [r["Original settlement ID"] for r in found] == ["500"] * 3
    assert [str(r["Settled amount"]) for r in found] == ["-20.00", "-20.00", "20.00"]
    assert amounts(s, "Fixed fee") == ["-0.12", "-18.00"]


def test_a_negative_balance_is_deferred_and_carried_into_the_next_settlement():
    (s,) = run([movement()], scenario="negative")
    assert amounts(s, "Deferred settlement") == ["50.00"]
    assert (str(s.amount), lines(s, *CONTROLS), {r["Transfer"] for r in s.rows}) == ("0.00", [], {None})
    (after,) = run([movement()], first_id=501, history=[s])
    (asset,) = lines(after, "Asset settlement")
    assert (str(asset["Settled amount"]), asset["Original settlement ID"]) == ("-50.00", "500")
    assert str(after.amount) == str(Decimal("93.02") - 50)
    (third,) = run([movement()], first_id=502, history=[s, after])
    assert lines(third, "Asset settlement") == []


def test_a_payout_in_two_parts():
    (s,) = run([movement()], scenario="split")
    assert amounts(s, "Splitting settlement", "Split settlement") == ["57.02", "34.21", "22.81"]
    assert lines(s, "Settlement") == []


def test_other_currencies_have_their_own_settlement_unless_they_are_converted():
    sales = [movement(), movement(currency="USD", amount="110.00", transaction="800006445364")]
    euro, dollar = run(sales)
    assert [(s.id, s.currency) for s in (euro, dollar)] == [(500, "EUR"), (501, "USD")]
    (s,) = run(sales, scenario="converted")
    originals = [
        (str(r["Original amount"]), r["Original currency"], str(r["Settled amount"]))
        for r in lines(s, "Sale")
    ]
    assert originals == [("100.00", "EUR", "100.00"), ("110.00", "USD", "100.00")]
    (sterling,) = run(sales[:1], scenario="converted")
    assert (sterling.currency, amounts(sterling, "Sale")) == ("GBP", ["85.00"])


def test_nothing_to_settle_and_an_unknown_scenario():
    assert run([]) == []
    assert run([], reserve_release=True) == []
    with pytest.raises(ValueError, match="unknown scenario 'other'"):
        run([movement()], scenario="other")
