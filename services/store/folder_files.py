"""What was found in the watched folder, each content once."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from services.store.concurrent import insert_new
from services.store.schema_payouts import folder_files
from services.store.schema_settlements import settlement_files


def claim(
    tx: Connection, account: str, sha256: str, *, name: str, size: int, now: datetime, until: datetime
) -> bool:
    """Take a content up: False when it was taken before, or another worker is at it."""
    f = folder_files.c
    values = {"name": name, "size": size, "state": "taking", "leased_until": until}
    if insert_new(
        tx, folder_files, ("account", "sha256"), account=account, sha256=sha256, found_at=now, **values
    ):
        return True
    left = f.state == "taking", or_(f.leased_until.is_(None), f.leased_until <= now)
    again = update(folder_files).where(f.account == account, f.sha256 == sha256, *left)
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


def last(tx: Connection, account: str) -> Row[Any] | None:
    """The content of the account that was found last."""
    f = folder_files.c
    query = select(folder_files).where(f.account == account).order_by(f.found_at.desc()).limit(1)
    return tx.execute(query).first()
