"""Payouts that do not tie are in finance's To do, end by themselves, and come again; an upgrade raises one for all of the past."""

from datetime import timedelta

import pytest

from services import clock
from services.access import Actor
from services.accounts import payout_limits
from services.alarms import AlarmToDecide
from services.alarms.handling import Alarm, close, take, to_do
from services.desk import Desk
from services.reconciliation.decisions import payout_acceptances
from services.reconciliation.decisions.payout_acceptances import figures
from services.store import alarms, meta
from services.store.payouts import rows, versions
from tests.support.desk import person
from tests.support.open_alarms import every_open_alarm, open_alarms
from tests.support.payout_lines import import_lines, line, payout_id


def payout(desk: Desk, settlement: str, amount: str, announced: str | None) -> int:
    """A payout of one sale, and its payout line; None: it has none. Our number of it."""
    found = [line(f"S-{settlement}", amount)]
    if announced is not None:
        found.append(line("", announced, operation="Settlement", transaction=""))
    import_lines(desk, *(row.replace("1;77;", f"1;{settlement};") for row in found))
    return payout_id(desk, settlement)


def of_payouts(desk: Desk, actor: Actor) -> list[Alarm]:
    return [
        one for one in every_open_alarm(desk, actor) if "settlement" in one.detail or "payouts" in one.detail
    ]


def accept(desk: Desk, actor: Actor, number: int) -> None:
    with desk.store.read() as tx:
        row = rows.get(tx, number)
    assert row is not None
    payout_acceptances.accept(desk, actor, number, "timing", figures(row), "why", f"k{number}-{row.version}")


def test_one_that_differs_is_to_do_and_ends_with_its_acceptance(desk: Desk, finance: Actor) -> None:
    number = payout(desk, "A", "5556.67", "3786.17")
    [alarm] = of_payouts(desk, finance)
    assert (alarm.kind, alarm.detail["settlement"], alarm.detail["units"]) == (
        "payout_differs",
        "A",
        1770_5000,
    )
    assert open_alarms(desk, person(desk, "manager")) == []
    take(desk, finance, alarm.id)
    with pytest.raises(AlarmToDecide):
        close(desk, finance, alarm.id, "never mind")
    accept(desk, finance, number)
    seen = to_do(desk, finance)  # before the next round of alarms
    assert (seen.mine.alarms, seen.mine.total, seen.free.total) == ((), 0, 0)
    assert of_payouts(desk, finance) == []
    [one] = payout_acceptances.of_payout(desk, finance, number)
    payout_acceptances.undo(desk, finance, number, "refused", shown=one.id)
    [again] = of_payouts(desk, finance)
    assert again.id != alarm.id
    assert [one.id for one in of_payouts(desk, finance)] == [again.id]


def test_its_amount_is_that_of_now_and_what_is_worked_out_ends_nothing(desk: Desk, finance: Actor) -> None:
    number = payout(desk, "A", "10.00", "8.00")
    [alarm] = of_payouts(desk, finance)
    import_lines(desk, line("S-9", "1.00").replace("1;77;", "1;A;"))
    [now] = of_payouts(desk, finance)
    assert (now.id, now.detail["units"]) == (alarm.id, 3_0000)
    with desk.store.write() as tx:
        versions.grow_ids(tx, [number])
    assert [one.id for one in of_payouts(desk, finance)] == [alarm.id]


def test_one_without_a_total_is_to_do_after_its_days(desk: Desk, finance: Actor, admin: Actor) -> None:
    number = payout(desk, "A", "10.00", None)
    with desk.store.read() as tx:
        row = rows.get(tx, number)
    assert row is not None
    assert row.worked_state == "no_payout_line"
    payout_limits.save(desk, admin, "demo", 60, 5)
    assert of_payouts(desk, finance) == []
    offset = timedelta(days=60)
    clock.use(lambda: offset)
    [alarm] = of_payouts(desk, finance)
    assert (alarm.kind, alarm.detail["payout"]) == ("payout_not_tied", number)
    payout_limits.save(desk, admin, "demo", 90, 5)
    assert of_payouts(desk, finance) == []


def test_those_of_before_the_upgrade_are_one_alarm_of_each_kind(desk: Desk, finance: Actor) -> None:
    numbers = [payout(desk, name, "10.00", "8.00") for name in ("A", "B", "C")]
    payout(desk, "D", "10.00", None)
    with desk.store.write() as tx:
        meta.put_text(tx, "payouts_before", str(payout_id(desk, "D")))
    offset = timedelta(days=60)
    clock.use(lambda: offset)
    found = {one.kind: one for one in of_payouts(desk, finance)}
    assert {kind: one.detail for kind, one in found.items()} == {
        "payout_differs": {"payouts": 3},
        "payout_not_tied": {"payouts": 1},
    }
    payout(desk, "E", "10.00", "9.00")
    assert len(of_payouts(desk, finance)) == 3
    accept(desk, finance, numbers[0])
    now = {one.kind: one for one in of_payouts(desk, finance) if "payouts" in one.detail}
    assert now["payout_differs"].id == found["payout_differs"].id
    assert now["payout_differs"].detail == {"payouts": 2}
    for number in numbers[1:]:
        accept(desk, finance, number)
    assert "payout_differs" not in {one.kind for one in of_payouts(desk, finance) if "payouts" in one.detail}


def test_a_new_installation_has_no_payout_of_before(desk: Desk) -> None:
    with desk.store.read() as tx:
        assert meta.text(tx, "payouts_before") == "0"
        assert alarms.open_of_kinds(tx, ("payout_differs",)) == {}
