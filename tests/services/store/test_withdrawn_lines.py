"""A withdrawn line counts for nothing, and is as before once it is restored."""

import pytest

from services.access import Actor
from services.desk import Desk
from services.imports import background
from services.reconciliation.decisions import decide
from services.reconciliation.decisions.available import read_lines
from services.reconciliation.decisions.checks import Shown
from services.reconciliation.decisions.errors import LineWithdrawn
from services.reconciliation.matching import rejoin
from services.reconciliation.views import lists
from services.reconciliation.views.lists import LineFilter
from services.store.settlements import positions
from services.store.settlements.lines import replaced_lines
from tests.support.orders import store_paid_order
from tests.support.payouts import csv, import_file, lines_of, positions_of
from tests.support.stored_join import assert_join_is_current, count_visible_lines, join_contents

SALE = ";77;T-{0};{0};10.00;EUR;;;;;Sale;10.00;EUR;;2026-11-20"
FEE = ";77;T-{0};;-0.30;EUR;;;;;Fixed fee;-0.30;EUR;;2026-11-20"


def change(desk: Desk, ids: list[int], *, withdraw: bool) -> None:
    with desk.store.write() as tx:
        positions.bump_version(tx, "demo")
        if withdraw:
            replaced_lines.withdraw(tx, ids, 1)
        else:
            replaced_lines.restore(tx, ids)
        others = [int(one) for one in lines_before(desk) if one not in ids]
        rejoin.rejoin_here(tx, "demo", others if withdraw else ids)


def lines_before(desk: Desk) -> list[int]:
    return [int(one) for one in lines_of(desk)["id"]]


def test_a_withdrawn_line_is_in_no_sum_no_join_and_no_list(desk: Desk, finance: Actor) -> None:
    for order in ("A", "B"):
        store_paid_order(desk, order, "10.00")
    import_file(
        desk, finance, "demo", "a.csv", csv(*(one.format(name) for name in "AB" for one in (SALE, FEE)))
    )
    before, there = join_contents(desk), lines_of(desk)
    gone = [int(one) for one in there.query("file_order == 'A'")["id"]]
    change(desk, gone, withdraw=True)
    assert_join_is_current(desk)
    assert count_visible_lines(desk) == 3
    assert positions_of(desk)["A"].gross_units == 0
    fee = lines_of(desk).query("transaction_id == 'T-A'")
    assert fee["order_id"].isna().all()  # the sale was what named its order
    shown = lists.lines(desk, finance, LineFilter(accounts=("demo",)))
    assert {row.id for row in shown.rows}.isdisjoint(gone)
    [line] = read_lines(desk, finance, gone)
    assert (line.withdrawn, line.possible) == (True, ())
    with pytest.raises(LineWithdrawn):
        decide.exclude(desk, finance, [Shown(line=gone[0])], "no", "k1")
    change(desk, gone, withdraw=False)
    background.work_off(desk)
    assert join_contents(desk) == before
    assert_join_is_current(desk)


@pytest.mark.parametrize("twice", [1, 2])
def test_a_line_leaves_the_sums_once(desk: Desk, finance: Actor, twice: int) -> None:
    import_file(desk, finance, "demo", "a.csv", csv(SALE.format("A"), SALE.format("B")))
    [first, _] = lines_before(desk)
    with desk.store.write() as tx:
        for _ in range(twice):
            replaced_lines.withdraw(tx, [first], 1)
        replaced_lines.replace(tx, [first], 1)
    assert_join_is_current(desk)
    with desk.store.write() as tx:
        for _ in range(twice):
            replaced_lines.restore(tx, [first])
    assert_join_is_current(desk)
