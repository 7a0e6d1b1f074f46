"""Confirm an unconfirmed payment by hand, where HiPay can no longer be asked: the settings no longer name the account.

ConfirmingRefused (OrderError)
├── AccountAsked           the settings name the account: HiPay itself confirms
├── NothingToConfirm       the order has no unconfirmed payment
├── NotificationsChanged   HiPay's notifications report something else than when the window was drawn
└── WhyMissing             how the person knows
"""

from dataclasses import dataclass
from typing import ClassVar

from services import clock
from services.access import Actor, Right, audit, rights_on
from services.desk import Desk
from services.mail.addresses import clean_header_text
from services.orders.allowed import allowed_request
from services.orders.errors import OrderError
from services.orders.record import confirmed, form_identity, record, too_late
from services.orders.transactions import Unconfirmed
from services.orders.unconfirmed import unconfirmed_payments
from services.store import Connection
from services.store.orders import orders
from services.store.orders.records import Order

WHY_MAX = 200


class ConfirmingRefused(OrderError):
    code: ClassVar[str] = "payment_confirming_refused"


class AccountAsked(ConfirmingRefused):
    code = "payment_account_asked"


class NothingToConfirm(ConfirmingRefused):
    code = "payment_nothing_to_confirm"


class NotificationsChanged(ConfirmingRefused):
    code = "payment_told_otherwise"


class WhyMissing(ConfirmingRefused):
    code = "payment_why_missing"


@dataclass(frozen=True, kw_only=True)
class Confirmable:
    """A transaction as HiPay's notifications report it. Amounts in units of 1/10000, totals so far; ``product``: HiPay's code."""

    reference: str
    authorised: int
    captured: int
    refunded: int
    charged_back: int
    product: str


def confirmable(desk: Desk, actor: Actor, order_id: int) -> tuple[Confirmable, ...]:
    """The payments of the order that the actor may confirm by hand; none while HiPay can be asked. Raises NotAllowed, UnknownOrder."""
    with desk.store.read() as tx:
        order = allowed_request(tx, actor, Right.SEE_ORDERS, order_id)
        can_ask = order.account in desk.settings.all_accounts
        if can_ask or Right.RECONCILE not in rights_on(tx, actor, order.account):
            return ()
        return tuple(map(_confirmable, unconfirmed_payments(tx, order_id)))


def confirm(
    desk: Desk, actor: Actor, order_id: int, shown: tuple[Confirmable, ...], why: str, form_key: str
) -> None:
    """Count an unconfirmed payment as if a read had shown it, provided that it is still what the person was ``shown``. The same
    ``form_key`` again does nothing. Raises ConfirmingRefused, UnknownOrder, NotAllowed, TextError."""
    reason = clean_header_text(why, "why", WHY_MAX)
    with desk.store.write() as tx:
        order = allowed_request(tx, actor, Right.RECONCILE, order_id)
        identity = form_identity(form_key)
        if orders.event_by_identity(tx, identity) is not None:
            return
        if order.account in desk.settings.all_accounts:
            raise AccountAsked
        unconfirmed = unconfirmed_payments(tx, order_id)
        if not unconfirmed:
            raise NothingToConfirm
        if tuple(map(_confirmable, unconfirmed)) != shown:
            raise NotificationsChanged
        if not reason:
            raise WhyMissing
        for one in unconfirmed:
            _count(tx, order, one, actor)
        references = [one.reference for one in shown]
        record(tx, order_id, "payment_confirmed", actor, identity=identity, references=references, why=reason)
        # The reason is a person's own words: the event stores it without the customer's name, the audit not at all.
        audit.record(tx, actor, "payment_confirmed", f"order:{order_id}", references=references)
    desk.wake.set()


def _count(tx: Connection, order: Order, one: Unconfirmed, actor: Actor) -> None:
    seen = one.transaction
    page_of = {
        row.data["reference"]: row.page
        for row in orders.events_of(tx, order.id)
        if row.kind == "payment_told"
    }
    page = next((page for page in orders.pages_of(tx, order.id) if page.id == page_of[seen.reference]), None)
    amounts = {
        "authorised": seen.authorised,
        "captured": seen.captured,
        "refunded": seen.refunded,
        "charged_back": seen.charged_back,
    }
    orders.add_event(
        tx,
        order=order.id,
        page=page_of[seen.reference],
        at=clock.now(),
        kind="payment",
        actor_kind=actor.kind,
        actor_id=actor.id,
        data={**one.data, **amounts, "at": None, "source": "by_hand"},  # any read of HiPay is newer
    )
    confirmed(tx, order.id, seen.reference, actor)
    if page is not None:
        too_late(tx, order, page, seen.reference, seen.captured or seen.authorised)


def _confirmable(one: Unconfirmed) -> Confirmable:
    seen = one.transaction
    product = str(one.data.get("payment_product") or "")
    return Confirmable(
        reference=seen.reference,
        authorised=seen.authorised,
        captured=seen.captured,
        refunded=seen.refunded,
        charged_back=seen.charged_back,
        product=product,
    )
