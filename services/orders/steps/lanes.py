"""Runs steps in parallel: for each account a number of each kind, each in a thread of its own.

A slow step delays only steps of its kind and account: no mail waits for a page, no page for a read, no order for the
gateway of another account.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping

from services.desk import Desk
from services.orders.steps import runner
from services.store import STORE_AWAY
from services.store.order_states import StepKind
from services.store.orders.steps import Step

# A step waits for an answer from outside nearly all its time; on SQLite their writes follow one another.
SENDING: dict[StepKind, int] = {"mail": 2, "copy": 1, "page": 4}  # what brings a customer their link
AT_ONCE: dict[StepKind, int] = {**SENDING, "operation": 1, "read": 2}
HANGS_SECONDS = 600.0  # a read asks for each of an order's pages, and each answer may take a minute

log = logging.getLogger(__name__)


class Lanes:
    """The steps that this worker is running. Only one thread calls ``begin_next``."""

    def __init__(self, desk: Desk, owner: str) -> None:
        self._desk, self._owner = desk, owner
        self._lock = threading.Lock()
        self._running: dict[Step, threading.Thread] = {}
        self._begun: dict[Step, float] = {}

    def begin_next(self, at_once: Mapping[StepKind, int] = AT_ONCE) -> bool:
        """Lease and begin the next due step whose kind and account has a free place. False when there is none."""
        with self._lock:
            busy = Counter((step.kind, step.account) for step in self._running)
        accounts = self._desk.settings.all_accounts
        free = {
            kind: [account for account in accounts if busy[kind, account] < most]
            for kind, most in at_once.items()
        }
        step = runner.take(self._desk, self._owner, free)
        if step is None:
            return False
        thread = threading.Thread(target=self._run, args=(step,), name=step.kind, daemon=True)
        with self._lock:
            self._running[step] = thread
            self._begun[step] = time.monotonic()
        try:
            thread.start()
        except BaseException:  # the system gives no thread: the lease ends, and the step is run again
            self._forget(step)
            raise
        return True

    def hang(self) -> bool:
        """Whether a step has been running longer than all its outside calls can take: it may never end."""
        with self._lock:
            oldest = min(self._begun.values(), default=None)
        return oldest is not None and time.monotonic() - oldest > HANGS_SECONDS

    def wait(self, seconds: float) -> None:
        """Wait for the running steps. One that takes longer than ``seconds`` is run again when its lease is over."""
        ends_at = time.monotonic() + seconds
        with self._lock:
            threads = list(self._running.values())
        for thread in threads:
            thread.join(max(0.0, ends_at - time.monotonic()))

    def _run(self, step: Step) -> None:
        try:
            runner.run(self._desk, step)
        except STORE_AWAY:  # the store logs it; the lease ends, and the step is run again
            pass
        except Exception:  # the thread ends here: the same
            log.exception("the result of step %s of order %s could not be stored", step.kind, step.order)
        finally:
            self._forget(step)
            self._desk.wake.set()

    def _forget(self, step: Step) -> None:
        with self._lock:
            del self._running[step], self._begun[step]
