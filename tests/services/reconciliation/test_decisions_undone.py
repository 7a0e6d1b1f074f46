"""Whatever is decided and undone, in whatever order: once everything is undone, it is as if nothing had ever been decided."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from services.access import Actor
from services.desk import Desk
from services.reconciliation.decisions import decide, undo
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.decisions.errors import DecisionRefused
from services.reconciliation.matching.match import DECIDED
from services.store.schema.reconciliation import line_decisions, line_shares, order_positions
from tests.support.desk import person
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line, orders_seen, outcomes, stored, totals

LINES = (
    line("A-1001"), line("A-1001", "-0.30", operation="Fixed fee"), line("WEB-1", transaction="T-9"),
    line("WEB-1", "-0.30", operation="Fixed fee", transaction="T-9"),
    line("WEB-1", "-4.00", operation="Refund", transaction="T-9"), line("a1002", transaction=""),
    line("", "-5.00", operation="Monthly fee", transaction=""),
)  # fmt: skip
PLACES = st.integers(0, len(LINES) - 1)


def everything(desk: Desk) -> Any:
    """What every line came to, the sums, where each order stands, and the shares."""
    with desk.store.read() as tx:
        positions = [
            tuple(row) for row in tx.execute(select(order_positions).order_by(order_positions.c.order))
        ]
        shares = [tuple(row) for row in tx.execute(select(line_shares))]
    return outcomes(desk), totals(desk), positions, shares


def machine(desk: Desk, actor: Actor, orders: list[int]) -> type[RuleBasedStateMachine]:
    begun, seen = everything(desk), orders_seen(desk)
    keys = iter(range(10**9))

    class Deciding(RuleBasedStateMachine):
        @initialize()
        def nothing_stands(self) -> None:
            self._undo_all()  # what a run that failed has left

        @rule(places=st.sets(PLACES, min_size=1, max_size=4), order=st.sampled_from(orders))
        def match(self, places: set[int], order: int) -> None:
            self._try(
                lambda key: decide.match(desk, actor, self._shown(places), order, "why", key, seen=seen)
            )

        @rule(place=PLACES, part=st.integers(1, 9))
        def split(self, place: int, part: int) -> None:
            [row] = self._lines({place})
            whole = row.original_amount_units
            first = whole * part // 10
            shares = [(orders[0], first), (orders[1], whole - first)]
            self._try(
                lambda key: decide.split(
                    desk, actor, Shown(line=row.id, decision=row.decision), shares, "why", key, seen=seen
                )
            )

        @rule(
            places=st.sets(PLACES, min_size=1, max_size=4),
            act=st.sampled_from(["accept", "unmatch", "exclude", "twice", "not_ours"]),
        )
        def decide(self, places: set[int], act: str) -> None:
            self._try(lambda key: getattr(decide, act)(desk, actor, self._shown(places), "why", key))

        @precondition(lambda self: bool(self._standing()))
        @rule(data=st.data())
        def undo(self, data: st.DataObject) -> None:
            some = data.draw(st.sets(st.sampled_from([row.id for row in self._standing()]), min_size=1))
            undo.undo_decisions(desk, actor, sorted(some), "not so")

        @precondition(lambda self: bool(self._standing()))
        @rule(data=st.data())
        def undo_group(self, data: st.DataObject) -> None:
            group = data.draw(st.sampled_from(sorted({row.group for row in self._standing()})))
            undo.undo_group(desk, actor, group, "not so")

        @invariant()
        def every_line_is_in_one_outcome_and_none_is_lost(self) -> None:
            standing = {row.line: row for row in self._standing()}
            assert len(standing) == len(self._standing())
            for row in stored(desk).values():
                decision = standing.get(row.id)
                assert row.decision == (decision.id if decision else None)
                if decision:
                    assert (row.outcome, row.reason) == DECIDED[decision.kind]
            assert totals(desk) == begun[1]

        def teardown(self) -> None:
            self._undo_all()
            assert everything(desk) == begun

        def _try(self, act: Any) -> None:
            try:
                act(f"key {next(keys)}")
            except DecisionRefused:
                assert totals(desk) == begun[1]

        def _undo_all(self) -> None:
            while left := [row.id for row in self._standing()]:  # each undoing gives back the one before
                undo.undo_decisions(desk, actor, left, "all of it")

        def _lines(self, places: set[int]) -> list[Any]:
            found = sorted(stored(desk).values(), key=lambda row: row.id)
            return [found[place] for place in sorted(places)]

        def _shown(self, places: set[int]) -> list[Shown]:
            return [Shown(line=row.id, decision=row.decision) for row in self._lines(places)]

        def _standing(self) -> list[Any]:
            with desk.store.read() as tx:
                return list(tx.execute(select(line_decisions).where(line_decisions.c.undone_at.is_(None))))

    return Deciding


def test_undoing_everything_leaves_nothing_behind(desk: Desk) -> None:
    orders = [store_paid_order(desk, name) for name in ("A-1001", "A-1002")]
    import_lines(desk, *LINES)
    run_state_machine_as_test(
        machine(desk, person(desk, "finance"), orders),
        settings=settings(
            max_examples=8, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
