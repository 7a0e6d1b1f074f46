"""What the screens of reconciliation and payouts ask of the server, each filter with each sort, on a store that holds lines already.

    python -m benchmarks.reconciliation_pages DATABASE_FILE

A time is the median of five calls of one service function (rights, query, the rows of the page), in a store that has been
opened before and remembers nothing: what a person waits for after a change, without the drawing. Prints a table, the slowest first, with the processor's share
of each, and at last how many are over 300 ms.
"""

import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.people import finance
from benchmarks.product_import import open_bench_desk
from services.access import Actor
from services.desk import Desk
from services.reconciliation.views import details, file_list, lists, payout_pages
from services.reconciliation.views.payout_pages import STATES, PayoutFilter
from services.store.remembered import Memory
from services.store.schema.payout_lines import LINE_TEXTS
from services.store.settlements.lines.line_days import iso
from services.store.settlements.lines.line_filter import LineFilter
from services.store.settlements.lines.line_pages import SORTS
from services.store.settlements.position_pages import ORDER_SORTS, OrderFilter

RUNS, LIMIT = 5, 0.3


@dataclass(frozen=True)
class Asked:
    name: str
    call: Callable[[], Any]


def main(database: Path) -> bool:
    desk = open_bench_desk(database)
    actor = finance(desk)
    with patch.object(
        Memory, "get", return_value=None
    ):  # the first look after a change: nothing is remembered
        found = [(*_median(asked), asked.name) for asked in _all(desk, actor, _samples(database))]
    desk.close()
    for seconds, busy, name in sorted(found, reverse=True):
        print(f"{name:70} {seconds * 1e3:8.1f} ms {busy * 1e3:8.1f} ms")
    over = [name for seconds, _, name in found if seconds > LIMIT]
    print(f"{len(found)} in all, {len(over)} over {LIMIT * 1e3:.0f} ms")
    return not over


def _median(asked: Asked) -> tuple[float, float]:
    """Seconds by the clock, and of them by the processor."""
    asked.call()
    times = []
    for _ in range(RUNS):
        begun, busy = time.perf_counter(), time.process_time()
        asked.call()
        times.append((time.perf_counter() - begun, time.process_time() - busy))
    return statistics.median(one for one, _ in times), statistics.median(one for _, one in times)


_REFERENCE = LINE_TEXTS.index("reporting_data_1")


@dataclass(frozen=True)
class Samples:
    """Values of the store to filter by: a usual one and a rare one."""

    settlement: str
    file: int
    order: int
    transaction: str
    reference: str
    line: int
    day: str


def _samples(database: Path) -> Samples:
    with sqlite3.connect(database) as db:
        row = db.execute(
            f"SELECT settlement_id, file, \"order\", transaction_id, json_extract(texts, '$[{_REFERENCE}]'), payout_lines.id, "
            "date_day FROM payout_lines JOIN payouts ON payouts.id = payout "
            "WHERE \"order\" IS NOT NULL AND transaction_id <> '' AND loose_reference <> '' "
            "AND payout_lines.id > (SELECT max(id) / 2 FROM payout_lines) LIMIT 1"
        ).fetchone()
    return Samples(*(*row[:-1], iso(row[-1])))


def _all(desk: Desk, actor: Actor, some: Samples) -> Iterator[Asked]:
    filters = {
        "no filter": LineFilter(),
        "account": LineFilter(accounts=("demo",)),
        **{
            f"outcome {name}": LineFilter(outcomes=(name,))
            for name in (
                "matched",
                "suggested",
                "ambiguous",
                "contradictory",
                "unmatched",
                "account_level",
                "total_line",
            )
        },
        "what is open": LineFilter(outcomes=lists.OPEN),
        "operation Refund": LineFilter(operations=("refund",)),
        "operation unknown": LineFilter(operations=("",)),
        "currency GBP": LineFilter(currencies=("GBP",)),
        "payout": LineFilter(settlement=some.settlement),
        "payout, what is open": LineFilter(settlement=some.settlement, outcomes=lists.OPEN),
        "file": LineFilter(files=(some.file,)),
        "file, what is open": LineFilter(files=(some.file,), outcomes=lists.OPEN),
        "order": LineFilter(order=some.order),
        "amount 100 to 110": LineFilter(least=1_000_000, most=1_100_000),
        "amount 123.45 exactly": LineFilter(least=1_234_500, most=1_234_500),
        "amount from 500, what is open": LineFilter(least=5_000_000, outcomes=lists.OPEN),
        "a day": LineFilter(since=some.day, until=some.day),
        "half a year, what is open": LineFilter(since="2024-01-01", until="2024-06-30", outcomes=lists.OPEN),
        "text: a transaction": LineFilter(text=some.transaction),
        "text: a reference": LineFilter(text=some.reference),
        "text: how thousands begin": LineFilter(text="F-2024-00"),
        "text: nobody's": LineFilter(text="zzz"),
        "payout, operation, currency, amount, dates": LineFilter(
            settlement=some.settlement,
            operations=("sale",),
            currencies=("EUR",),
            least=100_000,
            since="2024-01-01",
        ),
    }
    for name, chosen in filters.items():
        for sort in SORTS:
            yield Asked(f"lines: {name}; {sort}", _lines(desk, actor, chosen, sort))
            yield Asked(f"lines: {name}; {sort}, 4th page", _lines(desk, actor, chosen, sort, 3))
    order_filters = {
        "no filter": OrderFilter(),
        **{
            f"status {name}": OrderFilter(statuses=(name,))
            for name in ("settled_in_full", "paid_not_settled", "paid_twice")
        },
        "what is open": OrderFilter(open=True),
        "currency GBP": OrderFilter(currencies=("GBP",)),
        "amount 100 to 110": OrderFilter(least=1_000_000, most=1_100_000),
        "last settled in June": OrderFilter(since="2024-06-01", until="2024-06-30"),
        "text": OrderFilter(loose=some.reference),
    }
    for name, wanted in order_filters.items():
        for order_sort in ORDER_SORTS:
            yield Asked(f"orders: {name}; {order_sort}", _orders(desk, actor, wanted, order_sort))
    yield Asked("orders: late; newest", lambda: lists.orders(desk, actor, OrderFilter(), late=True))
    yield Asked("figures by outcome, status, payout", lambda: lists.figures(desk, actor))
    yield Asked("one line whole", lambda: details.line(desk, actor, some.line))
    yield Asked("one order whole", lambda: details.order(desk, actor, some.order))
    yield Asked("files", lambda: file_list.files(desk, actor))
    for words, narrowed in {
        "no filter": PayoutFilter(),
        "to check": PayoutFilter(states=STATES[:-1]),
        "text": PayoutFilter(number=some.settlement, units=1_234_500),
    }.items():
        yield Asked(f"payouts: {words}", _payouts(desk, actor, narrowed))


def _lines(desk: Desk, actor: Actor, chosen: LineFilter, sort: Any, turns: int = 0) -> Callable[[], Any]:
    turn = None
    for _ in range(turns):
        turn = lists.lines(desk, actor, chosen, sort, turn).after or turn
    return lambda: lists.lines(desk, actor, chosen, sort, turn)


def _payouts(desk: Desk, actor: Actor, chosen: PayoutFilter) -> Callable[[], Any]:
    return lambda: payout_pages.page(desk, actor, chosen)


def _orders(desk: Desk, actor: Actor, chosen: OrderFilter, sort: Any) -> Callable[[], Any]:
    return lambda: lists.orders(desk, actor, chosen, sort)


if __name__ == "__main__":
    sys.exit(not main(Path(sys.argv[1])))
