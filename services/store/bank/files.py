"""Bank files: that one was read, by whom, and its bytes until they are dropped."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from services.store.locks import insert_new
from services.store.order_states import ActorKind
from services.store.people_names import with_who
from services.store.schema.bank import bank_chunks, bank_files

_file = bank_files.c


@dataclass(frozen=True, kw_only=True, slots=True)
class BankFile:
    """``account``: the HiPay account that it was added for, "" any. ``dropped_at`` None: its bytes are stored. ``who``: a name, "" for none."""

    id: int
    account: str
    name: str
    sha256: str
    size: int
    source: str
    format: str
    dropped_at: datetime | None
    at: datetime
    who: str


def add(
    tx: Connection,
    *,
    account: str,
    name: str,
    sha256: str,
    size: int,
    source: str,
    format: str,
    at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
) -> tuple[int, bool]:
    """Write a file; its id, and whether it is new: the same bytes are one file."""
    new = insert_new(
        tx, bank_files, ("sha256",), sha256=sha256, account=account, name=name, size=size, source=source,
        format=format, at=at, actor_kind=actor_kind, actor_id=actor_id,
    )  # fmt: skip
    return int(tx.execute(select(_file.id).where(_file.sha256 == sha256)).scalar_one()), new


def keep_bytes(tx: Connection, file: int, blocks: Iterable[bytes]) -> None:
    """Store the bytes of a new file."""
    for number, block in enumerate(blocks):
        tx.execute(insert(bank_chunks).values(file=file, number=number, data=zlib.compress(block)))


def bytes_of(tx: Connection, file: int) -> bytes:
    """The bytes of a file; b"" where they were dropped."""
    query = select(bank_chunks.c.data).where(bank_chunks.c.file == file).order_by(bank_chunks.c.number)
    return b"".join(zlib.decompress(data) for data in tx.scalars(query))


def drop_bytes(tx: Connection, file: int, at: datetime) -> None:
    """What was read from it stays."""
    tx.execute(delete(bank_chunks).where(bank_chunks.c.file == file))
    tx.execute(update(bank_files).where(_file.id == file, _file.dropped_at.is_(None)).values(dropped_at=at))


def get(tx: Connection, file: int) -> BankFile | None:
    own = [column for column in _file if column.name not in ("actor_kind", "actor_id")]
    row = tx.execute(with_who(select(*own).where(_file.id == file), bank_files)).first()
    return None if row is None else BankFile(**row._asdict())
