"""The lease of the import process: one process at a time over the whole installation imports and rejoins.

Every transaction of the work checks and renews the lease, so that a process that was judged to be dead writes nothing more.
Work that reads for minutes without a transaction is covered by a thread that renews the lease. Leases use the machine's
clock, which the sandbox does not move.
"""

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from services.disk_space import Room
from services.store import STORE_AWAY, Connection, Store, meta, version_guard

_NAME = "reconciliation"  # of programs before the version guard: "reconciling"
_SECONDS = 120.0  # without a transaction, after which another process may acquire the lease


class LeaseEnded(Exception):
    """This process must stop, or another one has acquired the lease."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """``accounts``: the keys of the configured accounts. ``keep_free``: bytes of the disks that the work leaves free."""

    store: Store
    owner: str
    accounts: frozenset[str] = frozenset()
    stopping: threading.Event = field(default_factory=threading.Event)
    keep_free: int = 0

    @property
    def room(self) -> Room:
        return Room.of(self.store, self.keep_free)

    @contextmanager
    def write(self, *, grows: bool = True) -> Iterator[Connection]:
        """A short transaction of the work. ``grows``: it may grow the database.

        Raises LeaseEnded before it begins, if the work must stop, and NoRoom if it ``grows`` and would use the space that
        must stay free.
        """
        self.check()
        if grows:
            self.room.require()
        with self.store.write() as tx:
            if not meta.renew_lease(tx, _NAME, self.owner, _SECONDS) or version_guard.outdated(tx):
                raise LeaseEnded
            yield tx

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """While the block runs, a thread renews the lease in time."""
        over = threading.Event()
        thread = threading.Thread(target=self._renew_until, args=(over,), name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _renew_until(self, over: threading.Event) -> None:
        while not over.wait(_SECONDS / 4):
            # the work itself notices a store that is away
            with suppress(*STORE_AWAY), self.store.write() as tx:
                if not meta.renew_lease(tx, _NAME, self.owner, _SECONDS):
                    return

    def check(self) -> None:
        """Raises LeaseEnded if the work must stop."""
        if self.stopping.is_set():
            raise LeaseEnded


def acquire(
    store: Store, owner: str, accounts: Collection[str], stopping: threading.Event, keep_free: int = 0
) -> Lease | None:
    """The lease, unless another process holds it, or this program may not import."""
    with store.write() as tx:
        if version_guard.outdated(tx) or not meta.take_lease(tx, _NAME, owner, _SECONDS):
            return None
    return Lease(
        store=store, owner=owner, accounts=frozenset(accounts), stopping=stopping, keep_free=keep_free
    )


def is_free(store: Store) -> bool:
    with store.read() as tx:
        holder, until = meta.lease(tx, _NAME)
    return not holder or until <= time.time()


def is_held_by(store: Store, owner: str) -> bool:
    with store.read() as tx:
        holder, until = meta.lease(tx, _NAME)
    return holder == owner and until > time.time()


def release(store: Store, owner: str) -> None:
    """Free the lease, if ``owner`` still holds it."""
    with store.write() as tx:
        meta.release_lease(tx, _NAME, owner)
