"""An order's state: three folds over the recorded events, and one badge derived from them.

``DELIVERY``, ``AVAILABILITY``, ``PAYMENT`` and ``BADGES`` define each value once, in words; docs/images/states.svg draws them.

Payment counts what a read of HiPay has shown (``payment``): of each transaction the newest observation, by HiPay's own
time, else in the order of recording. A late 116 never undoes a 118, and after 125 a 165 gives the refund back. What a
notification reports (``payment_told``) only makes an unpaid order *unconfirmed*, until the next read of its transaction
answers it. Events without a source, of earlier versions, count as confirmed, joined by the largest amounts, until a read.

Delivery is that of the newest e-mail. A report that an earlier one came back does not change it; a report that the newest
came back does, whether it is recorded before or after the mail server's own answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.hipay.statuses import Effect
from services.orders.transactions import Event, Transaction, TransactionLog, Unconfirmed
from services.store.order_states import PAID, UNPAID, Availability, Badge, Delivery, Payment

__all__ = ["AVAILABILITY", "BADGES", "DELIVERY", "PAYMENT", "UNPAID", "Event", "State", "badge", "fold"]

# Of the newest e-mail.
DELIVERY: dict[Delivery, str] = {
    "none": "there is no e-mail: a telephone payment, or an order that was imported",
    "queued": "it waits for its page or for the mail server, or the server asked to try later",
    "sent": "the mail server has accepted it",
    "uncertain": "the connection was lost after the last byte, more than once: it may have left",
    "failed": "the mail server refuses it, or a day of tries was in vain",
    "expired": "the link's time was over before it could leave",
    "withdrawn": "the request was paid or cancelled before it could leave",
    "bounced": "it was accepted and came back later",
}
# Of what the customer opens: our own link, else HiPay's page.
AVAILABILITY: dict[Availability, str] = {
    "none": "an order that was imported, and is only awaited",
    "requested": "it is being made",
    "open": "it exists; its end is compared with the clock",
    "failed": "HiPay refuses the page, or a day of tries was in vain",
    "taken": "somebody pays on a page whose address was lost: it is watched, and nothing is sent",
    "cancelled": "a person cancelled the request, for good; our own link only",
}
PAYMENT: dict[Payment, str] = {
    "unpaid": "HiPay shows no attempt to pay",
    "refused": "every attempt was refused",
    "cancelled": "an authorisation was cancelled or expired before anything was collected",
    "pending": "an attempt waits for the bank, or for a review",
    "unconfirmed": "a notification reports a payment that no read of HiPay has shown yet: nothing follows from it",
    "authorised": "the amount is reserved on the card",
    "partly_captured": "less than the order's amount was collected",
    "captured": "at least the order's amount was collected, and was not refunded since",
    "partly_refunded": "some of what was collected went back, and less than the order's amount is left",
    "refunded": "all that was collected went back",
    "charged_back": "the bank has taken money back, and the dispute is not won",
}
BADGES: dict[Badge, str] = {
    "preparing": "unpaid, and the e-mail has not left yet",
    "open": "unpaid: the customer has the link, and can pay",
    "uncertain": "unpaid, and nobody knows whether the e-mail left",
    "bounced": "unpaid, and the e-mail came back",
    "failed": "unpaid, and the page or the e-mail failed: a person must act",
    "expired": "unpaid, and the time is over",
    "cancelled": "unpaid, and cancelled",
    "refused": "an attempt was refused, or an authorisation was cancelled; the customer can try again",
    "pending": "the bank has not answered yet",
    "unconfirmed": "a notification reports a payment, and HiPay is being asked for it",
    "authorised": "reserved on the card, to be collected",
    "paid": "collected, all or a part",
    "refunded": "given back, all or a part",
    "charged_back": "taken back by the bank",
}


@dataclass(frozen=True, kw_only=True)
class State:
    """``transactions``: those that are confirmed; ``unconfirmed``: those of which notifications report more than reads confirm."""

    delivery: Delivery
    availability: Availability
    payment: Payment
    authorised: int = 0
    captured: int = 0
    refunded: int = 0
    charged_back: int = 0
    transactions: tuple[Transaction, ...] = ()
    unconfirmed: tuple[Unconfirmed, ...] = ()

    @property
    def paid_twice(self) -> bool:
        """Whether two transactions have reserved or collected the money."""
        return sum(1 for one in self.transactions if one.captured or (one.authorised and not one.void)) > 1


_DELIVERY: dict[str, Delivery] = {
    "mail_queued": "queued", "mail_sent": "sent", "mail_failed": "failed", "mail_uncertain": "uncertain",
    "mail_expired": "expired", "mail_withdrawn": "withdrawn",
}  # fmt: skip
_MAILED_AGAIN = frozenset({"resent", "readdressed", "reminded", "reminded_by_schedule", "renewed"})
_AVAILABILITY: dict[str, Availability] = {
    "page_requested": "requested", "page_opened": "open", "page_failed": "failed", "page_taken": "taken",
    "link_ready": "open", "link_cancelled": "cancelled", "link_renewed": "open", "renewed": "requested",
}  # fmt: skip


def fold(channel: str, amount: int, events: Iterable[Event]) -> State:
    """The state of an order of ``amount`` units after these events, which come in the order of their recording."""
    mails: dict[int, Delivery] = {1: "queued" if channel == "link" else "none"}
    availability: Availability = "none" if channel == "imported" else "requested"
    log = TransactionLog()
    for event in events:
        if channel == "link":
            _mailed(mails, event)
        if availability != "cancelled":  # for good: HiPay may answer an earlier request after it
            availability = _AVAILABILITY.get(event.kind, availability)
        log.add(event)
    transactions, unconfirmed = log.confirmed(), log.unconfirmed()
    sums = {
        name: sum(getattr(one, name) for one in transactions)
        for name in ("captured", "refunded", "charged_back")
    }
    authorised = sum(one.authorised for one in transactions if not one.void)
    payment = _payment(amount, authorised, transactions, **sums)
    if unconfirmed and payment in UNPAID:
        payment = "unconfirmed"
    return State(
        delivery=mails[max(mails)],
        availability=availability,
        payment=payment,
        authorised=authorised,
        transactions=transactions,
        unconfirmed=unconfirmed,
        **sums,
    )


def _mailed(mails: dict[int, Delivery], event: Event) -> None:
    """Write the outcome of the e-mail whose number ``event.data`` has, else of the newest."""
    number = int(event.data.get("number") or max(mails))
    if event.kind in _MAILED_AGAIN:
        if mails[max(mails)] != "queued":  # else it replaces that one, which may never have been written
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
) -> Payment:
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


_NOT_PAID: tuple[Payment, ...] = ("unpaid", "refused", "cancelled", "pending")


def _unpaid(one: Transaction) -> Payment:
    if one.effect is Effect.REFUSED:
        return "refused"
    if one.void:
        return "cancelled"
    return "pending" if one.waits else "unpaid"


# For these the badge has the payment's own word.
_SAME_WORD: dict[Payment, Badge] = {
    "pending": "pending", "unconfirmed": "unconfirmed", "authorised": "authorised", "charged_back": "charged_back",
}  # fmt: skip


def badge(
    delivery: Delivery, availability: Availability, payment: Payment, expires_at: datetime, now: datetime
) -> Badge:
    """The one word that a list shows. ``services.store.orders.orders.badge_condition`` computes the same in SQL."""
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
    if payment in PAID:
        return "paid"
    return "refunded" if payment in ("refunded", "partly_refunded") else _SAME_WORD[payment]
