"""Requests to fetch payout files from HiPay: who made each, its lease, and how it ended."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict, Unpack

from sqlalchemy import Connection, Select, and_, exists, func, or_, select, update

from services.store import lease
from services.store.lease import LeaseLost
from services.store.locks import insert_new, one_at_a_time
from services.store.order_states import ActorKind
from services.store.schema.fetching import payout_requests

RequestSource = Literal["person", "schedule", "notification"]
RequestState = Literal["waiting", "running", "done", "failed"]
PERSON: RequestSource = "person"
SCHEDULE: RequestSource = "schedule"
NOTIFICATION: RequestSource = "notification"
_OPEN: tuple[RequestState, ...] = ("waiting", "running")


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


@dataclass(frozen=True, slots=True)
class RequestOfKey:
    """The request that was made with a form key."""

    id: int
    account: str


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


_COLUMNS = tuple(payout_requests.c[name] for name in FetchRequest.__dataclass_fields__)


@dataclass(frozen=True, kw_only=True, slots=True)
class EndedRequest(FetchRequest):
    finished_at: datetime


def add(
    tx: Connection,
    *,
    account: str,
    source: RequestSource,
    settlement_id: str,
    form_key: str,
    due_at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
) -> bool:
    """Write a request, once for each ``form_key``; whether it is a new one."""
    waiting: RequestState = "waiting"
    return insert_new(
        tx,
        payout_requests,
        ("form_key",),
        account=account,
        source=source,
        settlement_id=settlement_id,
        form_key=form_key,
        state=waiting,
        due_at=due_at,
        created_at=due_at,
        actor_kind=actor_kind,
        actor_id=actor_id,
    )


def find_open(tx: Connection, account: str, settlement_id: str) -> int | None:
    """The request for the same payout, or for the list, that waits or runs."""
    r = payout_requests.c
    query = select(r.id).where(r.account == account, r.settlement_id == settlement_id, r.state.in_(_OPEN))
    return tx.scalar(query.order_by(r.id.desc()).limit(1))


def make_due(tx: Connection, request_id: int, due_at: datetime) -> None:
    """Make a request that waits for a later try due at once."""
    r = payout_requests.c
    tx.execute(
        update(payout_requests)
        .where(r.id == request_id, r.state == "waiting", r.due_at > due_at)
        .values(due_at=due_at)
    )


def by_form_key(tx: Connection, form_key: str) -> RequestOfKey | None:
    r = payout_requests.c
    row = tx.execute(select(r.id, r.account).where(r.form_key == form_key)).first()
    return None if row is None else RequestOfKey(row.id, row.account)


def any_due(tx: Connection, accounts: Collection[str], now: datetime) -> bool:
    query = select(payout_requests.c.id).where(_due(accounts, now)).limit(1)
    return tx.scalar(query) is not None


def claim(
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


class RequestChange(TypedDict, total=False):
    """The columns of a request that change while it is worked on."""

    state: RequestState
    due_at: datetime
    leased_until: datetime | None
    wanted: int
    fetched: int
    unchanged: int
    missed: int
    current: str
    bytes: int
    failure: str
    failure_detail: Mapping[str, str]
    finished_at: datetime | None


def change(tx: Connection, request: ClaimedRequest, **values: Unpack[RequestChange]) -> None:
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
    query = select(*_COLUMNS).where(r.account == account)
    under_way = query.where(r.state.in_(_OPEN)).order_by((r.state == "running").desc(), r.due_at, r.id)
    ended = query.where(r.finished_at.is_not(None)).order_by(r.finished_at.desc(), r.id.desc())
    well = ended.where(r.state == "done")
    return _request(tx, under_way), _ended(tx, ended), _ended(tx, well)


def failing(tx: Connection, account: str) -> tuple[EndedRequest, EndedRequest] | None:
    """The first and the last of the requests that failed to read HiPay's list since one last read it; None where the last
    request read it."""
    r = payout_requests.c
    ended = select(*_COLUMNS).where(r.account == account, r.settlement_id == "", r.finished_at.is_not(None))
    was_read = or_(r.state == "done", r.wanted > 0)
    well = select(func.max(r.id)).where(
        r.account == account, r.settlement_id == "", r.finished_at.is_not(None), was_read
    )
    since = ended.where(~was_read, r.id > func.coalesce(well.scalar_subquery(), 0))
    first, last = _ended(tx, since.order_by(r.id)), _ended(tx, since.order_by(r.id.desc()))
    return None if first is None or last is None else (first, last)


def last_scheduled(tx: Connection, account: str) -> FetchRequest | None:
    r = payout_requests.c
    query = select(*_COLUMNS).where(r.account == account, r.source == SCHEDULE)
    return _request(tx, query.order_by(r.id.desc()))
