"""Exports that people have asked for, and their content in compressed chunks."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from services.store import lease
from services.store.lease import LeaseLost as LeaseLost
from services.store.locks import insert_new
from services.store.order_states import ActorKind
from services.store.schema.exports import export_chunks, exports

ExportState = Literal["waiting", "running", "ready", "failed"]
CHUNK_BYTES = 4 << 20
_HERE, _CHUNK = exports.c, export_chunks.c


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """The columns of ``exports``."""

    id: int
    kind: str
    form: str
    language: str
    chosen: dict[str, Any]
    open_key: str | None
    state: ExportState
    accounts: list[str] | None
    rows_done: int
    rows_total: int | None
    size: int
    tries: int
    owner: str
    fence: int
    leased_until: datetime | None
    failure: str
    failure_detail: dict[str, Any]
    created_at: datetime
    finished_at: datetime | None
    kept_until: datetime
    actor_kind: ActorKind
    actor_id: str


def add(tx: Connection, open_key: str, **values: Any) -> bool:
    """Insert one that waits, unless the same is waiting or running; whether it was inserted."""
    return insert_new(tx, exports, ("open_key",), open_key=open_key, state="waiting", **values)


def of_person(tx: Connection, actor_id: str, now: datetime) -> list[Export]:
    """The person's exports that are still kept, newest first."""
    query = (
        select(exports).where(_HERE.actor_id == actor_id, _HERE.kept_until > now).order_by(_HERE.id.desc())
    )
    return [Export(**row._asdict()) for row in tx.execute(query)]


def get(tx: Connection, export: int, actor_id: str, now: datetime) -> Export | None:
    """One of the person's that is still kept."""
    query = select(exports).where(_HERE.id == export, _HERE.actor_id == actor_id, _HERE.kept_until > now)
    row = tx.execute(query).first()
    return None if row is None else Export(**row._asdict())


def due(tx: Connection, now: datetime) -> bool:
    """Whether one waits, or runs in a process that is gone."""
    return tx.scalar(select(_HERE.id).where(_due(now)).limit(1)) is not None


def take(tx: Connection, owner: str, now: datetime, length: timedelta) -> Export | None:
    """Lease the oldest one that is due. What an earlier try has left of it is deleted."""
    begun: dict[str, Any] = {
        "state": "running",
        "owner": owner,
        "tries": _HERE.tries + 1,
        "rows_done": 0,
        "size": 0,
    }
    found = lease.take(tx, exports, _due(now), (_HERE.id,), now=now, lease=length, **begun)
    if found is None:
        return None
    drop_chunks(tx, found.row.id)
    row = tx.execute(select(exports).where(_HERE.id == found.row.id)).one()
    return Export(**row._asdict())


def change(tx: Connection, export: Export, **values: Any) -> None:
    """Change one under its lease. Raises LeaseLost where it was taken anew, begun again or deleted."""
    if not lease.write(tx, exports, export.id, export.fence, _HERE.state == "running", **values):
        raise LeaseLost


def add_chunk(tx: Connection, export: Export, number: int, data: bytes) -> None:
    """Raises LeaseLost, see ``change``."""
    change(tx, export, size=_HERE.size + len(data))
    tx.execute(insert(export_chunks).values(export=export.id, number=number, data=zlib.compress(data, 1)))


def content(tx: Connection, export: int) -> Iterator[bytes]:
    query = select(_CHUNK.data).where(_CHUNK.export == export).order_by(_CHUNK.number)
    for data in tx.scalars(query.execution_options(yield_per=1)):
        yield zlib.decompress(data)


def drop(tx: Connection, export: int) -> None:
    """Delete one with its content; a process that makes it notices."""
    drop_chunks(tx, export)
    tx.execute(delete(exports).where(_HERE.id == export))


def drop_chunks(tx: Connection, export: int) -> None:
    tx.execute(delete(export_chunks).where(_CHUNK.export == export))


def drop_old(tx: Connection, now: datetime) -> None:
    """Delete those whose time is over."""
    for export in tx.scalars(select(_HERE.id).where(_HERE.kept_until <= now)).all():
        drop(tx, export)


def empty_all(tx: Connection, why: str, now: datetime) -> None:
    """Delete the content of every export, and what it was asked for, since both may name a customer. Those under way end."""
    ended: dict[str, Any] = {
        "state": "failed",
        "failure": why,
        "failure_detail": {},
        "chosen": {},
        "open_key": None,
    }
    tx.execute(delete(export_chunks))
    tx.execute(
        update(exports).values(**ended, size=0, fence=_HERE.fence + 1, leased_until=None, finished_at=now)
    )


def release(tx: Connection, owner: str) -> None:
    """End the leases of a process that is gone."""
    theirs = update(exports).where(_HERE.state == "running", _HERE.owner == owner)
    tx.execute(theirs.values(leased_until=None))


def _due(now: datetime) -> Any:
    return or_(_HERE.state == "waiting", and_(_HERE.state == "running", lease.free(exports, now)))
