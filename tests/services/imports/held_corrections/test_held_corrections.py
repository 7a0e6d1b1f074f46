"""A file of other origin corrects HiPay's lines: the correction is held until a person decides it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from services.access import Actor, NotAllowed
from services.alarms import AlarmToDecide, handling
from services.desk import Desk
from services.imports import background
from services.imports.corrections import held_correction_views, held_corrections, protected_lines
from services.imports.corrections.held_corrections import (
    CorrectionMoved,
    CorrectionNotDecided,
    CorrectionUnknown,
    ImportRuns,
)
from services.reconciliation.decisions import decide
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.decisions.errors import AlreadyUndone, ConflictingDecision, ReasonMissing
from services.reconciliation.views import details
from services.store import erasure
from services.store.settlements.files import settlement_files
from tests.support.corrections import CHANGED, HIPAYS, OTHERS, PAYOUT, amounts, import_raw, line
from tests.support.desk import person
from tests.support.held_corrections import alarms, audited, check, waiting
from tests.support.orders import store_paid_order
from tests.support.payouts import csv, lines_of
from tests.support.previews import preview_of
from tests.support.stored_join import assert_join_is_current, join_contents
from tests.support.stored_lines import every_line


def test_a_file_that_changes_a_line_of_hipays_is_held_with_an_alarm_until_a_person_takes_it(
    desk: Desk, finance: Actor
) -> None:
    for order, amount in (("A", "5.00"), ("A-5", "500.00")):
        store_paid_order(desk, order, amount)
    import_raw(desk, HIPAYS, "hipay")
    assert check(desk, finance) == ("tied", 0)
    assert preview_of(desk, finance, "demo", CHANGED).held == 1
    file = import_raw(desk, CHANGED)
    assert amounts(desk) == ["500.00"]
    assert check(desk, finance) == ("correction_waits", 1)
    assert_join_is_current(desk)

    [alarm] = alarms(desk, finance)
    detail = alarm.detail
    assert (detail["file"], detail["settlement"], detail["lines"]) == ("upload.csv", "77", "2")
    assert (detail["before_units"], detail["after_units"], detail["currency"]) == (500_0000, 5_0000, "EUR")
    with pytest.raises(AlarmToDecide):
        handling.close(desk, finance, alarm.id, "never mind")

    [one] = held_correction_views.of_file(desk, finance, file).shown
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
        ids = [line.id for line in every_line(tx) if line.file_order == "A"]
    assert audited(desk) == [("correction.taken", {"before": ids[:1], "after": ids[1:]})]


def test_a_correction_that_is_dismissed_or_undone_changes_no_line_and_no_sum(
    desk: Desk, finance: Actor
) -> None:
    store_paid_order(desk, "A", "500.00")
    import_raw(desk, HIPAYS, "hipay")
    before = join_contents(desk)
    file = import_raw(desk, CHANGED)
    [one] = waiting(desk, finance, file)
    with pytest.raises(CorrectionNotDecided):
        held_corrections.undo(desk, finance, file, [one], "no")
    held_corrections.decide(desk, finance, file, [one], "taken", "so it is")
    held_corrections.undo(desk, finance, file, [one], "it is not")
    held_corrections.undo(desk, finance, file, [one], "it is not")  # pressed twice
    with pytest.raises(AlreadyUndone):
        held_corrections.undo(desk, finance, file, [one], "another reason")
    assert (amounts(desk), check(desk, finance)) == (["500.00"], ("correction_waits", 1))
    assert len(alarms(desk, finance)) == 1  # told anew
    held_corrections.decide(desk, finance, file, [one], "dismissed", "changed by mistake")
    assert (alarms(desk, finance), check(desk, finance)) == ([], ("tied", 0))
    assert join_contents(desk)[1:] == before[1:]
    assert_join_is_current(desk)
    [found] = held_correction_views.of_file(desk, finance, file).shown
    assert [(act.kind, act.undo_reason) for act in found.acts] == [("taken", "it is not"), ("dismissed", "")]
    assert [action for action, _ in audited(desk)] == [
        "correction.taken",
        "correction.undone",
        "correction.dismissed",
    ]


def test_a_match_by_hand_moves_to_the_correction_when_it_is_taken_and_back_when_undone(
    desk: Desk, finance: Actor
) -> None:
    order = store_paid_order(desk, "Z", "500.00")
    import_raw(desk, HIPAYS, "hipay")
    [first] = lines_of(desk).query("file_order == 'A'")["id"]
    decide.match(desk, finance, [Shown(line=int(first))], order, "by telephone", "k1")
    file = import_raw(desk, CHANGED)
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


def test_a_file_corrects_another_at_once_when_hipay_has_not_delivered_the_payout(
    desk: Desk, finance: Actor
) -> None:
    import_raw(desk, HIPAYS)
    import_raw(desk, csv(line("A", settlement="78"), line("B", settlement="78")), "hipay")
    file = import_raw(desk, CHANGED)
    assert (amounts(desk), held_correction_views.of_file(desk, finance, file).count) == (
        ["500.00", "5.00"],
        0,
    )


def test_when_one_of_two_held_corrections_is_taken_the_other_stays_held(desk: Desk, finance: Actor) -> None:
    import_raw(desk, HIPAYS, "hipay")
    first, second = import_raw(desk, CHANGED), import_raw(desk, csv(line("A", "6.00"), *OTHERS, PAYOUT))
    held_corrections.decide(desk, finance, first, waiting(desk, finance, first), "taken", "yes")
    ids = waiting(desk, finance, second)
    with pytest.raises(CorrectionMoved):
        held_corrections.decide(desk, finance, second, ids, "taken", "no, this")
    held_corrections.decide(desk, finance, second, ids, "dismissed", "the other")
    assert (amounts(desk), check(desk, finance)) == (["5.00"], ("differs", 0))


def test_lines_with_the_same_key_are_held_and_taken_together(desk: Desk, finance: Actor) -> None:
    """Fees without a transaction: one of three changes, and a fourth comes."""

    def fee(amount: str) -> str:
        return f"1;77;;;{amount};EUR;;;;;Fixed fee;{amount};EUR;;2026-11-20"

    import_raw(desk, csv(line("A"), *OTHERS, fee("-1.00"), fee("-1.00"), fee("-2.00")), "hipay")
    file = import_raw(desk, csv(line("A"), *OTHERS, fee("-1.00"), fee("-1.00"), fee("-3.00"), fee("-4.00")))
    assert sorted(amounts(desk, "")) == ["-1.00", "-1.00", "-2.00"]
    held_corrections.decide(desk, finance, file, waiting(desk, finance, file), "taken", "yes")
    assert sorted(amounts(desk, "")) == ["-1.00", "-1.00", "-3.00", "-4.00"]
    assert_join_is_current(desk)


def test_an_import_that_dies_before_its_alarm_is_raised_is_done_again(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def die(*_: object) -> None:
        raise Died

    import_raw(desk, HIPAYS, "hipay")
    with monkeypatch.context() as patch:
        patch.setattr(protected_lines.alarms, "raise_condition", die)
        with pytest.raises(Died):
            import_raw(desk, CHANGED)
    assert (amounts(desk), check(desk, finance)) == (["500.00"], ("tied", 0))
    background.work_off(desk)
    assert (amounts(desk), check(desk, finance)) == (["500.00"], ("correction_waits", 1))
    assert_join_is_current(desk)


def test_a_held_correction_is_decided_by_finance_with_a_reason_once_its_import_is_complete(
    desk: Desk, finance: Actor
) -> None:
    import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, CHANGED)
    ids = waiting(desk, finance, file)
    for act in (
        lambda: held_correction_views.of_file(desk, person(desk, "manager"), file),
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


def test_when_two_people_decide_at_once_one_is_refused(desk: Desk, finance: Actor) -> None:
    import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, CHANGED)
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


def test_a_line_shows_the_correction_that_is_held_for_it(desk: Desk, finance: Actor) -> None:
    import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, CHANGED)
    with desk.store.read() as tx:
        ids = [line.id for line in every_line(tx) if line.file_order == "A"]
    for one in ids:
        detail = details.line(desk, finance, one)
        assert [(row.file, row.file_name) for row in detail.held] == [(file, "upload.csv")]
        assert detail.former == () or one == ids[1]


def test_the_reason_of_a_decision_is_erased_with_the_customer(desk: Desk, finance: Actor) -> None:
    order, other = store_paid_order(desk, "A", "500.00"), store_paid_order(desk, "B", "500.00")
    import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, CHANGED)
    ids = waiting(desk, finance, file)
    held_corrections.decide(desk, finance, file, ids, "taken", "Madame Marchand a payé")
    with desk.store.write() as tx:
        erasure.erase_reasons(tx, other)
    [one] = held_correction_views.of_file(desk, finance, file).shown
    assert one.act is not None
    assert one.act.reason == "Madame Marchand a payé"  # it is not about the other customer
    with desk.store.write() as tx:
        erasure.erase_reasons(tx, order)
    [one] = held_correction_views.of_file(desk, finance, file).shown
    assert one.act is not None
    assert (one.act.kind, one.act.reason) == ("taken", "")


def test_an_excerpt_of_a_payout_is_held_too_although_its_lines_add_up_to_the_total(
    desk: Desk, finance: Actor
) -> None:
    """Too few lines for a payout that is issued again, and a fee that takes the difference away."""
    import_raw(desk, HIPAYS, "hipay")
    raw = csv(line("A", "5.00"), "1;77;;;-5.00;EUR;;;;;Fixed fee;-5.00;EUR;;2026-11-20")
    assert preview_of(desk, finance, "demo", raw).held == 1
    file = import_raw(desk, raw)
    assert (amounts(desk), len(waiting(desk, finance, file))) == (["500.00"], 1)
    assert check(desk, finance) == ("differs", 1)
    assert_join_is_current(desk)


def test_the_alarm_stays_open_while_one_of_two_corrections_of_a_file_is_held(
    desk: Desk, finance: Actor
) -> None:
    import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, csv(line("A", "5.00"), line("B", "2.00"), OTHERS[1], PAYOUT))
    first, _ = waiting(desk, finance, file)
    for _ in range(2):
        held_corrections.decide(desk, finance, file, [first], "taken", "yes")
        assert len(alarms(desk, finance)) == 1
        held_corrections.undo(desk, finance, file, [first], "no")
        assert len(alarms(desk, finance)) == 1
    held_corrections.decide(desk, finance, file, [first], "dismissed", "no")
    assert len(alarms(desk, finance)) == 1


def test_a_fee_in_a_file_whose_sale_is_held_still_matches_the_transaction_to_its_order(
    desk: Desk, finance: Actor
) -> None:
    """HiPay's sale finds its order by a fee of the same transaction, which the file brings after the sale that it changes."""
    store_paid_order(desk, "A", "500.00")
    sale = line("A").replace(";A;500", ";;500")
    import_raw(desk, csv(sale, *OTHERS, PAYOUT), "hipay")
    changed, fee = sale.replace("500.00", "5.00"), line("A", "-1.00").replace("Sale", "Percentage fee")
    import_raw(desk, csv(changed, *OTHERS, PAYOUT, fee))
    assert lines_of(desk).query("transaction_id == 'T-A'")["order_id"].tolist() == ["A", "A"]
    assert_join_is_current(desk)
