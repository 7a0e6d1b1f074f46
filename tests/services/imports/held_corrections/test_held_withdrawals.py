"""A file of other origin no longer has a line that HiPay delivered: the line counts until a person decides."""

import pytest

from services.access import Actor
from services.desk import Desk
from services.imports.corrections import held_correction_views, held_corrections
from services.imports.corrections.held_corrections import CorrectionMoved
from services.imports.issued_again import issue_decisions
from services.imports.issued_again.issue_answers import NOTHING_SAID
from services.reconciliation.views import details
from tests.support.corrections import HIPAYS, OTHERS, PAYOUT, amounts, import_raw, line
from tests.support.held_corrections import alarms, check, deliver_again, waiting
from tests.support.orders import store_paid_order
from tests.support.payouts import csv, lines_of
from tests.support.previews import preview_of
from tests.support.stored_join import assert_join_is_current, join_contents

LESS = PAYOUT.replace("550.00", "520.00")
DROPPED = csv(line("A"), OTHERS[0], LESS)  # without C, 30.00


def both(desk: Desk, finance: Actor, file: int) -> tuple[int, int]:
    """The withdrawal, and the correction of the payout's own line."""
    found = held_correction_views.of_file(desk, finance, file).shown
    [gone], [total] = ([one.id for one in found if bool(one.withdrawn) == which] for which in (True, False))
    return gone, total


def test_a_line_that_a_file_by_hand_drops_counts_until_a_person_takes_it(desk: Desk, finance: Actor) -> None:
    for order, amount in (("A", "500.00"), ("B", "20.00"), ("C", "30.00")):
        store_paid_order(desk, order, amount)
    import_raw(desk, HIPAYS, "hipay")
    before = join_contents(desk)
    assert preview_of(desk, finance, "demo", DROPPED).held == 2
    file = import_raw(desk, DROPPED)
    assert (amounts(desk, "C"), check(desk, finance)) == (["30.00"], ("correction_waits", 2))
    assert issue_decisions.withdrawn_of_file(desk, finance, file) == ()
    assert_join_is_current(desk)

    [alarm] = alarms(desk, finance)
    named = [alarm.detail[name] for name in ("lines", "withdrawn", "before_units", "after_units")]
    assert named == ["4", 1, 30_0000, 0]  # the payout's own line is no sum's part
    [one] = [one for one in held_correction_views.of_file(desk, finance, file).shown if one.withdrawn]
    [cells] = one.withdrawn
    assert (one.line, one.pairs, cells["order"], cells["settled_amount"]) == (0, (), "C", 30_0000)
    shown = details.line(desk, finance, held(desk, "C"))
    assert [(row.file, row.after) for row in shown.held] == [(file, [])]

    held_corrections.decide(desk, finance, file, both(desk, finance, file), "taken", "HiPay said so by mail")
    assert (amounts(desk, "C"), amounts(desk, ""), check(desk, finance)) == ([], ["520.00"], ("tied", 0))
    assert alarms(desk, finance) == []
    assert_join_is_current(desk)
    [gone] = issue_decisions.withdrawn_of_file(desk, finance, file)
    assert (gone.cells["order"], gone.back) == ("C", False)

    held_corrections.undo(desk, finance, file, both(desk, finance, file), "it was no mail of theirs")
    assert (amounts(desk, "C"), check(desk, finance)) == (["30.00"], ("correction_waits", 2))
    assert len(alarms(desk, finance)) == 1
    held_corrections.decide(desk, finance, file, both(desk, finance, file), "dismissed", "a slip")
    assert (check(desk, finance), alarms(desk, finance)) == (("tied", 0), [])
    assert join_contents(desk)[1:] == before[1:]
    assert_join_is_current(desk)


def held(desk: Desk, order: str) -> int:
    [found] = lines_of(desk).query("file_order == @order")["id"]
    return int(found)


def test_one_of_the_two_is_taken_and_the_payout_says_what_is_left(desk: Desk, finance: Actor) -> None:
    import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, DROPPED)
    gone, total = both(desk, finance, file)
    held_corrections.decide(desk, finance, file, [gone], "taken", "yes")
    assert check(desk, finance) == ("differs", 1)  # the payout's line is still the former one
    held_corrections.decide(desk, finance, file, [total], "taken", "yes")
    assert check(desk, finance) == ("tied", 0)
    assert_join_is_current(desk)


def test_a_part_by_hand_holds_no_withdrawal(desk: Desk, finance: Actor) -> None:
    import_raw(desk, HIPAYS, "hipay")
    for raw in (csv(line("A"), PAYOUT), csv(line("A"), OTHERS[0]), csv(line("A"))):
        file = import_raw(desk, raw)
        assert (waiting(desk, finance, file), check(desk, finance)) == ([], ("tied", 0))


@pytest.mark.parametrize("taken", [True, False])
def test_hipays_next_delivery_decides_by_having_the_line_or_not(
    desk: Desk, finance: Actor, taken: bool
) -> None:
    """Whatever a person decided before."""
    import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, DROPPED)
    kind: held_corrections.CorrectionKind = "dismissed" if taken else "taken"
    held_corrections.decide(desk, finance, file, both(desk, finance, file), kind, "so I think")
    fee = "1;77;T-A;A;-1.00;EUR;;;;;Fixed fee;-1.00;EUR;;2026-11-20"
    less = LESS.replace("520.00", "519.00") if taken else PAYOUT.replace("550.00", "549.00")
    lines = (line("A"), OTHERS[0], fee, less) if taken else (line("A"), *OTHERS, fee, less)
    import_raw(desk, csv(*lines), "hipay")
    assert amounts(desk, "C") == ([] if taken else ["30.00"])
    acts = [one.act for one in held_correction_views.of_file(desk, finance, file).shown if one.withdrawn]
    if taken:
        assert [(act.kind, act.by_hipay) for act in acts if act] == [("taken", True)]
        assert check(desk, finance)[0] == "tied"
    else:
        assert acts == [None]  # HiPay has the line after all: it waits again
        assert len(alarms(desk, finance)) == 1
    assert_join_is_current(desk)


@pytest.mark.parametrize("same", [True, False])
def test_hipay_delivers_known_bytes_with_the_line_or_without(desk: Desk, finance: Actor, same: bool) -> None:
    hipays = import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, DROPPED)
    deliver_again(desk, file if same else hipays)
    for _ in range(2):
        held_corrections.decide_redelivered(desk)
    assert amounts(desk, "C") == ([] if same else ["30.00"])
    assert check(desk, finance)[1] == 0
    assert_join_is_current(desk)


def test_a_line_that_was_withdrawn_by_a_person_and_taken_back_is_not_undone_twice(
    desk: Desk, finance: Actor
) -> None:
    import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, DROPPED)
    gone, _ = both(desk, finance, file)
    held_corrections.decide(desk, finance, file, [gone], "taken", "yes")
    [line_gone] = issue_decisions.withdrawn_of_file(desk, finance, file)
    issue_decisions.take_back(desk, finance, file, [line_gone.id], "no")
    assert amounts(desk, "C") == ["30.00"]
    with pytest.raises(CorrectionMoved):
        held_corrections.undo(desk, finance, file, [gone], "no")
    issue_decisions.withdraw_again(desk, finance, file, [line_gone.id], "yes")
    held_corrections.undo(desk, finance, file, [gone], "no")
    assert amounts(desk, "C") == ["30.00"]
    assert_join_is_current(desk)


def test_without_a_word_the_drop_is_held_too(desk: Desk, finance: Actor) -> None:
    """HiPay's lines are protected by who delivered them: nobody need say which issue is newer."""
    import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, DROPPED, "folder", answers=NOTHING_SAID)
    assert (amounts(desk, "C"), len(waiting(desk, finance, file))) == (["30.00"], 2)
