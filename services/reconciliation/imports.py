"""Settlement files on their way into the store: looked at first, then received, waiting, imported, or taken back.

ImportRefused
├── FileKnown     the same file is there, or on its way
├── FileUnknown
└── NotToCancel   it is complete, or came to nothing already
"""

import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, ClassVar

import pandas as pd

from services import clock
from services.access import Actor, Right, audit, require
from services.desk import Desk
from services.errors import DeskError
from services.reconciliation.changes import Changes
from services.settlements.blocks import DamagedCell, read_blocks
from services.settlements.dialect import Chosen, Dialect, detect_file, layout_of
from services.settlements.identity import Occurrences, identify
from services.settlements.sheet import AsideRow, Header
from services.settlements.source import open_source
from services.settlements.totals import settlements, summed, totals
from services.store import Row, Store
from services.store import settlement_files as rows
from services.store import settlement_lines as line_rows

SHOWN = 1_000  # rows set aside, and damaged cells, that a preview holds
RUNNING = ("receiving", "waiting", "running")


class ImportRefused(DeskError):
    code: ClassVar[str] = "import_refused"


class FileKnown(ImportRefused):
    code = "file_known"

    def __init__(self, name: str) -> None:
        self.name = name


class FileUnknown(ImportRefused):
    code = "file_unknown"


class NotToCancel(ImportRefused):
    code = "import_not_to_cancel"


@dataclass(frozen=True)
class Preview:
    """A file as it was read, before anything is stored.

    ``lines``: how many; of them ``new``, ``known`` (stored already) and ``changed`` (in the place of a stored one).
    ``totals`` and ``settlements``: as ``services.settlements.totals`` gives them. ``aside``: the first rows set aside,
    ``aside_blocking`` how many of all may hold money; ``damaged``: the first cells that a spreadsheet has shortened.
    ``accounts``: each different cell of the Account column and how many rows have it. ``imported``: this very file is
    there, or on its way.
    """

    dialect: Dialect
    header: Header
    lines: int
    new: int
    known: int
    changed: int
    totals: pd.DataFrame
    settlements: pd.DataFrame
    aside: tuple[AsideRow, ...]
    aside_blocking: int
    damaged: tuple[DamagedCell, ...]
    unknown_operations: tuple[str, ...]
    accounts: dict[str, int]
    imported: bool


def preview(
    desk: Desk, actor: Actor, account: str, file: Path | bytes, chosen: Chosen | None = None
) -> Preview:
    """Read a file and compare it with what is stored. Raises SettlementFileError, SpreadsheetError, NotAllowed."""
    _allow(desk, actor)
    return look(desk.store, account, file, chosen)


def look(
    store: Store,
    account: str,
    file: Path | bytes,
    chosen: Chosen | None = None,
    tell: Callable[[int], None] | None = None,
) -> Preview:
    """What ``preview`` does once it is allowed; ``tell`` is told how many bytes are read."""
    changes, seen, count = Changes(), Occurrences(), 0
    sums, payouts, aside, damaged, unknown, blocking = (
        [],
        [],
        list[AsideRow](),
        list[DamagedCell](),
        set[str](),
        0,
    )
    with open_source(file) as source:
        detection = detect_file(source, chosen)
        header = layout_of(source, detection.dialect).header
        for block in read_blocks(source, detection.dialect):
            lines = block.lines
            count += len(lines)
            marked = identify(lines, seen).assign(settlement_id=lines["settlement_id"])
            with store.read() as tx:
                if line_rows.any_of(tx, account):
                    changes.note(
                        tx, account, marked, line_rows.by_identity(tx, account, marked["identity"].tolist())
                    )
            sums.append(totals(lines))
            payouts.append(settlements(lines))
            blocking += sum(row.blocking for row in block.aside)
            aside += block.aside[: SHOWN - len(aside)]
            damaged += block.damaged[: SHOWN - len(damaged)]
            if tell is not None:
                tell(block.bytes_done)
            unknown.update(lines.loc[lines["operation_code"] == "", "operation"].unique())
    with store.read() as tx:
        imported = rows.by_hash(tx, account, _hash(file)) is not None
        changed, known = len(changes.replaced(tx)), len(changes.known)
    all_totals, all_payouts = summed(sums, payouts)
    return Preview(
        detection.dialect, header, count, count - known - changed, known,
        changed, all_totals, all_payouts, tuple(aside), blocking, tuple(damaged), tuple(sorted(unknown)),
        detection.accounts, imported,
    )  # fmt: skip


def receive(
    desk: Desk, actor: Actor, account: str, name: str, stream: BinaryIO, chosen: Chosen | None = None, *,
    source: str = "upload", hipay_settlement: str = "",
) -> int:  # fmt: skip
    """Keep a file to be imported by the worker; its id. The original is kept in pieces, in short transactions.

    A ZIP's members are received one by one (``services.settlements.archive.members``). Raises FileKnown, NotAllowed, and
    FileUnknown where it was cancelled meanwhile.
    """
    name = PurePosixPath(name.replace("\\", "/")).name[:200] or "file"  # a name, never a path
    now = clock.now()
    with desk.store.write() as tx:
        require(tx, actor, Right.RECONCILE)
        file = rows.add(
            tx, account=account, name=name, source=source, hipay_settlement=hipay_settlement, uploaded_at=now, alive_at=now,
            chosen={name: value for name, value in asdict(chosen or Chosen()).items() if value is not None},
            actor_kind=actor.kind, actor_id=actor.id,
        )  # fmt: skip
    digest, size = hashlib.sha256(), 0
    for number, piece in enumerate(_pieces(stream)):
        digest.update(piece)
        size += len(piece)
        packed = zlib.compress(piece, 1)
        with desk.store.write() as tx:
            if not rows.change(tx, file, states=("receiving",), size=size, alive_at=clock.now()):
                raise FileUnknown
            rows.add_chunk(tx, file, number, packed)
    with desk.store.write() as tx:
        rows.take_turn(tx, account)
        known = rows.by_hash(tx, account, digest.hexdigest())
        if known is None:
            # else it was cancelled, or taken for broken off, since its last piece came
            if not rows.change(tx, file, states=("receiving",), state="waiting", sha256=digest.hexdigest()):
                raise FileUnknown
            audit.record(tx, actor, "settlement_file_received", f"settlement_file:{file}", size=size)
        else:
            rows.drop(tx, file)
    if known is not None:
        raise FileKnown(known.name)
    desk.wake.set()
    return file


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(rows.CHUNK_BYTES):
        yield piece


def cancel(desk: Desk, actor: Actor, file: int) -> None:
    """Take a file back that is not complete yet: nothing of it was seen, and nothing stays. Raises NotToCancel."""
    with desk.store.write() as tx:
        require(tx, actor, Right.RECONCILE)
        if not rows.change(tx, file, states=RUNNING, state="cancelled", finished_at=clock.now()):
            raise NotToCancel
        rows.drop_chunks(tx, file)
        audit.record(tx, actor, "settlement_file_cancelled", f"settlement_file:{file}")
    desk.wake.set()


def retry(desk: Desk, actor: Actor, file: int, chosen: Chosen | None = None) -> None:
    """Import a file that failed once more, read as chosen now. Raises FileKnown, FileUnknown, NotAllowed."""
    with desk.store.write() as tx:
        require(tx, actor, Right.RECONCILE)
        found = rows.get(tx, file)
        if found is None or found.state != "failed":
            raise FileUnknown
        rows.take_turn(tx, found.account)
        if (known := rows.by_hash(tx, found.account, found.sha256)) is not None:
            raise FileKnown(known.name)
        choices = (
            {name: value for name, value in asdict(chosen).items() if value is not None}
            if chosen
            else found.chosen
        )
        rows.change(
            tx,
            file,
            states=("failed",),
            state="waiting",
            tries=0,
            failure="",
            failure_detail={},
            chosen=choices,
        )
        audit.record(tx, actor, "settlement_file_retried", f"settlement_file:{file}")
    desk.wake.set()


def files(desk: Desk, actor: Actor) -> list[Row[object]]:
    """The imported files, newest first. Raises NotAllowed."""
    return _listed(desk, actor, ("complete",))


def running(desk: Desk, actor: Actor) -> list[Row[object]]:
    """The files that are on their way or came to nothing, newest first: ``state``, ``lines_done``, ``bytes_done`` of
    ``size``, ``failure``. Raises NotAllowed."""
    return _listed(desk, actor, (*RUNNING, "failed"))


def _listed(desk: Desk, actor: Actor, states: tuple[str, ...]) -> list[Row[object]]:
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS)
        return rows.listed(tx, states)


def _allow(desk: Desk, actor: Actor) -> None:
    """Asked before a file is read, too, which takes time and memory. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.RECONCILE)


def _hash(file: Path | bytes) -> str:
    if isinstance(file, bytes):
        return hashlib.sha256(file).hexdigest()
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
