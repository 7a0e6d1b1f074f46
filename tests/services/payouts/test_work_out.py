"""Payouts are worked out in steps: the rows are what the lines come to, and none ties that is behind."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update

from services import clock
from services.access import Actor
from services.desk import Desk
from services.imports import background, files
from services.imports.loading import process
from services.imports.loading.lease import Lease
from services.payouts import fill_measures, states, work_out
from services.reconciliation.decisions import decide, undo
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.matching import learned_operations
from services.reconciliation.views import payout_list
from services.settlements import settlement_operations
from services.settlements.settlement_operations import bucket
from services.store import Connection, Store
from services.store.orders import orders
from services.store.payouts import rows, versions
from services.store.schema.payout_lines import line_totals
from services.store.settlements import matching_rules
from services.store.settlements.files import hipay_list
from services.store.settlements.lines import line_measures
from services.store.settlements.lines.line_measures import LineMeasures
from tests.support.orders import store_paid_order
from tests.support.payout_lines import line_id
from tests.support.stored_lines import every_line
from tests.support.worked_payouts import FULL, bring, payouts, row, states_of, stored_line

pytestmark = pytest.mark.store


def assert_rows_are_current(desk: Desk) -> None:
    """No row is behind, and each has the sums of its valid lines, added up one by one."""
    legs = defaultdict[tuple[str, str], dict[str, int]](lambda: defaultdict(int))
    with desk.store.read() as tx:
        for one in every_line(tx):
            if one.replaced_by is not None or not getattr(one, "current", True) or one.kind == "control":
                continue
            if one.reason != "twice_by_hand":
                found = legs[one.settlement_id, one.settlement_currency]
                found[bucket(one.operation_code, one.kind)] += one.settled_amount_units or 0
    for name, one in payouts(desk).items():
        assert not one.behind
        theirs = legs[name, one.currency]
        assert one.net_units == sum(theirs.values())
        assert one.fees_units + one.vat_units == theirs["fees"]
        for leg, of in (
            ("gross_units", "gross"),
            ("refunds_units", "refunds"),
            ("deferred_units", "deferred"),
            ("other_units", "other"),
        ):
            assert getattr(one, leg) == theirs[of], leg


SALES = (
    row("Sale", "100.00", "A-1", transaction="T1"),
    row("Fixed fee", "-1.20", "A-1", transaction="T1", tax=("-1.00", "-0.20", "-1.20", "EUR")),
    row("Variable", "-2.40", "A-1", transaction="T1", tax=("-2.00", "-0.40", "", "EUR")),
    row("Refund", "-10.00", "A-0", transaction="T0"),
    row("Rolling reserve capture", "-5.00"),
    row("Monthly fee", "-12.00", tax=("-10.00", "-2.00", "-12.00", "USD")),
    row("Something new", "1.00"),
)
ANNOUNCED = row("Settlement", "70.40")


def test_a_payout_has_its_legs_its_days_and_its_state(desk: Desk, finance: Actor) -> None:
    bring(desk, finance, *SALES, ANNOUNCED)
    one = payouts(desk)["77"]
    assert (one.gross_units, one.refunds_units, one.reserve_captured_units) == (100_0000, -10_0000, -5_0000)
    assert (one.fees_units, one.vat_units) == (-15_0000, -6000)  # of the monthly fee the tax is in dollars
    assert (one.other_units, one.other_lines, one.net_units, one.announced_units) == (
        1_0000,
        1,
        70_4000,
        70_4000,
    )
    assert (one.first_day, one.transfer_day, one.value_day, one.files) == (20261120, 20261123, 20261122, 1)
    assert states.shown(one) == "tied"
    assert_rows_are_current(desk)


def test_a_fee_whose_amount_without_tax_was_settled_has_no_vat_in_the_payout(
    desk: Desk, finance: Actor
) -> None:
    bring(desk, finance, row("Fixed fee", "-1.00", tax=("-1.00", "-0.20", "-1.20", "EUR")))
    assert (payouts(desk)["77"].fees_units, payouts(desk)["77"].vat_units) == (-1_0000, 0)


def test_what_is_already_settled_stands_apart(desk: Desk, finance: Actor) -> None:
    bring(
        desk, finance,
        row("Sale", "100.00"), row("Already settled", "-30.00"), row("Sale", "7.00", settled="0"), row("Settlement", "100.00"),
        row("Sale", "100.00", payout="78"), row("Already settled", "-30.00", payout="78"), row("Settlement", "70.00", payout="78"),
        row("Sale", "100.00", payout="79"), row("Already settled", "-30.00", payout="79"), row("Settlement", "80.00", payout="79"),
    )  # fmt: skip
    found = {one.settlement_id: one for one in payout_list.list_payouts(desk, finance)}
    assert {name: (one.state, one.fitting, one.row.apart_units) for name, one in found.items()} == {
        "77": ("tied", "without_apart", -23_0000),
        "78": ("tied", "whole", -30_0000),
        "79": ("differs", None, -30_0000),
    }


def test_a_payout_carried_forward_ties_once_the_one_that_takes_it_up_does(desk: Desk, finance: Actor) -> None:
    bring(desk, finance, row("Refund", "-50.00"), row("Deferred settlement", "50.00"))
    assert [(one.state, one.ties, one.taker) for one in payout_list.list_payouts(desk, finance)] == [
        ("carried_forward", False, "")
    ]
    taken = (row("Sale", "80.00", payout="78"), row("Asset settlement", "-50.00", payout="78", origin="77"))
    bring(desk, finance, *taken, row("Settlement", "31.00", payout="78"), name="next.csv")
    found = {one.settlement_id: one for one in payout_list.list_payouts(desk, finance)}
    assert (found["77"].state, found["77"].ties, found["77"].taker) == ("carried_forward", False, "78")
    bring(desk, finance, row("Adjustment in favor of merchant", "1.00", payout="78"), name="last.csv")
    found = {one.settlement_id: one for one in payout_list.list_payouts(desk, finance)}
    assert (found["77"].ties, found["78"].ties) == (True, True)


def test_a_balance_that_no_line_names_is_taken_up_by_the_only_one_of_its_amount(
    desk: Desk, finance: Actor
) -> None:
    bring(desk, finance, row("Refund", "-50.00"), row("Deferred settlement", "50.00"))
    for number in ("78", "79"):
        bring(
            desk, finance,
            row("Sale", "80.00", payout=number), row("Asset settlement", "-50.00", payout=number),
            row("Settlement", "30.00", payout=number), name=f"{number}.csv",
        )  # fmt: skip
        ties = {one.settlement_id: one.ties for one in payout_list.list_payouts(desk, finance)}
        assert ties["77"] == (number == "78")  # of two, nobody knows which


def test_hipays_amount_is_compared_and_its_account_is_known(desk: Desk, finance: Actor) -> None:
    bring(desk, finance, row("Sale", "10.00"), row("Settlement", "10.00"))

    def lists(amount: int) -> None:
        with desk.store.write() as tx:
            hipay_list.list_settlement(
                tx, {"account": "demo", "settlement_id": "77"}, recent=True, at=clock.now(), amount=amount, currency="EUR",
                date_value="2026-11-23", figures={"sales": amount}, iban="FR1420041010050500013M02606", bic="DEMOFRPPXXX",
            )  # fmt: skip
        assert "tied" not in states_of(desk).values()  # until it is worked out
        background.work_off(desk)

    lists(11_0000)
    assert states_of(desk) == {"77": "hipay_differs"}
    lists(10_0000)
    assert states_of(desk) == {"77": "tied"}
    [one] = payout_list.list_payouts(desk, finance)
    hipay = payout_list.by_hipay(desk, finance, one)
    assert hipay is not None
    assert (hipay.units, hipay.iban, hipay.bic) == (10_0000, "FR14 … 2606", "DEMOFRPPXXX")


def test_an_account_that_writes_what_leaves_the_balance_turns_all_its_payouts(
    desk: Desk, finance: Actor
) -> None:
    bring(desk, finance, row("Refund", "-50.00"), row("Settlement", "50.00"))
    assert states_of(desk) == {"77": "differs"}
    bring(
        desk,
        finance,
        row("Sale", "9.00", payout="78"),
        row("Settlement", "-9.00", payout="78"),
        name="next.csv",
    )
    assert states_of(desk) == {"77": "tied", "78": "tied"}
    with desk.store.read() as tx:
        found = matching_rules.matching(tx, "demo")
    assert found is not None
    assert found.payout_sign == -1
    # it shows it no longer
    decide.twice(desk, finance, [Shown(line=stored_line(desk, "78", "settlement"))], "Wrong", "k1")
    assert states_of(desk) == {"77": "differs", "78": "no_payout_line"}


def test_captures_in_parts_are_right_and_more_than_was_captured_is_counted_twice(
    desk: Desk, finance: Actor
) -> None:
    order = store_paid_order(desk, "A-1", "100.00")
    with desk.store.write() as tx:
        orders.add_event(
            tx, identity="1", order=order, page=None, at=clock.now(), kind="payment", actor_kind="hipay", actor_id="hipay",
            data={"reference": "T1", "status": 118, "currency": "EUR", "authorised": 100_0000, "captured": 100_0000},
        )  # fmt: skip
    part = row("Sale", "50.00", "A-1", transaction="T1")
    bring(desk, finance, part, part, row("Settlement", "100.00"))
    assert states_of(desk) == {"77": "tied"}
    again = row("Sale", "50.00", "A-1", transaction="T1", payout="78")
    bring(desk, finance, again, row("Settlement", "50.00", payout="78"), name="next.csv")
    assert states_of(desk) == {"77": "counted_twice", "78": "counted_twice"}
    assert payouts(desk)["77"].twice == 2
    decide.twice(desk, finance, [Shown(line=stored_line(desk, "78", "sale"))], "It is in 77", "k1")
    assert states_of(desk) == {"77": "tied", "78": "differs"}
    [group] = [one.group for one in _decisions(desk)]
    undo.undo_group(desk, finance, group, "It was not")
    assert states_of(desk) == {"77": "counted_twice", "78": "counted_twice"}


def _decisions(desk: Desk) -> list[Any]:
    from services.store.schema.reconciliation import line_decisions

    with desk.store.read() as tx:
        return list(tx.execute(line_decisions.select()))


def test_the_same_from_two_files_under_other_keys_is_counted_twice(desk: Desk, finance: Actor) -> None:
    bring(
        desk,
        finance,
        row("Sale", "50.00", "A-1", transaction="T1"),
        row("Settlement", "50.00"),
        row("Sale", "3.00", "B", transaction="T3"),
    )
    assert states_of(desk)["77"] == "differs"
    raw = "\r\n".join((FULL, row("Sale", "50.00", "A-1", transaction="T1", reference="INV-1"), "")).encode()
    files.receive(desk, finance, "demo", "again.csv", BytesIO(raw), others=True)
    background.work_off(desk)
    assert states_of(desk)["77"] == "counted_twice"
    # the same key from two files is a part of the payout; another amount is another line
    bring(desk, finance, row("Sale", "4.00", "B", transaction="T3", reference="X"), name="other.csv")
    assert payouts(desk)["77"].twice == 2
    assert_rows_are_current(desk)


def test_an_import_is_not_seen_before_it_is_complete(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(desk, finance, *SALES, ANNOUNCED)
    before, seen = payouts(desk)["77"], list[tuple[bool, str]]()
    kept = Lease.write

    @contextmanager
    def watched(self: Lease, *, grows: bool = True) -> Iterator[Connection]:
        with kept(self, grows=grows) as tx:
            yield tx
        seen.append((bool(files.running(desk, finance)), states_of(desk)["77"]))

    monkeypatch.setattr(Lease, "write", watched)
    bring(desk, finance, row("Sale", "1.00", "N-1", transaction="T9"), name="more.csv")
    assert {state for running, state in seen if running} == {"tied"}
    assert {state for running, state in seen if not running} <= {"being_worked_out", "differs"}
    after = payouts(desk)["77"]
    assert (after.net_units - before.net_units, states.shown(after), after.files) == (1_0000, "differs", 2)
    assert_rows_are_current(desk)


class Died(BaseException):
    pass


@contextmanager
def dying(at: int) -> Iterator[list[int]]:
    """Each transaction of a step ends this process: the one numbered ``at`` before it commits if even, after it if odd."""
    kept, done = Store.write, [0]

    @contextmanager
    def counted(self: Store) -> Iterator[Connection]:
        number, done[0] = done[0], done[0] + 2
        with kept(self) as tx:
            yield tx
            if number == at:
                raise Died
        if number + 1 == at:
            raise Died

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "write", counted)
        yield done


def test_killed_at_any_step_no_payout_ties_that_is_behind(desk: Desk, finance: Actor) -> None:
    for number in range(70, 78):
        bring(
            desk, finance,
            row("Sale", "10.00", payout=str(number), transaction=f"T{number}"), row("Settlement", "-10.00", payout=str(number)),
            row("Refund", "-5.00", payout=f"{number}9"), row("Settlement", "5.00", payout=f"{number}9"), name=f"{number}.csv",
        )  # fmt: skip
    wanted = payouts(desk)
    assert {states.shown(one) for one in wanted.values()} == {"tied"}
    figures = {name: one.net_units for name, one in wanted.items()}

    def begin() -> None:  # an account whose sign is not known, and every row behind with figures of nothing
        with desk.store.write() as tx:
            matching_rules.save_matching(tx, "demo", payout_sign=0)
            tx.execute(update(rows.payouts).values(net_units=0, sign=0))
            versions.grow_all(tx)

    def work() -> None:
        while work_out.step(desk.store, at_once=3):
            pass

    begin()
    with dying(-1) as steps:
        work()
    assert steps[0] > 12
    for at in range(steps[0]):
        begin()
        with dying(at), pytest.raises(Died):
            work()
        for name, one in payouts(desk).items():
            assert not (states.shown(one) in ("tied", "carried_forward") and one.behind)
            assert states.shown(one) != "tied" or one.net_units == figures[name]
        work()
        assert {name: one.net_units for name, one in payouts(desk).items()} == figures
        assert set(states_of(desk).values()) == {"tied"}


def test_the_measures_of_an_older_database_are_filled_while_people_decide(desk: Desk, finance: Actor) -> None:
    bring(desk, finance, *SALES, ANNOUNCED, row("Sale", "2.00", "A-9", transaction="T9", settled="0"))
    bring(desk, finance, *(one.replace(";77;", ";78;") for one in SALES), name="next.csv")
    background.work_off(desk)
    decide.exclude(desk, finance, [Shown(line=line_id(desk, "A-9"))], "Test", "k0")
    measures = ("tax_units", "unsettled_lines", "unsettled_units", "last_transfer", "last_value")

    def measured() -> list[tuple[Any, ...]]:
        columns = [one for one in line_totals.c if one.name != "first_date"]
        with desk.store.read() as tx:
            return sorted(map(tuple, tx.execute(line_totals.select().with_only_columns(*columns))), key=repr)

    wanted = measured()
    with desk.store.write() as tx:
        undone = [one.group for one in _decisions(desk)]
    undo.undo_group(desk, finance, undone[0], "Test")
    with desk.store.write() as tx:
        last = max(one.id for one in every_line(tx))
        tx.execute(update(line_totals).values(dict.fromkeys(measures, 0)))
        versions.grow_all(tx)
        line_measures.change(tx, LineMeasures(after=0, until=last))
    assert process.waiting(desk.store)
    steps = 0
    while found := fill_measures.under_way(desk.store):
        fill_measures.step(desk.store, desk.store.write, found, at_once=3)
        steps += 1
        if steps == 1:  # of a line that does not count yet
            decide.exclude(desk, finance, [Shown(line=line_id(desk, "A-9"))], "Test", "k1")
        assert "tied" not in states_of(desk).values()
    assert steps > 5
    assert measured() == wanted
    background.work_off(desk)
    assert_rows_are_current(desk)
    assert payouts(desk)["77"].apart_units == 2_0000


def test_lines_of_an_operation_learned_later_take_their_place_and_keep_their_identity(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(desk, finance, *SALES, ANNOUNCED)
    before = payouts(desk)["77"]
    with desk.store.read() as tx:
        [stored] = [one for one in every_line(tx) if one.kind == "unknown"]
    assert not process.waiting(desk.store)
    learned = settlement_operations.Operation(
        code="something_new", label="Something new", kind="adjustment", bucket="adjustments", sign=1
    )
    names = {**settlement_operations._BY_NAME, "somethingnew": learned}
    monkeypatch.setattr(settlement_operations, "_BY_NAME", names)
    assert process.waiting(desk.store)
    while learned_operations.waiting(desk.store):
        learned_operations.step(desk.store.write)
    background.work_off(desk)
    after = payouts(desk)["77"]
    assert (after.other_units, after.other_lines, after.adjustments_units) == (0, 0, before.other_units)
    assert (after.net_units, states.shown(after)) == (before.net_units, "tied")
    with desk.store.read() as tx:
        [now] = [one for one in every_line(tx) if one.id == stored.id]
    assert (now.kind, now.operation_code, now.outcome) == ("adjustment", "something_new", "account_level")
    assert (now.identity, now.key, now.operation) == (stored.identity, stored.key, "Something new")
    assert not process.waiting(desk.store)
    assert_rows_are_current(desk)


def test_many_payouts_are_worked_out_in_short_steps_without_their_lines(desk: Desk, finance: Actor) -> None:
    bring(desk, finance, *SALES, ANNOUNCED)
    with desk.store.write() as tx:
        names = ("account", "settlement_id", "currency", "version")
        many = [("demo", f"M{number}", "EUR", 1) for number in range(250)]
        tx.execute(insert(rows.payouts), [dict(zip(names, one, strict=True)) for one in many])
        [total] = tx.execute(select(line_totals).where(line_totals.c.operation_code == "sale")).mappings()
        tx.execute(
            insert(line_totals), [{**total, "settlement_id": name, "lines": 4_000} for _, name, _, _ in many]
        )
        versions.grow_all(tx)
    statements = list[str]()
    event.listen(desk.store.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    counts = list[int]()
    while work_out.step(desk.store):
        counts.append(len(statements))
        statements.clear()
    assert len(counts) == 3  # a hundred at once, whatever each has
    assert counts[0] == counts[1] < 30
    assert not any("payout_lines" in one for one in statements)
    assert sum(one.net_units for name, one in payouts(desk).items() if name != "77") == 250 * 100_0000
