"""Whose turn it is to import and to join anew: one process at a time over the whole installation.

Its lease is a row that every transaction of its work looks at and renews, so that one which was taken for dead writes
nothing more. Where it reads for minutes without one, it is renewed beside. Leases are by the machine's clock, which the sandbox does not move.
"""

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from services.disk_space import Room
from services.store import STORE_AWAY, Connection, Store, meta

_LEASE = "reconciling"
_LASTS = 120.0  # seconds without a transaction after which another may begin


class TurnOver(Exception):
    """This process is to stop, or another has taken over."""


@dataclass(frozen=True)
class Turn:
    """``accounts``: the keys of our accounts, as they are configured. ``keep``: bytes of the disks that it leaves free."""

    store: Store
    owner: str
    accounts: frozenset[str] = frozenset()
    stopping: threading.Event = field(default_factory=threading.Event)
    keep: int = 0

    @property
    def room(self) -> Room:
        return Room.of(self.store, self.keep)

    @contextmanager
    def step(self, *, grows: bool = True) -> Iterator[Connection]:
        """A short transaction of the work. Raises TurnOver before it, when the work is to stop, and NoRoom where it would
        take what is to be kept free; one that does not grow the database may."""
        self.check()
        if grows:
            self.room.require()
        with self.store.write() as tx:
            if not meta.renew_lease(tx, _LEASE, self.owner, _LASTS):
                raise TurnOver
            yield tx

    @contextmanager
    def kept(self) -> Iterator[None]:
        """While the block runs, the lease is renewed in time, whatever the work is at."""
        over = threading.Event()
        thread = threading.Thread(target=self._keep, args=(over,), name="turn", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _keep(self, over: threading.Event) -> None:
        while not over.wait(_LASTS / 4):
            with (
                suppress(*STORE_AWAY),
                self.store.write() as tx,
            ):  # the work itself notices a store that is away
                if not meta.renew_lease(tx, _LEASE, self.owner, _LASTS):
                    return

    def check(self) -> None:
        """Raises TurnOver when the work is to stop."""
        if self.stopping.is_set():
            raise TurnOver


def take(
    store: Store, owner: str, accounts: Collection[str], stopping: threading.Event, keep: int = 0
) -> Turn | None:
    """The turn, unless another has it."""
    with store.write() as tx:
        if not meta.take_lease(tx, _LEASE, owner, _LASTS):
            return None
    return Turn(store, owner, frozenset(accounts), stopping, keep)


def free(store: Store) -> bool:
    """Whether nobody has the turn."""
    with store.read() as tx:
        holder, until = meta.lease(tx, _LEASE)
    return not holder or until <= time.time()


def give_back(store: Store, owner: str) -> None:
    """The turn is free, if ``owner`` still had it."""
    with store.write() as tx:
        meta.release_lease(tx, _LEASE, owner)
