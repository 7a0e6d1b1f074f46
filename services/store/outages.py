"""The log of a store that is away or has no room: a line when it begins, one every few minutes, one when it is over.

It is written here, once for all threads of a process: a worker with eight of them would write hundreds of lines a minute.
"""

import logging
import threading
import time
from typing import Literal

OutageKind = Literal["away", "full"]
log = logging.getLogger("services.store")
AGAIN_SECONDS = 300.0  # between two lines while it lasts
QUIET_SECONDS = 30.0  # without trouble: then it is over. All who wait try again sooner


class Outages:
    """The outages of one store in this process: when each kind began, was met last and was logged last (monotonic seconds)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began: dict[OutageKind, float] = {}
        self._met: dict[OutageKind, float] = {}
        self._told: dict[OutageKind, float] = {}

    def met(self, kind: OutageKind, name: str) -> None:
        """The store has failed: ``kind`` is away or full, ``name`` the class of the error (its text may contain values)."""
        now = time.monotonic()
        with self._lock:
            first = kind not in self._began
            self._began.setdefault(kind, now)
            self._met[kind] = now
            if not first and now - self._told[kind] < AGAIN_SECONDS:
                return
            self._told[kind] = now
            seconds = now - self._began[kind]
        what = "has no room on its disk" if kind == "full" else "does not answer"
        since = "" if first else f", for {seconds:.0f} s now"
        log.warning("the store %s (%s)%s: what needs it waits, and goes on when it can", what, name, since)

    def answered(self, *, wrote: bool = True) -> None:
        """The store has committed. Another thread may still fail, so an outage is over after a while only; and only a
        transaction that wrote shows that there is room."""
        if not self._began:
            return
        now = time.monotonic()
        with self._lock:
            over = [
                kind
                for kind, at in self._met.items()
                if now - at >= QUIET_SECONDS and (wrote or kind != "full")
            ]
            seconds = {kind: self._met[kind] - self._began[kind] for kind in over}
            for kind in over:
                del self._began[kind], self._met[kind], self._told[kind]
        for kind in over:
            what = "has room again" if kind == "full" else "answers again"
            log.warning("the store %s, after %.0f s: what waited goes on", what, seconds[kind])

    @property
    def full(self) -> bool:
        """Whether this process met a store without room, and it is not known to be over."""
        met = self._met.get("full")
        return met is not None and time.monotonic() - met < AGAIN_SECONDS
