"""Decisions are undone, and joined again after the process died."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from services.access import Actor
from services.desk import Desk
from services.reconciliation.decisions import available, decide, errors, undo
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.matching import decided_lines, rejoin
from services.store.schema.payout_lines import payout_lines
from services.store.schema.reconciliation import line_decisions
from tests.support.decisions import Books, audited, shown, standing_rows
from tests.support.desk import open_test_desk, person
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


def test_a_replaced_lines_decision_can_still_be_taken_back(desk: Desk, finance: Actor, orders: Books) -> None:
    decide.exclude(desk, finance, [shown(desk, "WEB-1")], "why", "k1")
    with desk.store.write() as tx:
        tx.execute(
            update(payout_lines).where(payout_lines.c.id == line_id(desk, "WEB-1")).values(replaced_by=99)
        )
    [found] = available.read_lines(desk, finance, [line_id(desk, "WEB-1")])
    assert found.possible == ("undo",)
    undo.undo_group(desk, finance, "k1", "it is gone")
    assert standing_rows(desk) == []
