"""A database that was restored from a backup sends nothing until a person releases it.

In a restored database, what was sent after the backup still waits to be sent. So each machine stores in its data directory,
outside the database, a marker: which database it is and its newest event. A database was restored when its newest event is
older than the marker's, when the marker is of another database, or when it has orders and there is no marker (a backup on a
new machine).

    first start, or the first one that writes a marker   a marker is written
    marker of this database, not newer than it           go on
    marker newer than the database, or of another        held
    no marker: SQLite                                    held: its file has moved without the marker
    no marker: PostgreSQL                                a further machine of a running installation joins; else held

While it is held, notifications are stored and payments are read; no page is made, and nothing is mailed or requested of HiPay.
"""

import json
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from services import clock
from services.access import ALL_ACCOUNTS, SYSTEM, Actor, Right, audit, require
from services.settings import Settings
from services.store import Store, restore_guard
from services.store.locks import one_at_a_time
from services.store.remembered import remembered

log = logging.getLogger(__name__)

Finding = Literal["free", "held", "unmarked"]
CHECK_SECONDS = 5.0
LIFE_SHOWS = 45.0  # seconds: in a running installation a worker begins a round every twenty


@dataclass(frozen=True)
class Marker:
    """How far the database named ``id`` had come: ``release`` and the newest ``event`` this machine has seen."""

    id: str
    release: int
    event: int


@dataclass(frozen=True)
class Hold:
    """``waiting``: steps that would go on at once, by kind, and ``rows`` of lists."""

    since: datetime
    reason: str
    waiting: dict[str, int]


def examine(store: Store, settings: Settings) -> Finding:
    """Compare the database with this machine's marker: hold it where it was restored, else bring the marker up to date."""
    path = marker_path(settings)
    with store.write() as tx:
        one_at_a_time(tx, "epoch")
        if restore_guard.held(tx):
            return "held"
        marker, epoch, newest = read_marker(path), restore_guard.epoch(tx), restore_guard.newest_event(tx)
        reason = ""
        if not epoch:
            epoch = {"id": uuid.uuid4().hex, "release": 0, "also": []}
            restore_guard.store_epoch(tx, epoch)
            reason = "older" if marker is not None and restore_guard.any_order(tx) else ""
        elif marker is None:
            if restore_guard.any_order(tx) and _writable(path):
                return "unmarked"
        else:
            reason = _mismatch(marker, epoch, newest)
        if reason:
            _hold(tx, reason, marker)
            return "held"
        write_marker(path, Marker(epoch["id"], epoch["release"], newest))
    return "free"


def _mismatch(marker: Marker, epoch: dict[str, Any], newest: int) -> str:
    """Why the database is not the one that this machine knows, or nothing."""
    if marker.id != epoch["id"]:
        return "" if marker.id in epoch["also"] else "other"
    if marker.release != epoch["release"]:
        return "older" if marker.release > epoch["release"] else ""
    return "older" if marker.event > newest else ""


def hold_if_restored(store: Store, settings: Settings) -> None:
    """Every process calls this before it uses the database. On PostgreSQL a database without this machine's marker is left to
    ``MarkerWatch``, which distinguishes a further machine of a running installation from a backup."""
    if examine(store, settings) == "unmarked" and store.sqlite:
        hold_unmarked(store)


def hold_unmarked(store: Store) -> None:
    """Hold a database that has orders and of which this machine has no marker."""
    with store.write() as tx:
        one_at_a_time(tx, "epoch")
        if not restore_guard.held(tx):
            _hold(tx, "unmarked", None)


def join(store: Store, settings: Settings) -> None:
    """This machine is a further one of a running installation: write its marker."""
    with store.write() as tx:
        one_at_a_time(tx, "epoch")
        epoch = restore_guard.epoch(tx)
        write_marker(
            marker_path(settings), Marker(epoch["id"], epoch["release"], restore_guard.newest_event(tx))
        )


def _hold(tx: Any, reason: str, marker: Marker | None) -> None:
    known = {"marker": marker.id, "release": marker.release} if marker else {}
    restore_guard.set_hold(tx, {"since": clock.now().isoformat(), "reason": reason, **known})
    audit.record(tx, SYSTEM, "backup.held", "database", reason=reason)
    log.error(
        "the database was put back from a backup (%s): nothing is sent until an administrator releases it",
        reason,
    )


def current_hold(store: Store) -> Hold | None:
    """Since when the database is held, and what waits; None while it is not. It reads one row of a small table."""
    with store.read() as tx:
        known = remembered(tx, ("held",), lambda: restore_guard.held(tx))
        if not known:
            return None
        return Hold(datetime.fromisoformat(known["since"]), known["reason"], restore_guard.waiting(tx))


def release(store: Store, settings: Settings, actor: Actor) -> bool:
    """Let everything go on from what the database holds; whether it was held. Raises NotAllowed."""
    with store.write() as tx:
        require(tx, actor, Right.CONFIGURE, ALL_ACCOUNTS)
        one_at_a_time(tx, "epoch")
        known, epoch = restore_guard.held(tx), restore_guard.epoch(tx)
        if not known:
            return False
        also = {*epoch["also"], known.get("marker", epoch["id"])} - {epoch["id"]}
        latest = max(epoch["release"], known.get("release", 0)) + 1
        restore_guard.store_epoch(tx, {"id": epoch["id"], "release": latest, "also": sorted(also)})
        restore_guard.set_hold(tx, {})
        audit.record(tx, actor, "backup.released", "database", reason=known["reason"])
        write_marker(marker_path(settings), Marker(epoch["id"], latest, restore_guard.newest_event(tx)))
    return True


def marker_path(settings: Settings) -> Path:
    return settings.data_dir / ("sandbox.epoch" if settings.demo else "eterminal.epoch")


def read_marker(path: Path) -> Marker | None:
    """The marker, None where there is none or it cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Marker(str(found["id"]), int(found["release"]), int(found["event"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_marker(path: Path, marker: Marker) -> None:
    """Write it as a whole. Where it cannot be written, a restored backup is not noticed: the log warns of that."""
    if read_marker(path) == marker:
        return
    unfinished = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump({"id": marker.id, "release": marker.release, "event": marker.event}, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        log.warning(
            "no marker could be written beside the database (%s): a backup put back is not noticed",
            error.strerror,
        )
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _writable(path: Path) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(path.parent, os.W_OK)


class MarkerWatch:
    """A worker compares the marker with the database: at its start, and when there are new events."""

    def __init__(
        self, store: Store, settings: Settings, *, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._settings, self._seconds = store, settings, seconds
        self._checked_at: float | None = None
        self._seen = -1
        self._unmarked_since: float | None = None
        self._life = ""

    def may_work(self) -> bool:
        """False while it is not known whether this machine is a further one of a running installation.

        True for a held database: the steps that would send something wait by themselves.
        """
        now = self._seconds()
        if (
            self._unmarked_since is None
            and self._checked_at is not None
            and now - self._checked_at < CHECK_SECONDS
        ):
            return True
        self._checked_at = now
        with self._store.read() as tx:
            newest, life = restore_guard.newest_event(tx), restore_guard.sign_of_life(tx)
        if newest == self._seen and self._unmarked_since is None:
            return True
        found = examine(self._store, self._settings)
        if found == "unmarked":
            return self._decide(now, life)
        self._seen, self._unmarked_since = newest, None
        return True

    def _decide(self, now: float, life: str) -> bool:
        if self._store.sqlite:
            hold_unmarked(self._store)
        elif self._unmarked_since is None:
            self._unmarked_since, self._life = now, life
            return False
        elif life != self._life:
            join(self._store, self._settings)
        elif now - self._unmarked_since < LIFE_SHOWS:
            return False
        else:
            hold_unmarked(self._store)
        self._unmarked_since = None
        return True
