"""What a preview says that a payout will come to is what its row comes to after the import."""

from dataclasses import asdict
from decimal import Decimal

import pytest

from services import clock
from services.access import SYSTEM, Actor
from services.desk import Desk
from services.imports import file_accounts
from services.imports.issued_again.issue_answers import Answers
from services.imports.previews import file_payouts
from services.imports.previews.payout_preview import Outlook, PayoutPreview
from services.reconciliation.matching import order_changes
from services.store.orders import orders
from services.store.payouts import rows
from tests.support import payout_year
from tests.support.desk import FILE_ACCOUNT
from tests.support.orders import store_paid_order
from tests.support.payouts import csv, import_file
from tests.support.previews import preview_of
from tests.unit.settlements.writing import sale, write

PAID = "1;{1};;;{0};EUR;;;;;Settlement;{0};EUR;;2026-11-21"
SALE = "1;{1};T-{0};{0};10.00;EUR;;;;;Sale;10.00;EUR;;2026-11-20"


@pytest.fixture(autouse=True)
def _known_account(desk: Desk) -> None:
    file_accounts.assign(desk, SYSTEM, FILE_ACCOUNT, "demo")


def payouts_of(desk: Desk, actor: Actor, raw: bytes) -> tuple[PayoutPreview, ...]:
    return preview_of(desk, actor, "demo", raw).payouts


def first(one: PayoutPreview) -> Outlook:
    [outlook] = next(iter(one.outlooks.values()))
    return outlook


def assert_as_foretold(desk: Desk, found: tuple[PayoutPreview, ...], said: str = "") -> None:
    with desk.store.read() as tx:
        for one in found:
            stored = {row.currency: row for row in rows.named(tx, one.account, one.settlement_id)}
            for outlook in one.outlooks[said]:  # type: ignore[index]
                row = stored[outlook.currency]
                its = {name: getattr(row, name) for name in asdict(outlook.figures)} | {"carried_to": None}
                assert (its, row.worked_state) == (asdict(outlook.figures), outlook.state), one


def test_a_year_of_files_comes_to_what_was_foretold(desk: Desk, finance: Actor) -> None:
    files = payout_year.files(payout_year.year())[:4]
    files.append(payout_year.again(files))
    states = set()
    for number, text in enumerate(files):
        found = payouts_of(desk, finance, text.encode())
        import_file(desk, finance, "demo", f"{number}.csv", text.encode())
        asked = [one for one in found if "" not in one.outlooks]
        assert_as_foretold(desk, tuple(one for one in found if one not in asked))
        assert_as_foretold(desk, tuple(asked), "newest")
        states |= {outlook.state for one in found for some in one.outlooks.values() for outlook in some}
    assert {"tied", "differs"} <= states


@pytest.mark.parametrize("said", ["newest", "older", "part"])
def test_a_payout_issued_again_comes_to_what_each_answer_makes_of_it(
    desk: Desk, finance: Actor, said: str
) -> None:
    before = csv(SALE.format("A", 77), SALE.format("B", 77), PAID.format("20.00", 77))
    again = csv(SALE.format("A", 77).replace(";EUR;;2026", ";EUR;F-1;2026"), PAID.format("10.00", 77))
    import_file(desk, finance, "demo", "a.csv", before)
    found = payouts_of(desk, finance, again)
    [one] = found
    assert set(one.outlooks) == {"newest", "older", "part"}
    import_file(desk, finance, "demo", "b.csv", again, answers=Answers(every=said))  # type: ignore[arg-type]
    assert_as_foretold(desk, found, said)
    [newest] = one.outlooks["newest"]
    assert (newest.state, newest.figures.announced_units, newest.figures.lines) == ("tied", 10_0000, 2)


def test_parts_of_a_payout_in_two_files_tie_together(desk: Desk, finance: Actor) -> None:
    first_part = csv(SALE.format("A", 77))
    second = csv(SALE.format("B", 77), PAID.format("20.00", 77))
    [alone] = payouts_of(desk, finance, second)
    assert (first(alone).state, first(alone).difference) == ("differs", -10_0000)
    import_file(desk, finance, "demo", "a.csv", first_part)
    found = payouts_of(desk, finance, second)
    assert first(found[0]).state == "tied"
    import_file(desk, finance, "demo", "b.csv", second)
    assert_as_foretold(desk, found)


def test_a_transaction_that_another_file_brought_under_another_key_is_counted_twice(
    desk: Desk, finance: Actor
) -> None:
    import_file(desk, finance, "demo", "a.csv", csv(SALE.format("A", 77)))
    again = csv(SALE.format("A", 77).replace(";A;", ";A-1;"), PAID.format("20.00", 77))
    found = payouts_of(desk, finance, again)
    import_file(desk, finance, "demo", "b.csv", again, answers=Answers(every="part"))
    said = "" if "" in found[0].outlooks else "part"
    assert found[0].outlooks[said][0].state == "counted_twice"  # type: ignore[index]
    assert_as_foretold(desk, found, said)


def test_a_transaction_in_two_payouts_of_one_file_is_counted_twice_in_both(
    desk: Desk, finance: Actor
) -> None:
    order = store_paid_order(desk, "A")
    with desk.store.write() as tx:
        orders.add_event(
            tx, identity="1", order=order, page=None, at=clock.now(), kind="payment", actor_kind="hipay", actor_id="hipay",
            data={"reference": "T-A", "status": 118, "currency": "EUR", "authorised": 10_0000, "captured": 10_0000, "refunded": 0},
        )  # fmt: skip
    raw = csv(SALE.format("A", 77), PAID.format("10.00", 77), SALE.format("A", 78), PAID.format("10.00", 78))
    assert {one.doubt for one in payouts_of(desk, finance, raw)} == {"unfinished"}
    order_changes.catch_up(desk)
    found = payouts_of(desk, finance, raw)
    import_file(desk, finance, "demo", "a.csv", raw)
    assert [first(one).state for one in found] == ["counted_twice"] * 2
    assert_as_foretold(desk, found)


def test_a_row_that_is_set_aside_says_no(desk: Desk, finance: Actor) -> None:
    raw = csv(
        SALE.format("A", 77), SALE.format("B", 77).replace("Sale;10.00", "Sale;"), PAID.format("10.00", 77)
    )
    found = payouts_of(desk, finance, raw)
    assert first(found[0]).state == "amounts_missing"
    import_file(desk, finance, "demo", "a.csv", raw)
    assert_as_foretold(desk, found)


def test_a_file_that_is_looked_through_at_its_head_only_proves_nothing(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_payouts, "HEAD", 2)
    [one] = payouts_of(
        desk, finance, csv(SALE.format("A", 77), SALE.format("B", 77), PAID.format("20.00", 77))
    )
    assert (one.doubt, first(one).state, first(one).orderly) == ("head", "being_worked_out", 0)


def test_a_payout_adds_up_without_its_own_line(desk: Desk, finance: Actor) -> None:
    lines = [
        sale(),
        sale(amount=Decimal("-0.35"), Operation="Fixed fee", Date=None),
        sale(amount=Decimal("99.65"), Operation="Settlement"),
        sale(Settlement_ID="9"),
    ]
    found = payouts_of(desk, finance, write(lines))
    assert [(one.settlement_id, one.lines, first(one).figures.net_units) for one in found] == [
        ("123456", 3, 996_500),
        ("9", 1, 1_000_000),
    ]
