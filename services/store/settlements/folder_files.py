"""The contents found in the watched folder, each once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Select, and_, or_, select, update

from services.store import lease
from services.store.locks import insert_new
from services.store.schema.fetching import folder_files

FolderState = Literal["taking", "taken", "refused", "put_aside"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderFile:
    """A row of ``folder_files``; its columns are described in the schema."""

    account: str
    sha256: str
    name: str
    size: int
    state: FolderState
    files: Sequence[int]
    failure: str
    failure_detail: Mapping[str, str]
    leased_until: datetime | None
    found_at: datetime


def _files(tx: Connection, query: Select[Any]) -> list[FolderFile]:
    return [FolderFile(**row._mapping) for row in tx.execute(query)]


def claim(
    tx: Connection, account: str, sha256: str, *, name: str, size: int, now: datetime, until: datetime
) -> bool:
    """Lease a content: False when it was taken before, or another worker has leased it.

    One that was put aside is taken again: somebody has put it into the folder again.
    """
    f = folder_files.c
    values = {
        "name": name,
        "size": size,
        "state": "taking",
        "leased_until": until,
        "failure": "",
        "failure_detail": {},
        "found_at": now,
    }
    if insert_new(tx, folder_files, ("account", "sha256"), account=account, sha256=sha256, **values):
        return True
    left = and_(f.state == "taking", lease.free(folder_files, now))
    again = update(folder_files).where(
        f.account == account, f.sha256 == sha256, or_(left, f.state == "put_aside")
    )
    return tx.execute(again.values(**values)).rowcount == 1


def change(tx: Connection, account: str, sha256: str, **values: Any) -> None:
    f = folder_files.c
    tx.execute(update(folder_files).where(f.account == account, f.sha256 == sha256).values(**values))


def found(tx: Connection, account: str, sha256: str) -> FolderFile | None:
    """The state of a content."""
    f = folder_files.c
    query = select(folder_files).where(f.account == account, f.sha256 == sha256)
    return next(iter(_files(tx, query)), None)


def refused(tx: Connection) -> list[FolderFile]:
    """The refused contents that were not put into the folder again, oldest first."""
    f = folder_files.c
    query = select(folder_files).where(f.state.in_(("refused", "put_aside")), f.failure != "")
    return _files(tx, query.order_by(f.found_at, f.account, f.sha256))


def last(tx: Connection, account: str) -> FolderFile | None:
    """The content of the account that was found last."""
    f = folder_files.c
    query = select(folder_files).where(f.account == account).order_by(f.found_at.desc()).limit(1)
    return next(iter(_files(tx, query)), None)
