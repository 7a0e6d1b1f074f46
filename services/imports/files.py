"""Settlement files on their way into the store: looked at first, then received, waiting, imported, or taken back.

ImportFailed          why a file is not imported, beside what the reader refuses
├── ImportTooHeavy
├── ImportDied
└── ImportStopped     by what is no fault of the file, and too often in a row: it is tried again later
ImportRefused
├── FileKnown     the same file is there, or on its way
│   └── FileKnownElsewhere   under another account
├── FileUnknown
└── NotToCancel   it is complete, or came to nothing already
"""

import hashlib
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, ClassVar

import pandas as pd

from services import clock
from services.access import Actor, Right, audit, require
from services.desk import Desk
from services.disk_space import NoRoom
from services.errors import DeskError
from services.imports import protected_lines, reading, shown_corrections
from services.imports.corrections import Changes
from services.imports.duplicates import Likeness, Stored
from services.imports.file_accounts import Part, known
from services.imports.file_end import Ending
from services.imports.shown_corrections import Correction
from services.settlements.dialect import Chosen, Dialect
from services.settlements.findings import Findings, Gathering, Kept
from services.settlements.given import Given
from services.settlements.identity import Occurrences, identify
from services.settlements.sheet import AsideRow, Header
from services.settlements.totals import settlements, summed, totals
from services.store import STORE_AWAY, Row, Store, StoreFull
from services.store.settlements import settlement_files, settlement_lines
from services.text import card_numbers

CORRECTING = 1_000  # lines that may correct a stored one, of which the corrections are shown
RUNNING = ("receiving", "waiting", "running")
GIVEN_UP = (*RUNNING, "failed")  # what can be cancelled


class ImportRefused(DeskError):
    code: ClassVar[str] = "import_refused"


class FileKnown(ImportRefused):
    code = "file_known"

    def __init__(self, name: str) -> None:
        self.name = name


class FileKnownElsewhere(FileKnown):
    code = "file_known_elsewhere"

    def __init__(self, name: str, account: str) -> None:
        super().__init__(name)
        self.account = account


class FileUnknown(ImportRefused):
    code = "file_unknown"


class NotToCancel(ImportRefused):
    code = "import_not_to_cancel"


class ImportFailed(DeskError):
    code: ClassVar[str] = "import_failed"


class ImportTooHeavy(ImportFailed):
    code = "import_too_heavy"


class ImportDied(ImportFailed):
    code = "import_died"


class ImportStopped(ImportFailed):
    code = "import_stopped"


@dataclass(frozen=True)
class Preview:
    """A file as it was read, before anything is stored.

    ``headers``: of each of its sheets that is read. ``lines``: how many; of them ``new``, ``known`` (stored already) and
    ``changed`` (in the place of a stored one), the first of these before and after in ``corrections``; ``held``: so many
    stored ones are HiPay's own, and go on to stand until a person takes the correction. ``totals`` and
    ``settlements``: as ``services.settlements.totals`` gives them. ``aside``: the first rows set aside,
    ``aside_blocking`` how many of all may hold money.
    ``accounts``: its rows by Account; ``home``: the account of most of them, by whose rules it is read; ``chosen``: what of
    its reading was chosen or is remembered. ``stored``: payouts that it seems to bring once more, in another rendition: it
    is imported only if a person says that its lines are others. ``imported``: the account under which this very file is
    there or on its way, "" when it is not.
    """

    dialect: Dialect
    headers: tuple[Header, ...]
    lines: int
    new: int
    known: int
    changed: int
    held: int
    corrections: tuple[Correction, ...]
    totals: pd.DataFrame
    settlements: pd.DataFrame
    aside: tuple[AsideRow, ...]
    aside_blocking: int
    findings: Findings
    accounts: tuple[Part, ...]
    home: str
    chosen: Chosen
    stored: tuple[Stored, ...]
    imported: str


def look(
    store: Store,
    keys: Collection[str],
    account: str,
    given: Given,
    chosen: Chosen | None = None,
    tell: Callable[[float], None] | None = None,
) -> Preview:
    """Read a file and compare it with what is stored. ``keys``: our accounts; ``chosen`` None: as is remembered for its account;
    ``tell`` is told how much is done, from 0 to 1.

    Raises SettlementFileError, SpreadsheetError, ParsingError.
    """
    changes, likeness, seen, count, tell = Changes(), Likeness(), Occurrences(), 0, tell or _nobody
    aside, sums, payouts = Kept(), [], []
    correcting: list[tuple[str, dict[str, Any]]] = []
    size = max(1, given.size)
    found = reading.decide(store, keys, given, account, chosen, lambda done: tell(min(1.0, done / size) / 2))
    dialect = found.detection.dialect
    if dialect.questions:
        raise reading.Undecided(dialect.questions, found.home)
    gathering, ending = Gathering(found.detection), Ending(found.detection.open_end)
    with store.read() as tx:
        accounts = known(tx, keys)
    for block in given.blocks(dialect):
        lines = block.lines
        count += len(lines)
        marked = lines.join(identify(lines, seen)[["identity", "key"]])
        # whose nobody has said yet is compared as if it were what it was added for
        ours = lines["account"].map(
            {cell: accounts.of(cell, account) or account for cell in lines["account"].unique()}
        )
        with store.read() as tx:
            for one, theirs in marked.groupby(ours):
                if settlement_lines.any_of(tx, str(one)):
                    there = settlement_lines.by_identity(tx, str(one), theirs["identity"].tolist())
                    may = changes.note(tx, str(one), theirs, there)
                    likeness.note(tx, str(one), theirs, there["identity"])
                    some = theirs.loc[may[: CORRECTING - len(correcting)]]
                    correcting += [(str(one), row) for row in _plain(some)]
        sums.append(totals(lines))
        payouts.append(settlements(lines))
        aside.note(block.aside)
        gathering.note(block)
        ending.note(block)
        tell((1 + min(1.0, block.bytes_done / size)) / 2)
    open_end = ending.refuse()
    with store.read() as tx:
        imported = settlement_files.by_hash(tx, _hash(given.file))
        replaced, old = changes.replaced(tx, protected_lines.whole(tx, None)), len(changes.known)
        stored, held = likeness.stored(tx, changes.known, replaced), protected_lines.would_hold(tx, replaced)
        corrected = shown_corrections.of_read(tx, replaced, correcting)
    all_totals, all_payouts = summed(sums, payouts)
    return Preview(
        dialect=dialect,
        headers=found.detection.headers,
        lines=count,
        new=count - old - len(replaced),
        known=old,
        changed=len(replaced),
        held=held,
        corrections=corrected,
        totals=all_totals,
        settlements=all_payouts,
        aside=aside.rows,
        aside_blocking=aside.blocking.total(),
        findings=gathering.findings(open_end=open_end),
        accounts=found.parts,
        home=found.home,
        chosen=found.chosen,
        stored=stored,
        imported=imported.account if imported else "",
    )


def _nobody(_part: float) -> None:
    return


def _plain(lines: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): None if pd.isna(cell) else cell for name, cell in row.items()}
        for row in lines.to_dict("records")
    ]


def receive(
    desk: Desk,
    actor: Actor,
    account: str,
    name: str,
    stream: BinaryIO,
    chosen: Chosen | None = None,
    *,
    source: str = "upload",
    hipay_settlement: str = "",
    others: bool = False,
) -> int:
    """Keep a file to be imported by the worker; its id. The original is kept in pieces, in short transactions.

    ``chosen``: how it is read, as a person has looked at it; None: as is remembered for its account. ``others``: its lines
    are others than those that stand, however alike: a person has said so. A ZIP's members are received one by one
    (``services.settlements.archive.members``). Raises FileKnown, NotAllowed, FileUnknown where it was cancelled meanwhile, and
    NoRoom: nothing of it is kept.
    """
    desk.room.require()
    name = card_numbers.masked(
        PurePosixPath(name.replace("\\", "/")).name[:200] or "file"
    )  # a name, never a path
    now = clock.now()
    with desk.store.write() as tx:
        require(tx, actor, Right.RECONCILE)
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
                settlement_files.add_chunk(tx, file, number, packed)
    except (NoRoom, StoreFull):
        with suppress(*STORE_AWAY), desk.store.write() as tx:
            settlement_files.drop(tx, file)
        raise
    with desk.store.write() as tx:
        settlement_files.take_turn(tx)
        there = settlement_files.by_hash(tx, digest.hexdigest())
        if there is None:
            # else it was cancelled, or taken for broken off, since its last piece came
            if not settlement_files.change(
                tx, file, states=("receiving",), state="waiting", sha256=digest.hexdigest()
            ):
                raise FileUnknown
            audit.record(tx, actor, "settlement_file_received", f"settlement_file:{file}", size=size)
        else:
            settlement_files.drop(tx, file)
    if there is not None:
        raise _known_already(desk, there, account)
    desk.wake.set()
    return file


def _known_already(desk: Desk, there: Row[Any], account: str) -> FileKnown:
    """A file without an Account column is no other one for being added for another account."""
    ours = desk.settings.all_accounts.get(there.account)
    if there.account == account or ours is None:
        return FileKnown(there.name)
    return FileKnownElsewhere(there.name, ours.name)


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(settlement_files.CHUNK_BYTES):
        yield piece


def is_stuck(file: Any) -> bool:
    """Whether a file is complete, and what it leaves to be joined has failed as often as it is tried."""
    return file.state == "complete" and file.follow_up is not None and file.tries >= settlement_files.TRIES


def cancel(desk: Desk, actor: Actor, file: int) -> None:
    """Take a file back that is not complete yet, or give one up that failed: nothing of it was seen, and nothing stays.

    Raises NotToCancel, NotAllowed.
    """
    with desk.store.write() as tx:
        require(tx, actor, Right.RECONCILE)
        if not settlement_files.change(tx, file, states=GIVEN_UP, state="cancelled", finished_at=clock.now()):
            raise NotToCancel
        settlement_files.drop_chunks(tx, file)
        audit.record(tx, actor, "settlement_file_cancelled", f"settlement_file:{file}")
    desk.wake.set()


def retry(desk: Desk, actor: Actor, file: int, chosen: Chosen | None = None, *, others: bool = False) -> None:
    """Take up a file once more that failed, read as chosen now; or what is left to do of one that is complete.

    ``others``: as for ``receive``.

    Raises FileKnown, FileUnknown, NotAllowed.
    """
    with desk.store.write() as tx:
        require(tx, actor, Right.RECONCILE)
        found = settlement_files.get(tx, file)
        if found is None:
            raise FileUnknown
        if found.state == "failed":
            choices: dict[str, Any] = {} if chosen is None else {"chosen": asdict(chosen)}
            if others:
                choices["others"] = True
            if (there := settlement_files.again(tx, found, **choices)) is not None:
                raise _known_already(desk, there, found.account)
        elif not settlement_files.take_up(tx, file):
            raise FileUnknown
        audit.record(tx, actor, "settlement_file_retried", f"settlement_file:{file}")
    desk.wake.set()


@contextmanager
def original(desk: Desk, actor: Actor, file: int) -> Iterator[Path]:
    """The file as it came, on the disk for as long as the block runs. Raises FileUnknown, NotAllowed."""
    with desk.store.write() as tx:
        require(tx, actor, Right.RECONCILE)
        if not settlement_files.chunks(tx, file, limit=1):
            raise FileUnknown
        audit.record(tx, actor, "settlement_file_opened", f"settlement_file:{file}")
    with settlement_files.written(desk.store.read, file) as path:
        yield path


def files(desk: Desk, actor: Actor) -> list[Row[object]]:
    """The imported files, newest first. Raises NotAllowed."""
    return _listed(desk, actor, ("complete",))


def running(desk: Desk, actor: Actor) -> list[Row[object]]:
    """The files that are on their way or came to nothing, newest first: ``state``, ``lines_done``, ``bytes_done`` of
    ``size``, ``failure``. Raises NotAllowed."""
    return _listed(desk, actor, (*RUNNING, "failed"))


def next_try(file: Any) -> datetime | None:
    """When a file that was stopped too often is tried again; None for any other."""
    return settlement_files.rests_until(file)


def _listed(desk: Desk, actor: Actor, states: tuple[str, ...]) -> list[Row[object]]:
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS)
        return settlement_files.listed(tx, states)


def _hash(file: Path | bytes) -> str:
    if isinstance(file, bytes):
        return hashlib.sha256(file).hexdigest()
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
