"""Requests of people to fetch payout files, and their progress: a service writes the request, the worker runs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services import clock
from services.access import Actor, Right, audit, require
from services.accounts.configured import require_account
from services.desk import Desk
from services.imports.errors import NoPayoutsThere, PayoutUnknown
from services.imports.received.fetch_schedule import Automatic, automatic
from services.store import Connection
from services.store.remembered import remembered
from services.store.settlements.files import finance_notifications, hipay_list, payout_requests
from services.store.settlements.files.hipay_list import PayoutWithFile
from services.store.settlements.files.payout_requests import EndedRequest
from services.store.settlements.files.payout_requests import FetchRequest as FetchRequest

SHOWN = 300  # of HiPay's payouts; those that are not here come first

Here = Literal["absent", "reading", "here", "unreadable"]


@dataclass(frozen=True, kw_only=True)
class Payout:
    """A payout of HiPay's list. ``amount`` in 1/10000 of ``currency``; ``date_value`` ISO or "".

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


@dataclass(frozen=True, kw_only=True)
class Fetching:
    """``under_way`` waits or runs; ``last`` ended last; ``well`` ended last without a failure."""

    automatic: Automatic
    possible: bool
    under_way: FetchRequest | None
    last: EndedRequest | None
    well: EndedRequest | None
    payouts: tuple[Payout, ...]
    total: int
    absent: int
    announced_at: datetime | None


def request_fetch(desk: Desk, actor: Actor, account: str, form_key: str, settlement_id: str = "") -> int:
    """Request that all new files of HiPay's list are fetched, or the file of one payout; the request's id.

    ``form_key`` is made when the button is drawn: a second press returns the first request, and so does a colleague's press
    while that one waits or runs. Raises NotAllowed, AccountUnknown, NoPayoutsThere, PayoutUnknown (not on the list).
    """
    _reachable(desk, account)
    now = clock.now()
    with desk.store.write() as tx:
        require(tx, actor, Right.RECONCILE, account)
        pressed = payout_requests.by_form_key(tx, form_key)
        if pressed is not None:
            require(tx, actor, Right.RECONCILE, pressed.account)
        known = pressed.id if pressed else payout_requests.find_open(tx, account, settlement_id)
        if known is not None:
            payout_requests.make_due(tx, known, now)
            return known
        if settlement_id and hipay_list.listed(tx, account, settlement_id) is None:
            raise PayoutUnknown(settlement_id)
        payout_requests.add(
            tx,
            account=account,
            source=payout_requests.PERSON,
            settlement_id=settlement_id,
            form_key=form_key,
            due_at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
        )
        audit.record(tx, actor, "payouts_asked_for", f"account:{account}", settlement=settlement_id)
        made = payout_requests.by_form_key(tx, form_key)
    assert made is not None
    return made.id


def read_fetching(desk: Desk, actor: Actor, account: str) -> Fetching:
    """The requests of the account, and HiPay's list of its payouts. Raises NotAllowed, AccountUnknown."""
    require_account(desk, account)
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, account)
        schedule, possible = automatic(tx, desk, account), _possible(desk, account)
        key = ("fetching", account, schedule, possible)
        return remembered(tx, key, lambda: _fetching(tx, account, schedule, possible=possible))


def _fetching(tx: Connection, account: str, schedule: Automatic, *, possible: bool) -> Fetching:
    under_way, last, well = payout_requests.last_requests(tx, account)
    found, total, absent = hipay_list.settlements(tx, account, SHOWN)
    return Fetching(
        automatic=schedule,
        possible=possible,
        under_way=under_way,
        last=last,
        well=well,
        payouts=tuple(map(_payout, found)),
        total=total,
        absent=absent,
        announced_at=finance_notifications.last_received_at(tx, account),
    )


def _payout(row: PayoutWithFile) -> Payout:
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
        settlement_id=row.settlement_id,
        amount=row.amount,
        currency=row.currency,
        date_value=row.date_value,
        here=here,
        changed=changed,
        file=row.file,
        file_name=row.file_name or "",
        fetched_at=row.fetched_at,
        failure=failure or "",
        failure_detail=detail or {},
    )


def _possible(desk: Desk, account: str) -> bool:
    return desk.account(account).environment != "stage"


def _reachable(desk: Desk, account: str) -> None:
    require_account(desk, account)
    if not _possible(desk, account):
        raise NoPayoutsThere
