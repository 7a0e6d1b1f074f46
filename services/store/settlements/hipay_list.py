"""HiPay's payouts as it lists them, the requests to fetch them, and its finance notifications."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, case, exists, func, or_, select, update

from services.store import lease
from services.store.lease import LeaseLost
from services.store.locks import insert_new, insert_or, one_at_a_time
from services.store.schema.fetching import finance_notifications, hipay_settlements, payout_requests
from services.store.schema.settlements import line_totals, settlement_files

PERSON, SCHEDULE, NOTIFICATION = "person", "schedule", "notification"
_OPEN = ("waiting", "running")
# A file in one of these states will not become lines by itself.
_LOST = ("failed", "cancelled")


@dataclass(frozen=True)
class Request:
    id: int
    account: str
    source: str
    settlement_id: str
    created_at: datetime
    tries: int
    fence: int


def add_request(tx: Connection, *, form_key: str, due_at: datetime, **values: Any) -> bool:
    """Whether it is a new one: one with this key may be there."""
    return insert_new(
        tx,
        payout_requests,
        ("form_key",),
        form_key=form_key,
        state="waiting",
        due_at=due_at,
        created_at=due_at,
        **values,
    )


def open_request(tx: Connection, account: str, settlement_id: str) -> int | None:
    """The request for the same that waits for its turn or runs."""
    r = payout_requests.c
    query = select(r.id).where(r.account == account, r.settlement_id == settlement_id, r.state.in_(_OPEN))
    return tx.scalar(query.order_by(r.id.desc()).limit(1))


def hasten(tx: Connection, request_id: int, due_at: datetime) -> None:
    """What waits for a later try is tried now."""
    r = payout_requests.c
    tx.execute(
        update(payout_requests)
        .where(r.id == request_id, r.state == "waiting", r.due_at > due_at)
        .values(due_at=due_at)
    )


def request_by_key(tx: Connection, form_key: str) -> int | None:
    return tx.scalar(select(payout_requests.c.id).where(payout_requests.c.form_key == form_key))


def anything_due(tx: Connection, accounts: Collection[str], now: datetime) -> bool:
    query = select(payout_requests.c.id).where(_due(accounts, now)).limit(1)
    return tx.scalar(query) is not None


def claim_request(
    tx: Connection, accounts: Collection[str], now: datetime, lasts: timedelta
) -> Request | None:
    """Lease the request that has been due longest, of an account of which none is running; None when there is none."""
    one_at_a_time(tx, "payout_requests")
    r = payout_requests.c
    running = payout_requests.alias("running")
    busy = exists().where(
        running.c.account == r.account, running.c.state == "running", running.c.leased_until > now
    )
    values = {
        "state": "running",
        "tries": r.tries + 1,
        "wanted": 0,
        "fetched": 0,
        "unchanged": 0,
        "missed": 0,
        "failure": "",
        "failure_detail": {},
    }
    due = and_(_due(accounts, now), ~busy)
    taken = lease.take(
        tx, payout_requests, due, (r.due_at, r.id), now=now, lease=lasts, skip_locked=False, **values
    )
    if taken is None:
        return None
    row = taken.row
    return Request(
        row.id, row.account, row.source, row.settlement_id, row.created_at, row.tries + 1, taken.fence
    )


def _due(accounts: Collection[str], now: datetime) -> Any:
    r = payout_requests.c
    left = and_(r.state == "running", r.leased_until <= now)
    return and_(r.account.in_(accounts), or_(and_(r.state == "waiting", r.due_at <= now), left))


def change_request(tx: Connection, request: Request, **values: Any) -> None:
    """Write to a request that is held. Raises LeaseLost when its fence has moved on, or it no longer runs."""
    running = payout_requests.c.state == "running"
    if not lease.write(tx, payout_requests, request.id, request.fence, running, **values):
        raise LeaseLost


def last_requests(tx: Connection, account: str) -> tuple[Row[Any] | None, Row[Any] | None, Row[Any] | None]:
    """Of the account: the request that waits or runs, the one that ended last, and the one that last ended well."""
    r = payout_requests.c
    query = select(payout_requests).where(r.account == account)
    under_way = query.where(r.state.in_(_OPEN)).order_by((r.state == "running").desc(), r.due_at, r.id)
    ended = query.where(r.finished_at.is_not(None)).order_by(r.finished_at.desc(), r.id.desc())
    well = ended.where(r.state == "done")
    return (
        tx.execute(under_way.limit(1)).first(),
        tx.execute(ended.limit(1)).first(),
        tx.execute(well.limit(1)).first(),
    )


def failing(tx: Connection, account: str) -> tuple[Row[Any], Row[Any]] | None:
    """The first and the last of the requests that could not look at HiPay's list, since one could; None where the last
    could."""
    r = payout_requests.c
    ended = select(payout_requests).where(
        r.account == account, r.settlement_id == "", r.finished_at.is_not(None)
    )
    looked = or_(r.state == "done", r.wanted > 0)
    well = select(func.max(r.id)).where(
        r.account == account, r.settlement_id == "", r.finished_at.is_not(None), looked
    )
    since = ended.where(~looked, r.id > func.coalesce(well.scalar_subquery(), 0))
    first = tx.execute(since.order_by(r.id).limit(1)).first()
    last = tx.execute(since.order_by(r.id.desc()).limit(1)).first()
    return None if first is None or last is None else (first, last)


def last_scheduled(tx: Connection, account: str) -> Row[Any] | None:
    r = payout_requests.c
    query = select(payout_requests).where(r.account == account, r.source == SCHEDULE)
    row: Row[Any] | None = tx.execute(query.order_by(r.id.desc()).limit(1)).first()
    return row


def list_settlement(
    tx: Connection, key: Mapping[str, str], *, recent: bool, at: datetime, **told: Any
) -> None:
    """Keep what HiPay's list says of a payout. ``recent`` counts at its first sight only."""
    statement = insert_or(tx, hipay_settlements).values(
        **key, recent=recent, first_seen_at=at, seen_at=at, **told
    )
    tx.execute(statement.on_conflict_do_update(index_elements=list(key), set_={**told, "seen_at": at}))


def listed(tx: Connection, account: str, settlement_id: str) -> Row[Any] | None:
    s = hipay_settlements.c
    return tx.execute(
        select(hipay_settlements).where(s.account == account, s.settlement_id == settlement_id)
    ).first()


def was_listed(tx: Connection, account: str) -> bool:
    s = hipay_settlements.c
    return tx.scalar(select(s.settlement_id).where(s.account == account).limit(1)) is not None


def _in_lines() -> Any:
    """The condition on a listed payout that a complete file, whoever brought it, has lines of it."""
    s, t, f = hipay_settlements.c, line_totals.c, settlement_files.c
    complete = and_(f.id == t.file, f.state == "complete")
    return (
        exists()
        .where(t.account == s.account, t.settlement_id == s.settlement_id, complete)
        .correlate(hipay_settlements)
    )


def _fetched() -> Any:
    """The condition that its file was fetched, and is or will be read."""
    s, f = hipay_settlements.c, settlement_files.c
    return exists().where(f.id == s.file, f.state.not_in(_LOST)).correlate(hipay_settlements)


def absent() -> Any:
    return and_(~_fetched(), ~_in_lines())


def to_fetch(tx: Connection, account: str, *, recent_only: bool, since: datetime) -> list[Row[Any]]:
    """The payouts whose file is not here, and those whose figures have changed since it was fetched; oldest first.

    Only those that HiPay has listed from ``since`` on. ``recent_only``: none that was old when it was first listed, nor one
    whose file was fetched and could not be read.
    """
    s = hipay_settlements.c
    query = select(hipay_settlements, absent().label("absent")).where(
        s.account == account, s.seen_at >= since
    )
    query = query.order_by(s.date_value, s.settlement_id)
    return [
        row
        for row in tx.execute(query)
        if (row.fetched_at and row.file_figures != row.figures)
        or (row.absent and (not recent_only or (row.recent and row.fetched_at is None)))
    ]


def change_settlement(tx: Connection, account: str, settlement_id: str, **values: Any) -> None:
    s = hipay_settlements.c
    tx.execute(
        update(hipay_settlements)
        .where(s.account == account, s.settlement_id == settlement_id)
        .values(**values)
    )


def settlements(tx: Connection, account: str, limit: int) -> tuple[list[Row[Any]], int, int]:
    """HiPay's payouts: those whose file is not here first, then the newest; how many there are, and how many not here.

    Each with ``absent``, and ``file_state``, ``file_name`` and ``file_failure`` of its newest file.
    """
    s, f = hipay_settlements.c, settlement_files.c
    away = absent()
    query = (
        select(
            hipay_settlements,
            away.label("absent"),
            f.state.label("file_state"),
            f.name.label("file_name"),
            f.failure.label("file_failure"),
            f.failure_detail.label("file_failure_detail"),
        )
        .outerjoin(settlement_files, f.id == s.file)
        .where(s.account == account)
        .order_by(case((away, 0), else_=1), s.date_value.desc(), s.settlement_id.desc())
        .limit(limit)
    )
    counted = select(func.count(), func.sum(case((away, 1), else_=0))).where(s.account == account)
    total, missing = tx.execute(counted.select_from(hipay_settlements)).one()
    return list(tx.execute(query)), int(total or 0), int(missing or 0)


def without_file(tx: Connection, seen_before: datetime) -> list[Row[Any]]:
    """The recent payouts of every account that were listed before a time and whose file is not here."""
    s = hipay_settlements.c
    query = select(hipay_settlements).where(s.recent.is_(True), s.first_seen_at < seen_before, absent())
    return list(tx.execute(query.order_by(s.account, s.date_value, s.settlement_id)))


def add_notification(tx: Connection, **values: Any) -> bool:
    """Store a finance notification; False when the account has it already, and nothing is written."""
    return insert_new(tx, finance_notifications, ("account", "identity"), state="stored", **values)


def waiting_notifications(tx: Connection, limit: int) -> list[int]:
    n = finance_notifications.c
    return list(tx.scalars(select(n.id).where(n.state == "stored").order_by(n.id).limit(limit)))


def claim_notification(tx: Connection, notification_id: int) -> Row[Any] | None:
    """The notification, held for the rest of the transaction; None when another worker has it or had it."""
    n = finance_notifications.c
    query = select(finance_notifications).where(n.id == notification_id, n.state == "stored")
    return tx.execute(query.with_for_update(skip_locked=True)).first()


def finish_notification(
    tx: Connection, notification_id: int, state: str, *, at: datetime, **values: Any
) -> None:
    found = finance_notifications.c.id == notification_id
    tx.execute(update(finance_notifications).where(found).values(state=state, worked_at=at, **values))


def last_notification(tx: Connection, account: str) -> datetime | None:
    n = finance_notifications.c
    found: datetime | None = tx.scalar(select(func.max(n.received_at)).where(n.account == account))
    return found
