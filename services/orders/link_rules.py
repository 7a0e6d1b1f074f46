"""Which actions the link of an order allows now, and why the others are refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from services import clock
from services.access import Actor, Right, rights_on
from services.accounts.errors import AccountUnknown
from services.desk import Desk
from services.errors import DeskError
from services.orders.allowed import allowed_request
from services.orders.drafts import MAX_DAYS
from services.orders.errors import (
    BeingConfirmed,
    CustomerErased,
    LinkCancelled,
    LinkExpired,
    LinkNotExpired,
    LinkRefused,
    NoLink,
    NoMail,
    NotOurLink,
    NotUnpaid,
    StillSending,
)
from services.orders.payment_link import address, link_state
from services.store import Connection
from services.store.orders import orders
from services.store.orders.records import Order

OWN_MAX_DAYS = 365
Action = Literal["resend", "readdress", "remind", "cancel", "extend", "correct", "renew"]
ACTIONS: tuple[Action, ...] = get_args(Action)


@dataclass(frozen=True)
class Offer:
    """``refusals``: why an action cannot be done now; every action that is not in it can. ``payable_until``: the end of HiPay's
    newest page that somebody may have open; ``most_days``: the latest end of the link, in days from now."""

    refusals: Mapping[Action, DeskError]
    payable_until: datetime | None
    most_days: int


def offer(desk: Desk, actor: Actor, order_id: int) -> Offer | None:
    """What can be done with the order's link; None for an actor who may not send. Raises UnknownOrder, NotAllowed."""
    with desk.store.read() as tx:
        order = allowed_request(tx, actor, Right.SEE_ORDERS, order_id)
        if Right.SEND not in rights_on(tx, actor, order.account):
            return None
        refusals = {name: why for name in ACTIONS if (why := refusal(tx, desk, order, name)) is not None}
        return Offer(refusals, payable_until(tx, order_id), OWN_MAX_DAYS if order.link_token else MAX_DAYS)


def refusal(tx: Connection, desk: Desk, order: Order, action: Action) -> DeskError | None:
    """Why the action cannot be done now, or None."""
    if order.account not in desk.settings.all_accounts:
        return AccountUnknown(order.account)
    if order.erased_at is not None:
        return CustomerErased()
    state = link_state(order, clock.now())
    if state in ("paid", "pending"):
        return NotUnpaid()
    if state == "confirming":
        return BeingConfirmed()
    if state == "cancelled":
        return LinkCancelled()
    if action in ("cancel", "extend", "correct") and not order.link_token:
        return NotOurLink()
    if action == "renew":
        return None if state == "expired" else LinkNotExpired()
    if state == "expired" and action != "cancel":
        return LinkExpired()
    if action in ("resend", "readdress", "remind"):
        return _why_not_mailed(tx, desk, order)
    return None


def _why_not_mailed(tx: Connection, desk: Desk, order: Order) -> LinkRefused | None:
    if order.channel != "link":
        return NoMail()
    before = orders.message(tx, order.id, "link")
    if before is not None and before.state in ("queued", "sending"):
        return StillSending()
    pages = orders.pages_of(tx, order.id)
    return None if before is not None and address(desk, order, pages[-1] if pages else None) else NoLink()


def payable_until(tx: Connection, order_id: int) -> datetime | None:
    """The end of HiPay's newest page that somebody may have open; None where none can be paid any more."""
    ends = [page.expires_at for page in orders.pages_of(tx, order_id) if page.url and page.expires_at]
    latest = max(ends, default=None)
    return latest if latest is not None and latest > clock.now() else None
