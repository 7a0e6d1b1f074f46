"""Run a fetch request: read HiPay's list, fetch files, store each once.

A worker leases the request, and writes to it only while its lease is valid (the fence). A file is received completely, then
given to the import, then recorded at its payout. If the process is killed in between, the file is fetched again and found
to be known.
"""

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Unpack

from services import clock
from services.access import WORKER, audit
from services.desk import Desk
from services.disk_space import NoRoom
from services.errors import DeskError
from services.heartbeats import still_working
from services.hipay.client import HiPay
from services.hipay.errors import HiPayError, NotAuthorised, OutcomeUnknown, Unavailable, Unreachable
from services.hipay.settlement_readings import SettlementItem
from services.imports.errors import (
    DownloadBrokenOff,
    FetchRefused,
    FileNotReady,
    PayoutError,
    PayoutUnknown,
)
from services.imports.received.download import downloaded
from services.imports.received.ingest import ingest
from services.store import STORE_AWAY
from services.store.lease import LeaseLost
from services.store.settlements.files import hipay_list, payout_requests
from services.store.settlements.files.payout_requests import ClaimedRequest, RequestChange

LEASE = timedelta(minutes=3)
_BEAT_SECONDS = 15.0
RECENT = timedelta(
    days=62
)  # a payout that is older when it is first listed is fetched only if a person requests it
_LISTED_DAYS = timedelta(days=90)  # of HiPay's list that a request of the schedule reads
_PER_PAGE, _MOST_PAGES = 100, 500
_IN_A_ROW = 3  # files whose download breaks off, before the rest is left for later
_RETRY_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 20, 40, 80))
_FIGURES = ("amount", "sales", "refunds", "fees", "chargeback", "deferred", "rolling", "other")
# After these errors the next file would fail, too.
_STOP_AFTER = (Unreachable, NotAuthorised, Unavailable, NoRoom)

log = logging.getLogger(__name__)


class Stopped(Exception):
    """The process must end: another worker runs the request again, or this one after its next start."""


def run_next(desk: Desk, stopping: threading.Event | None = None) -> bool:
    """Run the request that has been due longest; whether there was one."""
    accounts, now = tuple(desk.settings.all_accounts), clock.now()
    with desk.store.read() as tx:
        if not payout_requests.any_due(tx, accounts, now):
            return False
    with desk.store.write() as tx:
        request = payout_requests.claim(tx, accounts, now, LEASE)
    if request is None:
        return False
    run = _Run(desk, request, stopping or threading.Event())
    try:
        run.do()
    except LeaseLost:
        log.warning("request %d for payouts went on elsewhere", request.id)
    except Stopped:
        run.write(state="waiting", leased_until=None)
    except STORE_AWAY:
        raise
    except Exception:
        log.exception("payouts of %s could not be fetched", request.account)
        run.end(PayoutError())
    return True


class _Run:
    def __init__(self, desk: Desk, request: ClaimedRequest, stopping: threading.Event) -> None:
        self._desk, self._request, self._stopping = desk, request, stopping
        self._counts: RequestChange = {"fetched": 0, "unchanged": 0, "missed": 0}
        self._beaten_at = time.monotonic()

    def do(self) -> None:
        request, trouble = self._request, None
        try:
            with self._desk.hipay(request.account) as client:
                wanted = self._one(client) if request.settlement_id else self._new(client)
                self.write(wanted=len(wanted))
                trouble = self._all(client, wanted)
        except (HiPayError, PayoutError, NoRoom) as error:
            trouble = error
        self.end(trouble)

    def write(self, **values: Unpack[RequestChange]) -> None:
        with self._desk.store.write() as tx:
            payout_requests.change(tx, self._request, **values)

    def beat(self, size: int = 0) -> None:
        """Renew the lease while bytes come. Raises Stopped, LeaseLost, NoRoom."""
        if self._stopping.is_set():
            raise Stopped
        self._desk.room.require()
        if time.monotonic() - self._beaten_at >= _BEAT_SECONDS:
            self._beaten_at = time.monotonic()
            still_working()
            self.write(leased_until=clock.now() + LEASE, bytes=size)

    def _all(self, client: HiPay, wanted: tuple[str, ...]) -> DeskError | None:
        """Fetch each file; the error after which it stopped, or the last error of a file."""
        broken, trouble = 0, None
        for settlement_id in wanted:
            self.beat()
            self.write(current=settlement_id, bytes=0, leased_until=clock.now() + LEASE)
            try:
                self._counts["fetched" if self._get(client, settlement_id) else "unchanged"] += 1
                broken = 0
            except DeskError as error:
                trouble = error
                self._counts["missed"] += 1
                self._note_failure(settlement_id, error)
                broken += isinstance(error, OutcomeUnknown)
                if isinstance(error, _STOP_AFTER) or broken >= _IN_A_ROW:
                    break
            self.write(**self._counts)
        return trouble

    def _get(self, client: HiPay, settlement_id: str) -> bool:
        """Fetch the payout's file; whether it is another than the one fetched before."""
        account, now = self._request.account, clock.now()
        with self._desk.store.read() as tx:
            before = hipay_list.listed(tx, account, settlement_id)
        assert before is not None  # listed a moment ago
        by_person = self._request.source == payout_requests.PERSON
        with downloaded(client, settlement_id, self.beat) as found:
            file_id, new = before.file, False
            # a person may want a file again that was cancelled
            if found.sha256 != before.sha256 or by_person:
                files, new = ingest(
                    self._desk,
                    account,
                    found.name,
                    found.content,
                    found.sha256,
                    source="hipay",
                    hipay_settlement=settlement_id,
                    beat=self.beat,
                )
                file_id = files[-1]
            with self._desk.store.write() as tx:
                payout_requests.change(tx, self._request, leased_until=clock.now() + LEASE)
                hipay_list.change_settlement(
                    tx,
                    account,
                    settlement_id,
                    file=file_id,
                    sha256=found.sha256,
                    file_figures=before.figures,
                    fetched_at=now,
                    failure="",
                    failure_detail={},
                    failed_at=None,
                )
                if new:
                    audit.record(
                        tx,
                        WORKER,
                        "payout_fetched",
                        f"settlement_file:{file_id}",
                        settlement=settlement_id,
                        size=found.size,
                    )
        return new

    def _note_failure(self, settlement_id: str, error: DeskError) -> None:
        with self._desk.store.write() as tx:
            shown = as_payout_error(error)
            hipay_list.change_settlement(
                tx,
                self._request.account,
                settlement_id,
                failure=shown.code,
                failure_detail=detail_of(shown),
                failed_at=clock.now(),
            )

    def _one(self, client: HiPay) -> tuple[str, ...]:
        request = self._request
        item = client.settlement(request.settlement_id)
        if item is None:
            raise PayoutUnknown(request.settlement_id)
        self._list([item], clock.now(), asked=True)
        with self._desk.store.read() as tx:
            known = hipay_list.listed(tx, request.account, request.settlement_id)
        fetched_since = known is not None and known.fetched_at and known.fetched_at >= request.created_at
        return (
            ()
            if fetched_since and request.source == payout_requests.NOTIFICATION
            else (request.settlement_id,)
        )

    def _new(self, client: HiPay) -> tuple[str, ...]:
        """Read HiPay's list; the payouts on it whose file is to be fetched, oldest first."""
        account, by_person, began = (
            self._request.account,
            self._request.source == payout_requests.PERSON,
            clock.now(),
        )
        with self._desk.store.read() as tx:
            first = not hipay_list.was_listed(tx, account)
        since = None if first or by_person else (began - _LISTED_DAYS).date()
        for items in _pages(client, since):
            self.beat()
            self._list(items, began)
        with self._desk.store.read() as tx:
            found = hipay_list.to_fetch(tx, account, recent_only=not by_person, since=began)
        return tuple(found)

    def _list(self, items: list[SettlementItem], at: datetime, *, asked: bool = False) -> None:
        oldest = (at - RECENT).date()
        with self._desk.store.write() as tx:
            for item in items:
                values = asdict(item)
                hipay_list.list_settlement(
                    tx,
                    {"account": self._request.account, "settlement_id": item.settlement_id},
                    recent=asked or item.date_value is None or item.date_value >= oldest,
                    at=at,
                    amount=item.amount,
                    currency=item.currency,
                    date_value=item.date_value.isoformat() if item.date_value else "",
                    figures={name: values[name] for name in _FIGURES},
                    iban=item.recipient_iban or "",
                    bic=item.recipient_bic or "",
                )

    def end(self, trouble: DeskError | None) -> None:
        """Record the request as done or failed, or let it wait for another try; what a person requested is not tried again."""
        request, now = self._request, clock.now()
        values: RequestChange = {"leased_until": None, "current": "", **self._counts}
        if trouble is not None:
            shown = as_payout_error(trouble)
            values |= {"failure": shown.code, "failure_detail": detail_of(shown)}
            passing = (
                isinstance(trouble, FileNotReady | PayoutUnknown | NoRoom) or type(trouble) is PayoutError
            )
            passing = passing or getattr(trouble, "retry", False)
            if passing and request.source != payout_requests.PERSON and request.tries <= len(_RETRY_DELAYS):
                values["state"], values["due_at"] = "waiting", now + _RETRY_DELAYS[request.tries - 1]
                self.write(**values)
                return
        values["state"], values["finished_at"] = "failed" if trouble else "done", now
        self.write(**values)
        if trouble is not None:
            log.warning("payouts of %s: %s", request.account, trouble.code)


def _pages(client: HiPay, since: date | None) -> Iterator[list[SettlementItem]]:
    """HiPay's list page by page. HiPay does not publish its page limit, so the first page without a new payout is the last."""
    known: set[str] = set()
    for number in range(1, _MOST_PAGES + 1):
        items = [
            item
            for item in client.settlements(number, _PER_PAGE, date_from=since)
            if item.settlement_id not in known
        ]
        if not items:
            return
        known.update(item.settlement_id for item in items)
        yield items


def as_payout_error(error: DeskError) -> DeskError:
    """The error as one of fetching: for a payment link the same answer of HiPay means something else."""
    if isinstance(error, NotAuthorised):
        return FetchRefused(error.hipay_code)
    return DownloadBrokenOff() if isinstance(error, OutcomeUnknown) else error


def detail_of(error: DeskError) -> dict[str, str]:
    """The values of the error's sentence, without HiPay's own message, which may repeat what we sent."""
    return {name: value for name, value in error.fields().items() if name != "message" and value != "None"}
