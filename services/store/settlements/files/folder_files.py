"""The contents found in the watched folder, each once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack

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


class FolderFileChange(TypedDict, total=False):
    """The columns of a folder file that change after it is claimed."""

    state: FolderState
    files: Sequence[int]
    failure: str
    failure_detail: Mapping[str, str]
    leased_until: datetime | None


def _files(tx: Connection, query: Select[Any]) -> list[FolderFile]:
    return [FolderFile(**row._mapping) for row in tx.execute(query)]


def claim(
    tx: Connection, account: str, sha256: str, *, name: str, size: int, now: datetime, until: datetime
) -> bool:
    """Lease a content: False when it was taken before, or another worker has leased it.

    One that was moved out of the folder is taken again: somebody has put it into the folder again.
    """
    f = folder_files.c
    state: FolderState = "taking"
    values = {
        "name": name,
        "size": size,
        "state": state,
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


def renew_lease(tx: Connection, account: str, sha256: str, until: datetime) -> None:
    _change(tx, account, sha256, leased_until=until)


def set_taken(tx: Connection, account: str, sha256: str, files: Sequence[int]) -> None:
    """The content was received as these files."""
    state: FolderState = "taken"
    _change(tx, account, sha256, state=state, files=list(files), leased_until=None)


def set_refused(
    tx: Connection, account: str, sha256: str, failure: str, failure_detail: Mapping[str, str]
) -> None:
    """The content was refused. ``failure``: the error's code."""
    state: FolderState = "refused"
    _change(
        tx,
        account,
        sha256,
        state=state,
        failure=failure,
        failure_detail=dict(failure_detail),
        leased_until=None,
    )


def set_put_aside(tx: Connection, account: str, sha256: str) -> None:
    """The file was moved out of the folder."""
    state: FolderState = "put_aside"
    _change(tx, account, sha256, state=state)


def _change(tx: Connection, account: str, sha256: str, **values: Unpack[FolderFileChange]) -> None:
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
