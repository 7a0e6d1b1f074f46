"""The round of the worker that keeps the sums over payment requests short, and after an upgrade fills them.

Short transactions with gaps between: nobody waits long for one.
"""

import time

from services.desk import Desk
from services.store.orders import sum_steps

AT_ONCE = 5_000  # requests, or changes
_GAP_SECONDS = 0.03
_MOST_SECONDS = 60.0  # of a round; the next goes on


def work(desk: Desk, at_once: int = AT_ONCE) -> None:
    """Count requests that are not counted yet, and add up the changes."""
    ends_at = time.monotonic() + _MOST_SECONDS
    for step in (sum_steps.count_next, sum_steps.add_up):
        more = True
        while more and time.monotonic() < ends_at:
            with desk.store.write() as tx:
                more = step(tx, at_once)
            time.sleep(_GAP_SECONDS if more else 0)
