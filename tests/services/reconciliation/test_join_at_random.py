"""Orders, pages, payments and files in any order, split and overlapping in any way: the join is that of everything at once."""

import shutil
from contextlib import suppress
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services import clock, store
from services.access import WORKER
from services.desk import Desk
from services.imports import background, files
from services.imports.errors import FileKnown
from services.imports.loading import load
from services.reconciliation.decisions import decide, undo
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.decisions.errors import DecisionRefused
from services.reconciliation.matching import order_changes, rejoin
from services.reconciliation.matching.positions import divided
from services.settlements.dialect import Chosen
from services.store import Store, databases
from services.store.orders.orders import add_event
from services.store.schema.orders import operations, pages
from tests.support.desk import open_test_desk, person, settings_for
from tests.support.orders import order_columns
from tests.support.payout_lines import orders_seen
from tests.support.payouts import HEAD
from tests.support.stored_join import assert_join_is_current, join_contents
from tests.support.stored_lines import every_line

SIGNED = Chosen(debits="negative")  # whatever the amounts of so few lines say
IDS = ["A1", "A1-2", "a-1", "ABCD1", "abcd 1", "ABCD1-3", "00ABCD1", "B2", "WEB-77", ""]
REFERENCES = ["INV-1001", "inv1001", "INV 1001", "SHARED", "F-9", "", ""]
TRANSACTIONS = ["T1", "T2", "T3", "", "0", "T9"]
KINDS = ["match", "split", "twice", "unmatch", "not_ours", "undo"]  # of decisions
OPERATION_IDS = ["op-1", "op-2", ""]

line = st.builds(
    lambda **cells: cells,
    operation=st.sampled_from(
        ["Sale", "Sale", "Refund", "Fixed fee", "Chargeback", "Monthly fee", "Settlement", "Green fee"]
    ),
    order=st.sampled_from(IDS),
    reference=st.sampled_from(REFERENCES),
    second=st.sampled_from(["", "", "ABCD1", "F-9"]),
    transaction=st.sampled_from(TRANSACTIONS),
    own=st.sampled_from(OPERATION_IDS),
    amount=st.sampled_from(["10.00", "-5.00", "0.30"]),
    settlement=st.sampled_from(["S1", "S2"]),
)
file = st.lists(line, min_size=1, max_size=7)
order = st.builds(
    lambda **cells: cells,
    id=st.sampled_from(["A1", "ABCD1", "B2", "WEB-77", "INV1001"]),
    reference=st.sampled_from(REFERENCES),
    second=st.sampled_from(["", "F-9", "ABCD1"]),
    awaited=st.booleans(),
)
step = st.one_of(
    st.tuples(st.just("file"), file),
    st.tuples(st.just("file"), file),
    st.tuples(st.just("order"), order),
    st.tuples(st.just("page"), st.sampled_from(["A1-2", "ABCD1-3", "B2-2"])),
    st.tuples(st.just("payment"), st.tuples(st.integers(0, 5), st.sampled_from(["T1", "T2", "T9"]))),
    st.tuples(st.just("operation"), st.tuples(st.integers(0, 5), st.sampled_from(["op-1", "op-2"]))),
    st.tuples(st.just("again"), st.integers(0, 5)),
    st.tuples(st.just("decision"), st.tuples(st.integers(0, 9), st.sampled_from(KINDS))),
)


def written(lines: list[dict[str, str]]) -> bytes:
    head = f"{HEAD};Reporting data 2;Merchant operation ID"
    rows = [
        f"1;{one['settlement']};{one['transaction']};{one['order']};{one['amount']};EUR;;;;EUR;{one['operation']};{one['amount']};EUR;"
        f"{one['reference']};2026-11-20;{one['second']};{one['own']}"
        for one in lines
    ]
    return "\n".join((head, *rows, "")).encode()


class Shop:
    """The orders' side, as the product writes it."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.orders, self.files = desk, [], []
        self.finance, self.keys = person(desk, "finance"), count()

    def take(self, kind: str, what: Any) -> None:
        getattr(self, f"_{kind}")(what)

    def _file(self, lines: list[dict[str, str]]) -> None:
        self.files.append(written(lines))
        try:
            files.receive(self.desk, WORKER, "demo", "f.csv", BytesIO(self.files[-1]), SIGNED)
        except FileKnown:
            return
        background.work_off(self.desk)

    def _again(self, number: int) -> None:
        """The same file once more: nothing changes."""
        if self.files:
            before = join_contents(self.desk)
            with pytest.raises(FileKnown):
                files.receive(
                    self.desk, WORKER, "demo", "g.csv", BytesIO(self.files[number % len(self.files)])
                )
            assert join_contents(self.desk) == before

    def _order(self, cells: dict[str, Any]) -> None:
        if any(known == cells["id"] for _, known in self.orders):
            return
        name = cells["id"]
        with self.desk.store.write() as tx:
            columns = order_columns(
                name,
                channel="imported" if cells["awaited"] else "link",
                reference_1=cells["reference"],
                reference_2=cells["second"],
            )
            number = store.orders.orders.add_order(tx, **columns)
        self.orders.append((number, name))

    def _page(self, name: str) -> None:
        found = [number for number, known in self.orders if known == name.rsplit("-", 1)[0]]
        if found:
            with self.desk.store.write() as tx:
                if tx.execute(pages.select().where(pages.c.hipay_order_id == name)).first() is None:
                    tx.execute(
                        pages.insert().values(
                            order=found[0],
                            account="demo",
                            hipay_order_id=name,
                            number=2,
                            amount=1,
                            currency="EUR",
                            state="open",
                            token=name,
                            created_at=clock.now(),
                        )
                    )

    def _payment(self, what: tuple[int, str]) -> None:
        if self.orders:
            number, _ = self.orders[what[0] % len(self.orders)]
            with self.desk.store.write() as tx:
                data = {"reference": what[1], "captured": 10_0000, "status": 118, "source": "read"}
                add_event(
                    tx,
                    order=number,
                    at=clock.now(),
                    kind="payment",
                    actor_kind="worker",
                    actor_id="worker",
                    data=data,
                )
                state = {"payment": "captured", "captured": 10_0000, "captured_at": clock.now()}
                store.orders.orders.write_state(tx, number, state)

    def _operation(self, what: tuple[int, str]) -> None:
        if self.orders:
            number, _ = self.orders[what[0] % len(self.orders)]
            with self.desk.store.write() as tx:
                if (
                    tx.execute(operations.select().where(operations.c.operation_id == what[1])).first()
                    is None
                ):
                    tx.execute(
                        operations.insert().values(
                            order=number,
                            account="demo",
                            reference="T1",
                            kind="refund",
                            amount=1,
                            currency="EUR",
                            why="",
                            form_key=what[1],
                            operation_id=what[1],
                            state="done",
                            created_at=clock.now(),
                            actor_kind="user",
                            actor_id="t",
                        )
                    )

    def _decision(self, what: tuple[int, str]) -> None:
        """A person decides a line, or undoes what stands on it."""
        with self.desk.store.read() as tx:
            lines = every_line(tx)
        if not lines:
            return
        place, kind = what
        row, orders = lines[place % len(lines)], [number for number, _ in self.orders]
        shown, key, units = (
            Shown(line=row.id, decision=row.decision),
            str(next(self.keys)),
            row.original_amount_units or 0,
        )
        with suppress(DecisionRefused, IndexError):
            if kind == "undo":
                undo.undo_decisions(self.desk, self.finance, [row.decision or 0], "why")
            elif kind == "match":
                decide.match(
                    self.desk,
                    self.finance,
                    [shown],
                    (orders[:2] * 9)[place],
                    "why",
                    key,
                    seen=orders_seen(self.desk),
                )
            elif kind == "split":
                parts = divided(units, [1, 2], 100)
                shares = [(orders[0], parts[0]), (orders[1], parts[1])]
                decide.split(self.desk, self.finance, shown, shares, "why", key, seen=orders_seen(self.desk))
            else:
                getattr(decide, kind)(self.desk, self.finance, [shown], "why", key)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without a row, to be copied."""
    folder = tmp_path_factory.mktemp("empty")
    open_test_desk(folder).close()
    return folder / "sandbox.db"


@pytest.mark.sqlite
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(step, min_size=2, max_size=9),
    rows=st.integers(1, 6),
    batch=st.integers(1, 4),
    at_once=st.integers(1, 5),
    few=st.booleans(),
)
def test_the_join_is_that_of_everything_at_once(
    empty: Path,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, Any]],
    rows: int,
    batch: int,
    at_once: int,
    few: bool,
) -> None:
    folder = tmp_path_factory.mktemp("run")
    shutil.copy(empty, folder / "sandbox.db")
    settings_ = settings_for(folder)
    desk = Desk(settings_, Store(databases.make_engine(settings_.database)))  # migrated as it is
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "ROWS", rows)
        patch.setattr(load, "BATCH", batch)
        patch.setattr(load, "ORDERS_A_LINE", 0 if few else 1_000_000)
        patch.setattr(rejoin, "BATCH", at_once)
        patch.setattr(rejoin, "GAP_SECONDS", 0)
        patch.setattr(order_changes, "ORDERS_AT_ONCE", 1 + at_once % 2)
        shop = Shop(desk)
        for kind, what in steps:
            shop.take(kind, what)
        while background.work_off(desk):
            pass
        assert_join_is_current(desk)
    desk.close()
