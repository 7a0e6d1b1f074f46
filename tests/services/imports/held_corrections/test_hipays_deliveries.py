"""A later delivery by HiPay decides held corrections."""

import pytest

from services.access import Actor
from services.desk import Desk
from services.imports.corrections import held_correction_views, held_corrections
from services.imports.corrections.held_corrections import (
    CorrectionMoved,
)
from services.imports.errors import FileKnown
from services.imports.issued_again.issue_answers import NOTHING_SAID
from services.reconciliation.decisions import decide
from services.reconciliation.decisions.decide import Shown
from tests.support.corrections import CHANGED, HIPAYS, OTHERS, PAYOUT, amounts, import_raw, line
from tests.support.held_corrections import alarms, check, deliver_again, waiting
from tests.support.orders import store_paid_order
from tests.support.payouts import csv, lines_of
from tests.support.stored_join import assert_join_is_current


def test_a_held_correction_is_decided_by_hipays_next_delivery(desk: Desk, finance: Actor) -> None:
    """500.00; by hand 5.00; then HiPay: 5.00 too, or 500.00 once more, or something else."""
    import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, CHANGED)
    again = csv(line("A"), *OTHERS, PAYOUT, line("D", "1.00"))
    import_raw(desk, again, "hipay")
    [one] = held_correction_views.of_file(desk, finance, file).shown
    assert one.act is not None
    assert (one.act.kind, one.act.by_hipay, amounts(desk), alarms(desk, finance)) == (
        "dismissed",
        True,
        ["500.00"],
        [],
    )
    import_raw(
        desk, csv(line("A", "5.00"), *OTHERS, PAYOUT, line("D", "1.00")), "hipay"
    )  # and HiPay corrects itself
    [one] = held_correction_views.of_file(desk, finance, file).shown
    assert one.act is not None
    assert ([act.kind for act in one.acts], one.act.kind, amounts(desk)) == (
        ["dismissed", "taken"],
        "taken",
        ["5.00"],
    )
    assert_join_is_current(desk)
    import_raw(desk, csv(line("A", "6.00"), *OTHERS, PAYOUT, line("D", "1.00")), "hipay")
    assert amounts(desk) == ["6.00"]
    assert_join_is_current(desk)
    with pytest.raises(CorrectionMoved):
        held_corrections.undo(desk, finance, file, [one.id], "too late")


def test_a_held_correction_is_dismissed_when_hipay_delivers_another_amount(
    desk: Desk, finance: Actor
) -> None:
    import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, CHANGED)
    import_raw(desk, csv(line("A", "300.00"), *OTHERS, PAYOUT), "hipay")
    assert (amounts(desk), waiting(desk, finance, file)) == (["300.00"], [])
    [one] = held_correction_views.of_file(desk, finance, file).shown
    held_corrections.undo(desk, finance, file, [one.id], "look again")
    with pytest.raises(CorrectionMoved):
        held_corrections.decide(
            desk, finance, file, [one.id], "taken", "what it would replace stands no more"
        )
    assert_join_is_current(desk)


@pytest.mark.parametrize("same", [True, False])
def test_a_held_correction_is_decided_when_hipay_delivers_bytes_that_are_known(
    desk: Desk, finance: Actor, same: bool
) -> None:
    """They are known and not imported again: a round looks whose they are."""
    hipays = import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, CHANGED)
    held_corrections.decide_redelivered(desk)
    assert waiting(desk, finance, file)
    deliver_again(desk, file if same else hipays)
    held_corrections.decide_redelivered(desk)
    held_corrections.decide_redelivered(desk)
    [one] = held_correction_views.of_file(desk, finance, file).shown
    assert one.act is not None
    assert (one.act.kind, one.act.by_hipay) == ("taken" if same else "dismissed", True)
    assert amounts(desk) == (["5.00"] if same else ["500.00"])
    assert_join_is_current(desk)


SOURCES = {
    "hipay": ("hipay", HIPAYS),
    "by hand": ("upload", CHANGED),
    "folder": ("folder", csv(line("A", "7.00"), *OTHERS, PAYOUT)),
}


@pytest.mark.parametrize(
    "order",
    [("hipay", "by hand", "folder"), ("folder", "hipay", "by hand"), ("by hand", "folder", "hipay")],
    ids=", ".join,
)
def test_hipays_line_is_valid_in_whatever_order_the_files_are_imported(
    desk: Desk, finance: Actor, order: tuple[str, ...]
) -> None:
    for name in order:
        source, raw = SOURCES[name]
        import_raw(desk, raw, source)
        assert_join_is_current(desk)
    with pytest.raises(FileKnown):
        import_raw(desk, CHANGED)
    # the same lines in another file: nobody says that it is the newest
    import_raw(desk, csv(*OTHERS, line("A", "5.00"), PAYOUT), answers=NOTHING_SAID)
    assert amounts(desk) == ["500.00"]
    later = set(order[order.index("hipay") :]) - {"hipay"}
    assert check(desk, finance) == (("correction_waits" if later else "tied"), len(later))
    assert_join_is_current(desk)


def test_a_line_that_an_upload_imported_first_is_hipays_once_hipay_delivers_the_same(
    desk: Desk, finance: Actor
) -> None:
    import_raw(desk, HIPAYS)
    import_raw(desk, csv(*OTHERS, line("A"), PAYOUT), "hipay")
    file = import_raw(desk, CHANGED)
    assert (amounts(desk), len(waiting(desk, finance, file))) == (["500.00"], 1)


def test_a_dismissed_correction_is_taken_when_hipay_delivers_its_very_bytes(
    desk: Desk, finance: Actor
) -> None:
    import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, CHANGED)
    held_corrections.decide(desk, finance, file, waiting(desk, finance, file), "dismissed", "a slip")
    deliver_again(desk, file)
    held_corrections.decide_redelivered(desk)
    assert (amounts(desk), check(desk, finance)) == (["5.00"], ("differs", 0))
    held_corrections.decide_redelivered(desk)
    [one] = held_correction_views.of_file(desk, finance, file).shown
    assert [act.kind for act in one.acts] == ["dismissed", "taken"]
    held_corrections.undo(desk, finance, file, [one.id], "HiPay says that this was wrong")
    held_corrections.decide_redelivered(desk)  # nothing has come since
    assert (amounts(desk), waiting(desk, finance, file)) == (["500.00"], [one.id])
    assert_join_is_current(desk)


def test_a_taken_correction_is_held_again_when_hipay_delivers_the_former_line_in_a_new_file(
    desk: Desk, finance: Actor
) -> None:
    """The correction waits once more, told by an alarm; what was decided of the line goes with it."""
    order = store_paid_order(desk, "Z", "500.00")
    import_raw(desk, HIPAYS, "hipay")
    [stands] = lines_of(desk).query("file_order == 'A'")["id"]
    decide.match(desk, finance, [Shown(line=int(stands))], order, "by telephone", "k1")
    file = import_raw(desk, CHANGED)
    held_corrections.decide(desk, finance, file, waiting(desk, finance, file), "taken", "by mail")
    import_raw(desk, csv(line("A"), *OTHERS, line("D", "1.00"), PAYOUT), "hipay")
    assert (amounts(desk), check(desk, finance)) == (["500.00"], ("differs", 1))
    assert lines_of(desk).query("file_order == 'A'")["order_id"].tolist() == ["Z"]
    assert len(alarms(desk, finance)) == 1
    [one] = held_correction_views.of_file(desk, finance, file).shown
    assert [(act.kind, act.undone_at is None) for act in one.acts] == [("taken", False)]
    assert_join_is_current(desk)
    held_corrections.decide(desk, finance, file, [one.id], "taken", "HiPay says so once more")
    assert amounts(desk) == ["5.00"]
    import_raw(desk, csv(line("A", "5.00"), *OTHERS, line("D", "1.00"), PAYOUT), "hipay")
    assert (amounts(desk), waiting(desk, finance, file)) == (["5.00"], [])
    assert_join_is_current(desk)


def test_hipays_amount_is_valid_when_a_person_took_one_correction_and_hipay_delivers_the_other(
    desk: Desk, finance: Actor
) -> None:
    """5.00 was taken, and 6.00 waits: HiPay delivers that, in a file of its own or as the very bytes."""
    import_raw(desk, HIPAYS, "hipay")
    first, second = import_raw(desk, CHANGED), import_raw(desk, csv(line("A", "6.00"), *OTHERS, PAYOUT))
    held_corrections.decide(desk, finance, first, waiting(desk, finance, first), "taken", "yes")
    deliver_again(desk, second)
    held_corrections.decide_redelivered(
        desk
    )  # what it would replace does not stand: it waits, and the round goes on
    assert (amounts(desk), check(desk, finance)) == (["5.00"], ("differs", 1))
    import_raw(desk, csv(line("A", "6.00"), *OTHERS, line("D", "1.00"), PAYOUT), "hipay")
    assert (amounts(desk), waiting(desk, finance, second)) == (["6.00"], [])
    assert_join_is_current(desk)


def test_a_taken_correction_is_held_again_when_hipay_delivers_its_former_bytes(
    desk: Desk, finance: Actor
) -> None:
    hipays = import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, CHANGED)
    ids = waiting(desk, finance, file)
    held_corrections.decide(desk, finance, file, ids, "taken", "by mail")
    held_corrections.decide_redelivered(desk)
    assert amounts(desk) == ["5.00"]
    deliver_again(desk, hipays)
    held_corrections.decide_redelivered(desk)
    held_corrections.decide_redelivered(desk)
    assert (amounts(desk), waiting(desk, finance, file)) == (["500.00"], ids)
    assert len(alarms(desk, finance)) == 1
    assert_join_is_current(desk)
