"""What a payment request must be after all that happened to it, in plain words: the model that the product is compared with."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services import clock
from tests.support.simulated_hipay import Snapshot

COLLECTED = ("captured", "partly_captured", "refunded", "partly_refunded", "charged_back")


def facts(seen: Snapshot) -> tuple[Any, ...]:
    return seen.reference, seen.status, seen.authorised, seen.captured, seen.refunded, seen.at


@dataclass
class Model:
    """What is known of a request, written without a look at the product."""

    way: str  # own: our own link; hipay: HiPay's address; phone
    amount: int
    expires_at: datetime
    mail: str
    link: str = "requested"
    waiting: bool = False  # a message waits to be sent
    maybe_left: bool = False  # ... and may have left already
    cancelled: bool = False
    # Since when the page or the e-mail could have been made.
    due_since: datetime = field(default_factory=clock.now)
    has_message: bool = False  # the first e-mail was written: from then on somebody may have the link
    known: dict[str, Snapshot] = field(default_factory=dict)  # reference → the newest that a read has shown
    # What notifications reported since, and no read has answered.
    unanswered: dict[str, list[Snapshot]] = field(default_factory=dict)
    notified: set[Any] = field(default_factory=set)  # the facts of every notification that was recorded

    def was_shown(self, seen: Snapshot) -> None:
        before = self.known.get(seen.reference)
        if before is None or seen.at >= before.at:
            self.known[seen.reference] = seen
            self.unanswered.pop(seen.reference, None)

    def was_notified(self, seen: Snapshot) -> None:
        before, waiting = self.known.get(seen.reference), self.unanswered.get(seen.reference)
        if before is not None and not waiting and facts(seen)[:-1] == facts(before)[:-1]:
            return
        if facts(seen) in self.notified:
            return
        self.notified.add(facts(seen))
        if before is None or seen.at >= before.at:
            self.unanswered.setdefault(seen.reference, []).append(seen)

    @property
    def unconfirmed_only(self) -> list[str]:
        """Transactions that have reserved or collected money, or still can, by their notifications alone."""
        newest = {
            reference: max(words, key=lambda one: one.at) for reference, words in self.unanswered.items()
        }
        return [reference for reference, one in newest.items() if one.captured or not one.over]

    @property
    def sums(self) -> dict[str, int]:
        every = self.known.values()
        return {
            "authorised": sum(one.authorised for one in every if one.captured or not one.over),
            "captured": sum(one.captured for one in every),
            "refunded": sum(one.refunded for one in every),
            "charged_back": sum(one.charged_back for one in every),
        }

    @property
    def payment(self) -> str:
        sums = self.sums
        if sums["charged_back"]:
            return "charged_back"
        if sums["captured"]:
            if sums["captured"] - sums["refunded"] >= self.amount:
                return "captured"
            if sums["refunded"]:
                return "refunded" if sums["refunded"] >= sums["captured"] else "partly_refunded"
            return "partly_captured"
        if sums["authorised"]:
            return "authorised"
        ends = {one.over for one in self.known.values()}
        if "" in ends:
            return "pending"
        if self.unconfirmed_only:
            return "unconfirmed"
        if ends & {"cancelled", "expired"}:
            return "cancelled"
        return "refused" if ends else "unpaid"

    @property
    def availability(self) -> str:
        return "cancelled" if self.cancelled else self.link

    def link_state(self) -> str:
        """What the link shows the customer."""
        if self.payment in ("pending", "authorised"):
            return "pending"
        if self.payment == "unconfirmed":
            return "confirming"
        if self.payment in COLLECTED:
            return "paid"
        if self.cancelled:
            return "cancelled"
        return "expired" if self.expires_at <= clock.now() else "open"

    def badge(self) -> str:
        if self.payment in COLLECTED:
            words = {"captured": "paid", "partly_captured": "paid", "partly_refunded": "refunded"}
            return words.get(self.payment, self.payment)
        if self.payment in ("pending", "authorised", "unconfirmed"):
            return self.payment
        if self.cancelled:
            return "cancelled"
        if self.link == "failed" or self.mail == "failed":
            return "failed"
        if self.link_state() == "expired":
            return "expired"
        if self.payment != "unpaid":
            return "refused"
        if self.mail in ("uncertain", "bounced"):
            return self.mail
        return "open" if self.link == "open" and self.mail in ("none", "sent") else "preparing"

    def may(self, action: str) -> bool:
        """Whether a person may do this with the link now."""
        state = self.link_state()
        if action == "renew":
            return state == "expired"
        if action == "cancel":
            return self.way == "own" and state in ("open", "expired")
        if state != "open" or (action in ("extend", "correct") and self.way != "own"):
            return False
        if action in ("extend", "correct"):
            return True
        return self.has_message and not self.waiting and (self.way == "own" or self.link == "open")
