"""HiPay's payouts as it lists them, the requests to fetch them, and its finance notifications."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Select, and_, case, exists, func, or_, select, update

from services.store import lease
from services.store.lease import LeaseLost
from services.store.locks import insert_new, insert_or, one_at_a_time
from services.store.schema.fetching import finance_notifications, hipay_settlements, payout_requests
from services.store.schema.settlements import line_totals, settlement_files
from services.store.settlements.settlement_files import FileState

RequestSource = Literal["person", "schedule", "notification"]
RequestState = Literal["waiting", "running", "done", "failed"]
NotificationState = Literal["requested", "ignored", "unreadable"]  # once it is processed; "stored" before
PERSON: RequestSource = "person"
SCHEDULE: RequestSource = "schedule"
NOTIFICATION: RequestSource = "notification"
_OPEN: tuple[RequestState, ...] = ("waiting", "running")
# A file in one of these states will not become lines by itself.
_LOST = ("failed", "cancelled")


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimedRequest:
    """A request that this worker has leased. ``tries`` counts this one."""

    id: int
    account: str
    source: RequestSource
    settlement_id: str
    created_at: datetime
    tries: int
    fence: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchRequest:
    """A request to fetch files. ``settlement_id``: "" for all new ones; ``current``: the payout whose file is being received;
    ``bytes``: how much of that file has come. ``due_at`` in the future: it is tried again then, after ``failure``."""

    id: int
    source: RequestSource
    settlement_id: str
    state: RequestState
    due_at: datetime
    created_at: datetime
    finished_at: datetime | None
    wanted: int
    fetched: int
    unchanged: int
    missed: int
    current: str
    bytes: int
    failure: str
    failure_detail: Mapping[str, str]

    @property
    def done(self) -> int:
        return self.fetched + self.unchanged + self.missed


_REQUEST = tuple(payout_requests.c[name] for name in FetchRequest.__dataclass_fields__)


@dataclass(frozen=True, kw_only=True, slots=True)
class EndedRequest(FetchRequest):
    finished_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedPayout:
    """A row of ``hipay_settlements``; its columns are described in the schema. ``amount`` in 1/10000 of ``currency``."""

    account: str
    settlement_id: str
    amount: int
    currency: str
    date_value: str
    figures: Mapping[str, int]
    recent: bool
    first_seen_at: datetime
    seen_at: datetime
    file: int | None
    sha256: str
    file_figures: Mapping[str, int]
    fetched_at: datetime | None
    failure: str
    failure_detail: Mapping[str, str]
    failed_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutWithFile(ListedPayout):
    """``absent``: no file with its lines is stored or about to be. ``file_…``: of its newest file, None without one."""

    absent: bool
    file_state: FileState | None
    file_name: str | None
    file_failure: str | None
    file_failure_detail: Mapping[str, str] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FinanceNotification:
    id: int
    account: str
    content_type: str
    body: bytes


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
    """The request for the same payout, or for the list, that waits or runs."""
    r = payout_requests.c
    query = select(r.id).where(r.account == account, r.settlement_id == settlement_id, r.state.in_(_OPEN))
    return tx.scalar(query.order_by(r.id.desc()).limit(1))


def hasten(tx: Connection, request_id: int, due_at: datetime) -> None:
    """Make a request that waits for a later try due at once."""
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
) -> ClaimedRequest | None:
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
    return ClaimedRequest(
        id=row.id,
        account=row.account,
        source=row.source,
        settlement_id=row.settlement_id,
        created_at=row.created_at,
        tries=row.tries + 1,
        fence=taken.fence,
    )


def _due(accounts: Collection[str], now: datetime) -> Any:
    r = payout_requests.c
    left = and_(r.state == "running", r.leased_until <= now)
    return and_(r.account.in_(accounts), or_(and_(r.state == "waiting", r.due_at <= now), left))


def change_request(tx: Connection, request: ClaimedRequest, **values: Any) -> None:
    """Write to a request that this worker has leased. Raises LeaseLost when its fence has moved on, or it no longer runs."""
    running = payout_requests.c.state == "running"
    if not lease.write(tx, payout_requests, request.id, request.fence, running, **values):
        raise LeaseLost


def _request(tx: Connection, query: Select[Any]) -> FetchRequest | None:
    row = tx.execute(query.limit(1)).first()
    return None if row is None else FetchRequest(**row._mapping)


def _ended(tx: Connection, query: Select[Any]) -> EndedRequest | None:
    row = tx.execute(query.limit(1)).first()
    return None if row is None else EndedRequest(**row._mapping)


def last_requests(
    tx: Connection, account: str
) -> tuple[FetchRequest | None, EndedRequest | None, EndedRequest | None]:
    """Of the account: the request that waits or runs, the one that ended last, and the one that last ended well."""
    r = payout_requests.c
    query = select(*_REQUEST).where(r.account == account)
    under_way = query.where(r.state.in_(_OPEN)).order_by((r.state == "running").desc(), r.due_at, r.id)
    ended = query.where(r.finished_at.is_not(None)).order_by(r.finished_at.desc(), r.id.desc())
    well = ended.where(r.state == "done")
    return _request(tx, under_way), _ended(tx, ended), _ended(tx, well)


def failing(tx: Connection, account: str) -> tuple[EndedRequest, EndedRequest] | None:
    """The first and the last of the requests that failed to read HiPay's list since one last read it; None where the last
    request read it."""
    r = payout_requests.c
    ended = select(*_REQUEST).where(r.account == account, r.settlement_id == "", r.finished_at.is_not(None))
    looked = or_(r.state == "done", r.wanted > 0)
    well = select(func.max(r.id)).where(
        r.account == account, r.settlement_id == "", r.finished_at.is_not(None), looked
    )
    since = ended.where(~looked, r.id > func.coalesce(well.scalar_subquery(), 0))
    first, last = _ended(tx, since.order_by(r.id)), _ended(tx, since.order_by(r.id.desc()))
    return None if first is None or last is None else (first, last)


def last_scheduled(tx: Connection, account: str) -> FetchRequest | None:
    r = payout_requests.c
    query = select(*_REQUEST).where(r.account == account, r.source == SCHEDULE)
    return _request(tx, query.order_by(r.id.desc()))


def list_settlement(
    tx: Connection, key: Mapping[str, str], *, recent: bool, at: datetime, **values: Any
) -> None:
    """Store what HiPay's list says of a payout. ``recent`` is stored with a new payout only."""
    statement = insert_or(tx, hipay_settlements).values(
        **key, recent=recent, first_seen_at=at, seen_at=at, **values
    )
    tx.execute(statement.on_conflict_do_update(index_elements=list(key), set_={**values, "seen_at": at}))


def listed(tx: Connection, account: str, settlement_id: str) -> ListedPayout | None:
    s = hipay_settlements.c
    query = select(hipay_settlements).where(s.account == account, s.settlement_id == settlement_id)
    row = tx.execute(query).first()
    return None if row is None else ListedPayout(**row._mapping)


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


def to_fetch(tx: Connection, account: str, *, recent_only: bool, since: datetime) -> list[str]:
    """The ids of the payouts whose file is not here, and those whose figures have changed since it was fetched; oldest first.

    Only those that HiPay has listed from ``since`` on. ``recent_only``: none that was old when it was first listed, nor one
    whose file was fetched and could not be read.
    """
    s = hipay_settlements.c
    query = select(hipay_settlements, absent().label("absent")).where(
        s.account == account, s.seen_at >= since
    )
    query = query.order_by(s.date_value, s.settlement_id)
    return [
        row.settlement_id
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


def settlements(tx: Connection, account: str, limit: int) -> tuple[list[PayoutWithFile], int, int]:
    """HiPay's payouts, those whose file is absent first, then the newest; how many there are, and how many are absent."""
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
    found = [PayoutWithFile(**{**row._mapping, "absent": bool(row.absent)}) for row in tx.execute(query)]
    return found, int(total or 0), int(missing or 0)


def without_file(tx: Connection, seen_before: datetime) -> list[ListedPayout]:
    """The recent payouts of every account that were listed before a time and whose file is not here."""
    s = hipay_settlements.c
    query = select(hipay_settlements).where(s.recent.is_(True), s.first_seen_at < seen_before, absent())
    query = query.order_by(s.account, s.date_value, s.settlement_id)
    return [ListedPayout(**row._mapping) for row in tx.execute(query)]


def add_notification(tx: Connection, **values: Any) -> bool:
    """Store a finance notification; False when the account has it already, and nothing is written."""
    return insert_new(tx, finance_notifications, ("account", "identity"), state="stored", **values)


def waiting_notifications(tx: Connection, limit: int) -> list[int]:
    n = finance_notifications.c
    return list(tx.scalars(select(n.id).where(n.state == "stored").order_by(n.id).limit(limit)))


def claim_notification(tx: Connection, notification_id: int) -> FinanceNotification | None:
    """The notification, locked for the rest of the transaction; None when another worker has it or had it."""
    n = finance_notifications.c
    query = select(n.id, n.account, n.content_type, n.body).where(
        n.id == notification_id, n.state == "stored"
    )
    row = tx.execute(query.with_for_update(skip_locked=True)).first()
    return None if row is None else FinanceNotification(**row._mapping)


def finish_notification(
    tx: Connection, notification_id: int, state: NotificationState, *, at: datetime, **values: Any
) -> None:
    found = finance_notifications.c.id == notification_id
    tx.execute(update(finance_notifications).where(found).values(state=state, worked_at=at, **values))


def last_notification(tx: Connection, account: str) -> datetime | None:
    n = finance_notifications.c
    found: datetime | None = tx.scalar(select(func.max(n.received_at)).where(n.account == account))
    return found
