"""What a person decides of payout lines: each act, each refusal, two people at once, and the way back."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

import services.store.schema
from services import retention, store
from services.access import Actor, NotAllowed
from services.access.trail import entries
from services.desk import Desk
from services.mail.errors import TextError
from services.orders.errors import UnknownOrder
from services.reconciliation.decisions import available, decide, errors, history
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.matching import decided_lines, rejoin
from services.reconciliation.matching.order_changes import catch_up
from services.store.schema.settlements import line_decisions, settlement_files, settlement_lines
from tests.support import postgres
from tests.support.by_hand import (
    an_order,
    line,
    line_id,
    orders_seen,
    outcomes,
    position,
    stored,
    take,
    totals,
)
from tests.support.desk import all_that_is_stored, open_test_desk, person

Books = dict[str, int]


ORDERS = ("A-100", "A-200", "A-300")
ROWS = (
    line("A-100"), line("A-100", "-0.30", operation="Fixed fee"), line("WEB-1", transaction="T-9"),
    line("WEB-1", "-0.30", operation="Fixed fee", transaction="T-9"), line("a200", transaction=""),
    line("", "-5.00", operation="Monthly fee", transaction=""), line("", "4.40", operation="Settlement", transaction=""),
)  # fmt: skip


def prepared(folder: Path) -> Books:
    """Three orders; A-100 has its sale and its fee, WEB-1 is unknown, a200 is nearly A-200, there is the account's own fee."""
    desk = open_test_desk(folder)
    ours = {name: an_order(desk, name) for name in ORDERS}
    take(desk, *ROWS)
    desk.store.truncate_log()
    desk.close()
    return ours


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Books] | None:
    """A SQLite file with all of it, copied for each test: that takes a tenth of the time."""
    if postgres.SERVER:
        return None
    folder = tmp_path_factory.mktemp("template")
    return folder, prepared(folder)


@pytest.fixture
def orders(tmp_path: Path, template: tuple[Path, Books] | None) -> Books:
    if template is None:
        return prepared(tmp_path)
    folder, ours = template
    for file in folder.glob("*.db"):
        shutil.copy(file, tmp_path)
    return ours


@pytest.fixture
def books(tmp_path: Path, orders: Books) -> Iterator[Desk]:
    opened = open_test_desk(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def finance(books: Desk) -> Actor:
    return person(books, "finance", name="Camille Martin")


@pytest.fixture
def colleague(books: Desk) -> Actor:
    return person(books, "finance", name="Robin Petit")


def shown(desk: Desk, order: str, operation: str = "Sale") -> Shown:
    row = stored(desk)[f"{order} {operation}"]
    return Shown(row.id, row.decision)


def standing_rows(desk: Desk) -> list[Any]:
    with desk.store.read() as tx:
        return list(tx.execute(select(line_decisions).where(line_decisions.c.undone_at.is_(None))))


def audited(desk: Desk, actor: Actor, prefix: str = "line.") -> list[Any]:
    return [entry for entry in entries(desk, actor) if entry.action.startswith(prefix)]


# -- each act


def test_a_line_is_matched_to_an_order_with_the_fee_of_its_transaction(
    books: Desk, finance: Actor, orders: Books
) -> None:
    before = totals(books)
    done = decide.match(books, finance, [shown(books, "WEB-1")], orders["A-300"], "same customer", "k1")
    assert outcomes(books)["WEB-1 Sale"] == ("matched", orders["A-300"])
    assert outcomes(books)["WEB-1 Fixed fee"] == ("matched", orders["A-300"])
    found = position(books, orders["A-300"])
    assert (found.gross_units, found.fees_units, found.status) == (10_0000, 3000, "settled_in_full")
    [row] = standing_rows(books)
    assert (row.kind, row.reason, row.shares, row.due) == (
        "match",
        "same customer",
        [[orders["A-300"], 10_0000]],
        False,
    )
    assert (row.before["outcome"], row.before["order"]) == ("unmatched", None)
    assert done.lines == (line_id(books, "WEB-1"),)
    assert totals(books) == before


def test_a_suggestion_is_accepted_in_one_step(books: Desk, finance: Actor, orders: Books) -> None:
    assert outcomes(books)["a200 Sale"][0] == "suggested"
    decide.accept(books, finance, [shown(books, "a200")], "same amount", "k1")
    assert outcomes(books)["a200 Sale"] == ("matched", orders["A-200"])


def test_a_line_is_split_over_orders(books: Desk, finance: Actor, orders: Books) -> None:
    shares = [(orders["A-200"], 4_0000), (orders["A-300"], 6_0000)]
    decide.split(books, finance, shown(books, "WEB-1"), shares, "one payment", "k1", seen=orders_seen(books))
    assert outcomes(books)["WEB-1 Sale"] == ("matched", None)
    assert [position(books, order).gross_units for order, _ in shares] == [4_0000, 6_0000]
    decide.undo(books, finance, [standing_rows(books)[0].id], "by mistake")
    assert outcomes(books)["WEB-1 Sale"] == ("unmatched", None)
    assert [position(books, order).gross_units for order, _ in shares] == [0, 0]


def test_a_split_is_changed_to_other_orders(books: Desk, finance: Actor, orders: Books) -> None:
    first = [(orders["A-200"], 4_0000), (orders["A-300"], 6_0000)]
    decide.split(books, finance, shown(books, "WEB-1"), first, "one payment", "k1", seen=orders_seen(books))
    second = [(orders["A-200"], 7_0000), (orders["A-100"], 3_0000)]
    decide.split(books, finance, shown(books, "WEB-1"), second, "other shares", "k2", seen=orders_seen(books))
    gross = {name: position(books, order).gross_units for name, order in orders.items()}
    assert gross == {"A-100": 13_0000, "A-200": 7_0000, "A-300": 0}


def test_an_order_taken_away_stays_away(books: Desk, finance: Actor, orders: Books) -> None:
    decide.unmatch(books, finance, [shown(books, "A-100")], "another sale", "k1")
    rejoin.rejoin_lines(books, "demo", [line_id(books, "A-100")])
    assert outcomes(books)["A-100 Sale"] == ("unmatched", None)
    assert position(books, orders["A-100"]).gross_units == 0


@pytest.mark.parametrize(("act", "outcome"), [(decide.exclude, "excluded"), (decide.not_ours, "not_ours")])
def test_a_line_is_put_aside(
    books: Desk, finance: Actor, orders: Books, act: Callable[..., Any], outcome: str
) -> None:
    before = totals(books)
    act(books, finance, [shown(books, "A-100")], "test payment", "k1")
    assert outcomes(books)["A-100 Sale"] == (outcome, None)
    assert position(books, orders["A-100"]).gross_units == 0
    assert totals(books) == before


def test_an_account_level_line_may_be_matched(books: Desk, finance: Actor, orders: Books) -> None:
    assert outcomes(books)[" Monthly fee"][0] == "account_level"
    decide.match(books, finance, [shown(books, "", "Monthly fee")], orders["A-100"], "its fee", "k1")
    assert outcomes(books)[" Monthly fee"] == ("matched", orders["A-100"])


def test_a_later_decision_takes_the_place_of_the_one_before(
    books: Desk, finance: Actor, orders: Books
) -> None:
    decide.match(books, finance, [shown(books, "WEB-1")], orders["A-200"], "first", "k1")
    decide.match(books, finance, [shown(books, "WEB-1")], orders["A-300"], "second", "k2")
    assert outcomes(books)["WEB-1 Sale"] == ("matched", orders["A-300"])
    [row] = standing_rows(books)
    assert (row.reason, row.before["order"]) == ("second", orders["A-200"])
    kinds = [entry.kind for entry in history.of_line(books, finance, line_id(books, "WEB-1"))]
    assert kinds == ["match", "undone", "match"]


# -- refusals


def test_what_a_decision_needs(books: Desk, finance: Actor, orders: Books) -> None:
    here = [shown(books, "WEB-1")]
    for reason, refusal in (
        ("", errors.ReasonMissing),
        ("  ", errors.ReasonMissing),
        ("a\nb", TextError),
    ):
        with pytest.raises(refusal):
            decide.exclude(books, finance, here, reason, "k1")
    with pytest.raises(errors.NothingChosen):
        decide.exclude(books, finance, [], "why", "k1")
    many = [Shown(number) for number in range(decide.MOST_LINES + 1)]
    with pytest.raises(errors.TooManyLines) as refused:
        decide.exclude(books, finance, many, "why", "k1")
    assert refused.value.most == decide.MOST_LINES
    with pytest.raises(errors.LineUnknown):
        decide.exclude(books, finance, [Shown(10**6)], "why", "k1")
    with pytest.raises(UnknownOrder):
        decide.match(books, finance, here, 10**6, "why", "k1")
    with pytest.raises(errors.NothingSuggested):
        decide.accept(books, finance, here, "why", "k1")
    with pytest.raises(errors.NotMatched):
        decide.unmatch(books, finance, here, "why", "k1")
    with pytest.raises(errors.SharesDiffer):
        decide.split(books, finance, here[0], [(orders["A-200"], 1), (orders["A-300"], 2)], "why", "k1")
    assert standing_rows(books) == []
    assert audited(books, finance) == []


def test_a_total_line_belongs_to_no_order(books: Desk, finance: Actor, orders: Books) -> None:
    total = [shown(books, "", "Settlement")]
    for act in (
        lambda: decide.match(books, finance, total, orders["A-100"], "why", "k1"),
        lambda: decide.exclude(books, finance, total, "why", "k1"),
        lambda: decide.not_ours(books, finance, total, "why", "k1"),
    ):
        with pytest.raises(errors.TotalLine):
            act()


def test_a_line_that_was_corrected_is_decided_no_more(books: Desk, finance: Actor, orders: Books) -> None:
    old = shown(books, "WEB-1")
    corrected = line("WEB-1", "11.00", transaction="T-9")
    take(books, *(corrected if row == line("WEB-1", transaction="T-9") else row for row in ROWS))
    with pytest.raises(errors.LineReplaced):
        decide.exclude(books, finance, [old], "why", "k1")


def test_a_line_of_a_file_that_is_not_complete_is_not_there(
    books: Desk, finance: Actor, orders: Books
) -> None:
    here = shown(books, "WEB-1")
    with books.store.write() as tx:
        tx.execute(update(settlement_files).values(state="running"))
    with pytest.raises(errors.LineUnknown):
        decide.exclude(books, finance, [here], "why", "k1")


def test_an_erased_customers_order_takes_no_line(books: Desk, finance: Actor, orders: Books) -> None:
    with books.store.write() as tx:
        tx.execute(
            update(services.store.schema.orders.orders)
            .where(services.store.schema.orders.orders.c.id == orders["A-300"])
            .values(erased_at=services.store.schema.orders.orders.c.created_at)
        )
    with pytest.raises(errors.OrderErased) as refused:
        decide.match(books, finance, [shown(books, "WEB-1")], orders["A-300"], "why", "k1")
    assert refused.value.order_id == "A-300"


def test_another_currency_is_asked_and_then_taken(books: Desk, finance: Actor, orders: Books) -> None:
    pounds = an_order(books, "GB-1", currency="GBP")
    here = [shown(books, "WEB-1"), shown(books, "A-100")]
    with pytest.raises(errors.CurrencyDiffers) as asked:
        decide.match(books, finance, here, pounds, "why", "k1")
    assert asked.value.fields() == {"line_currency": "EUR", "order_currency": "GBP", "order_id": "GB-1"}
    assert standing_rows(books) == []
    decide.match(books, finance, here, pounds, "why", "k1", seen=orders_seen(books))
    assert outcomes(books)["WEB-1 Sale"] == ("matched", pounds)


def test_another_amount_is_asked_and_then_taken(books: Desk, finance: Actor, orders: Books) -> None:
    dear = an_order(books, "D-1", "12.00")
    here = [shown(books, "WEB-1")]
    with pytest.raises(errors.AmountDiffers) as asked:
        decide.match(books, finance, here, dear, "why", "k1")
    wanted = {"order_id": "D-1", "lines_units": "100000", "ordered_units": "120000", "currency": "EUR"}
    assert asked.value.fields() == wanted
    assert standing_rows(books) == []
    decide.match(books, finance, here, dear, "two euros were agreed", "k1", seen={dear: (12_0000, "EUR")})
    assert outcomes(books)["WEB-1 Sale"] == ("matched", dear)


def test_an_order_that_was_changed_since_it_was_seen_takes_no_line(
    books: Desk, finance: Actor, orders: Books
) -> None:
    dear = an_order(books, "D-1", "12.00")
    seen = orders_seen(books)
    with books.store.write() as tx:
        store.orders.orders.change_order(tx, dear, amount=13_0000)
    with pytest.raises(errors.OrderChanged) as refused:
        decide.match(books, finance, [shown(books, "WEB-1")], dear, "two euros", "k1", seen=seen)
    assert (refused.value.order_id, refused.value.now_units, refused.value.currency) == (
        "D-1",
        13_0000,
        "EUR",
    )
    assert standing_rows(books) == []


def test_two_parts_that_make_the_order_need_no_question(books: Desk, finance: Actor) -> None:
    whole = an_order(books, "W-1", "100.00")
    take(books, line("P-1", "60.00"), line("P-2", "40.00"))
    with pytest.raises(errors.AmountDiffers):
        decide.match(books, finance, [shown(books, "P-1")], whole, "why", "k1")
    decide.match(books, finance, [shown(books, "P-1"), shown(books, "P-2")], whole, "both parts", "k2")
    assert position(books, whole).gross_units == 100_0000


def test_a_suggestion_with_another_amount_is_asked_too(books: Desk, finance: Actor) -> None:
    near = an_order(books, "N-500", "99.00")
    take(books, line("n500", "98.00", transaction=""))
    assert outcomes(books)["n500 Sale"][0] == "suggested"
    with pytest.raises(errors.AmountDiffers):
        decide.accept(books, finance, [shown(books, "n500")], "why", "k1")
    decide.accept(books, finance, [shown(books, "n500")], "one less", "k1", seen=orders_seen(books))
    assert outcomes(books)["n500 Sale"] == ("matched", near)


def test_a_share_that_is_not_the_orders_amount_is_asked_too(
    books: Desk, finance: Actor, orders: Books
) -> None:
    shares = [(orders["A-200"], 4_0000), (orders["A-300"], 6_0000)]
    with pytest.raises(errors.AmountDiffers):
        decide.split(books, finance, shown(books, "WEB-1"), shares, "why", "k1")
    assert standing_rows(books) == []


@pytest.fixture
def two_accounts(tmp_path: Path) -> Iterator[Desk]:
    account = {"name": "Maison", "environment": "stage", "login": "l", "password": "p", "passphrase": "s"}
    opened = open_test_desk(tmp_path, accounts={"one": account, "two": account})
    yield opened
    opened.close()


def test_another_accounts_order_is_refused(two_accounts: Desk) -> None:
    finance = person(two_accounts, "finance")
    theirs = an_order(two_accounts, "B-1", account="two")
    take(two_accounts, line("WEB-1"), account="one")
    with pytest.raises(errors.OrderElsewhere) as refused:
        decide.match(two_accounts, finance, [shown(two_accounts, "WEB-1")], theirs, "why", "k1")
    assert refused.value.order_id == "B-1"


def test_of_many_lines_those_that_cannot_be_decided_are_left_and_named(
    books: Desk, finance: Actor, orders: Books
) -> None:
    here = [shown(books, "WEB-1"), shown(books, "", "Settlement"), Shown(10**6)]
    done = decide.exclude(books, finance, here, "why", "k1")
    assert done.lines == (line_id(books, "WEB-1"),)
    assert {type(refusal) for _, refusal in done.refused} == {errors.TotalLine, errors.LineUnknown}


# -- two people, two presses


def test_somebody_elses_decision_since_it_was_shown_is_named(
    books: Desk, finance: Actor, colleague: Actor, orders: Books
) -> None:
    seen = shown(books, "WEB-1")
    decide.match(books, colleague, [seen], orders["A-200"], "mine", "k1")
    [theirs] = standing_rows(books)
    with pytest.raises(errors.ConflictingDecision) as refused:
        decide.exclude(books, finance, [seen], "why", "k2")
    assert (refused.value.who, refused.value.at) == ("Robin Petit", theirs.at)
    decide.exclude(books, finance, [shown(books, "WEB-1")], "why", "k2")  # having seen it
    assert outcomes(books)["WEB-1 Sale"][0] == "excluded"


def test_a_line_that_has_moved_by_itself_since_it_was_shown_is_left(
    books: Desk, finance: Actor, orders: Books
) -> None:
    [seen] = available.read_lines(books, finance, [line_id(books, "WEB-1")])
    [other] = available.read_lines(books, finance, [line_id(books, "A-100")])
    an_order(books, "WEB-1")  # and now it has its order
    catch_up(books)
    assert outcomes(books)["WEB-1 Sale"][0] == "matched"
    with pytest.raises(errors.LineMoved):
        decide.exclude(books, finance, [seen.shown], "why", "k1")
    done = decide.exclude(books, finance, [seen.shown, other.shown], "why", "k2")
    assert done.lines == (other.id,)
    assert [(line, type(refusal)) for line, refusal in done.refused] == [(seen.id, errors.LineMoved)]
    [now] = available.read_lines(books, finance, [seen.id])
    assert seen.changed_since_shown(now)
    assert seen.changed_since_shown(None)
    assert not now.changed_since_shown(now)


def test_a_suggestion_that_is_another_by_now_is_not_accepted(
    books: Desk, finance: Actor, orders: Books
) -> None:
    [seen] = available.read_lines(books, finance, [line_id(books, "a200")])
    with books.store.write() as tx:
        wanted = settlement_lines.c.id == seen.id
        tx.execute(update(settlement_lines).where(wanted).values(nearest=orders["A-300"]))
    with pytest.raises(errors.LineMoved):
        decide.accept(books, finance, [seen.shown], "why", "k1")
    assert standing_rows(books) == []


def test_somebody_elses_undoing_since_it_was_shown_is_named(
    books: Desk, finance: Actor, colleague: Actor, orders: Books
) -> None:
    decide.exclude(books, finance, [shown(books, "WEB-1")], "why", "k1")
    seen = shown(books, "WEB-1")
    decide.undo(books, colleague, [seen.decision or 0], "not so")
    with pytest.raises(errors.ConflictingDecision) as refused:
        decide.not_ours(books, finance, [seen], "why", "k2")
    assert refused.value.who == "Robin Petit"


def test_a_second_press_is_the_first(books: Desk, finance: Actor, orders: Books) -> None:
    seen = shown(books, "WEB-1")
    first = decide.exclude(books, finance, [seen], "why", "k1")
    assert decide.exclude(books, finance, [seen], "why", "k1").lines == first.lines
    assert len(standing_rows(books)) == len(audited(books, finance)) == 1


def test_two_presses_at_once_are_one(books: Desk, finance: Actor, orders: Books) -> None:
    seen, ready, failed = shown(books, "WEB-1"), threading.Barrier(2), []

    def press() -> None:
        ready.wait(30)
        try:
            decide.exclude(books, finance, [seen], "why", "k1")
        except Exception as error:  # noqa: BLE001 (told to the test)
            failed.append(error)

    both = [threading.Thread(target=press) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert failed == []
    assert len(standing_rows(books)) == 1


def test_two_people_at_once_cannot_both_decide(
    books: Desk, finance: Actor, colleague: Actor, orders: Books
) -> None:
    seen, ready, said = shown(books, "WEB-1"), threading.Barrier(2), []

    def exclude(actor: Actor, key: str) -> None:
        ready.wait(30)
        try:
            decide.exclude(books, actor, [seen], "why", key)
            said.append("done")
        except errors.ConflictingDecision:
            said.append("refused")

    both = [threading.Thread(target=exclude, args=who) for who in ((finance, "k1"), (colleague, "k2"))]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert sorted(said) == ["done", "refused"]
    assert len(standing_rows(books)) == 1


# -- the way back


def test_a_decision_is_undone_with_who_when_and_why(
    books: Desk, finance: Actor, colleague: Actor, orders: Books
) -> None:
    before = outcomes(books)
    decide.unmatch(books, finance, [shown(books, "A-100")], "why", "k1")
    decided = standing_rows(books)[0].id
    decide.undo(books, colleague, [decided], "new information")
    assert outcomes(books) == before
    with books.store.read() as tx:
        row = tx.execute(select(line_decisions).where(line_decisions.c.id == decided)).one()
    assert (row.undone_by, row.undo_reason, row.due) == (colleague.id, "new information", False)
    assert row.undone_at is not None


def test_undoing_twice_is_harmless_for_who_did_and_told_to_others(
    books: Desk, finance: Actor, colleague: Actor, orders: Books
) -> None:
    decide.exclude(books, finance, [shown(books, "WEB-1")], "why", "k1")
    decided = [standing_rows(books)[0].id]
    decide.undo(books, finance, decided, "by mistake")
    assert decide.undo(books, finance, decided, "by mistake").lines == ()
    with pytest.raises(errors.AlreadyUndone) as refused:
        decide.undo(books, colleague, decided, "by mistake")
    assert refused.value.who == "Camille Martin"
    assert len(audited(books, finance)) == 2


def test_undoing_what_is_not_there_is_refused(books: Desk, finance: Actor, orders: Books) -> None:
    for act in (
        lambda: decide.undo(books, finance, [10**6], "why"),
        lambda: decide.undo(books, finance, [], "why"),
        lambda: decide.undo_group(books, finance, "nothing", "why"),
    ):
        with pytest.raises(errors.DecisionUnknown):
            act()
    with pytest.raises(errors.ReasonMissing):
        decide.undo(books, finance, [1], " ")


def test_what_was_undone_can_be_decided_again(books: Desk, finance: Actor, orders: Books) -> None:
    decide.exclude(books, finance, [shown(books, "WEB-1")], "why", "k1")
    decide.undo(books, finance, [standing_rows(books)[0].id], "by mistake")
    decide.exclude(books, finance, [shown(books, "WEB-1")], "all the same", "k2")
    assert outcomes(books)["WEB-1 Sale"][0] == "excluded"


def test_a_thousand_lines_are_one_decision_and_one_undoing(tmp_path: Path) -> None:
    books = open_test_desk(tmp_path)
    finance, order = person(books, "finance"), an_order(books, "A-100")
    take(books, line("A-100"), *(line(f"WEB-{number}") for number in range(1_000)))
    before, sums = outcomes(books), totals(books)
    here = [Shown(row.id) for name, row in stored(books).items() if name.startswith("WEB-")]
    told: list[float] = []
    done = decide.match(
        books, finance, here, order, "one customer", "k1", progress=told.append, seen=orders_seen(books)
    )
    assert len(done.lines) == 1_000
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert set(outcomes(books).values()) == {("matched", order)}
    assert position(books, order).lines == 1_001
    assert totals(books) == sums
    one = standing_rows(books)[0]
    decide.undo(books, finance, [one.id], "this one not")
    undone = decide.undo_group(books, finance, "k1", "none of them")
    assert len(undone.lines) == 999
    assert outcomes(books) == before
    assert totals(books) == sums
    assert [entry.detail["lines"] for entry in reversed(audited(books, finance))] == [1_000, 1, 999]
    books.close()


def test_a_decision_whose_process_died_is_joined_by_the_round(
    books: Desk, finance: Actor, orders: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    for act in (
        lambda: decide.match(books, finance, [shown(books, "WEB-1")], orders["A-300"], "why", "k1"),
        lambda: decide.undo_group(books, finance, "k1", "why"),
    ):
        before = outcomes(books)["WEB-1 Sale"]
        with monkeypatch.context() as patch:
            patch.setattr(rejoin, "rejoin_lines", dies)
            with pytest.raises(KeyboardInterrupt):
                act()
        assert outcomes(books)["WEB-1 Sale"] == before
        assert decided_lines.catch_up(books) is False
        assert outcomes(books)["WEB-1 Sale"] != before


# -- who may, and what is kept


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_who_may_not_reconcile_decides_nothing(books: Desk, finance: Actor, orders: Books, role: str) -> None:
    other, here = person(books, role), [shown(books, "WEB-1")]
    decide.exclude(books, finance, [shown(books, "A-100")], "why", "k0")
    for act in (
        lambda: decide.match(books, other, here, orders["A-300"], "why", "k1"),
        lambda: decide.accept(books, other, [shown(books, "a200")], "why", "k1"),
        lambda: decide.split(books, other, here[0], [(1, 1), (2, 2)], "why", "k1"),
        lambda: decide.unmatch(books, other, here, "why", "k1"),
        lambda: decide.exclude(books, other, here, "why", "k1"),
        lambda: decide.not_ours(books, other, here, "why", "k1"),
        lambda: decide.undo(books, other, [standing_rows(books)[0].id], "why"),
        lambda: decide.undo_group(books, other, "k0", "why"),
        lambda: history.comment_line(books, other, here[0].line, "a comment", "k1"),
        lambda: history.comment_order(books, other, orders["A-100"], "a comment", "k1"),
        lambda: history.of_line(books, other, here[0].line),
        lambda: history.of_order(books, other, orders["A-100"]),
        lambda: available.read_lines(books, other, [here[0].line]),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert len(standing_rows(books)) == 1


def test_the_audit_holds_ids_and_no_word_of_a_person(books: Desk, finance: Actor, orders: Books) -> None:
    decide.match(books, finance, [shown(books, "WEB-1")], orders["A-300"], "Mrs Marchand called", "k1")
    decide.undo_group(books, finance, "k1", "Mrs Marchand called again")
    history.comment_line(books, finance, line_id(books, "WEB-1"), "Mrs Marchand, again", "k2")
    with books.store.read() as tx:
        kept = [str(row) for row in tx.execute(select(services.store.schema.orders.audit))]
    assert not any("Marchand" in text for text in kept)
    actions = [entry.action for entry in reversed(audited(books, finance, ""))]
    assert [action for action in actions if action.startswith(("line.", "comment"))] == [
        "line.match",
        "line.undone",
        "comment_written",
    ]
    match = audited(books, finance)[-1]
    assert (match.subject, match.detail["orders"]) == (f"line:{line_id(books, 'WEB-1')}", [orders["A-300"]])


def test_what_a_line_is_and_what_can_be_done_with_it(books: Desk, finance: Actor, orders: Books) -> None:
    ids = {name: row.id for name, row in stored(books).items()}
    found = {one.id: one for one in available.read_lines(books, finance, ids.values())}
    assert found[ids["a200 Sale"]].possible[0] == "accept"
    assert (found[ids["a200 Sale"]].suggested_id, found[ids["a200 Sale"]].suggested) == (
        "A-200",
        orders["A-200"],
    )
    assert "unmatch" in found[ids["A-100 Sale"]].possible
    assert found[ids["A-100 Sale"]].order_id == "A-100"
    assert found[ids[" Settlement"]].possible == ("twice",)
    decide.exclude(books, finance, [shown(books, "WEB-1"), shown(books, "A-100")], "why", "k1")
    [line_now] = available.read_lines(books, finance, [ids["WEB-1 Sale"]])
    assert line_now.decided is not None
    assert (line_now.decided.who, line_now.decided.group_size, line_now.decided.kind) == (
        "Camille Martin",
        2,
        "exclude",
    )
    assert line_now.possible == ("match", "split", "not_ours", "twice", "undo")
    assert line_now.shown == replace(shown(books, "WEB-1"), outcome="excluded")


def test_a_lines_history_is_in_order_and_names_who(
    books: Desk, finance: Actor, colleague: Actor, orders: Books
) -> None:
    here = line_id(books, "WEB-1")
    history.comment_line(books, colleague, here, "whose is this?\nNot ours, I think.", "c1")
    history.comment_line(books, colleague, here, "whose is this?\nNot ours, I think.", "c1")  # a second press
    shares = [(orders["A-200"], 4_0000), (orders["A-300"], 6_0000)]
    decide.split(books, finance, shown(books, "WEB-1"), shares, "one payment", "k1", seen=orders_seen(books))
    decide.undo_group(books, colleague, "k1", "not so")
    told = history.of_line(books, finance, here)
    assert [(entry.kind, entry.who) for entry in told] == [
        ("comment", "Robin Petit"),
        ("split", "Camille Martin"),
        ("undone", "Robin Petit"),
    ]
    assert told[1].shares == (("A-200", 4_0000), ("A-300", 6_0000))
    assert (told[1].before, told[1].is_valid, told[2].text) == ("unmatched", False, "not so")


def test_a_comment_needs_words_and_a_place(books: Desk, finance: Actor, orders: Books) -> None:
    with pytest.raises(errors.CommentRefused):
        history.comment_line(books, finance, line_id(books, "WEB-1"), " \n ", "k1")
    with pytest.raises(errors.LineUnknown):
        history.comment_line(books, finance, 10**6, "words", "k1")
    with pytest.raises(UnknownOrder):
        history.comment_order(books, finance, 10**6, "words", "k1")
    history.comment_order(books, finance, orders["A-100"], "words", "k1")
    assert [entry.text for entry in history.of_order(books, finance, orders["A-100"])] == ["words"]


def test_a_replaced_lines_decision_can_still_be_taken_back(
    books: Desk, finance: Actor, orders: Books
) -> None:
    decide.exclude(books, finance, [shown(books, "WEB-1")], "why", "k1")
    with books.store.write() as tx:
        tx.execute(
            update(settlement_lines)
            .where(settlement_lines.c.id == line_id(books, "WEB-1"))
            .values(replaced_by=99)
        )
    [found] = available.read_lines(books, finance, [line_id(books, "WEB-1")])
    assert found.possible == ("undo",)
    decide.undo_group(books, finance, "k1", "it is gone")
    assert standing_rows(books) == []


def test_an_erased_customer_takes_along_what_was_written_of_them(
    books: Desk, finance: Actor, orders: Books, tmp_path: Path
) -> None:
    here = line_id(books, "WEB-1")
    decide.match(books, finance, [shown(books, "WEB-1")], orders["A-300"], "called Zerline", "k1")
    decide.undo_group(books, finance, "k1", "was not Zerline")
    decide.split(
        books,
        finance,
        shown(books, "WEB-1"),
        [(orders["A-200"], 4_0000), (orders["A-300"], 6_0000)],
        "with Zerline",
        "k2",
        seen=orders_seen(books),
    )
    history.comment_line(books, finance, here, "Zerline again", "c1")
    history.comment_order(books, finance, orders["A-300"], "wife of Zerline", "c2")
    decide.exclude(books, finance, [shown(books, "", "Monthly fee")], "of nobody", "k3")
    before = outcomes(books)
    retention.erase(books, person(books, "admin"), "elodie@example.com")
    assert b"Zerline" not in all_that_is_stored(books, tmp_path)
    assert outcomes(books) == before
    told = history.of_line(books, finance, here)
    assert [(entry.kind, entry.who, entry.text) for entry in told] == [
        ("match", "Camille Martin", ""),
        ("undone", "Camille Martin", ""),
        ("split", "Camille Martin", ""),
        ("comment", "Camille Martin", ""),
    ]
    assert standing_rows(books)[-1].reason == "of nobody"
