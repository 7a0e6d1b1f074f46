"""Run with the code of an older version in its path: its worker, and on request what a dashboard of it would do.

Each line of the standard input is a request; its answer is a line: what it did, or the error that stopped it.
"""

import sys
from typing import Any

from services.orders.observe import refold
from services.startup import desk_or_exit

from services import clock, notifications, worker
from services.access import SYSTEM
from services.reconciliation import background
from services.store import decisions, settlement_files


def main() -> None:
    desk = desk_or_exit()
    worker.start(desk)
    print("ready", flush=True)
    for line in sys.stdin:
        what, number = line.split()
        try:
            print(_do(desk, what, int(number)), flush=True)
        except Exception as error:  # noqa: BLE001 - the test judges it
            print(f"refused {type(error).__name__} {' '.join(str(error).split())[:200]}", flush=True)


def _do(desk: Any, what: str, number: int) -> object:
    if what == "import":
        return background.work_off(desk)
    if what == "notifications":
        return notifications.work_off(desk)
    with desk.store.write() as tx:
        if what == "fold":
            return refold(tx, number).payment
        if what == "decide":
            row = {
                "line": number,
                "kind": "not_ours",
                "shares": [],
                "reason": "",
                "at": clock.now(),
                "before": {},
            }
            return decisions.add(tx, "a group", [row | {"actor_kind": SYSTEM.kind, "actor_id": SYSTEM.id}])
        return settlement_files.lease(tx, "reconciling")


if __name__ == "__main__":
    main()
