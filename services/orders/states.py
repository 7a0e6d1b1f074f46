"""An order's state: three folds over what was recorded, and one badge made of them.

``DELIVERY``, ``AVAILABILITY``, ``PAYMENT`` and ``BADGES`` define each value once, in words; docs/images/states.svg draws them.

Payment is a join: of each transaction the largest amounts seen and the set of things that happened to it are kept, so the
same facts give the same state in whatever order, and however often, they come. A late 116 never undoes a 118. Only what
was charged back may come again, in a dispute that is won: there the newest total counts, by HiPay's own time.

Delivery is that of the newest e-mail: a report that an earlier one came back says nothing of it, and one that it came
back itself stands, whether it is recorded before or after the mail server's own answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.hipay.statuses import Effect, status

# Of the newest e-mail.
DELIVERY = {
    "none": "there is no e-mail: a telephone payment, or an order that was imported",
    "queued": "it waits for its page or for the mail server, or the server said later",
    "sent": "the mail server has accepted it",
    "uncertain": "the connection was lost after the last byte, more than once: it may have left",
    "failed": "the mail server refuses it, or a day of tries was in vain",
    "expired": "the link's time was over before it could leave",
    "withdrawn": "the request was paid or called off before it could leave",
    "bounced": "it was accepted and came back later",
}
# Of what the customer opens: our own link, else HiPay's page.
AVAILABILITY = {
    "none": "an order that was imported, and is only awaited",
    "requested": "it is being made",
    "open": "it is there; whether its time is over, the clock says",
    "failed": "HiPay refuses the page, or a day of tries was in vain",
    "taken": "somebody pays on a page whose address was lost: it is watched, and nothing is sent",
    "cancelled": "a person called the request off, for good; our own link only",
}
PAYMENT = {
    "unpaid": "nobody has tried to pay, or not got far enough to be told of",
    "refused": "every attempt was refused",
    "cancelled": "a hold was given up or ran out before anything was collected",
    "pending": "an attempt waits for the bank, or for a review",
    "authorised": "the amount is held on the card",
    "partly_captured": "less than the order's amount was collected",
    "captured": "the order's amount was collected, or more, and that much is still here",
    "partly_refunded": "some of what was collected went back, and less than the order's amount is left",
    "refunded": "all that was collected went back",
    "charged_back": "the bank has taken money back, and the dispute is not won",
}
BADGES = {
    "preparing": "unpaid, and the e-mail has not left yet",
    "open": "unpaid: the customer has the link, and can pay",
    "uncertain": "unpaid, and nobody knows whether the e-mail left",
    "bounced": "unpaid, and the e-mail came back",
    "failed": "unpaid, and the page or the e-mail failed: a person must act",
    "expired": "unpaid, and the time is over",
    "cancelled": "unpaid, and called off",
    "refused": "an attempt was refused, or a hold was given up; the customer can try again",
    "pending": "the bank has not answered yet",
    "authorised": "held on the card, to be collected",
    "paid": "collected, all or a part",
    "refunded": "given back, all or a part",
    "charged_back": "taken back by the bank",
}
UNPAID = frozenset({"unpaid", "refused", "cancelled"})


@dataclass(frozen=True)
class Event:
    """A recorded fact. ``data`` is JSON; a ``payment`` event's is an observation."""

    kind: str
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Transaction:
    """One attempt that reached a bank. Amounts in units of 1/10000, the largest seen."""

    reference: str
    authorised: int = 0
    captured: int = 0
    refunded: int = 0
    dispute: tuple[str, int] = ("", 0)  # the newest total charged back that HiPay told, and when
    claimed: tuple[str, int] = ("", 0)  # the newest chargeback told without a total, and when
    effects: frozenset[Effect] = frozenset()

    def seen(self, data: dict[str, Any]) -> "Transaction":
        """This transaction after one more observation."""
        at, told, claim = str(data.get("at") or ""), data.get("charged_back"), _claimed(data)
        return Transaction(
            self.reference,
            max(self.authorised, data.get("authorised") or 0),
            max(self.captured, data.get("captured") or 0),
            max(self.refunded, data.get("refunded") or 0),
            self.dispute if told is None else max(self.dispute, (at, int(told))),
            max(self.claimed, (at, claim)) if claim else self.claimed,
            self.effects | {status(int(data["status"])).effect},
        )

    @property
    def charged_back(self) -> int:
        """The newest total, or what was claimed since it was told."""
        (told_at, told), (claimed_at, claimed) = self.dispute, self.claimed
        return max(told, claimed) if claimed_at > told_at or not told_at else told

    @property
    def void(self) -> bool:
        """Whether its authorisation was refused or given up before anything was captured."""
        return not self.captured and bool(self.effects & {Effect.CANCELLED, Effect.EXPIRED, Effect.REFUSED})


@dataclass(frozen=True)
class State:
    delivery: str
    availability: str
    payment: str
    authorised: int = 0
    captured: int = 0
    refunded: int = 0
    charged_back: int = 0
    transactions: tuple[Transaction, ...] = ()

    @property
    def paid_twice(self) -> bool:
        """Whether two transactions hold or took the money."""
        return sum(1 for one in self.transactions if one.captured or (one.authorised and not one.void)) > 1


_DELIVERY = {
    "mail_queued": "queued", "mail_sent": "sent", "mail_failed": "failed", "mail_uncertain": "uncertain",
    "mail_expired": "expired", "mail_withdrawn": "withdrawn",
}  # fmt: skip
_MAILED_AGAIN = frozenset({"resent", "readdressed", "reminded", "reminded_by_schedule", "renewed"})
_AVAILABILITY = {
    "page_requested": "requested", "page_opened": "open", "page_failed": "failed", "page_taken": "taken",
    "link_ready": "open", "link_cancelled": "cancelled", "link_renewed": "open", "renewed": "requested",
}  # fmt: skip


def fold(channel: str, amount: int, events: Iterable[Event]) -> State:
    """The state of an order of ``amount`` units after these events, given in the order they were recorded."""
    mails = {1: "queued" if channel == "link" else "none"}
    availability = "none" if channel == "imported" else "requested"
    seen: dict[str, Transaction] = {}
    for event in events:
        if channel == "link":
            _mailed(mails, event)
        if availability != "cancelled":  # for good: HiPay may answer an earlier press after it
            availability = _AVAILABILITY.get(event.kind, availability)
        if event.kind == "payment":
            reference = str(event.data["reference"])
            seen[reference] = seen.get(reference, Transaction(reference)).seen(event.data)
    transactions = tuple(sorted(seen.values(), key=lambda one: one.reference))
    sums = {
        name: sum(getattr(one, name) for one in transactions)
        for name in ("captured", "refunded", "charged_back")
    }
    authorised = sum(one.authorised for one in transactions if not one.void)
    payment = _payment(amount, authorised, transactions, **sums)
    return State(mails[max(mails)], availability, payment, authorised, transactions=transactions, **sums)


def _mailed(mails: dict[int, str], event: Event) -> None:
    """What became of each e-mail, by its number; ``event.data`` names it, or it is the newest."""
    number = int(event.data.get("number") or max(mails))
    if event.kind in _MAILED_AGAIN:
        if mails[max(mails)] != "queued":  # else it takes that one's place: it may never have been written
            mails[max(mails) + 1] = "queued"
    elif event.kind == "mail_bounced":
        mails[number] = "bounced"
    elif event.kind == "reminder_dropped":
        if len(mails) > 1:
            mails.pop(number, None)
    elif event.kind in _DELIVERY and mails.get(number) != "bounced":
        mails[number] = _DELIVERY[event.kind]


def _payment(
    amount: int,
    authorised: int,
    transactions: tuple[Transaction, ...],
    *,
    captured: int,
    refunded: int,
    charged_back: int,
) -> str:
    if charged_back:
        return "charged_back"
    if captured - refunded >= amount:  # of an order paid twice, one payment may have gone back
        return "captured"
    if captured and refunded:
        return "refunded" if refunded >= captured else "partly_refunded"
    if captured:
        return "partly_captured"
    if authorised:
        return "authorised"
    return max((_unpaid(one) for one in transactions), key=_NOT_PAID.index, default="unpaid")


_NOT_PAID = ("unpaid", "refused", "cancelled", "pending")


def _unpaid(one: Transaction) -> str:
    if Effect.REFUSED in one.effects:
        return "refused"
    if one.void:
        return "cancelled"
    waiting = {Effect.PENDING, Effect.REVIEW, Effect.AUTHORISED, Effect.CAPTURE_REQUESTED}
    return "pending" if one.effects & waiting else "unpaid"


def _claimed(data: dict[str, Any]) -> int:
    """A chargeback's notification may carry no total: then it is its operation's, or all that was captured."""
    if data.get("charged_back") or status(int(data["status"])).effect is not Effect.CHARGED_BACK:
        return 0
    return int(data.get("operation_amount") or data.get("captured") or 0)


def badge(delivery: str, availability: str, payment: str, expires_at: datetime, now: datetime) -> str:
    """The one word that a list shows. ``services.store.orders.badge_condition`` says the same in SQL."""
    if payment in UNPAID:
        if availability == "cancelled":
            return "cancelled"
        if availability in ("failed", "taken") or delivery == "failed":
            return "failed"
        if expires_at <= now:
            return "expired"
        if payment != "unpaid":
            return "refused"
        if delivery in ("uncertain", "bounced"):
            return delivery
        return "open" if availability == "open" and delivery in ("none", "sent") else "preparing"
    if payment in ("captured", "partly_captured"):
        return "paid"
    if payment in ("refunded", "partly_refunded"):
        return "refunded"
    return payment
