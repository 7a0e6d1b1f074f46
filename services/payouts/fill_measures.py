"""After an upgrade: the measures of the sums over lines are filled, and lines that are counted twice are found, in short steps.

Imports wait until it is over, and no payout is worked out before. ``services.store.settlements.lines.line_measures`` has the state.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

from services.payouts import counted_twice
from services.store import Connection, Store
from services.store.payouts import twice, versions
from services.store.settlements.lines import joined_lines, line_measures
from services.store.settlements.lines.line_measures import LineMeasures
from services.store.settlements.lines.line_totals import Sums, counted

AT_ONCE = 2_000  # lines, or orders
Write = Callable[[], AbstractContextManager[Connection]]


def under_way(store: Store) -> LineMeasures | None:
    with store.read() as tx:
        return line_measures.under_way(tx)


def step(store: Store, write: Write, found: LineMeasures, at_once: int = AT_ONCE) -> None:
    """Do what comes next. Every step can be repeated, and one that is killed has done nothing, or all of it."""
    if found.phase == "measuring":
        _measure(write, at_once)
    elif found.phase == "lines":
        with store.read() as tx:
            last, shared = joined_lines.shared_between_files(tx, found.searched, at_once)
        for account, transactions in sorted(shared.items()):
            with write() as tx:
                versions.lock(tx, [account])
                counted_twice.refresh(tx, account, transactions)
        _go_on(write, replace(found, searched=last) if last else replace(found, phase="orders", searched=0))
    else:
        _search_orders(store, write, found, at_once)


def _measure(write: Write, at_once: int) -> None:
    with write() as tx:
        state = line_measures.under_way(tx)
        if state is None or state.phase != "measuring":
            return
        last, lines = joined_lines.counted_next(tx, state.after, state.until, at_once)
        if lines is None:
            line_measures.change(tx, replace(state, after=state.until, phase="lines"))
            return
        Sums(counted(lines, lines["was_outcome"], lines["was_reason"])).measure(tx)
        line_measures.change(tx, replace(state, after=last))


def _go_on(write: Write, state: LineMeasures) -> None:
    with write() as tx:
        line_measures.change(tx, state)


def _search_orders(store: Store, write: Write, found: LineMeasures, at_once: int) -> None:
    """Orders of which more was settled than captured; at their end, every payout is to be worked out."""
    with store.read() as tx:
        orders = twice.orders_with_more(tx, found.searched, at_once)
        concerned = twice.of_orders(tx, orders) if orders else {}
        accounts = twice.accounts(tx)
    for account, transactions in sorted(concerned.items()):
        with write() as tx:
            versions.lock(tx, [account])
            counted_twice.refresh(tx, account, transactions)
    if orders:
        _go_on(write, replace(found, searched=orders[-1]))
        return
    with write() as tx:
        versions.lock(tx, accounts)
        versions.grow_all(tx)
        line_measures.change(tx, None)
