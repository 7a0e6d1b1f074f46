"""Many payment requests from one table, sent at a set pace, each row exactly once. ``request_table`` shows them first.

The order of a row and the row's new state are written in one transaction: whatever is killed, a row is either waiting or
has its one order. A batch acts for the person who started or resumed it, with the rights that they have when a row is sent.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from services import clock
from services.access import AccessError, Actor, Right, allowed_accounts, audit, require
from services.accounts.configured import require_account
from services.accounts.errors import AccountUnknown
from services.accounts.readiness import readiness_in
from services.bulk import (
    chosen_columns,
    rows,
)
from services.bulk.errors import (
    BatchOver,
    NothingToSend,
    PaceRefused,
    UnknownBatch,
)
from services.bulk.heading import Head
from services.bulk.rows import Good
from services.desk import Desk
from services.errors import DeskError
from services.orders.create import create_in
from services.orders.errors import AccountNotReady, DraftRefused, OrderIdTaken
from services.store import STORE_AWAY, Connection
from services.store.locks import one_at_a_time
from services.store.order_states import BatchState
from services.store.orders import batches
from services.store.orders.changes import BatchChanges
from services.store.orders.records import Batch, BatchRow
from services.store.restore_guard import held
from services.text import card_numbers

log = logging.getLogger(__name__)

PER_MINUTE, MOST_PER_MINUTE = 30, 600
LISTED = 10
_NOT_READY_AGAIN = timedelta(seconds=30)
_CATCH_UP = timedelta(seconds=2)  # after a stop, missed rows are not sent in a burst


@dataclass(frozen=True)
class Progress:
    """``waiting``, ``created``, ``refused``: numbers of rows."""

    batch: Batch
    waiting: int
    created: int
    refused: int

    @property
    def left(self) -> timedelta:
        """How long the waiting rows take at the set pace."""
        return timedelta(minutes=self.waiting / self.batch.per_minute)


@dataclass(frozen=True)
class Listing:
    """``shown``: every batch that has not ended, and the newest others; ``total``: how many batches there are."""

    shown: tuple[Progress, ...]
    total: int


def start(
    desk: Desk,
    actor: Actor,
    account: str,
    name: str,
    good: Sequence[Good],
    *,
    days: int,
    per_minute: int,
    form_key: str,
    head: Head | None = None,
) -> int:
    """Store the good rows as a batch that the worker sends, and the columns that a person chose (``head``). Returns the batch's
    id. The same ``form_key`` again returns the same batch and does nothing.

    Raises NothingToSend, PaceRefused, AccountNotReady, AccountUnknown, NotAllowed.
    """
    require_account(desk, account)
    if not good:
        raise NothingToSend
    if not 1 <= per_minute <= MOST_PER_MINUTE:
        raise PaceRefused(MOST_PER_MINUTE)
    name = card_numbers.masked(
        PurePosixPath(name.replace("\\", "/")).name[:200] or "file"
    )  # a name, never a path
    now = clock.now()
    with desk.store.write() as tx:
        require(tx, actor, Right.SEND, account)
        one_at_a_time(tx, "batch")  # of two simultaneous presses the second finds the first one's batch
        known = batches.by_form_key(tx, form_key)
        if known is not None:
            require(tx, actor, Right.SEND, known.account)
            return known.id
        ready = readiness_in(tx, desk, account, "link")
        if not ready.ready:
            raise AccountNotReady(account, tuple(item.name for item in ready.missing))
        batch = batches.add(
            tx,
            [{"line": row.line.number, "data": rows.stored(row.draft)} for row in good],
            account=account,
            name=name,
            form_key=form_key,
            state="running",
            per_minute=per_minute,
            days=days,
            next_at=now,
            created_at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            sender_name=actor.name,
        )
        if head is not None:
            chosen_columns.remember(tx, actor, account, "requests", head)
        audit.record(tx, actor, "batch_started", f"batch:{batch}", account=account, rows=len(good))
    desk.wake.set()
    return batch


def listing(desk: Desk, actor: Actor, most: int = LISTED, wanted: Sequence[str] = ()) -> Listing:
    """The batches with their progress, newest first: all that run or are paused, and the newest ``most`` others; of the
    accounts ``wanted``, of all that the actor may see where none is wanted."""
    with desk.store.read() as tx:
        accounts = allowed_accounts(tx, actor, Right.SEND)
        if wanted:
            accounts = frozenset(wanted if accounts is None else accounts.intersection(wanted))
        found, total = batches.listed(tx, most, accounts), batches.how_many(tx, accounts)
        counts = batches.counts(tx, [row.id for row in found])
    return Listing(
        tuple(
            Progress(
                row, *(counts.get(row.id, {}).get(state, 0) for state in ("waiting", "created", "refused"))
            )
            for row in found
        ),
        total,
    )


def refused(desk: Desk, actor: Actor, batch: int) -> list[BatchRow]:
    """The rows that were refused when they were sent, with their problems: field → [code, values].

    Raises UnknownBatch, NotAllowed.
    """
    with desk.store.read() as tx:
        _batch(tx, actor, batch)
        return batches.rows_in(tx, batch, "refused")


def pause(desk: Desk, actor: Actor, batch: int) -> None:
    """Send no further row until ``resume``. Raises UnknownBatch, BatchOver, NotAllowed."""
    _set_state(desk, actor, batch, "paused")


def resume(desk: Desk, actor: Actor, batch: int) -> None:
    """Continue where it stopped, on behalf of the person who resumes it. Raises UnknownBatch, BatchOver, NotAllowed."""
    _set_state(desk, actor, batch, "running")


def cancel(desk: Desk, actor: Actor, batch: int) -> None:
    """Send no further row, for good; links that were sent stay valid. Raises UnknownBatch, BatchOver, NotAllowed."""
    _set_state(desk, actor, batch, "cancelled")


def work(desk: Desk) -> bool:
    """Create the order of one row that is due. False when none is: then only a read transaction was used."""
    now = clock.now()
    with desk.store.read() as tx:
        if not batches.any_due(tx, now) or held(tx):
            return False
    with desk.store.write() as tx:
        batch = batches.take(tx, now)
        row = batches.next_waiting(tx, batch.id) if batch else None
        if batch is None:
            return False
        if row is None:
            batches.change(tx, batch.id, state="done", finished_at=now)
            return True
        number = row.number
        try:
            _send(tx, desk, batch, row, now)
        except STORE_AWAY:
            raise
        except Exception:
            # A fault of ours must stop neither the batch nor the other work: the row is refused, and the log says why.
            log.exception("row %s of batch %s failed", number, batch.id)
        else:
            return True
    with desk.store.write() as tx:
        batches.change_row(tx, batch.id, number, state="refused", problems={"": ["batch", {}]})
    return True


def _send(tx: Connection, desk: Desk, batch: Batch, row: BatchRow, now: datetime) -> None:
    person = (
        Actor(kind="user", id=batch.actor_id, name=batch.sender_name)
        if batch.actor_kind == "user"
        else Actor(kind=batch.actor_kind, id=batch.actor_id)
    )
    draft = rows.restored(row.data, _order_id(batch, row.number), now + timedelta(days=batch.days))
    pace = timedelta(minutes=1 / batch.per_minute)
    following: BatchChanges = {"next_at": max(batch.next_at, now - _CATCH_UP) + pace, "reason": ""}
    try:
        order = create_in(tx, desk, person, draft, f"batch:{batch.id}:{row.number}")
    except DraftRefused as error:
        _refuse(tx, batch, row, error.problems)
    except OrderIdTaken as error:
        _refuse(tx, batch, row, {"order_id": error})
    except AccountNotReady as error:
        following = {"next_at": now + _NOT_READY_AGAIN, "reason": error.code}
    except (AccessError, AccountUnknown) as error:
        following = {"state": "paused", "reason": error.code}
    else:
        # The order has the customer's data now: the row's copy is deleted.
        batches.change_row(tx, batch.id, row.number, state="created", order=order, data={})
    batches.change(tx, batch.id, **following)


def _refuse(tx: Connection, batch: Batch, row: BatchRow, problems: dict[str, DeskError]) -> None:
    stored = {field: [problem.code, problem.fields()] for field, problem in problems.items()}
    batches.change_row(tx, batch.id, row.number, state="refused", problems=stored)


def _order_id(batch: Batch, number: int) -> str:
    """The order id for a row without one: unique, and easy to read out."""
    return f"{batch.created_at:%y%m%d}-{batch.id}-{number:04d}"


def _set_state(desk: Desk, actor: Actor, batch_id: int, state: BatchState) -> None:
    with desk.store.write() as tx:
        batch = _batch(tx, actor, batch_id, lock=True)
        if batch.state not in batches.UNENDED:
            raise BatchOver
        values: BatchChanges = {"state": state, "reason": ""}
        if state == "running":
            values |= {
                "next_at": clock.now(),
                "actor_kind": actor.kind,
                "actor_id": actor.id,
                "sender_name": actor.name,
            }
        if state == "cancelled":
            values["finished_at"] = clock.now()
        batches.change(tx, batch_id, **values)
        audit.record(tx, actor, f"batch_{state}", f"batch:{batch_id}")
    desk.wake.set()


def _batch(tx: Connection, actor: Actor, batch_id: int, *, lock: bool = False) -> Batch:
    """The batch of an account that the actor may send for. Raises UnknownBatch, NotAllowed."""
    batch = batches.get(tx, batch_id, lock=lock)
    if batch is None:
        raise UnknownBatch
    require(tx, actor, Right.SEND, batch.account)
    return batch
