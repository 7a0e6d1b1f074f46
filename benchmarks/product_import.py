"""One file through the product, as it comes into the folder: received, then imported by the process of its own.

    python -m benchmarks.product_import FILE DATABASE

The orders' keys must be known (``benchmarks.reconciliation`` sees to it). Prints JSON: seconds in all, by
the clock and by the processor, and of the reception, and the peaks of memory in bytes, of this process and of the import's.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from benchmarks.memory import peak
from benchmarks.people import finance
from benchmarks.settlement_shapes import Year
from services.desk import Desk
from services.imports import file_accounts, files
from services.imports.loading import supervisor
from services.settings import Settings
from services.store import open_store
from services.store.schema.payout_lines import line_groups, payout_lines
from services.store.schema.settlement_files import settlement_files


def open_bench_desk(database: Path) -> Desk:
    settings = Settings(database_url=f"sqlite:///{database}", sandbox_url="http://127.0.0.1:1")
    return Desk(settings, open_store(settings.database, demo=True))


def run_process(database: Path) -> None:
    """What the worker spawns, until nothing waits."""
    if code := supervisor.spawn(f"sqlite:///{database}", "bench", ["demo"]).wait():
        raise SystemExit(f"the import's process ended with {code}")


def main(file: Path, database: Path) -> None:
    desk = open_bench_desk(database)
    actor = finance(desk)
    file_accounts.assign(desk, actor, Year.number, "demo")
    begun, busy = time.perf_counter(), time.process_time()
    with file.open("rb") as stream:
        number = files.receive(desk, actor, "demo", file.name, stream, source="folder")
    received = time.perf_counter() - begun
    run_process(database)
    seconds, child = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = time.process_time() - busy + child.ru_utime + child.ru_stime
    found: dict[str, Any] = {"seconds": seconds, "busy": busy, "received": received}
    with desk.store.read() as tx:
        row = tx.execute(select(settlement_files).where(settlement_files.c.id == number)).one()
        if (row.state, row.follow_up) != ("complete", None):
            raise SystemExit(f"the import ended as {row.state} {row.failure} {row.failure_detail}")
        outcome = line_groups.c.outcome
        query = select(outcome, func.count()).join(payout_lines, payout_lines.c.group == line_groups.c.id)
        query = query.group_by(outcome)
        found["outcomes"] = {row[0]: row[1] for row in tx.execute(query)}
    found["lines"] = row.lines
    found |= {"peak": child.ru_maxrss * 1024, "peak_receiving": peak()}
    desk.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
