"""The steps that are due: taken by lease, finished under a fence (``services.store.lease``).

A step's id is never given again: the fence of a finished step is valid for no other. Whoever locks a step locks its order
first.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, case, delete, or_, select, update

from services.store import lease
from services.store.accounts import PauseSubject
from services.store.locks import insert_or
from services.store.order_states import StepKind
from services.store.orders.orders import lock
from services.store.program import PROGRAM
from services.store.restore_guard import held
from services.store.schema.accounts import account_pauses
from services.store.schema.orders import steps


@dataclass(frozen=True, kw_only=True)
class Step:
    id: int
    order: int
    kind: StepKind
    account: str
    tries: int
    first_due_at: datetime
    fence: int
    leased_until: datetime


def schedule(
    tx: Connection, order: int, kind: StepKind, account: str, due_at: datetime, *, anew: bool = False
) -> None:
    """Make a step due. One of a kind per order: a step that is already there comes earlier, never later.

    ``anew``: what was asked for before is over, and its tries and its time do not count for this.
    """
    lock(tx, order)
    schedule_each(tx, [(order, account)], kind, due_at, anew=anew)


def schedule_each(
    tx: Connection, orders: Iterable[tuple[int, str]], kind: StepKind, due_at: datetime, *, anew: bool = False
) -> None:
    """``schedule`` for several orders, each with its account, which this transaction has locked."""
    new = {"kind": kind, "due_at": due_at, "first_due_at": due_at, "tries": 0, "fence": 0}
    rows = [{"order": order, "account": account, **new} for order, account in orders]
    if not rows:
        return
    statement = insert_or(tx, steps)
    earlier = statement.excluded.due_at
    values: dict[str, Any] = {"due_at": earlier}
    if anew:
        values |= {"first_due_at": earlier, "tries": 0}
    statement = statement.on_conflict_do_update(
        index_elements=["order", "kind"], set_=values, where=None if anew else steps.c.due_at > earlier
    )
    tx.execute(statement, rows)


def take(
    tx: Connection, owner: str, now: datetime, lasts: timedelta, free: Mapping[StepKind, Collection[str]]
) -> Step | None:
    """Lease the step that has been due longest, or None. Other workers skip it until the lease ends.
    ``free``: the kinds that may be taken, each with its accounts.

    What a customer waits for goes first, a mail before a page, and the reads come last.
    """
    taken = lease.take_first(
        tx,
        steps,
        _first_due(tuple((kind, tuple(accounts)) for kind, accounts in free.items())),
        {"now": now},
        now=now,
        lease=lasts,
        leased_by=f"program {PROGRAM} {owner}",
        due_at=now + lasts,
        tries=steps.c.tries + 1,
    )
    if taken is None:
        return None
    row = taken.row
    return Step(
        id=row.id,
        order=row.order,
        kind=row.kind,
        account=row.account,
        tries=row.tries + 1,
        first_due_at=row.first_due_at,
        fence=taken.fence,
        leased_until=taken.until,
    )


@lru_cache(
    maxsize=128
)  # a worker asks after each step, and to write the statement takes longer than to run it
def _first_due(free: tuple[tuple[StepKind, tuple[str, ...]], ...]) -> Select[Any]:
    kind, now = steps.c.kind, bindparam("now", type_=steps.c.due_at.type)
    due = and_(
        or_(*(and_(kind == one, steps.c.account.in_(accounts)) for one, accounts in free)),
        steps.c.due_at <= now,
        lease.free(steps, now),
    )
    urgency = case((kind.in_(("mail", "copy")), 0), (kind == "read", 2), else_=1)
    return lease.first(steps, due, (urgency, steps.c.due_at, steps.c.id))


def under_way(tx: Connection, now: datetime) -> bool:
    """Whether a step that somebody waits for (no read) is due or runs."""
    waits = and_(steps.c.kind != "read", or_(steps.c.due_at <= now, steps.c.leased_until > now))
    return tx.execute(select(steps.c.id).where(waits).limit(1)).first() is not None


def lock_step(tx: Connection, step: Step) -> None:
    """Lock the order and its step for the rest of the transaction. Raises LeaseLost when its fence has moved on."""
    lock(tx, step.order)
    lease.lock(tx, steps, step.id, step.fence)


def renew(tx: Connection, step: Step, until: datetime) -> Step:
    """Renew the lease of the step. Raises LeaseLost when its fence has moved on."""
    lock_step(tx, step)
    here = update(steps).where(steps.c.id == step.id)
    tx.execute(here.values(leased_until=until))
    tx.execute(
        here.where(steps.c.due_at == step.leased_until).values(due_at=until)
    )  # not where it was asked for since
    return replace(step, leased_until=until)


def finish(tx: Connection, step: Step) -> datetime | None:
    """The step is done: its row goes. When somebody has scheduled it anew since it was taken, the time they asked for."""
    due_at = tx.scalar(select(steps.c.due_at).where(steps.c.id == step.id))
    tx.execute(delete(steps).where(steps.c.id == step.id))
    return due_at if due_at is not None and due_at < step.leased_until else None


def again(tx: Connection, step: Step, due_at: datetime, *, counts: bool = True) -> None:
    """Give the lease back and make the step due later; ``counts=False`` counts neither this try nor the time so far."""
    values: dict[str, Any] = {"due_at": due_at, "leased_by": None, "leased_until": None}
    if not counts:
        values |= {"tries": step.tries - 1, "first_due_at": due_at}
    tx.execute(update(steps).where(steps.c.id == step.id).values(**values))


def steps_of(tx: Connection, order: int) -> dict[StepKind, datetime]:
    """The kinds of step that wait for an order, and when each is due."""
    return {row.kind: row.due_at for row in tx.execute(select(steps).where(steps.c.order == order))}


def paused(tx: Connection, account: str, subject: PauseSubject, *, reads: bool = False) -> str | None:
    """The error code for which the account's gateway or mail is paused, or None.

    A database put back from a backup is paused as a whole, but for what only reads.
    """
    if not reads and held(tx):
        return "backup_restored"
    query = select(account_pauses.c.reason).where(
        account_pauses.c.account == account, account_pauses.c.subject == subject
    )
    return tx.scalar(query)
