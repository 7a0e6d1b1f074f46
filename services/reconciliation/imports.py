"""Settlement files into the store: looked at first, then kept once, whatever happens in between.

ImportRefused
├── FileKnown        the same file was imported before
├── FileTooLarge
└── ImportOvertaken  another import of the account has begun: this one gave way
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any, ClassVar

import pandas as pd

from services import clock
from services.access import Actor, Right, audit, require
from services.desk import Desk
from services.errors import DeskError
from services.settlements.dialect import Chosen, detect
from services.settlements.identity import compare, identify
from services.settlements.read import SettlementFile, read
from services.settlements.totals import totals
from services.store import Connection, Row
from services.store import settlements as rows

BATCH = 5_000  # lines in one transaction: other writers wait for tens of milliseconds, not for the whole file
MAX_BYTES = 100 << 20


class ImportRefused(DeskError):
    code: ClassVar[str] = "import_refused"


class FileKnown(ImportRefused):
    code = "file_known"

    def __init__(self, name: str) -> None:
        self.name = name


class FileTooLarge(ImportRefused):
    code = "file_too_large"

    def __init__(self, megabytes: int) -> None:
        self.megabytes = megabytes


class ImportOvertaken(ImportRefused):
    code = "import_overtaken"


@dataclass(frozen=True)
class Preview:
    """A file as it was read, before anything is stored. ``states`` is new, known or changed for each line."""

    file: SettlementFile
    states: pd.Series
    totals: pd.DataFrame
    imported: bool

    def count(self, state: str) -> int:
        return int((self.states == state).sum())


def look(desk: Desk, actor: Actor, account: str, raw: bytes, chosen: Chosen | None = None) -> Preview:
    """Read a file and compare it with what is stored. Raises SettlementFileError, FileTooLarge, NotAllowed."""
    _allow(desk, actor)
    file = _read(raw, chosen)
    with desk.store.read() as tx:
        require(tx, actor, Right.RECONCILE)
        stored = rows.identities(tx, account)
        known = rows.file_by_hash(tx, account, file.sha256)
    return Preview(
        file,
        compare(identify(file.lines), stored),
        totals(file.lines),
        bool(known and known.state == "complete"),
    )


def import_file(
    desk: Desk, actor: Actor, account: str, name: str, raw: bytes, chosen: Chosen | None = None
) -> int:
    """Store a file and its new and changed lines; the id of the file. Nothing is seen of it until all is there.

    One import of an account at a time: a new one takes back what another has left behind, cut off or still under way.
    Raises FileKnown, FileTooLarge, ImportOvertaken, SettlementFileError, NotAllowed.
    """
    _allow(desk, actor)
    file = _read(raw, chosen)
    name = PurePosixPath(name.replace("\\", "/")).name[:200] or "file"  # a name, never a path
    with desk.store.write() as tx:
        rows.take_turn(tx, account)
        require(tx, actor, Right.RECONCILE)
        known = rows.file_by_hash(tx, account, file.sha256)
        if known is not None and known.state == "complete":
            raise FileKnown(known.name)
        rows.forget_incomplete(tx, account)
        stored = rows.identities(tx, account)
        file_id = rows.add_file(
            tx, raw, account=account, name=name, sha256=file.sha256, reading=_reading(file), uploaded_at=clock.now(),
            aside=[asdict(row) for row in file.aside], actor_kind=actor.kind, actor_id=actor.id,
        )  # fmt: skip
    marked = identify(file.lines)
    states = compare(marked, stored)
    wanted = file.lines.assign(account_key=account, file=file_id, **marked[["identity", "key"]])[
        states != "known"
    ]
    for start in range(0, len(wanted), BATCH):
        records = _records(wanted.iloc[start : start + BATCH])
        with _step(desk, account, file_id) as tx:
            rows.add_lines(tx, records)
    replaced = _replaced(marked, states, stored)
    counts = {f"{state}_lines": int((states == state).sum()) for state in ("known", "changed")}
    with _step(desk, account, file_id) as tx:
        rows.replace_lines(tx, replaced, file_id)
        rows.complete_file(tx, file_id, lines=len(file.lines), **counts)
        audit.record(
            tx,
            actor,
            "settlement_file_imported",
            f"settlement_file:{file_id}",
            lines=len(file.lines),
            **counts,
        )
    return file_id


@contextmanager
def _step(desk: Desk, account: str, file_id: int) -> Iterator[Connection]:
    with desk.store.write() as tx:
        rows.take_turn(tx, account)
        if not rows.file_stands(tx, file_id):
            raise ImportOvertaken
        yield tx


def files(desk: Desk, actor: Actor) -> list[Row[Any]]:
    """The imported files, newest first."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS)
        return rows.files(tx)


def _allow(desk: Desk, actor: Actor) -> None:
    """Asked before a file is read, too, which takes time and memory. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.RECONCILE)


def _read(raw: bytes, chosen: Chosen | None) -> SettlementFile:
    if len(raw) > MAX_BYTES:
        raise FileTooLarge(MAX_BYTES >> 20)
    return read(raw, detect(raw, chosen) if chosen else None)


def _reading(file: SettlementFile) -> dict[str, Any]:
    dialect = file.dialect
    kept = ("encoding", "delimiter", "header_line", "decimal", "thousands", "date")
    return {**{name: getattr(dialect, name) for name in kept}, "debits": dict(dialect.debits or {})}


def _records(lines: pd.DataFrame) -> list[dict[str, Any]]:
    plain = lines.astype(object).where(lines.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def _replaced(marked: pd.DataFrame, states: pd.Series, stored: pd.DataFrame) -> list[int]:
    """The stored lines that the changed ones take the place of: of the same key and not in this file, oldest first."""
    gone = stored[~stored["identity"].isin(marked["identity"])]
    changed = marked.loc[states == "changed", "key"].value_counts()
    nth = gone.groupby("key").cumcount()
    return [int(number) for number in gone.loc[nth < gone["key"].map(changed).fillna(0), "id"]]
