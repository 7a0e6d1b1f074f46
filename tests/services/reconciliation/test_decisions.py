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
from services.reconciliation.decisions import available, decide, errors, history, undo
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.matching import decided_lines, rejoin
from services.reconciliation.matching.order_changes import catch_up
from services.store.schema.reconciliation import line_decisions
from services.store.schema.settlement_files import settlement_files
from services.store.schema.settlement_lines import settlement_lines
from tests.support import postgres
from tests.support.desk import all_that_is_stored, open_test_desk, person
from tests.support.orders import store_paid_order
from tests.support.payout_lines import (
    import_lines,
    line,
    line_id,
    orders_seen,
    outcomes,
    position,
    stored,
    totals,
)

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
    ours = {name: store_paid_order(desk, name) for name in ORDERS}
    import_lines(desk, *ROWS)
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
def desk(orders: Books, desk: Desk) -> Desk:
    """The desk is opened on the copy: the orders come first."""
    return desk


@pytest.fixture
def colleague(desk: Desk) -> Actor:
    return person(desk, "finance", name="Robin Petit")


def shown(desk: Desk, order: str, operation: str = "Sale") -> Shown:
    row = stored(desk)[f"{order} {operation}"]
    return Shown(line=row.id, decision=row.decision)


def standing_rows(desk: Desk) -> list[Any]:
    with desk.store.read() as tx:
        return list(tx.execute(select(line_decisions).where(line_decisions.c.undone_at.is_(None))))


def audited(desk: Desk, actor: Actor, prefix: str = "line.") -> list[Any]:
    return [entry for entry in entries(desk, actor) if entry.action.startswith(prefix)]


# -- each act


def test_a_line_is_matched_to_an_order_with_the_fee_of_its_transaction(
    desk: Desk, finance: Actor, orders: Books
) -> None:
    before = totals(desk)
    done = decide.match(desk, finance, [shown(desk, "WEB-1")], orders["A-300"], "same customer", "k1")
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", orders["A-300"])
    assert outcomes(desk)["WEB-1 Fixed fee"] == ("matched", orders["A-300"])
    found = position(desk, orders["A-300"])
    assert (found.gross_units, found.fees_units, found.status) == (10_0000, 3000, "settled_in_full")
    [row] = standing_rows(desk)
    assert (row.kind, row.reason, row.shares, row.due) == (
        "match",
        "same customer",
        [[orders["A-300"], 10_0000]],
        False,
    )
    assert (row.before["outcome"], row.before["order"]) == ("unmatched", None)
    assert done.lines == (line_id(desk, "WEB-1"),)
    assert totals(desk) == before


def test_a_suggestion_is_accepted_in_one_step(desk: Desk, finance: Actor, orders: Books) -> None:
    assert outcomes(desk)["a200 Sale"][0] == "suggested"
    decide.accept(desk, finance, [shown(desk, "a200")], "same amount", "k1")
    assert outcomes(desk)["a200 Sale"] == ("matched", orders["A-200"])


def test_a_line_is_split_over_orders(desk: Desk, finance: Actor, orders: Books) -> None:
    shares = [(orders["A-200"], 4_0000), (orders["A-300"], 6_0000)]
    decide.split(desk, finance, shown(desk, "WEB-1"), shares, "one payment", "k1", seen=orders_seen(desk))
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", None)
    assert [position(desk, order).gross_units for order, _ in shares] == [4_0000, 6_0000]
    undo.undo_decisions(desk, finance, [standing_rows(desk)[0].id], "by mistake")
    assert outcomes(desk)["WEB-1 Sale"] == ("unmatched", None)
    assert [position(desk, order).gross_units for order, _ in shares] == [0, 0]


def test_a_split_is_changed_to_other_orders(desk: Desk, finance: Actor, orders: Books) -> None:
    first = [(orders["A-200"], 4_0000), (orders["A-300"], 6_0000)]
    decide.split(desk, finance, shown(desk, "WEB-1"), first, "one payment", "k1", seen=orders_seen(desk))
    second = [(orders["A-200"], 7_0000), (orders["A-100"], 3_0000)]
    decide.split(desk, finance, shown(desk, "WEB-1"), second, "other shares", "k2", seen=orders_seen(desk))
    gross = {name: position(desk, order).gross_units for name, order in orders.items()}
    assert gross == {"A-100": 13_0000, "A-200": 7_0000, "A-300": 0}


def test_an_order_taken_away_stays_away(desk: Desk, finance: Actor, orders: Books) -> None:
    decide.unmatch(desk, finance, [shown(desk, "A-100")], "another sale", "k1")
    rejoin.rejoin_lines(desk, "demo", [line_id(desk, "A-100")])
    assert outcomes(desk)["A-100 Sale"] == ("unmatched", None)
    assert position(desk, orders["A-100"]).gross_units == 0


@pytest.mark.parametrize(("act", "outcome"), [(decide.exclude, "excluded"), (decide.not_ours, "not_ours")])
def test_a_line_is_put_aside(
    desk: Desk, finance: Actor, orders: Books, act: Callable[..., Any], outcome: str
) -> None:
    before = totals(desk)
    act(desk, finance, [shown(desk, "A-100")], "test payment", "k1")
    assert outcomes(desk)["A-100 Sale"] == (outcome, None)
    assert position(desk, orders["A-100"]).gross_units == 0
    assert totals(desk) == before


def test_an_account_level_line_may_be_matched(desk: Desk, finance: Actor, orders: Books) -> None:
    assert outcomes(desk)[" Monthly fee"][0] == "account_level"
    decide.match(desk, finance, [shown(desk, "", "Monthly fee")], orders["A-100"], "its fee", "k1")
    assert outcomes(desk)[" Monthly fee"] == ("matched", orders["A-100"])


def test_a_later_decision_takes_the_place_of_the_one_before(
    desk: Desk, finance: Actor, orders: Books
) -> None:
    decide.match(desk, finance, [shown(desk, "WEB-1")], orders["A-200"], "first", "k1")
    decide.match(desk, finance, [shown(desk, "WEB-1")], orders["A-300"], "second", "k2")
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", orders["A-300"])
    [row] = standing_rows(desk)
    assert (row.reason, row.before["order"]) == ("second", orders["A-200"])
    kinds = [entry.kind for entry in history.of_line(desk, finance, line_id(desk, "WEB-1"))]
    assert kinds == ["match", "undone", "match"]


# -- refusals


def test_what_a_decision_needs(desk: Desk, finance: Actor, orders: Books) -> None:
    here = [shown(desk, "WEB-1")]
    for reason, refusal in (
        ("", errors.ReasonMissing),
        ("  ", errors.ReasonMissing),
        ("a\nb", TextError),
    ):
        with pytest.raises(refusal):
            decide.exclude(desk, finance, here, reason, "k1")
    with pytest.raises(errors.NothingChosen):
        decide.exclude(desk, finance, [], "why", "k1")
    many = [Shown(line=number) for number in range(decide.MOST_LINES + 1)]
    with pytest.raises(errors.TooManyLines) as refused:
        decide.exclude(desk, finance, many, "why", "k1")
    assert refused.value.most == decide.MOST_LINES
    with pytest.raises(errors.LineUnknown):
        decide.exclude(desk, finance, [Shown(line=10**6)], "why", "k1")
    with pytest.raises(UnknownOrder):
        decide.match(desk, finance, here, 10**6, "why", "k1")
    with pytest.raises(errors.NothingSuggested):
        decide.accept(desk, finance, here, "why", "k1")
    with pytest.raises(errors.NotMatched):
        decide.unmatch(desk, finance, here, "why", "k1")
    with pytest.raises(errors.SharesDiffer):
        decide.split(desk, finance, here[0], [(orders["A-200"], 1), (orders["A-300"], 2)], "why", "k1")
    assert standing_rows(desk) == []
    assert audited(desk, finance) == []


def test_a_total_line_belongs_to_no_order(desk: Desk, finance: Actor, orders: Books) -> None:
    total = [shown(desk, "", "Settlement")]
    for act in (
        lambda: decide.match(desk, finance, total, orders["A-100"], "why", "k1"),
        lambda: decide.exclude(desk, finance, total, "why", "k1"),
        lambda: decide.not_ours(desk, finance, total, "why", "k1"),
    ):
        with pytest.raises(errors.TotalLine):
            act()


def test_a_line_that_was_corrected_is_decided_no_more(desk: Desk, finance: Actor, orders: Books) -> None:
    old = shown(desk, "WEB-1")
    corrected = line("WEB-1", "11.00", transaction="T-9")
    import_lines(desk, *(corrected if row == line("WEB-1", transaction="T-9") else row for row in ROWS))
    with pytest.raises(errors.LineReplaced):
        decide.exclude(desk, finance, [old], "why", "k1")


def test_a_line_of_a_file_that_is_not_complete_is_not_there(
    desk: Desk, finance: Actor, orders: Books
) -> None:
    here = shown(desk, "WEB-1")
    with desk.store.write() as tx:
        tx.execute(update(settlement_files).values(state="running"))
    with pytest.raises(errors.LineUnknown):
        decide.exclude(desk, finance, [here], "why", "k1")


def test_an_erased_customers_order_takes_no_line(desk: Desk, finance: Actor, orders: Books) -> None:
    with desk.store.write() as tx:
        tx.execute(
            update(services.store.schema.orders.orders)
            .where(services.store.schema.orders.orders.c.id == orders["A-300"])
            .values(erased_at=services.store.schema.orders.orders.c.created_at)
        )
    with pytest.raises(errors.OrderErased) as refused:
        decide.match(desk, finance, [shown(desk, "WEB-1")], orders["A-300"], "why", "k1")
    assert refused.value.order_id == "A-300"


def test_another_currency_is_asked_and_then_taken(desk: Desk, finance: Actor, orders: Books) -> None:
    pounds = store_paid_order(desk, "GB-1", currency="GBP")
    here = [shown(desk, "WEB-1"), shown(desk, "A-100")]
    with pytest.raises(errors.CurrencyDiffers) as asked:
        decide.match(desk, finance, here, pounds, "why", "k1")
    assert asked.value.fields() == {"line_currency": "EUR", "order_currency": "GBP", "order_id": "GB-1"}
    assert standing_rows(desk) == []
    decide.match(desk, finance, here, pounds, "why", "k1", seen=orders_seen(desk))
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", pounds)


def test_another_amount_is_asked_and_then_taken(desk: Desk, finance: Actor, orders: Books) -> None:
    dear = store_paid_order(desk, "D-1", "12.00")
    here = [shown(desk, "WEB-1")]
    with pytest.raises(errors.AmountDiffers) as asked:
        decide.match(desk, finance, here, dear, "why", "k1")
    wanted = {"order_id": "D-1", "lines_units": "100000", "ordered_units": "120000", "currency": "EUR"}
    assert asked.value.fields() == wanted
    assert standing_rows(desk) == []
    decide.match(desk, finance, here, dear, "two euros were agreed", "k1", seen={dear: (12_0000, "EUR")})
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", dear)


def test_an_order_that_was_changed_since_it_was_seen_takes_no_line(
    desk: Desk, finance: Actor, orders: Books
) -> None:
    dear = store_paid_order(desk, "D-1", "12.00")
    seen = orders_seen(desk)
    with desk.store.write() as tx:
        store.orders.orders.change_order(tx, dear, amount=13_0000)
    with pytest.raises(errors.OrderChanged) as refused:
        decide.match(desk, finance, [shown(desk, "WEB-1")], dear, "two euros", "k1", seen=seen)
    assert (refused.value.order_id, refused.value.now_units, refused.value.currency) == (
        "D-1",
        13_0000,
        "EUR",
    )
    assert standing_rows(desk) == []


def test_two_parts_that_make_the_order_need_no_question(desk: Desk, finance: Actor) -> None:
    whole = store_paid_order(desk, "W-1", "100.00")
    import_lines(desk, line("P-1", "60.00"), line("P-2", "40.00"))
    with pytest.raises(errors.AmountDiffers):
        decide.match(desk, finance, [shown(desk, "P-1")], whole, "why", "k1")
    decide.match(desk, finance, [shown(desk, "P-1"), shown(desk, "P-2")], whole, "both parts", "k2")
    assert position(desk, whole).gross_units == 100_0000


def test_a_suggestion_with_another_amount_is_asked_too(desk: Desk, finance: Actor) -> None:
    near = store_paid_order(desk, "N-500", "99.00")
    import_lines(desk, line("n500", "98.00", transaction=""))
    assert outcomes(desk)["n500 Sale"][0] == "suggested"
    with pytest.raises(errors.AmountDiffers):
        decide.accept(desk, finance, [shown(desk, "n500")], "why", "k1")
    decide.accept(desk, finance, [shown(desk, "n500")], "one less", "k1", seen=orders_seen(desk))
    assert outcomes(desk)["n500 Sale"] == ("matched", near)


def test_a_share_that_is_not_the_orders_amount_is_asked_too(
    desk: Desk, finance: Actor, orders: Books
) -> None:
    shares = [(orders["A-200"], 4_0000), (orders["A-300"], 6_0000)]
    with pytest.raises(errors.AmountDiffers):
        decide.split(desk, finance, shown(desk, "WEB-1"), shares, "why", "k1")
    assert standing_rows(desk) == []


@pytest.fixture
def two_accounts(tmp_path: Path) -> Iterator[Desk]:
    account = {"name": "Maison", "environment": "stage", "login": "l", "password": "p", "passphrase": "s"}
    opened = open_test_desk(tmp_path, accounts={"one": account, "two": account})
    yield opened
    opened.close()


def test_another_accounts_order_is_refused(two_accounts: Desk) -> None:
    finance = person(two_accounts, "finance")
    theirs = store_paid_order(two_accounts, "B-1", account="two")
    import_lines(two_accounts, line("WEB-1"), account="one")
    with pytest.raises(errors.OrderElsewhere) as refused:
        decide.match(two_accounts, finance, [shown(two_accounts, "WEB-1")], theirs, "why", "k1")
    assert refused.value.order_id == "B-1"


def test_of_many_lines_those_that_cannot_be_decided_are_left_and_named(
    desk: Desk, finance: Actor, orders: Books
) -> None:
    here = [shown(desk, "WEB-1"), shown(desk, "", "Settlement"), Shown(line=10**6)]
    done = decide.exclude(desk, finance, here, "why", "k1")
    assert done.lines == (line_id(desk, "WEB-1"),)
    assert {type(refusal) for _, refusal in done.refused} == {errors.TotalLine, errors.LineUnknown}


# -- two people, two presses


def test_somebody_elses_decision_since_it_was_shown_is_named(
    desk: Desk, finance: Actor, colleague: Actor, orders: Books
) -> None:
    seen = shown(desk, "WEB-1")
    decide.match(desk, colleague, [seen], orders["A-200"], "mine", "k1")
    [theirs] = standing_rows(desk)
    with pytest.raises(errors.ConflictingDecision) as refused:
        decide.exclude(desk, finance, [seen], "why", "k2")
    assert (refused.value.who, refused.value.at) == ("Robin Petit", theirs.at)
    decide.exclude(desk, finance, [shown(desk, "WEB-1")], "why", "k2")  # having seen it
    assert outcomes(desk)["WEB-1 Sale"][0] == "excluded"


def test_a_line_that_has_moved_by_itself_since_it_was_shown_is_left(
    desk: Desk, finance: Actor, orders: Books
) -> None:
    [seen] = available.read_lines(desk, finance, [line_id(desk, "WEB-1")])
    [other] = available.read_lines(desk, finance, [line_id(desk, "A-100")])
    store_paid_order(desk, "WEB-1")  # and now it has its order
    catch_up(desk)
    assert outcomes(desk)["WEB-1 Sale"][0] == "matched"
    with pytest.raises(errors.LineMoved):
        decide.exclude(desk, finance, [seen.shown], "why", "k1")
    done = decide.exclude(desk, finance, [seen.shown, other.shown], "why", "k2")
    assert done.lines == (other.id,)
    assert [(line, type(refusal)) for line, refusal in done.refused] == [(seen.id, errors.LineMoved)]
    [now] = available.read_lines(desk, finance, [seen.id])
    assert seen.changed_since_shown(now)
    assert seen.changed_since_shown(None)
    assert not now.changed_since_shown(now)


def test_a_suggestion_that_is_another_by_now_is_not_accepted(
    desk: Desk, finance: Actor, orders: Books
) -> None:
    [seen] = available.read_lines(desk, finance, [line_id(desk, "a200")])
    with desk.store.write() as tx:
        wanted = settlement_lines.c.id == seen.id
        tx.execute(update(settlement_lines).where(wanted).values(nearest=orders["A-300"]))
    with pytest.raises(errors.LineMoved):
        decide.accept(desk, finance, [seen.shown], "why", "k1")
    assert standing_rows(desk) == []


def test_somebody_elses_undoing_since_it_was_shown_is_named(
    desk: Desk, finance: Actor, colleague: Actor, orders: Books
) -> None:
    decide.exclude(desk, finance, [shown(desk, "WEB-1")], "why", "k1")
    seen = shown(desk, "WEB-1")
    undo.undo_decisions(desk, colleague, [seen.decision or 0], "not so")
    with pytest.raises(errors.ConflictingDecision) as refused:
        decide.not_ours(desk, finance, [seen], "why", "k2")
    assert refused.value.who == "Robin Petit"


def test_a_second_press_is_the_first(desk: Desk, finance: Actor, orders: Books) -> None:
    seen = shown(desk, "WEB-1")
    first = decide.exclude(desk, finance, [seen], "why", "k1")
    assert decide.exclude(desk, finance, [seen], "why", "k1").lines == first.lines
    assert len(standing_rows(desk)) == len(audited(desk, finance)) == 1


def test_two_presses_at_once_are_one(desk: Desk, finance: Actor, orders: Books) -> None:
    seen, ready, failed = shown(desk, "WEB-1"), threading.Barrier(2), []

    def press() -> None:
        ready.wait(30)
        try:
            decide.exclude(desk, finance, [seen], "why", "k1")
        except Exception as error:  # noqa: BLE001 (told to the test)
            failed.append(error)

    both = [threading.Thread(target=press) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert failed == []
    assert len(standing_rows(desk)) == 1


def test_two_people_at_once_cannot_both_decide(
    desk: Desk, finance: Actor, colleague: Actor, orders: Books
) -> None:
    seen, ready, said = shown(desk, "WEB-1"), threading.Barrier(2), []

    def exclude(actor: Actor, key: str) -> None:
        ready.wait(30)
        try:
            decide.exclude(desk, actor, [seen], "why", key)
            said.append("done")
        except errors.ConflictingDecision:
            said.append("refused")

    both = [threading.Thread(target=exclude, args=who) for who in ((finance, "k1"), (colleague, "k2"))]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert sorted(said) == ["done", "refused"]
    assert len(standing_rows(desk)) == 1


# -- the way back


def test_a_decision_is_undone_with_who_when_and_why(
    desk: Desk, finance: Actor, colleague: Actor, orders: Books
) -> None:
    before = outcomes(desk)
    decide.unmatch(desk, finance, [shown(desk, "A-100")], "why", "k1")
    decided = standing_rows(desk)[0].id
    undo.undo_decisions(desk, colleague, [decided], "new information")
    assert outcomes(desk) == before
    with desk.store.read() as tx:
        row = tx.execute(select(line_decisions).where(line_decisions.c.id == decided)).one()
    assert (row.undone_by, row.undo_reason, row.due) == (colleague.id, "new information", False)
    assert row.undone_at is not None


def test_undoing_twice_is_harmless_for_who_did_and_told_to_others(
    desk: Desk, finance: Actor, colleague: Actor, orders: Books
) -> None:
    decide.exclude(desk, finance, [shown(desk, "WEB-1")], "why", "k1")
    decided = [standing_rows(desk)[0].id]
    undo.undo_decisions(desk, finance, decided, "by mistake")
    assert undo.undo_decisions(desk, finance, decided, "by mistake").lines == ()
    with pytest.raises(errors.AlreadyUndone) as refused:
        undo.undo_decisions(desk, colleague, decided, "by mistake")
    assert refused.value.who == "Camille Martin"
    assert len(audited(desk, finance)) == 2


def test_undoing_what_is_not_there_is_refused(desk: Desk, finance: Actor, orders: Books) -> None:
    for act in (
        lambda: undo.undo_decisions(desk, finance, [10**6], "why"),
        lambda: undo.undo_decisions(desk, finance, [], "why"),
        lambda: undo.undo_group(desk, finance, "nothing", "why"),
    ):
        with pytest.raises(errors.DecisionUnknown):
            act()
    with pytest.raises(errors.ReasonMissing):
        undo.undo_decisions(desk, finance, [1], " ")


def test_what_was_undone_can_be_decided_again(desk: Desk, finance: Actor, orders: Books) -> None:
    decide.exclude(desk, finance, [shown(desk, "WEB-1")], "why", "k1")
    undo.undo_decisions(desk, finance, [standing_rows(desk)[0].id], "by mistake")
    decide.exclude(desk, finance, [shown(desk, "WEB-1")], "all the same", "k2")
    assert outcomes(desk)["WEB-1 Sale"][0] == "excluded"


def test_a_thousand_lines_are_one_decision_and_one_undoing(tmp_path: Path) -> None:
    desk = open_test_desk(tmp_path)
    finance, order = person(desk, "finance"), store_paid_order(desk, "A-100")
    import_lines(desk, line("A-100"), *(line(f"WEB-{number}") for number in range(1_000)))
    before, sums = outcomes(desk), totals(desk)
    here = [Shown(line=row.id) for name, row in stored(desk).items() if name.startswith("WEB-")]
    told: list[float] = []
    done = decide.match(
        desk, finance, here, order, "one customer", "k1", progress=told.append, seen=orders_seen(desk)
    )
    assert len(done.lines) == 1_000
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert set(outcomes(desk).values()) == {("matched", order)}
    assert position(desk, order).lines == 1_001
    assert totals(desk) == sums
    one = standing_rows(desk)[0]
    undo.undo_decisions(desk, finance, [one.id], "this one not")
    undone = undo.undo_group(desk, finance, "k1", "none of them")
    assert len(undone.lines) == 999
    assert outcomes(desk) == before
    assert totals(desk) == sums
    assert [entry.detail["lines"] for entry in reversed(audited(desk, finance))] == [1_000, 1, 999]
    desk.close()


def test_a_decision_whose_process_died_is_joined_by_the_round(
    desk: Desk, finance: Actor, orders: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    for act in (
        lambda: decide.match(desk, finance, [shown(desk, "WEB-1")], orders["A-300"], "why", "k1"),
        lambda: undo.undo_group(desk, finance, "k1", "why"),
    ):
        before = outcomes(desk)["WEB-1 Sale"]
        with monkeypatch.context() as patch:
            patch.setattr(rejoin, "rejoin_lines", dies)
            with pytest.raises(KeyboardInterrupt):
                act()
        assert outcomes(desk)["WEB-1 Sale"] == before
        assert decided_lines.catch_up(desk) is False
        assert outcomes(desk)["WEB-1 Sale"] != before


# -- who may, and what is kept


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_who_may_not_reconcile_decides_nothing(desk: Desk, finance: Actor, orders: Books, role: str) -> None:
    other, here = person(desk, role), [shown(desk, "WEB-1")]
    decide.exclude(desk, finance, [shown(desk, "A-100")], "why", "k0")
    for act in (
        lambda: decide.match(desk, other, here, orders["A-300"], "why", "k1"),
        lambda: decide.accept(desk, other, [shown(desk, "a200")], "why", "k1"),
        lambda: decide.split(desk, other, here[0], [(1, 1), (2, 2)], "why", "k1"),
        lambda: decide.unmatch(desk, other, here, "why", "k1"),
        lambda: decide.exclude(desk, other, here, "why", "k1"),
        lambda: decide.not_ours(desk, other, here, "why", "k1"),
        lambda: undo.undo_decisions(desk, other, [standing_rows(desk)[0].id], "why"),
        lambda: undo.undo_group(desk, other, "k0", "why"),
        lambda: history.comment_line(desk, other, here[0].line, "a comment", "k1"),
        lambda: history.comment_order(desk, other, orders["A-100"], "a comment", "k1"),
        lambda: history.of_line(desk, other, here[0].line),
        lambda: history.of_order(desk, other, orders["A-100"]),
        lambda: available.read_lines(desk, other, [here[0].line]),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert len(standing_rows(desk)) == 1


def test_the_audit_holds_ids_and_no_word_of_a_person(desk: Desk, finance: Actor, orders: Books) -> None:
    decide.match(desk, finance, [shown(desk, "WEB-1")], orders["A-300"], "Mrs Marchand called", "k1")
    undo.undo_group(desk, finance, "k1", "Mrs Marchand called again")
    history.comment_line(desk, finance, line_id(desk, "WEB-1"), "Mrs Marchand, again", "k2")
    with desk.store.read() as tx:
        kept = [str(row) for row in tx.execute(select(services.store.schema.people.audit))]
    assert not any("Marchand" in text for text in kept)
    actions = [entry.action for entry in reversed(audited(desk, finance, ""))]
    assert [action for action in actions if action.startswith(("line.", "comment"))] == [
        "line.match",
        "line.undone",
        "comment_written",
    ]
    match = audited(desk, finance)[-1]
    assert (match.subject, match.detail["orders"]) == (f"line:{line_id(desk, 'WEB-1')}", [orders["A-300"]])


def test_what_a_line_is_and_what_can_be_done_with_it(desk: Desk, finance: Actor, orders: Books) -> None:
    ids = {name: row.id for name, row in stored(desk).items()}
    found = {one.id: one for one in available.read_lines(desk, finance, ids.values())}
    assert found[ids["a200 Sale"]].possible[0] == "accept"
    assert (found[ids["a200 Sale"]].suggested_id, found[ids["a200 Sale"]].suggested) == (
        "A-200",
        orders["A-200"],
    )
    assert "unmatch" in found[ids["A-100 Sale"]].possible
    assert found[ids["A-100 Sale"]].order_id == "A-100"
    assert found[ids[" Settlement"]].possible == ("twice",)
    decide.exclude(desk, finance, [shown(desk, "WEB-1"), shown(desk, "A-100")], "why", "k1")
    [line_now] = available.read_lines(desk, finance, [ids["WEB-1 Sale"]])
    assert line_now.decided is not None
    assert (line_now.decided.who, line_now.decided.group_size, line_now.decided.kind) == (
        "Camille Martin",
        2,
        "exclude",
    )
    assert line_now.possible == ("match", "split", "not_ours", "twice", "undo")
    assert line_now.shown == replace(shown(desk, "WEB-1"), outcome="excluded")


def test_a_lines_history_is_in_order_and_names_who(
    desk: Desk, finance: Actor, colleague: Actor, orders: Books
) -> None:
    here = line_id(desk, "WEB-1")
    history.comment_line(desk, colleague, here, "whose is this?\nNot ours, I think.", "c1")
    history.comment_line(desk, colleague, here, "whose is this?\nNot ours, I think.", "c1")  # a second press
    shares = [(orders["A-200"], 4_0000), (orders["A-300"], 6_0000)]
    decide.split(desk, finance, shown(desk, "WEB-1"), shares, "one payment", "k1", seen=orders_seen(desk))
    undo.undo_group(desk, colleague, "k1", "not so")
    told = history.of_line(desk, finance, here)
    assert [(entry.kind, entry.who) for entry in told] == [
        ("comment", "Robin Petit"),
        ("split", "Camille Martin"),
        ("undone", "Robin Petit"),
    ]
    assert told[1].shares == (("A-200", 4_0000), ("A-300", 6_0000))
    assert (told[1].before, told[1].is_valid, told[2].text) == ("unmatched", False, "not so")


def test_a_comment_needs_words_and_a_place(desk: Desk, finance: Actor, orders: Books) -> None:
    with pytest.raises(errors.CommentRefused):
        history.comment_line(desk, finance, line_id(desk, "WEB-1"), " \n ", "k1")
    with pytest.raises(errors.LineUnknown):
        history.comment_line(desk, finance, 10**6, "words", "k1")
    with pytest.raises(UnknownOrder):
        history.comment_order(desk, finance, 10**6, "words", "k1")
    history.comment_order(desk, finance, orders["A-100"], "words", "k1")
    assert [entry.text for entry in history.of_order(desk, finance, orders["A-100"])] == ["words"]


def test_a_replaced_lines_decision_can_still_be_taken_back(desk: Desk, finance: Actor, orders: Books) -> None:
    decide.exclude(desk, finance, [shown(desk, "WEB-1")], "why", "k1")
    with desk.store.write() as tx:
        tx.execute(
            update(settlement_lines)
            .where(settlement_lines.c.id == line_id(desk, "WEB-1"))
            .values(replaced_by=99)
        )
    [found] = available.read_lines(desk, finance, [line_id(desk, "WEB-1")])
    assert found.possible == ("undo",)
    undo.undo_group(desk, finance, "k1", "it is gone")
    assert standing_rows(desk) == []


def test_an_erased_customer_takes_along_what_was_written_of_them(
    desk: Desk, finance: Actor, orders: Books, tmp_path: Path
) -> None:
    here = line_id(desk, "WEB-1")
    decide.match(desk, finance, [shown(desk, "WEB-1")], orders["A-300"], "called Zerline", "k1")
    undo.undo_group(desk, finance, "k1", "was not Zerline")
    decide.split(
        desk,
        finance,
        shown(desk, "WEB-1"),
        [(orders["A-200"], 4_0000), (orders["A-300"], 6_0000)],
        "with Zerline",
        "k2",
        seen=orders_seen(desk),
    )
    history.comment_line(desk, finance, here, "Zerline again", "c1")
    history.comment_order(desk, finance, orders["A-300"], "wife of Zerline", "c2")
    decide.exclude(desk, finance, [shown(desk, "", "Monthly fee")], "of nobody", "k3")
    before = outcomes(desk)
    retention.erase(desk, person(desk, "admin"), "elodie@example.com")
    assert b"Zerline" not in all_that_is_stored(desk, tmp_path)
    assert outcomes(desk) == before
    told = history.of_line(desk, finance, here)
    assert [(entry.kind, entry.who, entry.text) for entry in told] == [
        ("match", "Camille Martin", ""),
        ("undone", "Camille Martin", ""),
        ("split", "Camille Martin", ""),
        ("comment", "Camille Martin", ""),
    ]
    assert standing_rows(desk)[-1].reason == "of nobody"
