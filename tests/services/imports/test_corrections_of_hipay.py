"""What HiPay's API has delivered is changed by HiPay, or by a person who says why; a file of other origin stands beside."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from services import clock
from services.access import Actor, NotAllowed
from services.alarms import AlarmToDecide, handling
from services.alarms.sweep import sweep
from services.desk import Desk
from services.imports import (
    background,
    file_accounts,
    held_corrections,
    protected_lines,
)
from services.imports.errors import FileKnown
from services.imports.held_corrections import (
    CorrectionMoved,
    CorrectionNotDecided,
    CorrectionUnknown,
    ImportRuns,
)
from services.reconciliation.decisions import decide
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.decisions.errors import AlreadyUndone, ConflictingDecision, ReasonMissing
from services.reconciliation.matching import rejoin
from services.reconciliation.views import lists, payout_list
from services.store.schema.orders import audit
from services.store.schema.settlements import settlement_lines
from services.store.settlements import decisions, hipay_list, settlement_files
from tests.support.corrections import CHANGED, HIPAYS, OTHERS, PAYOUT, amounts, come, line
from tests.support.desk import person
from tests.support.orders import store_paid_order
from tests.support.payouts import csv, lines_of
from tests.support.previews import preview_of
from tests.support.stored_join import assert_join_is_current, join_contents


@pytest.fixture
def desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(rejoin, "GAP_SECONDS", 0)
    file_accounts.assign(desk, person(desk, "finance"), "1", "demo")
    return desk


def check(desk: Desk, actor: Actor) -> tuple[str, int]:
    [found] = [one for one in payout_list.list_payouts(desk, actor) if one.settlement_id == "77"]
    return found.state, found.corrections_held


def alarms(desk: Desk, actor: Actor) -> list[handling.Alarm]:
    sweep(desk)
    found = handling.to_do(desk, actor)
    return [
        one for group in (found.mine, found.free) for one in group.alarms if one.kind == "payout_correction"
    ]


def waiting(desk: Desk, actor: Actor, file: int) -> list[int]:
    return [one.id for one in held_corrections.of_file(desk, actor, file).shown if one.act is None]


def delivered(desk: Desk, file: int) -> None:
    """HiPay's API has delivered the payout once more: the bytes of this file."""
    with desk.store.write() as tx:
        key = {"account": "demo", "settlement_id": "77"}
        hipay_list.list_settlement(
            tx, key, recent=True, at=clock.now(), amount=550_0000, currency="EUR", date_value="", figures={}
        )
        hipay_list.change_settlement(tx, *key.values(), file=file, fetched_at=clock.now())


def audited(desk: Desk) -> list[tuple[str, Any]]:
    with desk.store.read() as tx:
        query = select(audit.c.action, audit.c.detail).where(audit.c.action.like("correction.%"))
        return [(row.action, row.detail) for row in tx.execute(query.order_by(audit.c.id))]


def test_a_changed_line_of_hipays_stands_beside_with_an_alarm_until_a_person_takes_it(
    desk: Desk, finance: Actor
) -> None:
    for order, amount in (("A", "5.00"), ("A-5", "500.00")):
        store_paid_order(desk, order, amount)
    come(desk, HIPAYS, "hipay")
    assert check(desk, finance) == ("tied", 0)
    assert preview_of(desk, finance, "demo", CHANGED).held == 1
    file = come(desk, CHANGED)
    assert amounts(desk) == ["500.00"]
    assert check(desk, finance) == ("not_proved", 1)
    assert_join_is_current(desk)

    [alarm] = alarms(desk, finance)
    detail = alarm.detail
    assert (detail["file"], detail["settlement"], detail["lines"]) == ("upload.csv", "77", "2")
    assert (detail["before_units"], detail["after_units"], detail["currency"]) == (500_0000, 5_0000, "EUR")
    with pytest.raises(AlarmToDecide):
        handling.close(desk, finance, alarm.id, "never mind")

    [one] = held_corrections.of_file(desk, finance, file).shown
    assert [(pair.line, pair.differs) for pair in one.pairs] == [(2, ("original_amount", "settled_amount"))]
    held_corrections.decide(desk, finance, file, [one.id], "taken", "HiPay's own correction, by mail")
    held_corrections.decide(
        desk, finance, file, [one.id], "taken", "HiPay's own correction, by mail"
    )  # pressed twice
    assert amounts(desk) == ["5.00"]
    assert check(desk, finance) == ("differs", 0)
    assert alarms(desk, finance) == []
    assert_join_is_current(desk)
    with desk.store.read() as tx:
        ids = list(tx.scalars(select(settlement_lines.c.id).where(settlement_lines.c.file_order == "A")))
    assert audited(desk) == [("correction.taken", {"before": ids[:1], "after": ids[1:]})]


def test_what_is_dismissed_or_undone_leaves_everything_as_it_was(desk: Desk, finance: Actor) -> None:
    store_paid_order(desk, "A", "500.00")
    come(desk, HIPAYS, "hipay")
    before = join_contents(desk)
    file = come(desk, CHANGED)
    [one] = waiting(desk, finance, file)
    with pytest.raises(CorrectionNotDecided):
        held_corrections.undo(desk, finance, file, [one], "no")
    held_corrections.decide(desk, finance, file, [one], "taken", "so it is")
    held_corrections.undo(desk, finance, file, [one], "it is not")
    held_corrections.undo(desk, finance, file, [one], "it is not")  # pressed twice
    with pytest.raises(AlreadyUndone):
        held_corrections.undo(desk, finance, file, [one], "another reason")
    assert (amounts(desk), check(desk, finance)) == (["500.00"], ("not_proved", 1))
    assert len(alarms(desk, finance)) == 1  # told anew
    held_corrections.decide(desk, finance, file, [one], "dismissed", "changed by mistake")
    assert (alarms(desk, finance), check(desk, finance)) == ([], ("tied", 0))
    assert join_contents(desk)[1:] == before[1:]
    assert_join_is_current(desk)
    [found] = held_corrections.of_file(desk, finance, file).shown
    assert [(act.kind, act.undo_reason) for act in found.acts] == [("taken", "it is not"), ("dismissed", "")]
    assert [action for action, _ in audited(desk)] == [
        "correction.taken",
        "correction.undone",
        "correction.dismissed",
    ]


def test_decisions_go_with_the_line_that_stands(desk: Desk, finance: Actor) -> None:
    order = store_paid_order(desk, "Z", "500.00")
    come(desk, HIPAYS, "hipay")
    [first] = lines_of(desk).query("file_order == 'A'")["id"]
    decide.match(desk, finance, [Shown(int(first))], order, "by telephone", "k1")
    file = come(desk, CHANGED)
    assert lines_of(desk).query("file_order == 'A'")["order_id"].tolist() == ["Z"]
    ids = waiting(desk, finance, file)
    held_corrections.decide(desk, finance, file, ids, "taken", "yes")
    assert lines_of(desk).query("file_order == 'A'")[
        ["order_id", "settled_amount_units"]
    ].values.tolist() == [["Z", 5_0000]]
    background.work_off(desk)
    assert_join_is_current(desk)
    held_corrections.undo(desk, finance, file, ids, "no")
    assert lines_of(desk).query("file_order == 'A'")[
        ["order_id", "settled_amount_units"]
    ].values.tolist() == [["Z", 500_0000]]
    assert_join_is_current(desk)


def test_hipays_next_delivery_decides_by_itself(desk: Desk, finance: Actor) -> None:
    """500.00; by hand 5.00; then HiPay: 5.00 too, or 500.00 once more, or something else."""
    come(desk, HIPAYS, "hipay")
    file = come(desk, CHANGED)
    again = csv(line("A"), *OTHERS, PAYOUT, line("D", "1.00"))
    come(desk, again, "hipay")
    [one] = held_corrections.of_file(desk, finance, file).shown
    assert one.act is not None
    assert (one.act.kind, one.act.by_hipay, amounts(desk), alarms(desk, finance)) == (
        "dismissed",
        True,
        ["500.00"],
        [],
    )
    come(
        desk, csv(line("A", "5.00"), *OTHERS, PAYOUT, line("D", "1.00")), "hipay"
    )  # and HiPay corrects itself
    [one] = held_corrections.of_file(desk, finance, file).shown
    assert one.act is not None
    assert ([act.kind for act in one.acts], one.act.kind, amounts(desk)) == (
        ["dismissed", "taken"],
        "taken",
        ["5.00"],
    )
    assert_join_is_current(desk)
    come(desk, csv(line("A", "6.00"), *OTHERS, PAYOUT, line("D", "1.00")), "hipay")
    assert amounts(desk) == ["6.00"]
    assert_join_is_current(desk)
    with pytest.raises(CorrectionMoved):
        held_corrections.undo(desk, finance, file, [one.id], "too late")


def test_another_amount_of_hipays_dismisses_what_waits(desk: Desk, finance: Actor) -> None:
    come(desk, HIPAYS, "hipay")
    file = come(desk, CHANGED)
    come(desk, csv(line("A", "300.00"), *OTHERS, PAYOUT), "hipay")
    assert (amounts(desk), waiting(desk, finance, file)) == (["300.00"], [])
    [one] = held_corrections.of_file(desk, finance, file).shown
    held_corrections.undo(desk, finance, file, [one.id], "look again")
    with pytest.raises(CorrectionMoved):
        held_corrections.decide(
            desk, finance, file, [one.id], "taken", "what it would replace stands no more"
        )
    assert_join_is_current(desk)


@pytest.mark.parametrize("same", [True, False])
def test_the_same_bytes_once_more_from_hipay_decide_too(desk: Desk, finance: Actor, same: bool) -> None:
    """They are known and not imported again: a round looks whose they are."""
    hipays = come(desk, HIPAYS, "hipay")
    file = come(desk, CHANGED)
    held_corrections.decide_redelivered(desk)
    assert waiting(desk, finance, file)
    delivered(desk, file if same else hipays)
    held_corrections.decide_redelivered(desk)
    held_corrections.decide_redelivered(desk)
    [one] = held_corrections.of_file(desk, finance, file).shown
    assert one.act is not None
    assert (one.act.kind, one.act.by_hipay) == ("taken" if same else "dismissed", True)
    assert amounts(desk) == (["5.00"] if same else ["500.00"])
    assert_join_is_current(desk)


SPEECHES = {
    "hipay": ("hipay", HIPAYS),
    "by hand": ("upload", CHANGED),
    "folder": ("folder", csv(line("A", "7.00"), *OTHERS, PAYOUT)),
}


@pytest.mark.parametrize(
    "order",
    [("hipay", "by hand", "folder"), ("folder", "hipay", "by hand"), ("by hand", "folder", "hipay")],
    ids=", ".join,
)
def test_in_whatever_order_files_come_hipays_line_counts(
    desk: Desk, finance: Actor, order: tuple[str, ...]
) -> None:
    for name in order:
        source, raw = SPEECHES[name]
        come(desk, raw, source)
        assert_join_is_current(desk)
    with pytest.raises(FileKnown):
        come(desk, CHANGED)
    come(desk, csv(*OTHERS, line("A", "5.00"), PAYOUT))  # the same lines in another file
    assert amounts(desk) == ["500.00"]
    later = set(order[order.index("hipay") :]) - {"hipay"}
    assert check(desk, finance) == (("not_proved" if later else "tied"), len(later))
    assert_join_is_current(desk)


def test_what_hipay_names_equal_is_hipays_too_whoever_brought_it_first(desk: Desk, finance: Actor) -> None:
    come(desk, HIPAYS)
    come(desk, csv(*OTHERS, line("A"), PAYOUT), "hipay")
    file = come(desk, CHANGED)
    assert (amounts(desk), len(waiting(desk, finance, file))) == (["500.00"], 1)


def test_without_hipays_delivery_files_correct_as_before(desk: Desk, finance: Actor) -> None:
    come(desk, HIPAYS)
    come(desk, csv(line("A", settlement="78"), line("B", settlement="78")), "hipay")
    file = come(desk, CHANGED)
    assert (amounts(desk), held_corrections.of_file(desk, finance, file).count) == (["500.00", "5.00"], 0)


def test_of_two_that_differ_one_is_taken_and_the_other_waits(desk: Desk, finance: Actor) -> None:
    come(desk, HIPAYS, "hipay")
    first, second = come(desk, CHANGED), come(desk, csv(line("A", "6.00"), *OTHERS, PAYOUT))
    held_corrections.decide(desk, finance, first, waiting(desk, finance, first), "taken", "yes")
    ids = waiting(desk, finance, second)
    with pytest.raises(CorrectionMoved):
        held_corrections.decide(desk, finance, second, ids, "taken", "no, this")
    held_corrections.decide(desk, finance, second, ids, "dismissed", "the other")
    assert (amounts(desk), check(desk, finance)) == (["5.00"], ("differs", 0))


def test_lines_of_one_key_are_held_and_taken_together(desk: Desk, finance: Actor) -> None:
    """Fees without a transaction: one of three changes, and a fourth comes."""

    def fee(amount: str) -> str:
        return f"1;77;;;{amount};EUR;;;;;Fixed fee;{amount};EUR;;2026-11-20"

    come(desk, csv(line("A"), *OTHERS, fee("-1.00"), fee("-1.00"), fee("-2.00")), "hipay")
    file = come(desk, csv(line("A"), *OTHERS, fee("-1.00"), fee("-1.00"), fee("-3.00"), fee("-4.00")))
    assert sorted(amounts(desk, "")) == ["-1.00", "-1.00", "-2.00"]
    held_corrections.decide(desk, finance, file, waiting(desk, finance, file), "taken", "yes")
    assert sorted(amounts(desk, "")) == ["-1.00", "-1.00", "-3.00", "-4.00"]
    assert_join_is_current(desk)


def test_an_import_that_dies_as_it_shows_its_lines_is_done_again(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def die(*_: object) -> None:
        raise Died

    come(desk, HIPAYS, "hipay")
    with monkeypatch.context() as patch:
        patch.setattr(protected_lines.alarms, "raise_condition", die)
        with pytest.raises(Died):
            come(desk, CHANGED)
    assert (amounts(desk), check(desk, finance)) == (["500.00"], ("tied", 0))
    background.work_off(desk)
    assert (amounts(desk), check(desk, finance)) == (["500.00"], ("not_proved", 1))
    assert_join_is_current(desk)


def test_who_may_decide_and_what_is_refused(desk: Desk, finance: Actor) -> None:
    come(desk, HIPAYS, "hipay")
    file = come(desk, CHANGED)
    ids = waiting(desk, finance, file)
    for act in (
        lambda: held_corrections.of_file(desk, person(desk, "manager"), file),
        lambda: held_corrections.decide(desk, person(desk, "manager"), file, ids, "taken", "yes"),
        lambda: held_corrections.undo(desk, person(desk, "manager"), file, ids, "yes"),
    ):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(ReasonMissing):
        held_corrections.decide(desk, finance, file, ids, "taken", " ")
    for wrong in ([], [99]):
        with pytest.raises(CorrectionUnknown):
            held_corrections.decide(desk, finance, file, wrong, "taken", "yes")
    with desk.store.write() as tx:
        settlement_files.change(tx, file, states=("complete",), state="running")
    with pytest.raises(ImportRuns):
        held_corrections.decide(desk, finance, file, ids, "taken", "yes")


def test_of_two_people_at_once_one_decides(desk: Desk, finance: Actor) -> None:
    come(desk, HIPAYS, "hipay")
    file = come(desk, CHANGED)
    ids, people = waiting(desk, finance, file), [finance, person(desk, "finance", name="Robin Petit")]

    def press(kind: held_corrections.CorrectionKind, actor: Actor) -> str:
        try:
            held_corrections.decide(desk, actor, file, ids, kind, "mine")
        except ConflictingDecision:
            return "refused"
        return kind

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(press, ("taken", "dismissed"), people))
    [kept] = set(told) - {"refused"}
    assert "refused" in told
    assert amounts(desk) == (["5.00"] if kept == "taken" else ["500.00"])
    assert_join_is_current(desk)


def test_the_line_shows_what_stands_beside_it(desk: Desk, finance: Actor) -> None:
    come(desk, HIPAYS, "hipay")
    file = come(desk, CHANGED)
    with desk.store.read() as tx:
        ids = list(tx.scalars(select(settlement_lines.c.id).where(settlement_lines.c.file_order == "A")))
    for one in ids:
        detail = lists.line(desk, finance, one)
        assert [(row.file, row.file_name) for row in detail.held] == [(file, "upload.csv")]
        assert detail.former == () or one == ids[1]


def test_reasons_go_with_the_customer(desk: Desk, finance: Actor) -> None:
    order = store_paid_order(desk, "A", "500.00")
    come(desk, HIPAYS, "hipay")
    file = come(desk, CHANGED)
    ids = waiting(desk, finance, file)
    held_corrections.decide(desk, finance, file, ids, "taken", "Madame Marchand a payé")
    with desk.store.write() as tx:
        decisions.erase_words(tx, order)
    [one] = held_corrections.of_file(desk, finance, file).shown
    assert one.act is not None
    assert (one.act.kind, one.act.reason) == ("taken", "")


def test_an_excerpt_changes_nothing_either_though_its_sum_comes_out(desk: Desk, finance: Actor) -> None:
    """Too few lines for a payout that is issued again, and a fee that takes the difference away."""
    come(desk, HIPAYS, "hipay")
    raw = csv(line("A", "5.00"), "1;77;;;-5.00;EUR;;;;;Fixed fee;-5.00;EUR;;2026-11-20")
    assert preview_of(desk, finance, "demo", raw).held == 1
    file = come(desk, raw)
    assert (amounts(desk), len(waiting(desk, finance, file))) == (["500.00"], 1)
    assert check(desk, finance) == ("not_proved", 1)
    assert_join_is_current(desk)


def test_hipay_delivers_what_a_person_dismissed_byte_for_byte(desk: Desk, finance: Actor) -> None:
    come(desk, HIPAYS, "hipay")
    file = come(desk, CHANGED)
    held_corrections.decide(desk, finance, file, waiting(desk, finance, file), "dismissed", "a slip")
    delivered(desk, file)
    held_corrections.decide_redelivered(desk)
    assert (amounts(desk), check(desk, finance)) == (["5.00"], ("differs", 0))
    held_corrections.decide_redelivered(desk)
    [one] = held_corrections.of_file(desk, finance, file).shown
    assert [act.kind for act in one.acts] == ["dismissed", "taken"]
    held_corrections.undo(desk, finance, file, [one.id], "HiPay says that this was wrong")
    held_corrections.decide_redelivered(desk)  # nothing has come since
    assert (amounts(desk), waiting(desk, finance, file)) == (["500.00"], [one.id])
    assert_join_is_current(desk)


def test_hipay_issues_its_former_line_again_after_a_person_took_another(desk: Desk, finance: Actor) -> None:
    """The correction waits once more, told by an alarm; what was decided of the line goes with it."""
    order = store_paid_order(desk, "Z", "500.00")
    come(desk, HIPAYS, "hipay")
    [stands] = lines_of(desk).query("file_order == 'A'")["id"]
    decide.match(desk, finance, [Shown(int(stands))], order, "by telephone", "k1")
    file = come(desk, CHANGED)
    held_corrections.decide(desk, finance, file, waiting(desk, finance, file), "taken", "by mail")
    come(desk, csv(line("A"), *OTHERS, line("D", "1.00"), PAYOUT), "hipay")
    assert (amounts(desk), check(desk, finance)) == (["500.00"], ("not_proved", 1))
    assert lines_of(desk).query("file_order == 'A'")["order_id"].tolist() == ["Z"]
    assert len(alarms(desk, finance)) == 1
    [one] = held_corrections.of_file(desk, finance, file).shown
    assert [(act.kind, act.undone_at is None) for act in one.acts] == [("taken", False)]
    assert_join_is_current(desk)
    held_corrections.decide(desk, finance, file, [one.id], "taken", "HiPay says so once more")
    assert amounts(desk) == ["5.00"]
    come(desk, csv(line("A", "5.00"), *OTHERS, line("D", "1.00"), PAYOUT), "hipay")
    assert (amounts(desk), waiting(desk, finance, file)) == (["5.00"], [])
    assert_join_is_current(desk)


def test_what_waits_is_told_whatever_is_decided_of_its_like(desk: Desk, finance: Actor) -> None:
    come(desk, HIPAYS, "hipay")
    file = come(desk, csv(line("A", "5.00"), line("B", "2.00"), OTHERS[1], PAYOUT))
    first, _ = waiting(desk, finance, file)
    for _ in range(2):
        held_corrections.decide(desk, finance, file, [first], "taken", "yes")
        assert len(alarms(desk, finance)) == 1
        held_corrections.undo(desk, finance, file, [first], "no")
        assert len(alarms(desk, finance)) == 1
    held_corrections.decide(desk, finance, file, [first], "dismissed", "no")
    assert len(alarms(desk, finance)) == 1


def test_what_hipay_names_counts_alone_though_a_person_took_another(desk: Desk, finance: Actor) -> None:
    """5.00 was taken, and 6.00 waits: HiPay delivers that, in a file of its own or as the very bytes."""
    come(desk, HIPAYS, "hipay")
    first, second = come(desk, CHANGED), come(desk, csv(line("A", "6.00"), *OTHERS, PAYOUT))
    held_corrections.decide(desk, finance, first, waiting(desk, finance, first), "taken", "yes")
    delivered(desk, second)
    held_corrections.decide_redelivered(
        desk
    )  # what it would replace does not stand: it waits, and the round goes on
    assert (amounts(desk), check(desk, finance)) == (["5.00"], ("not_proved", 1))
    come(desk, csv(line("A", "6.00"), *OTHERS, line("D", "1.00"), PAYOUT), "hipay")
    assert (amounts(desk), waiting(desk, finance, second)) == (["6.00"], [])
    assert_join_is_current(desk)


def test_hipay_delivers_its_former_bytes_after_a_person_took_another(desk: Desk, finance: Actor) -> None:
    hipays = come(desk, HIPAYS, "hipay")
    file = come(desk, CHANGED)
    ids = waiting(desk, finance, file)
    held_corrections.decide(desk, finance, file, ids, "taken", "by mail")
    held_corrections.decide_redelivered(desk)
    assert amounts(desk) == ["5.00"]
    delivered(desk, hipays)
    held_corrections.decide_redelivered(desk)
    held_corrections.decide_redelivered(desk)
    assert (amounts(desk), waiting(desk, finance, file)) == (["500.00"], ids)
    assert len(alarms(desk, finance)) == 1
    assert_join_is_current(desk)


def test_a_line_beside_does_not_hide_what_else_the_file_says_of_its_transaction(
    desk: Desk, finance: Actor
) -> None:
    """HiPay's sale finds its order by a fee of the same transaction, which the file brings after the sale that it changes."""
    store_paid_order(desk, "A", "500.00")
    sale = line("A").replace(";A;500", ";;500")
    come(desk, csv(sale, *OTHERS, PAYOUT), "hipay")
    changed, fee = sale.replace("500.00", "5.00"), line("A", "-1.00").replace("Sale", "Percentage fee")
    come(desk, csv(changed, *OTHERS, PAYOUT, fee))
    assert lines_of(desk).query("transaction_id == 'T-A'")["order_id"].tolist() == ["A", "A"]
    assert_join_is_current(desk)
