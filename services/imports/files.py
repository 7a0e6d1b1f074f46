"""Payout files: receive, list, cancel, import again."""

import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol

from services import clock
from services.access import Actor, NotAllowed, Right, allowed_accounts, audit, require
from services.access.payout_files import covers
from services.desk import Desk
from services.disk_space import NoRoom
from services.imports.errors import FileKnown, FileKnownElsewhere, FileUnknown, NotToCancel
from services.imports.file_rights import require_file, visible
from services.imports.issued_again.issue_answers import NOTHING_SAID, Answers
from services.settlements.dialect import Chosen
from services.store import STORE_AWAY, Connection, StoreFull
from services.store.settlements.files import file_content, import_tries, settlement_files
from services.store.settlements.files.import_tries import TriedFile
from services.store.settlements.files.settlement_files import FileOrigin, FileState, SettlementFile
from services.text import card_numbers

RUNNING: tuple[FileState, ...] = ("receiving", "waiting", "running")
CANCELLABLE: tuple[FileState, ...] = (*RUNNING, "failed")


def receive(
    desk: Desk,
    actor: Actor,
    account: str,
    name: str,
    stream: BinaryIO,
    chosen: Chosen | None = None,
    *,
    source: FileOrigin = "upload",
    hipay_settlement: str = "",
    others: bool = False,
    answers: Answers = NOTHING_SAID,
    batch: int | None = None,
) -> int:
    """Store a file, which the worker then imports; its id, or that of the same bytes in the same ``batch``, which are handed over once. Its bytes are stored in pieces, in short transactions.

    ``chosen``: how it is read, as a person chose in the preview; None: as is remembered for its account. ``others``: a person
    confirmed that its lines are not the stored lines that they look like; ``answers``: what a person said of its issues. A ZIP's members are received one by one
    (``services.settlements.archive.members``). Raises FileKnown, NotAllowed, FileUnknown if it was cancelled meanwhile, and
    NoRoom: then nothing of it stays stored.
    """
    desk.room.require()
    file_name = PurePosixPath(name.replace("\\", "/")).name  # without the folders that a browser may send
    name = card_numbers.masked(file_name[:200] or "file")
    now = clock.now()
    with desk.store.write() as tx:
        require(tx, actor, Right.RECONCILE, account)
        file = settlement_files.add(
            tx,
            account=account,
            name=name,
            source=source,
            hipay_settlement=hipay_settlement,
            uploaded_at=now,
            alive_at=now,
            chosen=asdict(chosen) if chosen else {},
            others=others,
            answers=answers.to_json(),
            batch=batch,
            actor_kind=actor.kind,
            actor_id=actor.id,
        )
    digest, size = hashlib.sha256(), 0
    try:
        for number, piece in enumerate(_pieces(stream)):
            digest.update(piece)
            size += len(piece)
            packed = zlib.compress(piece, 1)
            desk.room.require(database=len(packed))
            with desk.store.write() as tx:
                if not settlement_files.change(
                    tx, file, states=("receiving",), size=size, alive_at=clock.now()
                ):
                    raise FileUnknown
                file_content.add_chunk(tx, file, number, packed)
    except (NoRoom, StoreFull):
        with suppress(*STORE_AWAY), desk.store.write() as tx:
            settlement_files.drop(tx, file)
        raise
    refused = None
    with desk.store.write() as tx:
        settlement_files.lock_settlements(tx)
        there = settlement_files.by_hash(tx, digest.hexdigest())
        if there is None:
            # if not: since its last piece it was cancelled, or its reception was judged to have broken off
            if not settlement_files.change(
                tx, file, states=("receiving",), state="waiting", sha256=digest.hexdigest()
            ):
                raise FileUnknown
            audit.record(tx, actor, "settlement_file_received", f"settlement_file:{file}", size=size)
        elif batch is not None and there.batch == batch:
            settlement_files.drop(tx, file)
            return there.id
        else:
            settlement_files.drop(tx, file)
            refused = _already_stored(tx, desk, actor, there, account, name)
    if refused is not None:
        raise refused
    desk.wake.set()
    return file


def _already_stored(
    tx: Connection, desk: Desk, actor: Actor, there: SettlementFile, account: str, name: str
) -> FileKnown:
    """The same bytes are the same file, whatever the account that they are added for.

    ``there``: the stored file. Its name is not shown to a person who may not see it: they see ``name``, the one they gave.
    """
    if not covers(allowed_accounts(tx, actor, Right.RECONCILE), there):
        return FileKnown(name)
    ours = desk.settings.all_accounts.get(there.account)
    if there.account == account or ours is None:
        return FileKnown(there.name)
    return FileKnownElsewhere(there.name, ours.name)


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(file_content.CHUNK_BYTES):
        yield piece


class ImportedFile(TriedFile, Protocol):
    @property
    def state(self) -> str: ...
    @property
    def follow_up(self) -> int | None: ...


def is_stuck(file: ImportedFile) -> bool:
    """Whether a file is complete, and its follow-up has failed as often as it is tried."""
    return file.state == "complete" and file.follow_up is not None and file.tries >= import_tries.MAX_TRIES


def cancel(desk: Desk, actor: Actor, file: int) -> None:
    """Cancel a file that is not complete, or that failed. None of its lines was visible, and none stays stored.

    Raises NotToCancel, FileUnknown, NotAllowed.
    """
    with desk.store.write() as tx:
        require_file(tx, actor, Right.RECONCILE, file)
        if not settlement_files.change(
            tx, file, states=CANCELLABLE, state="cancelled", finished_at=clock.now()
        ):
            raise NotToCancel
        file_content.drop_chunks(tx, file)
        audit.record(tx, actor, "settlement_file_cancelled", f"settlement_file:{file}")
    desk.wake.set()


def retry(
    desk: Desk,
    actor: Actor,
    file: int,
    chosen: Chosen | None = None,
    *,
    others: bool = False,
    answers: Answers | None = None,
) -> None:
    """Import a file that failed again, read as chosen now; or repeat the follow-up of a complete one.

    ``others`` and ``answers``: as for ``receive``.

    Raises FileKnown, FileUnknown, NotAllowed.
    """
    with desk.store.write() as tx:
        found = require_file(tx, actor, Right.RECONCILE, file)
        if found.state == "failed":
            choices: dict[str, Any] = {} if chosen is None else {"chosen": asdict(chosen)}
            if others:
                choices["others"] = True
            if answers is not None:
                choices["answers"] = answers.to_json()
            if found.failure == NotAllowed.code:  # from now on it is imported in the name of who retries it
                choices |= {"actor_kind": actor.kind, "actor_id": actor.id}
            if (there := settlement_files.retry(tx, found, **choices)) is not None:
                raise _already_stored(tx, desk, actor, there, found.account, found.name)
        elif not import_tries.reset_tries(tx, file):
            raise FileUnknown
        audit.record(tx, actor, "settlement_file_retried", f"settlement_file:{file}")
    desk.wake.set()


@contextmanager
def original(desk: Desk, actor: Actor, file: int) -> Iterator[Path]:
    """The original bytes of a file, on the disk for as long as the block runs. Raises FileUnknown, NotAllowed."""
    with desk.store.write() as tx:
        require_file(tx, actor, Right.RECONCILE, file)
        if not file_content.chunks(tx, file, limit=1):
            raise FileUnknown
        audit.record(tx, actor, "settlement_file_opened", f"settlement_file:{file}")
    with file_content.on_disk(desk.store.read, file) as path:
        yield path


def files(desk: Desk, actor: Actor) -> list[SettlementFile]:
    """The imported files, newest first. Raises NotAllowed."""
    return _listed(desk, actor, ("complete",))


def running(desk: Desk, actor: Actor) -> list[SettlementFile]:
    """The files that are being received or imported, or failed, newest first: ``state``, ``lines_done``, ``bytes_done`` of
    ``size``, ``failure``. Raises NotAllowed."""
    return _listed(desk, actor, (*RUNNING, "failed"))


def next_try(file: TriedFile) -> datetime | None:
    """When a file that was stopped too often is tried again; None for any other."""
    return import_tries.next_try_at(file)


def _listed(desk: Desk, actor: Actor, states: tuple[FileState, ...]) -> list[SettlementFile]:
    with desk.store.read() as tx:
        return visible(tx, actor, Right.SEE_SETTLEMENTS, states)
