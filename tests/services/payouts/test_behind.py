"""A payout does not tie before it is known that it does: whatever its row depends on lets it be behind in the same transaction."""

from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import event, text, update

from services import clock
from services.access import Actor
from services.desk import Desk
from services.imports import background, file_accounts, files
from services.imports.loading import process
from services.payouts import states, work_out
from services.reconciliation.decisions import decide, undo
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.views import lists, payout_list
from services.store.orders import orders
from services.store.payouts import rows, sums, versions
from services.store.schema.payout_lines import line_totals, payout_lines
from services.store.schema.reconciliation import line_decisions
from services.store.schema.settlement_files import settlement_files
from services.store.settlements.files import hipay_list
from services.store.settlements.lines import replaced_lines
from tests.support.desk import open_test_desk, person
from tests.support.orders import store_paid_order
from tests.support.payout_lines import line_id
from tests.support.stored_lines import every_line
from tests.support.two_accounts import ACCOUNTS
from tests.support.worked_payouts import FULL, bring, payouts, row, states_of

pytestmark = pytest.mark.store
CARRIED = (row("Refund", "-50.00"), row("Deferred settlement", "50.00"))


def in_currency(line: str, currency: str) -> str:
    return line.replace(";EUR;", f";{currency};")


def by_currency(desk: Desk) -> dict[tuple[str, str], str]:
    with desk.store.read() as tx:
        return {(one.settlement_id, one.currency): states.shown(one) for one in rows.listed(tx, None)}


def list_payout(desk: Desk, settlement: str, units: int, currency: str = "EUR") -> None:
    with desk.store.write() as tx:
        hipay_list.list_settlement(
            tx, {"account": "demo", "settlement_id": settlement}, recent=True, at=clock.now(), amount=units, currency=currency,
            date_value="2026-11-23", figures={"sales": units}, iban="", bic="",
        )  # fmt: skip


def lines_of(desk: Desk, settlement: str, currency: str = "EUR") -> list[int]:
    with desk.store.read() as tx:
        return [
            int(one.id)
            for one in every_line(tx)
            if (one.settlement_id, one.settlement_currency) == (settlement, currency)
        ]


def withdraw(desk: Desk, lines: list[int]) -> None:
    with desk.store.write() as tx:
        versions.lock(tx, ["demo"])
        replaced_lines.withdraw(tx, lines, 1)


def carried(desk: Desk, actor: Actor) -> dict[str, bool]:
    return {one.settlement_id: one.ties for one in payout_list.list_payouts(desk, actor)}


def taking_up(payout: str, origin: str = "") -> tuple[str, ...]:
    return (
        row("Sale", "80.00", payout=payout),
        row("Asset settlement", "-50.00", payout=payout, origin=origin),
        row("Settlement", "30.00", payout=payout),
    )


def test_a_row_set_aside_of_an_account_that_has_no_other_line_in_the_file(tmp_path: Path) -> None:
    desk = open_test_desk(tmp_path, accounts=ACCOUNTS)
    actor = person(desk, "finance")
    file_accounts.assign(desk, actor, "1", "shop")
    file_accounts.assign(desk, actor, "2", "outlet")

    def send(account: str, name: str, *lines: str) -> None:
        files.receive(desk, actor, account, name, BytesIO("\r\n".join((FULL, *lines, "")).encode()))
        background.work_off(desk)

    send("outlet", "a.csv", row("Sale", "10.00", "A", account="2"), row("Settlement", "10.00", account="2"))
    assert states_of(desk) == {"77": "tied"}
    unread = row("Sale", "10.00", "B", account="2").replace(";10.00;EUR;;2026", ";x1;EUR;;2026")
    others = (row("Sale", "5.00", "C", payout="80"), row("Settlement", "5.00", payout="80"))
    send("shop", "b.csv", *others, unread)
    assert states_of(desk)["77"] == "rows_not_read"
    desk.store.close()


def test_an_amount_that_is_missing_in_another_currency_of_the_payout(desk: Desk, finance: Actor) -> None:
    bring(
        desk, finance,
        row("Sale", "50.00", "A-1"), row("Settlement", "50.00"),
        in_currency(row("Sale", "20.00", "A-8"), "USD"), in_currency(row("Sale", "7.00", "A-9"), "USD"),
    )  # fmt: skip
    missing = line_id(desk, "A-9")
    with desk.store.write() as tx:  # as a former version stored it
        tx.execute(update(payout_lines).where(payout_lines.c.id == missing).values(settled_amount_units=None))
        dollars = line_totals.c.settlement_currency == "USD"
        tx.execute(update(line_totals).where(dollars).values(missing=1, settled_units=20_0000))
        versions.grow_all(tx)
    background.work_off(desk)
    assert by_currency(desk)["77", "EUR"] == "amounts_missing"
    decide.twice(desk, finance, [Shown(line=missing)], "It is in 76", "k1")
    assert by_currency(desk)["77", "EUR"] == "tied"
    with desk.store.read() as tx:
        [group] = [one.group for one in tx.execute(line_decisions.select())]
    undo.undo_group(desk, finance, group, "It is not")
    assert by_currency(desk)["77", "EUR"] == "amounts_missing"


def test_hipays_amount_is_compared_where_the_lines_in_its_currency_are_gone(
    desk: Desk, finance: Actor
) -> None:
    bring(
        desk, finance,
        row("Sale", "10.00", "A-1"), row("Settlement", "10.00"),
        in_currency(row("Sale", "20.00", "A-2"), "USD"), in_currency(row("Settlement", "20.00"), "USD"),
    )  # fmt: skip
    list_payout(desk, "77", 10_0000)
    background.work_off(desk)
    assert by_currency(desk) == {("77", "EUR"): "tied", ("77", "USD"): "tied"}
    withdraw(desk, lines_of(desk, "77"))
    assert by_currency(desk)["77", "USD"] == "being_worked_out"
    background.work_off(desk)
    assert by_currency(desk) == {("77", "EUR"): "hipay_differs", ("77", "USD"): "hipay_differs"}


def test_a_payout_of_which_all_lines_came_back_is_shown_before_it_is_worked_out(
    desk: Desk, finance: Actor
) -> None:
    bring(desk, finance, row("Sale", "10.00", "A"), row("Settlement", "11.00"))
    bring(
        desk, finance, row("Sale", "1.00", payout="78"), row("Settlement", "1.00", payout="78"), name="b.csv"
    )
    lines = lines_of(desk, "77")
    withdraw(desk, lines)
    background.work_off(desk)
    assert states_of(desk) == {"78": "tied"}
    with desk.store.write() as tx:
        versions.lock(tx, ["demo"])
        replaced_lines.restore(tx, lines)
    found = lists.figures(desk, finance)
    assert (found.payouts, found.payouts_tied) == (2, 1)
    background.work_off(desk)
    assert states_of(desk)["77"] == "differs"


def test_a_payout_that_hipay_lists_is_shown_though_all_its_lines_are_withdrawn(
    desk: Desk, finance: Actor
) -> None:
    bring(desk, finance, row("Sale", "10.00"), row("Settlement", "10.00"))
    list_payout(desk, "77", 10_0000)
    withdraw(desk, lines_of(desk, "77"))
    background.work_off(desk)
    assert states_of(desk) == {"77": "hipay_differs"}


def test_a_payout_that_hipay_lists_is_not_shown_by_a_file_that_was_not_imported(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("services.imports.loading.complete.complete", fails)
        files.receive(
            desk, finance, "demo", "a.csv", BytesIO(f"{FULL}\r\n{row('Sale', '10.00')}\r\n".encode())
        )
        background.work_off(desk)
    list_payout(desk, "77", 10_0000)
    background.work_off(desk)
    assert states_of(desk) == {}


def test_a_payout_whose_id_has_lost_its_leading_zeros_is_compared(desk: Desk, finance: Actor) -> None:
    bring(desk, finance, row("Sale", "10.00"), row("Settlement", "10.00"))
    list_payout(desk, "077", 11_0000)
    assert states_of(desk) == {"77": "being_worked_out"}
    background.work_off(desk)
    assert states_of(desk) == {"77": "hipay_differs"}
    with desk.store.read() as tx:
        assert hipay_list.settlements(tx, "demo", 9)[2] == 0  # its file is here: it is not fetched
    [one] = payout_list.list_payouts(desk, finance)
    hipay = payout_list.by_hipay(desk, finance, one)
    assert hipay is not None
    assert hipay.units == 11_0000
    list_payout(desk, "0077", 10_0000)  # which of the two is meant, nobody knows
    background.work_off(desk)
    assert states_of(desk) == {"77": "tied"}
    list_payout(desk, "77", 12_0000)
    background.work_off(desk)
    assert states_of(desk) == {"77": "hipay_differs"}


def test_a_balance_is_not_taken_up_for_certain_once_a_second_line_may_be_it(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(desk, finance, *CARRIED)
    bring(desk, finance, *taking_up("78"), name="78.csv")
    assert carried(desk, finance) == {"77": True, "78": True}
    monkeypatch.setattr(process.work_out, "catch_up", lambda *_given, **_named: False)
    bring(desk, finance, *taking_up("79"), name="79.csv")
    assert not carried(desk, finance)["77"]


def test_a_balance_whose_line_names_another_payout_now_is_not_taken_up(desk: Desk, finance: Actor) -> None:
    bring(desk, finance, *CARRIED)
    bring(desk, finance, *taking_up("78", "77"), row("Asset settlement", "50.00", payout="78", origin="60"),
          row("Monthly fee", "-50.00", payout="78"), name="78.csv")  # fmt: skip
    assert carried(desk, finance) == {"77": True, "78": True}
    with desk.store.read() as tx:
        [line] = [int(one.id) for one in every_line(tx) if one.original_settlement_id == "77"]
    withdraw(desk, [line])
    assert not carried(desk, finance)["77"]  # before 78 is worked out
    background.work_off(desk)
    assert not carried(desk, finance)["77"]


def test_a_line_that_a_step_has_not_read_keeps_it_from_writing_who_takes_a_balance_up(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(desk, finance, *taking_up("78"), name="78.csv")
    with monkeypatch.context() as patch:
        patch.setattr(process.work_out, "catch_up", lambda *_given, **_named: False)
        bring(desk, finance, *CARRIED)
        with desk.store.read() as tx:
            read_before = work_out._worked_out(tx, rows.behind(tx, 10))
        bring(desk, finance, *taking_up("79"), name="79.csv")
        with desk.store.write() as tx:
            work_out._write(tx, read_before)
    assert not carried(desk, finance)["77"]
    background.work_off(desk)
    assert not carried(desk, finance)["77"]


def sale_of(payout: str, reference: str = "") -> tuple[str, str]:
    sale = row("Sale", "50.00", "A-1", payout=payout, transaction="T1", reference=reference)
    return sale, row("Settlement", "50.00", payout=payout, reference=reference)


def capture(desk: Desk) -> None:
    order = store_paid_order(desk, "A-1", "50.00")
    with desk.store.write() as tx:
        orders.add_event(
            tx, identity="1", order=order, page=None, at=clock.now(), kind="payment", actor_kind="hipay", actor_id="hipay",
            data={"reference": "T1", "status": 118, "currency": "EUR", "authorised": 50_0000, "captured": 50_0000},
        )  # fmt: skip


@pytest.mark.parametrize("further", ["78", "77"])
def test_a_payout_that_shares_a_transaction_with_a_file_does_not_tie_before_its_follow_up_has_ended(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch, further: str
) -> None:
    capture(desk)
    bring(desk, finance, *sale_of("77"))
    bring(
        desk, finance, row("Sale", "9.00", payout="80"), row("Settlement", "9.00", payout="80"), name="80.csv"
    )
    assert states_of(desk) == {"77": "tied", "80": "tied"}

    def fails(*_given: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(process.follow_up, "follow_up", fails)
        raw = "\r\n".join((FULL, *sale_of(further, "again"), "")).encode()
        files.receive(desk, finance, "demo", "again.csv", BytesIO(raw), others=True)
        background.work_off(desk)
        with desk.store.write() as tx:  # whatever makes them behind meanwhile
            versions.grow_all(tx)
        background.work_off(desk)
        found = states_of(desk)
        assert found.pop("80") == "tied"
        assert set(found.values()) <= {"being_worked_out", "several_payout_lines"}
        assert not {one.behind for one in payouts(desk).values()} - {False}
    with desk.store.write() as tx:
        tx.execute(update(settlement_files).values(tries=0))
    background.work_off(desk)
    found = states_of(desk)
    assert found.pop("80") == "tied"
    assert set(found.values()) == {"counted_twice"}


def test_a_file_that_shares_nothing_leaves_other_payouts_as_they_are(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(desk, finance, *sale_of("77"))
    before = payouts(desk)["77"]
    bring(desk, finance, row("Sale", "9.00", payout="80"), row("Settlement", "9.00", payout="80"), name="b.csv")  # fmt: skip
    assert states_of(desk) == {"77": "tied", "80": "tied"}
    assert payouts(desk)["77"] == before


def test_rows_set_aside_are_read_of_the_files_that_have_any(desk: Desk, finance: Actor) -> None:
    bring(desk, finance, *sale_of("77"))
    for number in range(80, 85):
        bring(
            desk, finance, row("Sale", "9.00", payout=str(number)), row("Settlement", "9.00", payout=str(number)),
            name=f"{number}.csv",
        )  # fmt: skip
    with desk.store.read() as tx:
        queries = list[str]()
        event.listen(desk.store.engine, "before_cursor_execute", lambda *given: queries.append(given[2]))
        sums.set_aside(tx, {"demo"}, {"77"})
        sums.not_followed_up(tx)
        [aside, follow_up] = queries
        if tx.dialect.name == "sqlite":
            for query, index in ((aside, "aside_open"), (follow_up, "follow_up")):
                plan = str(tx.execute(text(f"EXPLAIN QUERY PLAN {query}")).all())
                assert f"ix_settlement_files_{index}" in plan
