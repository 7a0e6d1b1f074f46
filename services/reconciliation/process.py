"""The process that imports files and joins anew: spawned by a worker when there is work, ended when there is none.

It knows nothing but the database and what our accounts are called: no setting, no environment, no credential of HiPay
reaches what reads a stranger's file.
Its memory is bounded by the system, so that a file too heavy for it fails by itself, and the application goes on.
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
from datetime import datetime, timedelta
from types import FrameType
from typing import ClassVar

from services import clock, private_files
from services.errors import DeskError
from services.reconciliation import following, join, loading, turns
from services.reconciliation.loading import Withdrawn
from services.reconciliation.turns import Turn, TurnOver
from services.store import (
    STORE_AWAY,
    DatabaseRefused,
    Row,
    Store,
    line_totals,
    open_store,
    settlement_files,
    settlement_lines,
)
from services.store.settlement_files import TRIES

log = logging.getLogger("services.reconciliation.process")  # also where it is the main module
MEMORY_BYTES = 6 << 30  # of addresses, of which half at most are ever in memory
AWAY = os.EX_TEMPFAIL  # how it ends when the store is away: that is no fault of the file
_CLEANED = 5_000  # lines deleted in one transaction
_STALE = timedelta(minutes=30)  # a reception that has not come on for so long has broken off


class ImportFailed(DeskError):
    """Why a file is not imported, beside what the reader refuses."""

    code: ClassVar[str] = "import_failed"


class ImportTooHeavy(ImportFailed):
    code = "import_too_heavy"


class ImportDied(ImportFailed):
    code = "import_died"


def waiting(store: Store) -> bool:
    """Whether there is work for the process."""
    with store.read() as tx:
        found = settlement_files.next_file(tx) or settlement_files.next_rejoin(tx)
        return found is not None or bool(settlement_files.to_clean(tx, _stale()))


def work_off(
    store: Store, owner: str, accounts: Collection[str], stopping: threading.Event | None = None
) -> bool:
    """Do all that waits, one after another, unless another does; whether it was ours to do. ``accounts``: ours."""
    turn = turns.take(store, owner, accounts, stopping or threading.Event())
    if turn is None:
        return False
    try:
        with turn.kept():
            while _next(turn):
                pass
    except TurnOver:
        log.info("reconciliation stops here and goes on later")
    finally:
        turns.give_back(store, owner)
    return True


def _next(turn: Turn) -> bool:
    """The next piece of work; False when there is none."""
    turn.check()
    with turn.store.read() as tx:
        unclean = settlement_files.to_clean(tx, _stale())
        file, account = settlement_files.next_file(tx), settlement_files.next_rejoin(tx)
    if unclean:
        _clean(turn, unclean[0])
    elif file is not None and file.state == "complete":
        _follow_up(turn, file)
    elif file is not None:
        _run(turn, file)
    elif account is not None:
        _rejoin(turn, account)
    else:
        return False
    return True


def _run(turn: Turn, file: Row[object]) -> None:
    """Import one file, or say why not."""
    if file.tries >= TRIES:
        _fail(turn, file.id, ImportDied())
        return
    with turn.step() as tx:
        settlement_files.take_turn(tx)  # nobody decides on a held correction meanwhile
        begun = settlement_files.change(
            tx,
            file.id,
            states=("waiting", "running"),
            state="running",
            tries=file.tries + 1,
            alive_at=clock.now(),
        )
    if not begun:
        return
    try:
        loading.load(turn, file.id)
    except Withdrawn:
        pass
    except TurnOver:
        _uncount(turn, file)
        raise
    except STORE_AWAY:
        raise
    except DeskError as refusal:
        _fail(turn, file.id, refusal)
    except MemoryError:
        _fail(turn, file.id, ImportTooHeavy())
    except Exception:
        log.exception("the payout file %s could not be imported", file.id)
        _fail(turn, file.id, ImportFailed())


def _follow_up(turn: Turn, file: Row[object]) -> None:
    """Do what is left of a complete file. One at which it fails lets the others go first, and is tried TRIES times."""
    with turn.step() as tx:
        settlement_files.change(tx, file.id, states=("complete",), tries=file.tries + 1, alive_at=clock.now())
    try:
        following.follow_up(turn, file)
    except TurnOver:
        _uncount(turn, file)
        raise
    except STORE_AWAY:
        raise
    except Exception:
        log.exception("what the payout file %s leaves to be joined could not be done", file.id)


def _uncount(turn: Turn, file: Row[object]) -> None:
    """Stopped, not broken: this one does not count."""
    if turn.stopping.is_set():
        with turn.store.write() as tx:
            settlement_files.change(tx, file.id, states=("running", "complete"), tries=file.tries)


def _fail(turn: Turn, file_id: int, why: DeskError) -> None:
    with turn.step() as tx:
        settlement_files.change(
            tx, file_id, states=("waiting", "running"), state="failed", failure=why.code, failure_detail=why.fields(),
            finished_at=clock.now(),
        )  # fmt: skip


def _clean(turn: Turn, file: Row[object]) -> None:
    """Delete the lines of a file that came to nothing; of one that was never received, all of it."""
    while True:
        with turn.step() as tx:
            gone = settlement_lines.remove(tx, file.id, _CLEANED)
            if gone < _CLEANED:
                line_totals.remove_totals(tx, file.id)
                if file.state == "receiving":
                    settlement_files.drop(tx, file.id)
                else:
                    settlement_files.change(
                        tx, file.id, states=(str(file.state),), first_line_id=None, lines_done=0
                    )
                return
        time.sleep(join.GAP_SECONDS)


def _rejoin(turn: Turn, account: Row[object]) -> None:
    """Join an account's lines again, since its rules have changed; begun anew where they change meanwhile."""
    at: int | None = account.rejoin
    while at is not None:
        last = join.rejoin_account(turn.store, account.account, at, turn.step)
        with turn.step() as tx:
            if not settlement_files.rejoined(tx, account.account, at, last):
                return
        at = last


def _stale() -> datetime:
    return clock.now() - _STALE


def main() -> None:
    """``python -m services.reconciliation.process``: where the database is comes as JSON on the standard input."""
    private_files.keep()
    given = json.loads(sys.stdin.read())
    resource.setrlimit(resource.RLIMIT_AS, (given["memory"], given["memory"]))
    os.nice(10)  # screens and payment links come first
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
        log.warning("no payout file is imported: the database cannot be used (%s: %s)", refusal.reason, refusal.detail)
        sys.exit(AWAY)
    try:
        work_off(store, given["owner"], given["accounts"], stopping)
    except STORE_AWAY as error:
        log.warning("the store is away: reconciliation goes on when it is back (%s)", type(error).__name__)
        sys.exit(AWAY)
    finally:
        store.close()


if __name__ == "__main__":
    main()
