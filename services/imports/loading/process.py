"""The process that imports files and rejoins lines. A worker spawns it (`spawned`) when there is work; it ends when there is none.

It has the database and the keys of our accounts, but no setting, no environment and no credential of HiPay. A child without
the database reads the file (`services.settlements.untrusted_file`), and this process stores what was read. The system bounds its
memory, so that a file that needs too much fails alone, and the application goes on.
"""

import json
import logging
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from types import FrameType

from services import clock, disk_space
from services.disk_space import NoRoom, Room, RoomShort
from services.errors import DeskError
from services.imports.errors import ImportDied, ImportFailed, ImportTooHeavy
from services.imports.loading import follow_up, load, upgrade
from services.imports.loading.import_run import ImportCancelled
from services.imports.loading.lease import Lease, LeaseEnded, acquire, release
from services.parsing import ParsingDied, ParsingStalled
from services.payouts import work_out
from services.reconciliation.matching import rejoin
from services.store import (
    STORE_AWAY,
    DatabaseRefused,
    Store,
    StoreFull,
    open_store,
)
from services.store.settlements import matching_rules
from services.store.settlements.files import import_tries, settlement_files
from services.store.settlements.files.import_tries import MAX_TRIES
from services.store.settlements.files.settlement_files import SettlementFile
from services.store.settlements.lines import line_totals, settlement_lines
from services.store.settlements.matching_rules import AccountMatching

log = logging.getLogger(__name__)
MEMORY_BYTES = 6 << 30  # of addresses, of which half at most are ever in memory
AWAY = os.EX_TEMPFAIL  # exit code if the store is away: the file is not to blame
FULL = os.EX_CANTCREAT  # exit code if the disk has no room: the file is not to blame
_GROWTH = 6  # bytes of the database, with its indexes and its log, for one byte of a text file
_DELETED_AT_ONCE = 5_000  # lines deleted in one transaction
_STALE = timedelta(minutes=30)  # a reception without progress for so long has broken off


def waiting(store: Store, keep_free: int = 0) -> bool:
    """Whether there is work for the process, and room for it. ``keep_free``: bytes of the disks that stay free."""
    there = Room.of(store, keep_free)
    if (upgrading := upgrade.waiting(store)) is not None:
        return upgrading and there.has()
    with store.read() as tx:
        if settlement_files.to_clean(tx, _stale()):
            return True
        file, account = import_tries.next_file(tx, clock.now()), matching_rules.next_rejoin(tx)
    return there.has() and bool(_with_room(file, there) or account)  # no disk is asked within a transaction


def work_off(
    store: Store,
    owner: str,
    accounts: Collection[str],
    stopping: threading.Event | None = None,
    keep_free: int = 0,
) -> bool:
    """Do all waiting work, unless another process has the lease; whether this one did it. ``accounts``: our keys.

    Raises NoRoom if the disk fills up during the work.
    """
    lease = acquire(store, owner, accounts, stopping or threading.Event(), keep_free)
    if lease is None:
        return False
    try:
        with lease.renewed():
            while _next(lease):
                pass
    except LeaseEnded:
        log.info("reconciliation stops here and continues later")
    finally:
        release(store, owner)
    return True


def _next(lease: Lease) -> bool:
    """Do the next piece of work; False when there is none."""
    lease.check()
    if (upgraded := upgrade.step(lease)) is not None:
        return upgraded
    with lease.store.read() as tx:
        unclean = settlement_files.to_clean(tx, _stale())
        file, account = import_tries.next_file(tx, clock.now()), matching_rules.next_rejoin(tx)
    file = _with_room(file, lease.room)
    if unclean:
        _clean(lease, unclean[0])
    elif file is not None and file.state == "complete":
        _follow_up(lease, file)
    elif file is not None:
        _run(lease, file)
    elif account is not None:
        _rejoin(lease, account)
    else:
        return False
    return True


def _with_room(file: SettlementFile | None, there: Room) -> SettlementFile | None:
    """The file, or None if it waits for more room than there is: then other work is done."""
    if file is None or file.state == "complete" or file.failure != RoomShort.code:
        return file
    return file if there.has(**_needs(file)) else None


def _needs(file: SettlementFile) -> dict[str, int]:
    """Bytes that a file will need: for its lines in the database, for a temporary copy, and for the text of a workbook."""
    left = max(0, file.size - file.bytes_done)
    return {"database": _GROWTH * left, "temporary": 2 * file.size}


def _run(lease: Lease, file: SettlementFile) -> None:
    """Import one file, or record why it failed."""
    try:
        lease.room.require(**_needs(file))
    except RoomShort as short:
        _hold_up(lease, file, short)
        return
    with lease.write() as tx:
        settlement_files.lock_settlements(tx)  # nobody decides on a held correction meanwhile
        begun = settlement_files.change(
            tx,
            file.id,
            states=("waiting", "running"),
            state="running",
            tries=file.tries + 1,
            failure="",
            failure_detail={},
            alive_at=clock.now(),
        )
    if not begun:
        return
    try:
        with disk_space.raising_no_room():
            load.load(lease, file.id)
            work_out.catch_up(lease.store, between=lease.check)
    except ImportCancelled:
        pass
    except NoRoom as short:
        with suppress(*STORE_AWAY):
            _hold_up(lease, file, short)
        raise
    except LeaseEnded:
        _uncount(lease, file)
        raise
    except STORE_AWAY:
        raise
    except (ParsingDied, ParsingStalled) as trouble:  # the try counts; others may follow
        how = trouble.how if isinstance(trouble, ParsingDied) else "the child made no progress"
        log.warning("the payout file %s was not read to its end (%s)", file.id, how)
        if not trouble.by_machine and file.tries + 1 >= MAX_TRIES:
            _fail(lease, file.id, ImportDied())
    except DeskError as refusal:
        _fail(lease, file.id, refusal)
    except MemoryError:
        _fail(lease, file.id, ImportTooHeavy())
    except Exception:
        log.exception("the payout file %s could not be imported", file.id)
        _fail(lease, file.id, ImportFailed())


def _hold_up(lease: Lease, file: SettlementFile, short: NoRoom) -> None:
    """Leave the file in its state, with the lack of room as its failure: it waits for room."""
    with lease.write(grows=False) as tx:
        settlement_files.change(
            tx,
            file.id,
            states=("waiting", "running"),
            tries=file.tries,
            failure=short.code,
            failure_detail=short.fields(),
        )


def _follow_up(lease: Lease, file: SettlementFile) -> None:
    """Follow up a complete file. If that fails, other files go first, and it is tried MAX_TRIES times."""
    with lease.write() as tx:
        settlement_files.change(tx, file.id, states=("complete",), tries=file.tries + 1, alive_at=clock.now())
    try:
        with disk_space.raising_no_room():
            follow_up.follow_up(lease, file)
            work_out.catch_up(lease.store, between=lease.check)
    except LeaseEnded:
        _uncount(lease, file)
        raise
    except (NoRoom, *STORE_AWAY):
        raise
    except Exception:
        log.exception("the follow-up of the payout file %s failed", file.id)


def _uncount(lease: Lease, file: SettlementFile) -> None:
    """Do not count this try, if the process was stopped."""
    if lease.stopping.is_set():
        with lease.store.write() as tx:
            settlement_files.change(tx, file.id, states=("running", "complete"), tries=file.tries)


def _fail(lease: Lease, file_id: int, why: DeskError) -> None:
    with lease.write(grows=False) as tx:
        settlement_files.change(
            tx,
            file_id,
            states=("waiting", "running"),
            state="failed",
            failure=why.code,
            failure_detail=why.fields(),
            finished_at=clock.now(),
        )


def _clean(lease: Lease, file: SettlementFile) -> None:
    """Delete the lines of a failed or cancelled file; or the whole file, if it was not received completely."""
    while True:
        with lease.write(grows=False) as tx:
            gone = settlement_lines.remove(tx, file.id, _DELETED_AT_ONCE)
            if gone < _DELETED_AT_ONCE:
                line_totals.remove_totals(tx, file.id)
                if file.state == "receiving":
                    settlement_files.drop(tx, file.id)
                else:
                    settlement_files.change(
                        tx, file.id, states=(file.state,), first_line_id=None, last_line_id=None, lines_done=0
                    )
                return
        time.sleep(rejoin.GAP_SECONDS)


def _rejoin(lease: Lease, account: AccountMatching) -> None:
    """Rejoin an account's lines because its rules have changed; begin again if they change meanwhile."""
    at: int | None = account.rejoin
    while at is not None:
        last = rejoin.rejoin_account(lease.store, account.account, at, lease.write)
        with lease.write() as tx:
            if not matching_rules.set_rejoined(tx, account.account, at, last):
                return
        at = last


def _stale() -> datetime:
    return clock.now() - _STALE


def main() -> None:
    """What `spawned` runs; each child that reads is bounded by itself."""
    given = json.loads(sys.stdin.read())
    resource.setrlimit(resource.RLIMIT_AS, (given["memory"], given["memory"]))
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("services").setLevel(logging.INFO)
    offset = timedelta(seconds=given["offset"])
    clock.use(lambda: offset)
    stopping = threading.Event()

    def _stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        store = open_store(given["database"], long_work=True)
    except DatabaseRefused as refusal:
        log.warning(
            "no payout file is imported: the database cannot be used (%s: %s)", refusal.reason, refusal.detail
        )
        sys.exit({"full": FULL, "unreachable": AWAY}.get(refusal.reason, 1))
    try:
        work_off(store, given["owner"], given["accounts"], stopping, given["keep_free"])
    except (NoRoom, StoreFull) as error:
        log.warning("the disk has no room: reconciliation waits until it has (%s)", type(error).__name__)
        sys.exit(FULL)
    except STORE_AWAY as error:
        log.warning(
            "the database cannot be reached: reconciliation waits until it can (%s)", type(error).__name__
        )
        sys.exit(AWAY)
    finally:
        store.close()
