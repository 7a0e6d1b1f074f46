"""A person of one account sees and decides nothing of another's lines, orders, payouts, files and rules."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from services.access import Actor, NotAllowed
from services.desk import Desk
from services.i18n import translator
from services.imports import file_accounts
from services.reconciliation.decisions import (
    acceptances,
    account_rules,
    available,
    candidates,
    decide,
    history,
    not_ours_rules,
    set_aside_rows,
    undo,
)
from services.reconciliation.decisions.checks import Shown
from services.reconciliation.views import (
    details,
    file_list,
    groups,
    list_exports,
    lists,
    overview,
    payout_list,
    sales,
)
from services.reconciliation.views.lists import LineFilter, OrderFilter
from services.store.payouts.pages import PayoutFilter
from services.store.settlements import decisions
from tests.support.desk import person
from tests.support.orders import store_paid_order
from tests.support.payout_lines import HEAD, import_lines, line, line_id
from tests.support.payouts import import_file

ACCOUNT = {"name": "Maison", "environment": "stage", "login": "l", "password": "p", "passphrase": "s"}

pytestmark = pytest.mark.desk(accounts={"one": ACCOUNT, "two": ACCOUNT})


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Two accounts, each with an order, a payout of its own, a line that is matched and one that is open."""
    everybody = person(desk, "finance")
    store_paid_order(desk, "A-100", account="one")
    store_paid_order(desk, "B-100", account="two")
    import_lines(desk, line("A-100"), line("WEB-1"), account="one")
    file_accounts.assign(desk, everybody, "2", "two")
    rows = [row.replace("1;77;", "2;88;", 1) for row in (line("B-100"), line("A100"))]
    import_file(desk, everybody, "two", "two.csv", "\r\n".join((HEAD, *rows, "")).encode())
    return desk


@pytest.fixture
def ours(desk: Desk) -> Actor:
    """May reconcile the account "one"."""
    return person(desk, "finance", account="one")


def order_ids(desk: Desk) -> dict[str, int]:
    rows = lists.orders(desk, person(desk, "finance"), OrderFilter()).rows
    return {row.order_id: row.order for row in rows}


def files(desk: Desk) -> dict[str, int]:
    return {file.account: file.id for file in file_list.files(desk, person(desk, "finance"))}


def test_a_transaction_of_two_accounts_is_two_sales_of_which_a_person_sees_theirs(
    desk: Desk, ours: Actor
) -> None:
    both = person(desk, "finance")
    for account, amount in (("one", "10.00"), ("two", "20.00")):
        row = line("Z", amount).replace("1;", f"{account};", 1)
        import_file(desk, both, account, f"{account}.csv", "\r\n".join((HEAD, row, "")).encode())
    every = sales.sales(desk, both, LineFilter(text="T-Z")).page.rows
    assert sorted(one.sums[0].net_units or 0 for one in every) == [10_0000, 20_0000]
    [mine] = sales.sales(desk, ours, LineFilter(text="T-Z")).page.rows
    assert (mine.line.account, mine.count) == ("one", 1)
    theirs = next(one.line for one in every if one.line.account == "two")
    with pytest.raises(NotAllowed):
        sales.sale_of(desk, ours, theirs.id)


@pytest.mark.parametrize("wanted", [(), ("one", "two"), ("one",)])
def test_lists_counts_and_sums_are_of_the_persons_account(
    desk: Desk, ours: Actor, wanted: tuple[str, ...]
) -> None:
    page = lists.lines(desk, ours, LineFilter(accounts=wanted))
    assert {row.account for row in page.rows} == {"one"}
    assert page.total == 2
    found = lists.orders(desk, ours, OrderFilter(accounts=wanted))
    assert ([row.order_id for row in found.rows], found.total) == (["A-100"], 1)
    assert sum(lists.figures(desk, ours, wanted).outcomes.values()) == 2
    assert {one.settlement_id for one in payout_list.list_payouts(desk, ours, wanted)} == {"77"}
    assert {file.account for file in file_list.files(desk, ours, wanted)} == {"one"}


def test_an_account_that_the_person_may_not_see_lists_nothing(desk: Desk, ours: Actor) -> None:
    """And not everything else instead, which would be taken for that account's."""
    wanted = ("two",)
    assert lists.lines(desk, ours, LineFilter(accounts=wanted)).rows == ()
    assert lists.orders(desk, ours, OrderFilter(accounts=wanted)).rows == ()
    assert lists.figures(desk, ours, wanted).outcomes == {}
    assert payout_list.list_payouts(desk, ours, wanted) == ()
    assert file_list.files(desk, ours, wanted) == ()


def test_a_search_finds_nothing_of_another_account(desk: Desk, ours: Actor) -> None:
    assert lists.lines(desk, ours, LineFilter(text="B-100")).rows == ()
    assert lists.orders(desk, ours, OrderFilter(loose="B-100")).rows == ()


def test_exports_hold_the_persons_account_alone(desk: Desk, ours: Actor) -> None:
    out, t = io.BytesIO(), translator("en")
    assert list_exports.write_lines(desk, ours, LineFilter(), "newest", "csv", t, out) == 2
    assert list_exports.write_orders(desk, ours, OrderFilter(), "newest", "csv", t, out) == 1
    assert list_exports.write_payouts(desk, ours, PayoutFilter(), "csv", t, out) == 1
    assert b"B-100" not in out.getvalue()


def test_the_first_screen_counts_the_persons_account(desk: Desk, ours: Actor) -> None:
    assert [(one.kind, one.count) for one in groups.groups(desk, ours).to_do if one.kind == "lines"] == [
        ("lines", 1)
    ]
    every = groups.groups(desk, person(desk, "finance"))
    assert [(one.kind, one.count) for one in every.to_do if one.kind == "lines"] == [("lines", 2)]
    [figures] = overview.overview(desk, ours).figures
    assert figures.asked.this.count == 1
    assert overview.overview(desk, ours).newest_file == files(desk)["one"]


def test_nothing_of_another_account_is_opened(desk: Desk, ours: Actor) -> None:
    theirs, order, file = line_id(desk, "B-100"), order_ids(desk)["B-100"], files(desk)["two"]
    [payout] = payout_list.list_payouts(desk, person(desk, "finance", account="two"))
    calls: list[Callable[[], Any]] = [
        lambda: details.line(desk, ours, theirs),
        lambda: details.order(desk, ours, order),
        lambda: file_list.file(desk, ours, file),
        lambda: payout_list.operation_sums(desk, ours, payout),
        lambda: payout_list.files_with_rows_set_aside(desk, ours, payout),
        lambda: payout_list.files_with_corrections_held(desk, ours, payout),
        lambda: history.of_line(desk, ours, theirs),
        lambda: history.of_order(desk, ours, order),
        lambda: acceptances.of_order(desk, ours, order),
        lambda: candidates.find(desk, ours, theirs),
        lambda: set_aside_rows.of_file(desk, ours, file),
        lambda: account_rules.rules(desk, ours, "two"),
        lambda: account_rules.reference_use(desk, ours, "two"),
        lambda: account_rules.preview(desk, ours, "two", reference=1, ignore=()),
        lambda: not_ours_rules.rules(desk, ours, "two"),
        lambda: not_ours_rules.preview(desk, ours, "two", "order", "equals", "A100"),
    ]
    for call in calls:
        with pytest.raises(NotAllowed):
            call()
    assert available.read_lines(desk, ours, [theirs]) == ()
    assert candidates.suggestions(desk, ours, [theirs]) == {}
    assert details.names(desk, ours, files=[file], order=order) == (("",), "")


def test_nothing_of_another_account_is_decided(desk: Desk, ours: Actor) -> None:
    theirs, order, file = line_id(desk, "B-100"), order_ids(desk)["B-100"], files(desk)["two"]
    other = person(desk, "finance", account="two")
    done = decide.exclude(desk, other, [Shown(line=theirs)], "why", "k0")
    with desk.store.read() as tx:
        decided = decisions.group(tx, done.group)[0].id
    rule = not_ours_rules.add(desk, other, "two", "order", "equals", "X", "why", "r0")
    calls: list[Callable[[], Any]] = [
        lambda: decide.match(desk, ours, [Shown(line=theirs)], order, "why", "k1"),
        lambda: decide.exclude(
            desk, ours, [Shown(line=line_id(desk, "WEB-1")), Shown(line=theirs)], "why", "k2"
        ),
        lambda: undo.undo_decisions(desk, ours, [decided], "why"),
        lambda: undo.undo_group(desk, ours, done.group, "why"),
        lambda: history.comment_line(desk, ours, theirs, "a word", "k3"),
        lambda: history.comment_order(desk, ours, order, "a word", "k4"),
        lambda: acceptances.accept(desk, ours, order, {}, "why", "k5"),
        lambda: acceptances.undo(desk, ours, order, "why"),
        lambda: set_aside_rows.deal(desk, ours, file, [1], "why"),
        lambda: set_aside_rows.undo(desk, ours, file, [1], "why"),
        lambda: account_rules.save(desk, ours, "two", reference=2, ignore=(), late_days=10),
        lambda: not_ours_rules.add(desk, ours, "two", "order", "equals", "Y", "why", "k6"),
        lambda: not_ours_rules.end(desk, ours, rule, "why"),
    ]
    for call in calls:
        with pytest.raises(NotAllowed):
            call()


def test_a_match_across_accounts_is_refused_without_naming_the_order(desk: Desk, ours: Actor) -> None:
    with pytest.raises(NotAllowed):
        decide.match(desk, ours, [Shown(line=line_id(desk, "WEB-1"))], order_ids(desk)["B-100"], "why", "k1")


def test_a_line_keeps_the_nearest_order_of_another_account_to_itself(desk: Desk) -> None:
    """Its text is nearly that of an order of the account "one"."""
    number = line_id(desk, "A100")
    assert details.line(desk, person(desk, "finance"), number).line.nearest_id == "A-100"
    found = details.line(desk, person(desk, "finance", account="two"), number)
    assert (found.line.reason, found.line.nearest, found.line.nearest_id) == ("other_account", None, "…")
    assert [one.role for one in found.related if one.role == "nearest"] == []


def test_lines_of_another_account_are_left_out(desk: Desk, ours: Actor) -> None:
    wanted = [line_id(desk, name) for name in ("A-100", "B-100")]
    [found] = available.read_lines(desk, ours, wanted)
    assert (found.id, bool(found.possible)) == (wanted[0], True)


def test_a_file_with_rows_of_another_account_too_is_neither_listed_nor_opened(
    desk: Desk, ours: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Added for the person's account, it has a row of the other: it would show that account's customers."""
    file_accounts.assign(desk, person(desk, "finance"), "1", "one")
    mixed = [
        row.replace("1;77;", f"{account};99;", 1).replace("A-1", f"C-{account}")
        for account in ("1", "2")
        for row in (line("A-1"),)
    ]
    import_file(desk, person(desk, "finance"), "one", "mixed.csv", "\r\n".join((HEAD, *mixed, "")).encode())
    everybody = person(desk, "finance", email="all@example.com")
    newest = file_list.files(desk, everybody)[0]
    assert {ours for _, ours, _ in newest.accounts} == {"one", "two"}
    monkeypatch.setattr(file_list, "SHOWN", 1)  # a page of which no file may be shown is not the last
    assert [file.account for file in file_list.files(desk, ours)] == ["one"]
    assert newest.id not in {file.id for file in file_list.unfinished(desk, ours, (newest.id,))}
    assert details.names(desk, ours, files=[newest.id], order=None) == (("",), "")
    for refused in (
        lambda: file_list.file(desk, ours, newest.id),
        lambda: set_aside_rows.of_file(desk, ours, newest.id),
        lambda: set_aside_rows.deal(desk, ours, newest.id, [1], "why"),
    ):
        with pytest.raises(NotAllowed):
            refused()
