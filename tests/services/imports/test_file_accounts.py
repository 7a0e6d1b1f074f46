"""Which of our accounts a payout file's lines are booked to, and by whose rules the file is read."""

from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import Row, func, select

from services.access import WORKER, Actor, NotAllowed
from services.accounts.errors import AccountUnknown
from services.desk import Desk
from services.imports import (
    background,
    file_accounts,
    files,
    reading,
)
from services.imports.errors import FileKnownElsewhere
from services.imports.file_accounts import FileAccountInUse
from services.reconciliation.views import payout_list
from services.settlements.dialect import Chosen
from services.store.schema.payout_lines import payout_lines
from services.store.settlements import matching_rules
from services.store.settlements.files import settlement_files
from tests.support.desk import person
from tests.support.payouts import Failed, account_of, csv, import_file, lines_of
from tests.support.previews import preview_of

SHOP = {"name": "Shop", "environment": "stage", "login": "l", "password": "p", "passphrase": "s"}

pytestmark = pytest.mark.desk(accounts={"shop": SHOP, "outlet": {**SHOP, "name": "Outlet"}})


def sale(order: str, account: str = "", amount: str = "10.00", settlement: str = "77") -> str:
    return f"{account};{settlement};T-{order};{order};{amount};EUR;;;;;Sale;{amount};EUR;F-{order};2026-11-20"


def booked(desk: Desk) -> dict[str, str]:
    lines = lines_of(desk)
    return dict(zip(lines["file_order"], lines["account"], strict=True))


def receive_unattended(desk: Desk, raw: bytes, source: str = "folder", account: str = "shop") -> int:
    """A file of the watched folder, which nobody has previewed."""
    return files.receive(desk, WORKER, account, "payout.csv", BytesIO(raw), source=source)


def a_file(desk: Desk, number: int) -> Row[Any]:
    with desk.store.read() as tx:
        found = settlement_files.get(tx, number)
    assert found is not None
    return found


# -- whose a cell is


def test_a_file_of_several_accounts_is_booked_as_it_was_shown(desk: Desk, finance: Actor) -> None:
    """By what was told, by our own keys, and without an Account for what the file was added for."""
    file_accounts.assign(desk, finance, "800", "outlet")
    raw = csv(sale("A"), sale("B", "outlet"), sale("C", "800"), sale("D", "shop"))
    shown = preview_of(desk, finance, "shop", raw)
    wanted = {part.cell: part.account for part in shown.accounts}
    assert wanted == {"": "shop", "outlet": "outlet", "800": "outlet", "shop": "shop"}
    number = import_file(desk, finance, "shop", "payout.csv", raw)
    assert booked(desk) == {"A": "shop", "B": "outlet", "C": "outlet", "D": "shop"}
    assert {cell: ours for cell, ours, _ in a_file(desk, number).accounts} == wanted


def test_what_is_known_and_changed_is_counted_in_the_account_of_each_line(desk: Desk, finance: Actor) -> None:
    import_file(desk, finance, "shop", "a.csv", csv(sale("A", "outlet"), sale("B", "outlet")))
    shown = preview_of(desk, finance, "shop", csv(sale("A", "outlet"), sale("B", "outlet", "11.00")))
    assert (shown.new, shown.known, shown.changed) == (0, 1, 1)


@pytest.mark.desk(accounts={"shop": SHOP})
def test_an_account_that_nobody_knows_is_asked_for_with_one_account_too(desk: Desk, finance: Actor) -> None:
    raw = csv(sale("A", "800"))
    assert [(part.cell, part.account) for part in preview_of(desk, finance, "shop", raw).accounts] == [
        ("800", "")
    ]
    with pytest.raises(Failed) as refused:
        import_file(desk, finance, "shop", "payout.csv", raw)
    assert refused.value.failure == "file_account_unknown"
    assert booked(desk) == {}
    file_accounts.assign(desk, finance, " 800", "shop")
    assert account_of(desk, "800 ") == "shop"
    background.work_off(desk)  # the answer alone is enough
    assert booked(desk) == {"A": "shop"}


def test_it_waits_until_each_of_its_accounts_is_known(desk: Desk, finance: Actor) -> None:
    number = receive_unattended(desk, csv(sale("A", "800"), sale("B", "800"), sale("C", "900")))
    background.work_off(desk)
    found = a_file(desk, number)
    assert (found.failure, found.failure_detail) == ("file_account_unknown", {"cells": "800, 900"})
    assert found.accounts == [["800", "", 2], ["900", "", 1]]
    for cell, account, state in (("800", "shop", "failed"), ("900", "outlet", "complete")):
        file_accounts.assign(desk, finance, cell, account)
        background.work_off(desk)
        assert a_file(desk, number).state == state
    assert booked(desk) == {"A": "shop", "B": "shop", "C": "outlet"}
    with pytest.raises(AccountUnknown):
        file_accounts.assign(desk, finance, "900", "other")


def test_hipays_first_answer_for_an_account_says_what_it_calls_it(desk: Desk, finance: Actor) -> None:
    assert a_state(desk, receive_unattended(desk, csv(sale("A", "800")), "hipay")) == "complete"
    assert file_accounts.file_accounts(desk, finance) == {"800": "shop"}
    # another of the same, one that another account has already, or two at once: a person must say
    assert a_state(desk, receive_unattended(desk, csv(sale("B", "801")), "hipay")) == "failed"
    assert (
        a_state(desk, receive_unattended(desk, csv(sale("C", "900"), sale("D", "901")), "hipay", "outlet"))
        == "failed"
    )
    assert a_state(desk, receive_unattended(desk, csv(sale("E", "800")), "hipay", "outlet")) == "complete"
    assert booked(desk) == {"A": "shop", "E": "shop"}
    assert a_state(desk, receive_unattended(desk, csv(sale("F", "902")), "folder", "outlet")) == "failed"


def a_state(desk: Desk, number: int) -> str:
    background.work_off(desk)
    return str(a_file(desk, number).state)


def test_a_cell_stays_where_its_lines_stand(desk: Desk, finance: Actor) -> None:
    """Under another account the lines of a file that overlaps would come a second time."""
    file_accounts.assign(desk, finance, "800", "shop")
    file_accounts.assign(desk, finance, "800", "outlet")  # nothing stands yet
    import_file(desk, finance, "shop", "a.csv", csv(sale("A", "800"), sale("B", "800")))
    with pytest.raises(FileAccountInUse) as refused:
        file_accounts.assign(desk, finance, "800", "shop")
    assert refused.value.fields() == {"cell": "800", "account": "Outlet"}
    file_accounts.assign(desk, finance, "800", "outlet")
    import_file(desk, finance, "shop", "b.csv", csv(sale("B", "800"), sale("C", "800")))
    with desk.store.read() as tx:
        assert tx.scalar(select(func.count()).select_from(payout_lines)) == 3


def test_an_account_with_lines_is_not_named_to_who_may_not_see_it(desk: Desk, finance: Actor) -> None:
    file_accounts.assign(desk, finance, "800", "outlet")
    import_file(desk, finance, "shop", "a.csv", csv(sale("A", "800")))
    with desk.store.write() as tx:
        matching_rules.save_matching(tx, "outlet", file_accounts={})  # lines alone say whose it is
    with pytest.raises(NotAllowed) as refused:
        file_accounts.assign(desk, person(desk, "finance", account="shop"), "800", "shop")
    assert "account" not in refused.value.fields()


def test_the_same_file_is_not_stored_again_for_another_account(desk: Desk, finance: Actor) -> None:
    raw = csv(sale("A"))
    import_file(desk, finance, "shop", "a.csv", raw)
    assert preview_of(desk, finance, "outlet", raw).imported
    with pytest.raises(FileKnownElsewhere) as refused:
        import_file(desk, finance, "outlet", "b.csv", raw)
    assert refused.value.fields() == {"name": "a.csv", "account": "Shop"}


def test_a_row_set_aside_blocks_the_payouts_of_every_account_of_its_file(desk: Desk, finance: Actor) -> None:
    total = "outlet;88;;;;;;;;;Settlement;10.00;EUR;;2026-11-21"
    raw = csv(
        sale("A", "shop"), sale("B", "outlet", settlement="88"), sale("C", "outlet", "ten", "88"), total
    )
    import_file(desk, finance, "shop", "a.csv", raw)
    [payout] = payout_list.list_payouts(desk, finance, ("outlet",))
    assert (payout.settlement_id, payout.state, payout.rows_set_aside) == ("88", "rows_not_read", 1)


# -- by whose rules a file is read

OPEN = csv(sale("A", "outlet", "12.500"), sale("B", "outlet", "13.500"))  # thousands, or three decimals


@pytest.mark.parametrize("source", ["folder", "hipay", "upload"])
def test_what_is_remembered_holds_for_files_that_come_by_themselves(
    desk: Desk, finance: Actor, source: str
) -> None:
    assert a_state(desk, receive_unattended(desk, OPEN, source)) == "failed"
    reading.remember(desk, finance, "outlet", Chosen(decimal="."))
    assert preview_of(desk, finance, "shop", OPEN).dialect.decimal == "."
    files.retry(desk, finance, 1)
    assert a_state(desk, 1) == "complete"
    assert sorted(lines_of(desk)["settled_amount_units"]) == [12_5000, 13_5000]


def test_it_is_read_as_it_was_looked_at_whatever_is_remembered(desk: Desk, finance: Actor) -> None:
    """Remembered and detected readings come to other amounts: the preview says which, and the import keeps to it."""
    reading.remember(desk, finance, "outlet", Chosen(debits="inverted"))
    raw = csv(sale("A", "outlet"))
    assert preview_of(desk, finance, "shop", raw).totals["settled_units"].tolist() == [-10_0000]
    shown = preview_of(desk, finance, "shop", raw, Chosen())
    assert (shown.home, shown.totals["settled_units"].tolist()) == ("outlet", [10_0000])
    import_file(desk, finance, "shop", "a.csv", raw, Chosen())
    import_file(desk, finance, "shop", "b.csv", csv(sale("B", "outlet")))
    assert sorted(lines_of(desk)["settled_amount_units"]) == [-10_0000, 10_0000]


def test_an_encoding_that_does_not_fit_is_not_forced_on_a_file(desk: Desk, finance: Actor) -> None:
    reading.remember(desk, finance, "shop", Chosen(encoding="utf-16-le", delimiter="\t", decimal=","))
    shown = preview_of(desk, finance, "shop", csv(sale("A", amount="12,500")))
    assert (shown.dialect.delimiter, shown.totals["settled_units"].tolist()) == (";", [12_5000])


def test_an_open_question_says_whose_answer_it_is(desk: Desk, finance: Actor) -> None:
    with pytest.raises(reading.Undecided) as refused:
        preview_of(desk, finance, "shop", OPEN)
    assert (refused.value.account, refused.value.questions) == ("outlet", ("decimal",))
