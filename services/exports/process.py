"""The process that makes exports. A worker spawns it when one is due; it ends when there is none.

It has the database and the names and zones of the accounts, but no credential of HiPay. A file grows in a temporary folder that
the worker deletes; when it is complete it goes into the store in chunks, invisible until one row says that it is ready. The
lease of an export is renewed with its progress; whoever was cancelled, emptied or overtaken by another process stops there.
"""

import json
import logging
import os
import sys
import tempfile
import time
import zipfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, cast

from pydantic import SecretStr

from services import clock, disk_space, exports, private_files
from services.access import Actor, allowed_accounts
from services.desk import Desk
from services.disk_space import NoRoom
from services.errors import DeskError
from services.exports import kinds
from services.exports.errors import ExportDied, ExportFailed
from services.exports.kinds import KINDS
from services.i18n import translator
from services.settings import Settings
from services.settings.account import Account
from services.spreadsheets.write import Form
from services.store import STORE_AWAY, DatabaseRefused, StoreFull, kept_exports, open_store
from services.store.kept_exports import CHUNK_BYTES, Export, LeaseLost

log = logging.getLogger("services.exports.process")  # also if it is the main module
AWAY = os.EX_TEMPFAIL  # exit code if the store is away or full
MOST_TRIES = 3
_LEASE = timedelta(seconds=90)  # a large workbook is put together for so long without a sign
_EVERY_SECONDS = 0.5  # between two signs of progress
_GAP_SECONDS = 0.01  # between two transactions, for other writers


def work_off(desk: Desk, owner: str) -> bool:
    """Make every export that is due; whether there was one. Raises one of STORE_AWAY."""
    found = False
    while (export := _take(desk, owner)) is not None:
        found = True
        _make(desk, export)
    return found


def _take(desk: Desk, owner: str) -> Export | None:
    with desk.store.write() as tx:
        return kept_exports.take(tx, owner, datetime.now(UTC), _LEASE)


def _make(desk: Desk, export: Export) -> None:
    """Make one, or record why it failed."""
    try:
        if export.tries > MOST_TRIES:
            raise ExportDied
        with disk_space.raising_no_room():
            desk.room.require()
            _write(desk, export)
    except LeaseLost:
        log.info("export %s was cancelled, emptied or begun elsewhere", export.id)
    except DeskError as refusal:
        _fail(desk, export, refusal)
    except STORE_AWAY:
        raise
    except Exception:
        log.exception("export %s could not be made", export.id)
        _fail(desk, export, ExportFailed())


def _fail(desk: Desk, export: Export, why: DeskError) -> None:
    ended = {"state": "failed", "failure": why.code, "failure_detail": why.fields(), "open_key": None}
    with suppress(LeaseLost), desk.store.write() as tx:
        kept_exports.drop_chunks(tx, export.id)
        kept_exports.change(tx, export, **ended, leased_until=None, size=0, finished_at=clock.now())


@dataclass
class _Signs:
    """The signs of progress of one export."""

    desk: Desk
    export: Export
    next_at: float = field(default_factory=time.monotonic)

    def __call__(self, rows: int) -> None:
        """Raises LeaseLost, NoRoom."""
        self.desk.room.require()
        if time.monotonic() >= self.next_at:
            self.next_at = time.monotonic() + _EVERY_SECONDS
            with self.desk.store.write() as tx:
                kept_exports.change(tx, self.export, rows_done=rows, leased_until=datetime.now(UTC) + _LEASE)


def _write(desk: Desk, export: Export) -> None:
    """Raises LeaseLost, NotAllowed, NoRoom."""
    kind, form = KINDS[export.kind], cast(Form, export.form)
    # The person may have signed out meanwhile: what counts is what they may see.
    person = Actor(kind=export.actor_kind, id=export.actor_id)
    with desk.store.write() as tx:
        accounts = allowed_accounts(tx, person, kind.right)
        kept_exports.change(tx, export, accounts=None if accounts is None else sorted(accounts))
    wanted, t = kinds.read(export.kind, export.chosen), translator(export.language)
    with tempfile.TemporaryFile() as out:
        rows = kind.write(desk, person, wanted, form, t, out, _Signs(desk, export))
        if form == "csv" and rows > exports.MOST_UNZIPPED:
            with tempfile.TemporaryFile() as packed:
                _zip(out, packed, f"{t(kind.file)}.csv")
                _store(desk, export, packed)
        else:
            _store(desk, export, out)
    now = clock.now()
    with desk.store.write() as tx:
        kept_exports.change(
            tx,
            export,
            state="ready",
            open_key=None,
            leased_until=None,
            rows_done=rows,
            finished_at=now,
            kept_until=now + exports.KEPT,
        )


def _zip(source: BinaryIO, out: BinaryIO, name: str) -> None:
    source.seek(0)
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as part,
    ):
        while data := source.read(CHUNK_BYTES):
            part.write(data)


def _store(desk: Desk, export: Export, file: BinaryIO) -> None:
    file.seek(0)
    number = 0
    while data := file.read(CHUNK_BYTES):
        desk.room.require()
        with desk.store.write() as tx:
            kept_exports.add_chunk(tx, export, number, data)
            kept_exports.change(tx, export, leased_until=datetime.now(UTC) + _LEASE)
        number += 1
        time.sleep(_GAP_SECONDS)


def _desk(given: dict[str, Any]) -> Desk:
    """What the writers of rows need of a desk: the store, the accounts' names and zones, the room to leave free."""
    accounts = {
        key: Account.model_construct(
            key=key,
            **known,
            environment="production",
            login="",
            password=SecretStr(""),
            passphrase=SecretStr(""),
        )
        for key, known in given["accounts"].items()
    }
    settings = Settings.model_construct(
        accounts=accounts, sandbox=False, keep_free_mb=given["keep_free_mb"], database_url=None
    )
    return Desk(settings, open_store(given["database"], long_work=True))


def main() -> None:
    """``python -m services.exports.process``: what it is given comes as JSON on the standard input."""
    private_files.set_umask()
    given = json.loads(sys.stdin.read())
    os.nice(10)  # screens and payment links come first
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    offset = timedelta(seconds=given["offset"])
    clock.use(lambda: offset)
    try:
        desk = _desk(given)
    except DatabaseRefused as refusal:
        log.warning("no export is made: the database cannot be used (%s)", refusal.reason)
        sys.exit(AWAY)
    try:
        work_off(desk, given["owner"])
    except (NoRoom, StoreFull, *STORE_AWAY) as error:
        log.warning("exports wait: the database is away or full (%s)", type(error).__name__)
        sys.exit(AWAY)
    finally:
        desk.close()


if __name__ == "__main__":
    main()
