"""What was found in the watched folder, each content once."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select, update

from services.store import lease
from services.store.locks import insert_new
from services.store.schema.fetching import folder_files
from services.store.schema.settlements import settlement_files


def claim(
    tx: Connection, account: str, sha256: str, *, name: str, size: int, now: datetime, until: datetime
) -> bool:
    """Take a content up: False when it was taken before, or another worker is at it.

    One that was put aside is taken up again: somebody has put it into the folder once more.
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


def found(tx: Connection, account: str, sha256: str) -> Row[Any] | None:
    """What became of a content."""
    f = folder_files.c
    return tx.execute(select(folder_files).where(f.account == account, f.sha256 == sha256)).first()


def files(tx: Connection, ids: Collection[int]) -> list[Row[Any]]:
    """The files that were made of it, as far as they are still known."""
    return list(tx.execute(select(settlement_files).where(settlement_files.c.id.in_(ids))))


def refused(tx: Connection) -> list[Row[Any]]:
    """The contents that no file was made of, and that were not put into the folder again, oldest first."""
    f = folder_files.c
    query = select(folder_files).where(f.state.in_(("refused", "put_aside")), f.failure != "")
    return list(tx.execute(query.order_by(f.found_at, f.account, f.sha256)))


def last(tx: Connection, account: str) -> Row[Any] | None:
    """The content of the account that was found last."""
    f = folder_files.c
    query = select(folder_files).where(f.account == account).order_by(f.found_at.desc()).limit(1)
    return tx.execute(query).first()
