"""Signs of life: whether the workers' work goes on, lane by lane.

A lane is a loop that does one kind of work again and again. After each run that did not fail it calls ``Heartbeats.beat``,
and ``still_working`` within a run that may last longer than a minute; every twenty seconds one lane writes, for all lanes of
its process, when each last ran. So a lane that hangs, has died or fails at every run gives no sign, while the others do.
``WorkerWatch`` reads the signs: it measures by its own clock for how long a lane's sign has not changed, so that neither the
sandbox's clock, nor two machines whose clocks differ, nor a machine that was suspended makes a worker seem dead.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Literal

from services.store import STORE_AWAY, Store, heartbeats

log = logging.getLogger(__name__)
# The lanes of every worker, in the order in which they are shown.
LANES = (
    "work", "steps", "notifications", "rounds", "exports", "payouts", "folder", "reconciliation", "imports",
)  # fmt: skip
EVERY_SECONDS = 20.0  # between two writes of a process
LIMIT_SECONDS = 120.0  # without a sign: one step may last a minute, and its sign waits for the next write
POLL_SECONDS = 10.0
_BLIND_SECONDS = 60.0  # without a poll: a sign that has not changed meanwhile proves nothing
_AGAIN_SECONDS = 5.0

Standing = Literal["alive", "unknown", "still"]
_here = threading.local()


class Heartbeats:
    """The signs of this process's lanes; one object for each store."""

    def __init__(self, store: Store, *, every: float = EVERY_SECONDS) -> None:
        self._store, self._every = store, every
        self._turned: dict[str, datetime] = {}
        self._begun: set[str] = set()
        self._due = 0.0
        self._lock = threading.Lock()

    def beat(self, lane: str) -> None:
        """Record a run of the lane, also one that found nothing to do. It costs a write every ``every`` seconds."""
        now = time.monotonic()
        with self._lock:
            self._turned[lane] = datetime.now(UTC)
            if now < self._due and lane in self._begun:
                return
            self._begun.add(lane)
            self._due = now + self._every
            signs, self._turned = self._turned, {}
        try:
            with self._store.write() as tx:
                heartbeats.store_signs(tx, signs)
        except STORE_AWAY:  # the lane's own work notices and logs it
            self._due = time.monotonic() + min(_AGAIN_SECONDS, self._every)

    def keep_going(
        self, lane: str, loop: Callable[[], None], stopping: threading.Event, *, pause: float = 5.0
    ) -> None:
        """Run the lane's ``loop`` in this thread. When it ends before ``stopping`` is set, for whatever reason, that is logged
        and it begins again after ``pause`` seconds."""
        _here.beat = partial(self.beat, lane)
        while not stopping.is_set():
            broken: BaseException | None = None
            try:
                loop()
            except BaseException as error:  # noqa: BLE001 a thread's own last line: it must not be gone without a word
                broken = error
            if not stopping.is_set():
                with suppress(Exception):  # no memory for the words
                    log.critical("the worker's lane %s broke off; it begins again", lane, exc_info=broken)
            stopping.wait(pause)


def still_working() -> None:
    """Record that the current run of this thread's lane goes on. Outside a lane it does nothing."""
    if beat := getattr(_here, "beat", None):
        beat()


@dataclass(frozen=True)
class Standstill:
    """Lanes that have given no sign for too long, in the order of LANES, each with its last sign (UTC, the machine's clock).

    ``whole``: all lanes. A lane that never gave a sign has the time at which this process began to poll.
    """

    lanes: tuple[tuple[str, datetime], ...]
    whole: bool

    @property
    def since(self) -> datetime:
        """From when on nothing at all, or not everything, was done."""
        return max(since for _, since in self.lanes) if self.whole else min(since for _, since in self.lanes)


@dataclass
class _Seen:
    """``at``: the monotonic second from which on the sign is known not to have changed."""

    sign: datetime | None
    at: float
    alive: bool


class WorkerWatch:
    """One process's view of the signs. ``poll`` is called every few seconds; the rest asks the store nothing."""

    def __init__(
        self,
        store: Store,
        *,
        limit: float = LIMIT_SECONDS,
        lanes: tuple[str, ...] = LANES,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._limit, self._lanes, self._seconds = store, limit, lanes, seconds
        self._began = datetime.now(UTC)
        self._seen: dict[str, _Seen] = {}
        self._polled_at = seconds()
        self._found: dict[str, Standing] = dict.fromkeys(lanes, "unknown")

    def poll(self) -> None:
        """Raises StoreError."""
        with self._store.read() as tx:
            signs = heartbeats.signs(tx, self._lanes)
        now = self._seconds()
        blind = now - self._polled_at > _BLIND_SECONDS
        self._polled_at = now
        found: dict[str, Standing] = {}
        for lane in self._lanes:
            seen = self._seen.setdefault(lane, self._first(signs.get(lane), now))
            if seen.sign != signs.get(lane):
                self._seen[lane] = seen = _Seen(signs.get(lane), now, alive=True)
            elif blind and self._found[lane] != "still":
                seen.at = now
            still = now - seen.at >= self._limit
            found[lane] = "still" if still else "alive" if seen.alive else "unknown"
        self._found = found

    def _first(self, sign: datetime | None, now: float) -> _Seen:
        """The first poll has only the machine's clock: a fresh sign counts, an old one is from before the start."""
        age = max(0.0, (datetime.now(UTC) - sign).total_seconds()) if sign else self._limit
        fresh = age < self._limit
        return _Seen(sign, now - age if fresh else now, fresh)

    @property
    def alive(self) -> bool:
        """Whether a recent poll found every lane running."""
        fresh = self._seconds() - self._polled_at <= _BLIND_SECONDS
        return fresh and set(self._found.values()) == {"alive"}

    @property
    def standstill(self) -> Standstill | None:
        """The lanes that are known to run no more; None while there are none."""
        found = dict(self._found)
        lanes = tuple(
            (lane, self._seen[lane].sign or self._began) for lane, one in found.items() if one == "still"
        )
        return Standstill(lanes, len(lanes) == len(found)) if lanes else None


@contextmanager
def watching_workers(
    watch: WorkerWatch, then: Callable[[], None] = lambda: None, *, every: float = POLL_SECONDS
) -> Iterator[None]:
    """While the block runs, a thread polls every few seconds, and calls ``then`` after each poll."""
    over = threading.Event()

    def run() -> None:
        away = False
        while not over.is_set():
            try:
                watch.poll()
                then()
                away = False
            except Exception as error:  # noqa: BLE001 ``alive`` turns false once the last poll is old
                if not away:  # one line, however long it lasts
                    log.warning("the workers' signs of life cannot be read (%s)", type(error).__name__)
                away = True
            over.wait(
                every if watch.alive or watch.standstill else min(every, 1.0)
            )  # at a start somebody waits for it

    thread = threading.Thread(target=run, name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(2)
