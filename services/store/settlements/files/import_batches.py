"""Files that a person imports together, until that person closes their result."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from services.store.in_list import among
from services.store.locks import insert_new
from services.store.order_states import ActorKind
from services.store.schema.payout_lines import line_totals
from services.store.schema.settlement_files import import_batches, settlement_files
from services.store.settlements.outcomes import OPEN

_batch, _file, _total = import_batches.c, settlement_files.c, line_totals.c
Refused = tuple[str, str, Mapping[str, str]]  # name of a file, error code, the error's fields


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportBatch:
    """A row of ``import_batches``; the schema describes the columns."""

    id: int
    planned: int
    refused: Sequence[Refused]
    begun_at: datetime


def add(
    tx: Connection, form_key: str, planned: int, at: datetime, actor_kind: ActorKind, actor_id: str
) -> int:
    """Write a batch, unless this form has written it before; its id."""
    insert_new(
        tx,
        import_batches,
        ("actor_id", "form_key"),
        form_key=form_key,
        planned=planned,
        refused=[],
        begun_at=at,
        actor_kind=actor_kind,
        actor_id=actor_id,
    )
    here = select(_batch.id).where(_batch.actor_id == actor_id, _batch.form_key == form_key)
    return int(tx.execute(here).scalar_one())


def refuse(tx: Connection, batch: int, actor_id: str, refused: Sequence[Refused]) -> None:
    """Store the files of it that were refused."""
    own = update(import_batches).where(_batch.id == batch, _batch.actor_id == actor_id)
    tx.execute(own.values(refused=[list(one) for one in refused]))


def close(tx: Connection, batch: int, actor_id: str, at: datetime) -> None:
    """Close its result; the names of refused files go."""
    own = update(import_batches).where(_batch.id == batch, _batch.actor_id == actor_id)
    tx.execute(own.values(closed_at=at, refused=[]))


def open_of(tx: Connection, actor_id: str) -> list[ImportBatch]:
    """The person's batches that are not closed, oldest first."""
    columns = (_batch.id, _batch.planned, _batch.refused, _batch.begun_at)
    query = select(*columns).where(_batch.actor_id == actor_id, _batch.closed_at.is_(None))
    return [
        ImportBatch(
            id=row.id, planned=row.planned, refused=[tuple(one) for one in row.refused], begun_at=row.begun_at
        )
        for row in tx.execute(query.order_by(_batch.id))
    ]


def files_of(tx: Connection, batches: Collection[int]) -> dict[int, list[int]]:
    """By batch, the ids of its files, oldest first."""
    found: dict[int, list[int]] = {one: [] for one in batches}
    query = select(_file.batch, _file.id).where(_file.batch.is_not(None), among(tx, _file.batch, batches))
    for batch, file in tx.execute(query.order_by(_file.id)):
        found[batch].append(file)
    return found


def open_lines(tx: Connection, files: Collection[int], accounts: Collection[str] | None) -> int:
    """How many lines of these files are to be resolved, in these accounts, in all where None."""
    where: list[Any] = [among(tx, _total.file, files), _total.outcome.in_(OPEN)]
    if accounts is not None:
        where.append(_total.account.in_(sorted(accounts)))
    return int(tx.scalar(select(func.coalesce(func.sum(_total.lines), 0)).where(*where)) or 0)
