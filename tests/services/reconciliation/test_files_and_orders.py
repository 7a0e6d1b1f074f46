"""Payout files into the store and joined with orders: once, whatever is uploaded twice, cut off, corrected or overlapping."""

from datetime import timedelta
from io import BytesIO

import pytest

from services.access import Actor, NotAllowed
from services.demo.drain import drain
from services.desk import Desk
from services.imports import file_accounts, files
from services.imports.errors import FileKnown
from services.imports.issued_again.issue_answers import NOTHING_SAID, Answers
from services.orders import create, history
from services.reconciliation.views import payout_list
from services.store.settlements import reconciliation_views
from services.store.settlements.files import file_content
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.payouts import NEWEST, Failed, csv, import_file, lines_of, positions_of
from tests.support.previews import preview_of
from tests.support.sandbox import RunningSandbox

ACCOUNT = {"name": "Maison", "environment": "stage", "login": "l", "password": "p", "passphrase": "s"}


def sale(order: str, amount: str = "10.00", settlement: str = "77") -> str:
    return f"1;{settlement};T-{order};{order};{amount};EUR;;;;;Sale;{amount};EUR;F-{order};2026-11-20"


def take(
    desk: Desk,
    actor: Actor,
    *lines: str,
    account: str = "demo",
    name: str = "payout.csv",
    answers: Answers = NEWEST,
) -> int:
    return import_file(desk, actor, account, name, csv(*lines), answers=answers)


def stands(desk: Desk, account: str = "demo") -> list[tuple[str, int]]:
    """Order and amount of every line that counts."""
    lines = lines_of(desk)
    lines = lines[lines["account"] == account]
    return sorted(zip(lines["file_order"], lines["settled_amount_units"], strict=True))


def counts(desk: Desk, actor: Actor, file_id: int) -> tuple[int, int, int]:
    """How many lines a file has, how many were known, how many have changed."""
    file = next(file for file in files.files(desk, actor) if file.id == file_id)
    return file.lines, file.known_lines, file.changed_lines


def test_a_file_is_looked_at_then_imported_once(desk: Desk, finance: Actor) -> None:
    raw = csv(sale("A-1"), sale("A-2", "20.00"))
    preview = preview_of(desk, finance, "demo", raw)
    assert (preview.new, preview.imported) == (2, False)
    assert stands(desk) == []
    file_id = take(desk, finance, sale("A-1"), sale("A-2", "20.00"), name="C:\\payouts\\../november.csv")
    assert stands(desk) == [("A-1", 10_0000), ("A-2", 20_0000)]
    assert counts(desk, finance, file_id) == (2, 0, 0)
    with pytest.raises(FileKnown) as known:
        take(desk, finance, sale("A-1"), sale("A-2", "20.00"), name="again.csv")
    assert known.value.name == "november.csv"
    preview = preview_of(desk, finance, "demo", raw)
    assert (preview.known, preview.imported) == (2, True)
    assert len(stands(desk)) == 2
    with desk.store.read() as tx:
        assert file_content.content(tx, file_id) == raw


def test_lines_of_another_file_are_not_doubled_and_true_twins_are_kept(desk: Desk, finance: Actor) -> None:
    take(desk, finance, sale("A-1"), sale("A-2"), sale("A-2"))
    second = take(desk, finance, sale("A-2"), sale("A-2"), sale("A-3"))
    assert counts(desk, finance, second) == (3, 2, 0)
    assert [order for order, _ in stands(desk)] == ["A-1", "A-2", "A-2", "A-3"]


def test_a_changed_line_takes_the_place_of_the_one_before(desk: Desk, finance: Actor) -> None:
    take(desk, finance, sale("A-1"), sale("A-2"))
    second = take(desk, finance, sale("A-1", "11.00"), sale("A-2"))
    assert counts(desk, finance, second) == (2, 1, 1)
    assert stands(desk) == [("A-1", 11_0000), ("A-2", 10_0000)]


def fee(amount: str) -> str:
    return f"1;77;;;{amount};EUR;;;;;Fixed fee;{amount};EUR;;2026-11-20"


def test_a_settlement_may_come_in_parts(desk: Desk, finance: Actor) -> None:
    """Each part has fees that have no transaction: nothing but their amounts tells them from those of the other."""
    sales = [sale(f"A-{number}") for number in range(10)]
    first, second = [*sales[:5], fee("-1.00"), fee("-2.00")], [*sales[5:], fee("-3.00"), fee("-4.00")]
    take(desk, finance, *first)
    looked = preview_of(desk, finance, "demo", csv(*second))
    assert (looked.new, looked.known, looked.changed) == (7, 0, 0)
    part = take(desk, finance, *second)
    assert counts(desk, finance, part) == (7, 0, 0)
    assert len(stands(desk)) == 14
    changed = [*first, *second[:-1], fee("-4.50")]
    [looked] = preview_of(desk, finance, "demo", csv(*changed)).issues
    part = looked.effects["part"]  # it is not whole
    assert (part.new.count, part.corrected_count, part.withdrawn.count) == (1, 0, 0)
    payout = fee("89.50").replace("Fixed fee", "Settlement")
    again = take(desk, finance, *changed, payout)
    assert counts(desk, finance, again) == (15, 13, 0)
    fees = [units for order, units in stands(desk) if not order]
    assert fees == [-45_000, -30_000, -20_000, -10_000, 895_000]


def test_two_refunds_with_one_key_are_not_each_other_corrected(desk: Desk, finance: Actor) -> None:
    refunds = [sale("A-1", f"-{amount}.00").replace(";Sale;", ";Refund;") for amount in (1, 2, 3)]
    take(desk, finance, *refunds[:2])
    third = take(desk, finance, *refunds)
    assert counts(desk, finance, third) == (3, 2, 0)
    assert len(stands(desk)) == 3


def test_a_cell_may_hold_any_character(desk: Desk, finance: Actor) -> None:
    take(desk, finance, sale("A-1", settlement="7\x1f7"), sale("A-2", settlement="7"))
    with desk.store.read() as tx:
        sums = {row.settlement_id: row.lines for row in reconciliation_views.payout_sums(tx, ())}
    assert sums == {"7\x1f7": 1, "7": 1}


def test_an_older_file_does_not_undo_a_correction(desk: Desk, finance: Actor) -> None:
    take(desk, finance, sale("A-1"))
    take(desk, finance, sale("A-1", "11.00"))
    lines = (sale("A-1"), sale("A-2"))
    with pytest.raises(Failed) as asked:
        take(desk, finance, *lines, answers=NOTHING_SAID)
    assert asked.value.failure == "import_issue_undecided"
    files.cancel(desk, finance, 3)
    third = take(desk, finance, *lines, answers=Answers(every="older"))
    assert counts(desk, finance, third) == (2, 1, 0)
    assert stands(desk) == [("A-1", 11_0000), ("A-2", 10_0000)]


@pytest.mark.desk(accounts={"one": ACCOUNT, "two": ACCOUNT})
def test_each_account_has_its_own_lines(desk: Desk, finance: Actor) -> None:
    one, two = (sale("A-1").replace("1;", f"{account};", 1) for account in ("one", "two"))
    take(desk, finance, one, account="one")
    take(desk, finance, two, account="two")
    take(desk, finance, sale("A-1", "11.00").replace("1;", "two;", 1), account="two")
    assert stands(desk, "one") == [("A-1", 10_0000)]
    assert stands(desk, "two") == [("A-1", 11_0000)]
    assert len(lines_of(desk)) == 2


def test_a_file_that_cannot_be_read_stores_nothing(desk: Desk, finance: Actor) -> None:
    with pytest.raises(Failed) as refused:
        import_file(desk, finance, "demo", "x.csv", b"%PDF-1.7")
    assert refused.value.failure == "settlement_file_other_type"
    assert files.files(desk, finance) == []
    assert [file.state for file in files.running(desk, finance)] == ["failed"]


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_who_may_not_see_payouts_sees_and_imports_none(desk: Desk, role: str) -> None:
    other = person(desk, role)
    for refused in (
        lambda: preview_of(desk, other, "demo", csv(sale("A-1"))),
        # refused before the file is read, which would say what is wrong with it
        lambda: preview_of(desk, other, "demo", b"%PDF-1.7"),
        lambda: files.receive(desk, other, "demo", "x.csv", BytesIO(b"%PDF-1.7")),
        lambda: take(desk, other, sale("A-1")),
        lambda: files.files(desk, other),
        lambda: files.running(desk, other),
        lambda: files.cancel(desk, other, 1),
        lambda: files.retry(desk, other, 1),
    ):
        with pytest.raises(NotAllowed):
            refused()
    assert stands(desk) == []


@pytest.mark.desk(sandbox=True)
def test_a_week_of_orders_is_found_again_to_the_cent(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    finance = person(desk, "finance")
    for number, amount in enumerate(("100.00", "50.00", "70.00", "33.33", "20.00"), 1):
        form = draft(order_id=f"A-{number}", amount=amount, locale="en", references=(f"F-{number}",))
        create.create(desk, manager, form, create.new_form_key())
    drain(desk)
    sandbox.control("pay", {"orderids": ["A-1", "A-2", "A-3", "A-4"], "outcome": "accept"})
    sandbox.control("pay", {"orderids": ["A-5"], "outcome": "decline"})
    elsewhere = {
        "orderid": "WEB-1",
        "description": "x",
        "amount": "9.00",
        "currency": "EUR",
        "operation": "Sale",
    }
    assert sandbox.api("POST", "/v1/hpayment", data=elsewhere).status_code == 200
    sandbox.control("pay", {"orderids": ["WEB-1"], "outcome": "accept"})
    sandbox.control("chargeback", {"orderid": "A-3"})
    sandbox.control("clock", {"advance_seconds": timedelta(days=2).total_seconds()})
    drain(desk)
    history.check_now(desk, manager, range(1, 6))
    drain(desk)

    for payout in sandbox.control("settlements", {})["settlements"]:
        raw = sandbox.api("GET", f"/v1/settlement/{payout['id']}/raw.csv").content
        file_accounts.assign(desk, finance, raw.decode().splitlines()[1].split(";")[0], "demo")
        import_file(desk, finance, "demo", f"{payout['id']}.csv", raw)
    found = positions_of(desk)
    assert {name: one.status for name, one in found.items()} == {
        "A-1": "settled_in_full",
        "A-2": "settled_in_full",
        "A-3": "charged_back",
        "A-4": "settled_in_full",
        "A-5": "not_due",
    }
    assert found["A-4"].gross_units == 33_3300
    lines = lines_of(desk)
    sales = lines[lines["kind"] == "sale"]
    assert dict(zip(sales["file_order"], sales["order_id"].fillna(""), strict=True)) == {
        "WEB-1": "",
        "A-1": "A-1",
        "A-2": "A-2",
        "A-3": "A-3",
        "A-4": "A-4",
    }
    outcome = dict(zip(sales["file_order"], sales["outcome"], strict=True))
    assert outcome.pop("WEB-1") == "unmatched"
    assert set(outcome.values()) == {"matched"}
    assert {one.state for one in payout_list.list_payouts(desk, finance)} == {"tied"}
