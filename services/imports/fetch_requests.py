"""What a person asks for, and how it stands: a press only writes the intent, the worker does it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from services import clock
from services.access import Actor, Right, audit, require
from services.accounts.errors import AccountUnknown
from services.desk import Desk
from services.imports.errors import NoPayoutsThere, PayoutUnknown
from services.imports.fetch_schedule import Automatic, automatic
from services.store import Connection, Row
from services.store.settlements import hipay_list

SHOWN = 300  # of HiPay's payouts; those that are not here come first

Here = Literal["absent", "reading", "here", "unreadable"]


@dataclass(frozen=True)
class Payout:
    """One of HiPay's list. ``amount`` in 1/10000 of ``currency``; ``date_value`` ISO or "".

    ``here``: its file is absent; being read; here, whoever brought it; or was fetched and could not be read.
    ``changed``: HiPay names other figures than when its file was fetched. ``failure``: the code of the last try's error.
    """

    settlement_id: str
    amount: int
    currency: str
    date_value: str
    here: Here
    changed: bool
    file: int | None
    file_name: str
    fetched_at: datetime | None
    failure: str
    failure_detail: Mapping[str, str]


@dataclass(frozen=True)
class Progress:
    """A request. ``settlement_id`` is "" for all that is new; ``current`` the payout whose file is coming, ``bytes`` of it.

    ``due_at`` in the future: it is tried again then, after ``failure``.
    """

    id: int
    source: str
    settlement_id: str
    state: str
    due_at: datetime
    finished_at: datetime | None
    wanted: int
    fetched: int
    unchanged: int
    missed: int
    current: str
    bytes: int
    failure: str
    failure_detail: Mapping[str, str] = field(default_factory=dict)

    @property
    def done(self) -> int:
        return self.fetched + self.unchanged + self.missed


@dataclass(frozen=True)
class Fetching:
    """``under_way`` waits or runs; ``last`` ended last; ``well`` ended last without a failure."""

    automatic: Automatic
    possible: bool
    under_way: Progress | None
    last: Progress | None
    well: Progress | None
    payouts: tuple[Payout, ...]
    total: int
    absent: int
    announced_at: datetime | None


def ask(desk: Desk, actor: Actor, account: str, form_key: str, settlement_id: str = "") -> int:
    """Have HiPay's list looked at and all new files fetched, or the file of one payout; the request's id.

    ``form_key`` is made when the button is drawn: a second press finds the first's request, and so does a colleague's
    while it is under way. Raises NotAllowed, AccountUnknown, NoPayoutsThere, PayoutUnknown (not on the list).
    """
    _reachable(desk, account)
    now = clock.now()
    with desk.store.write() as tx:
        require(tx, actor, Right.RECONCILE, account)
        known = hipay_list.request_by_key(tx, form_key) or hipay_list.open_request(tx, account, settlement_id)
        if known is not None:
            hipay_list.hasten(tx, known, now)
            return known
        if settlement_id and hipay_list.listed(tx, account, settlement_id) is None:
            raise PayoutUnknown(settlement_id)
        hipay_list.add_request(
            tx,
            account=account,
            source=hipay_list.PERSON,
            settlement_id=settlement_id,
            form_key=form_key,
            due_at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
        )
        audit.record(tx, actor, "payouts_asked_for", f"account:{account}", settlement=settlement_id)
        made = hipay_list.request_by_key(tx, form_key)
    assert made is not None
    return made


def standing(desk: Desk, actor: Actor, account: str) -> Fetching:
    """How fetching stands for the account. Raises NotAllowed, AccountUnknown."""
    if account not in desk.settings.all_accounts:
        raise AccountUnknown(account)
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, account)
        under_way, last, well = last_requests(tx, account)
        found, total, absent = hipay_list.settlements(tx, account, SHOWN)
        return Fetching(
            automatic(tx, desk, account),
            _possible(desk, account),
            under_way,
            last,
            well,
            tuple(map(_payout, found)),
            total,
            absent,
            hipay_list.last_notification(tx, account),
        )


def last_requests(tx: Connection, account: str) -> tuple[Progress | None, Progress | None, Progress | None]:
    """The request that waits or runs, the one that ended last, the one that last ended well."""
    first, second, third = hipay_list.last_requests(tx, account)
    return _progress(first), _progress(second), _progress(third)


def _progress(row: Row[Any] | None) -> Progress | None:
    if row is None:
        return None
    return Progress(
        row.id,
        row.source,
        row.settlement_id,
        row.state,
        row.due_at,
        row.finished_at,
        row.wanted,
        row.fetched,
        row.unchanged,
        row.missed,
        row.current,
        row.bytes,
        row.failure,
        row.failure_detail,
    )


def _payout(row: Row[Any]) -> Payout:
    unreadable = row.file_state in ("failed", "cancelled")
    here: Here = "here"
    if row.absent:
        here = "unreadable" if unreadable else "absent"
    elif row.file_state in ("waiting", "running", "receiving"):
        here = "reading"
    own = (row.failure, row.failure_detail)
    failure, detail = own if row.failure or not unreadable else (row.file_failure, row.file_failure_detail)
    changed = bool(row.fetched_at) and row.file_figures != row.figures
    return Payout(
        row.settlement_id,
        row.amount,
        row.currency,
        row.date_value,
        here,
        changed,
        row.file,
        row.file_name or "",
        row.fetched_at,
        failure or "",
        detail or {},
    )


def _possible(desk: Desk, account: str) -> bool:
    return desk.account(account).environment != "stage"


def _reachable(desk: Desk, account: str) -> None:
    if account not in desk.settings.all_accounts:
        raise AccountUnknown(account)
    if not _possible(desk, account):
        raise NoPayoutsThere
