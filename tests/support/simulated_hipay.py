"""HiPay and a mail server as a test tells them to be: what happened there, and what the product was told of it.

Written apart from the product: a bank's plain book-keeping. Amounts in units of 1/10000.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import services.mail
from services import clock
from services.hipay import errors
from services.hipay.fields import PageRequest
from services.hipay.observations import Observation
from services.hipay.readings import CreatedPage, OrderRead
from services.mail.deliver import Accepted

MID = "1342917"
MARK = "eterminal_order"


@dataclass(frozen=True)
class Snapshot:
    """A transaction as it stood at one moment of its history. ``operation``: what moved, where a notification says it."""

    reference: str
    page: str
    status: int
    at: datetime
    authorised: int = 0
    captured: int = 0
    refunded: int = 0
    charged_back: int = 0
    operation: int = 0
    over: str = ""  # refused, cancelled or expired: its hold is gone

    @property
    def holds(self) -> bool:
        """Whether it took money, or holds some."""
        return bool(self.captured or (self.authorised and not self.over))


@dataclass
class Page:
    request: PageRequest
    expires_at: datetime
    tries: list[str] = field(default_factory=list)  # references of its transactions


class SimulatedHipay:
    """``history`` is every snapshot, oldest first; ``asked`` the order ids that were read."""

    def __init__(self, change_clock: Callable[[timedelta], None]) -> None:
        self._change_clock = change_clock
        self.pages: dict[str, Page] = {}
        self.history: list[Snapshot] = []
        self.asked: list[str] = []
        self.made: list[str] = []  # what came of each call for a page: ok, refused, unavailable, lost
        self.mailed: list[str] = []  # what came of each hand-over: accepted, refused, later, unknown
        self.page_answers: deque[str] = deque()
        self.mail_answers: deque[str] = deque()
        self.meanwhile: Callable[[], None] | None = None  # done while HiPay is asked for a page

    # what the product calls

    @contextmanager
    def hipay(self, _account: str) -> Iterator["SimulatedHipay"]:
        yield self

    def create_page(self, request: PageRequest) -> CreatedPage:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        if request.order_id in self.pages:
            raise errors.DuplicateOrder
        answer = self.page_answers.popleft() if self.page_answers else "ok"
        self.made.append(answer)
        if answer == "unavailable":
            raise errors.Unavailable(503)
        if answer == "refused":
            raise errors.Refused(1010101, "amount", "Amount limit exceeded")
        assert request.time_limit_to_pay is not None
        end = clock.now() + timedelta(seconds=request.time_limit_to_pay)
        self.pages[request.order_id] = Page(request, end)
        if answer == "lost":
            raise errors.OutcomeUnknown("hipay", "reset")
        url = f"https://secure-gateway.hipay-tpp.com/pay/{request.order_id}"
        return CreatedPage(
            order_id=request.order_id,
            forward_url=url,
            mid=MID,
            test=True,
            amount_units=request.amount_units,
            currency=request.currency,
        )

    def read_order(self, order_id: str) -> OrderRead | None:
        self.asked.append(order_id)
        page = self.pages.get(order_id)
        if page is None or not page.tries:
            return None
        seen = tuple(self.observation(self.now_is(reference)) for reference in page.tries)
        mark = page.request.custom_data[MARK]
        return OrderRead(
            order_id=order_id,
            amount_units=page.request.amount_units,
            currency=page.request.currency,
            attempts=len(seen),
            mark=mark,
            observations=seen,
        )

    def deliver(self, *_: Any, **__: Any) -> Accepted:
        answer = self.mail_answers.popleft() if self.mail_answers else "accepted"
        self.mailed.append(answer)
        if answer == "refused":
            raise services.mail.errors.Rejected("recipient", 550, "no such user")
        if answer == "later":
            raise services.mail.errors.Retryable("connect", 421, "too busy")
        if answer == "unknown":
            raise services.mail.errors.DeliveryUnknown("message", 0, "connection lost")
        return Accepted("250 queued")

    # what a test does there

    def now_is(self, reference: str) -> Snapshot:
        return next(one for one in reversed(self.history) if one.reference == reference)

    def transactions(self) -> list[Snapshot]:
        """Each transaction as it stands now."""
        return list({one.reference: one for one in self.history}.values())

    def pay(self, order_id: str, outcome: str) -> None:
        """A customer's attempt: authorised, captured, pending or refused."""
        page = self.pages[order_id]
        reference = f"{order_id}/{len(page.tries) + 1}"
        page.tries.append(reference)
        amount = page.request.amount_units
        now = Snapshot(reference, order_id, 142, self._tick())
        if outcome == "pending":
            self._happened(now)
        elif outcome == "refused":
            self._happened(now, 113, over="refused")
        else:
            self._happened(now, 116, authorised=amount)
            if outcome == "captured":
                self.capture(reference, amount, at_once=True)

    def answer_pending(self, reference: str, *, accepted: bool) -> None:
        now, amount = self._later(reference), self.pages[self.now_is(reference).page].request.amount_units
        if accepted:
            self._happened(now, 116, authorised=amount)
        else:
            self._happened(now, 113, over="refused")

    def capture(self, reference: str, amount: int, *, at_once: bool = False) -> None:
        now = self.now_is(reference) if at_once else self._later(reference)
        if not at_once:
            self._happened(now, 117, operation=amount)
        captured = now.captured + amount
        self._happened(now, 118 if captured == now.authorised else 119, captured=captured, operation=amount)

    def refund(self, reference: str, amount: int) -> None:
        now = self._later(reference)
        self._happened(now, 124, operation=amount)
        refunded = now.refunded + amount
        self._happened(now, 125 if refunded == now.captured else 126, refunded=refunded, operation=amount)

    def refuse_a_move(self, reference: str) -> None:
        """A capture or a refund that the bank does not make: nothing moves."""
        now = self._later(reference)
        self._happened(now, 165 if now.captured else 173)

    def give_up(self, reference: str, *, expired: bool) -> None:
        """The hold ends: what was captured of it stays."""
        now = self._later(reference)
        self._happened(now, 114 if expired else 115, over="expired" if expired else "cancelled")

    def charge_back(self, reference: str, amount: int) -> None:
        now = self._later(reference)
        charged = now.charged_back + amount
        self._happened(now, 129, charged_back=charged, operation=amount)
        self._happened(now, 131 if charged == now.captured else 132, charged_back=charged, operation=amount)

    def win(self, reference: str, *, as_before: bool) -> None:
        """The dispute is won: the bank gives everything back, and the status says so or is as before the dispute."""
        now = self._later(reference)
        self._happened(now, 166, charged_back=0, operation=now.charged_back)
        if as_before:
            self._happened(now, 118 if now.captured == now.authorised else 119, charged_back=0)

    def observation(self, seen: Snapshot) -> Observation:
        """The snapshot as a read of the order tells it."""
        request = self.pages[seen.page].request
        return Observation(
            order_id=seen.page,
            reference=seen.reference,
            status=seen.status,
            state="",
            currency="EUR",
            authorised=seen.authorised,
            captured=seen.captured,
            refunded=seen.refunded,
            charged_back=seen.charged_back,
            order_amount=request.amount_units,
            order_currency="EUR",
            reason_code=None,
            reason_text=None,
            payment_product="visa",
            eci=7,
            test=True,
            mid=MID,
            operation_id=None,
            operation_amount=None,
            at=seen.at,
            mark=request.custom_data[MARK],
        )

    def notification(self, seen: Snapshot, style: str = "form", **changes: str) -> tuple[bytes, str]:
        """The snapshot as HiPay tells it (form or xml): body and content type. It never names a total charged back."""
        request = self.pages[seen.page].request
        fields: dict[str, Any] = {
            "state": "completed",
            "test": "true",
            "mid": f"0000{MID}",
            "attempt_id": "1",
            "transaction_reference": seen.reference,
            "date_updated": seen.at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "status": str(seen.status),
            "authorized_amount": _text(seen.authorised),
            "captured_amount": _text(seen.captured),
            "refunded_amount": _text(seen.refunded),
            "currency": "EUR",
            "custom_data": {MARK: request.custom_data[MARK]},
            "order": {"id": seen.page, "amount": _text(request.amount_units), "currency": "EUR"},
            **({"operation": {"id": "", "amount": _text(seen.operation)}} if seen.operation else {}),
        }
        fields |= changes
        if style == "xml":
            return f"<notification>{_xml(fields)}</notification>".encode(), "application/xml; charset=UTF-8"
        flat = {
            f"{name}[{inner}]" if inner else name: text
            for name, value in fields.items()
            for inner, text in (value.items() if isinstance(value, dict) else [("", value)])
        }
        return urlencode(flat).encode(), "application/x-www-form-urlencoded"

    def _tick(self) -> datetime:
        """A moment later, in HiPay's whole seconds: no two things happen to one transaction in the same second."""
        self._change_clock(timedelta(seconds=2))
        return clock.now().replace(microsecond=0)

    def _later(self, reference: str) -> Snapshot:
        return replace(self.now_is(reference), at=self._tick(), operation=0)

    def _happened(self, before: Snapshot, status: int = 142, **changes: Any) -> None:
        latest = (
            self.now_is(before.reference)
            if before.reference in {o.reference for o in self.history}
            else before
        )
        self.history.append(replace(latest, at=before.at, status=status, **{"operation": 0, **changes}))


def _text(units: int) -> str:
    return f"{Decimal(units) / 10_000:.2f}"


def _xml(fields: dict[str, Any]) -> str:
    return "".join(
        f"<{name}>{_xml(value) if isinstance(value, dict) else value}</{name}>"
        for name, value in fields.items()
    )
