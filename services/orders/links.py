"""What a person does with a payment link: send again, remind, cancel, extend, renew, correct.

HiPay has no call that cancels or changes a page. With our own link that does not matter: a new page is made at each
opening. A page that somebody has open can be paid until its end, and each function returns that time; a payment on it is
counted and raises an alarm. Without our own link only what HiPay's page allows can be done.
"""

from datetime import datetime, timedelta
from typing import Any, Literal

from services import clock, money
from services.access import WORKER, Actor, Right, audit
from services.accounts.configuration import email_settings
from services.desk import Desk
from services.errors import DeskError
from services.hipay.fields import DESCRIPTION_MAX, MINIMUM_UNITS
from services.mail.addresses import clean_header_text, parse_address
from services.mail.compose import compose
from services.mail.message import new_message_id
from services.mail.settings import missing
from services.orders.allowed import allowed_request
from services.orders.drafts import MAX_DAYS, MIN_MINUTES
from services.orders.errors import (
    AccountNotReady,
    AmountBelowMinimum,
    ExpiryTooLate,
    ExpiryTooSoon,
    FieldEmpty,
    FieldTooLong,
    NoLink,
    NothingChanged,
    UnknownOrder,
)
from services.orders.letter import BY_HAND, BY_SCHEDULE, letter_of, queue_mail
from services.orders.link_rules import OWN_MAX_DAYS, Action, payable_until, refusal
from services.orders.pages import add_page, next_number
from services.orders.payment_link import address
from services.orders.record import form_identity, record
from services.store import Connection
from services.store.order_states import EventKind, PageState, Reminder
from services.store.orders import orders, steps
from services.store.orders.records import Order


def resend(desk: Desk, actor: Actor, order_id: int, form_key: str, *, reminder: bool = False) -> None:
    """Mail the same link to the same address once more. The same ``form_key`` again does nothing.

    Raises LinkRefused, AccountUnknown, AccountNotReady, MailError, UnknownOrder, NotAllowed.
    """
    _mail_again(desk, actor, order_id, form_key, "remind" if reminder else "resend")


def readdress(desk: Desk, actor: Actor, order_id: int, email: str, form_key: str) -> None:
    """Mail the same link to another address, which becomes the order's. Raises as ``resend`` does, and AddressError."""
    _mail_again(desk, actor, order_id, form_key, "readdress", email=parse_address(email).text)


def cancel(desk: Desk, actor: Actor, order_id: int, form_key: str) -> datetime | None:
    """Cancel the request. Returns until when a page that somebody has open can still be paid. The same ``form_key`` again
    does nothing.

    Raises LinkRefused, AccountUnknown, NotAllowed.
    """
    with desk.store.write() as tx:
        order = allowed_request(tx, actor, Right.SEND, order_id)
        if _recorded(tx, form_key):
            return None
        _refuse(tx, desk, order, "cancel")
        until = _close_pages(tx, order_id, "withdrawn")
        record(tx, order_id, "link_cancelled", actor, identity=form_identity(form_key), **_until(until))
        audit.record(tx, actor, "link_cancelled", f"order:{order.id}")
    desk.wake.set()
    return until


def extend(desk: Desk, actor: Actor, order_id: int, expires_at: datetime, form_key: str) -> None:
    """Move the end of our own link, at most a year from now. The same ``form_key`` again does nothing.

    Raises LinkRefused, AccountUnknown, FieldProblem, NotAllowed.
    """
    with desk.store.write() as tx:
        order = allowed_request(tx, actor, Right.SEND, order_id)
        if _recorded(tx, form_key):
            return
        _refuse(tx, desk, order, "extend")
        _check_end(expires_at, OWN_MAX_DAYS)
        if expires_at == order.expires_at:
            raise NothingChanged
        orders.change_order(tx, order_id, expires_at=expires_at)
        record(
            tx,
            order_id,
            "link_extended",
            actor,
            identity=form_identity(form_key),
            former=order.expires_at.isoformat(),
            until=expires_at.isoformat(),
        )
        audit.record(tx, actor, "link_extended", f"order:{order_id}")


def renew(desk: Desk, actor: Actor, order_id: int, expires_at: datetime, form_key: str) -> None:
    """Give an expired request a new end under the same reference, and mail its link.

    Without our own link HiPay makes a new page under the next order id; the old one has ended. Raises as ``resend`` does,
    and FieldProblem.
    """
    with desk.store.write() as tx:
        order = allowed_request(tx, actor, Right.SEND, order_id)
        if orders.message_by_form_key(tx, form_key) is not None:
            return
        _refuse(tx, desk, order, "renew")
        _check_end(expires_at, OWN_MAX_DAYS if order.link_token else MAX_DAYS)
        orders.change_order(tx, order_id, expires_at=expires_at, failure="", failure_detail={})
        times: dict[str, Any] = {"former": order.expires_at.isoformat(), "until": expires_at.isoformat()}
        if order.link_token:
            record(tx, order_id, "link_renewed", actor, **times)
            _queue(tx, desk, _order(tx, order_id), form_key)
            record(tx, order_id, "resent", actor)
        else:
            number = next_number(tx, order, orders.pages_of(tx, order_id)[-1].number)
            if number is None:
                raise NoLink
            page = add_page(tx, order, number=number)
            record(tx, order_id, "renewed", actor, page=page, **times)
            steps.schedule(tx, order_id, "page", order.account, clock.now(), anew=True)
        audit.record(tx, actor, "link_renewed", f"order:{order_id}")
    desk.wake.set()


def correct(
    desk: Desk, actor: Actor, order_id: int, amount: int, description: str, form_key: str, *, mail: bool
) -> datetime | None:
    """Change amount (1/10000) or description before payment, and mail the link again if wanted. Returns until when a page
    with the former facts can still be paid. Raises as ``resend`` does, and FieldProblem.

    The event stores the former amount, so the events are the history of versions.
    """
    with desk.store.write() as tx:
        order = allowed_request(tx, actor, Right.SEND, order_id)
        if _recorded(tx, form_key):
            return None
        _refuse(tx, desk, order, "correct")
        text = clean_header_text(description, "description", 4 * DESCRIPTION_MAX)
        _check_facts(order, amount, text)
        if (amount, text) == (order.amount, order.description):
            raise NothingChanged
        until = _close_pages(tx, order_id, "superseded")
        orders.change_facts(tx, order_id, amount=amount, description=text)
        former: dict[str, Any] = {"former_amount": order.amount, "amount": amount}
        if text != order.description:
            # The event omits the text: it may name the customer, and events are never erased.
            former["description_changed"] = True
        record(
            tx, order_id, "link_corrected", actor, identity=form_identity(form_key), **former, **_until(until)
        )
        if mail:
            _queue(tx, desk, _order(tx, order_id), form_key)
            record(tx, order_id, "resent", actor)
        audit.record(tx, actor, "link_corrected", f"order:{order_id}", amount=amount)
    desk.wake.set()
    return until


def remind_by_schedule(tx: Connection, desk: Desk, order: Order, form_key: str, **rule: Any) -> None:
    """Queue a reminder that nobody has asked for, in the caller's transaction, once for a ``form_key``.

    Raises LinkRefused, AccountNotReady, MailError.
    """
    refused = refusal(tx, desk, order, "remind")
    if refused is not None:
        raise refused
    if orders.message_by_form_key(tx, form_key) is None:
        _queue(tx, desk, order, form_key, reminder=BY_SCHEDULE)
        record(tx, order.id, "reminded_by_schedule", WORKER, **rule)


_EVENTS: dict[str, EventKind] = {"resend": "resent", "readdress": "readdressed", "remind": "reminded"}


def _mail_again(
    desk: Desk,
    actor: Actor,
    order_id: int,
    form_key: str,
    action: Literal["resend", "readdress", "remind"],
    email: str | None = None,
) -> None:
    with desk.store.write() as tx:
        order = allowed_request(tx, actor, Right.SEND, order_id)
        if orders.message_by_form_key(tx, form_key) is not None:
            return
        _refuse(tx, desk, order, action)
        if email is not None:
            if email == order.email:
                raise NothingChanged
            orders.change_facts(tx, order_id, email=email)
            order = _order(tx, order_id)
        _queue(tx, desk, order, form_key, reminder=BY_HAND if action == "remind" else "")
        # Without the address: events and the audit are never erased.
        record(tx, order_id, _EVENTS[action], actor)
        audit.record(tx, actor, f"link_{_EVENTS[action]}", f"order:{order_id}")
    desk.wake.set()


def _queue(tx: Connection, desk: Desk, order: Order, form_key: str, *, reminder: Reminder = "") -> None:
    pages = orders.pages_of(tx, order.id)
    page = None if order.link_token or not pages else pages[-1]
    settings = email_settings(tx, order.account).resolve(order.language)
    if missing(settings):
        raise AccountNotReady(order.account, ("email_settings",))
    url = address(desk, order, page)
    if url is None:
        raise NoLink
    composed = compose(
        letter_of(desk.account(order.account), order), settings, url=url, reminder=bool(reminder)
    )
    queue_mail(
        tx,
        order,
        page.id if page is not None else None,
        "link",
        order.email,
        composed,
        settings,
        new_message_id(settings.sender_address),
        form_key,
        reminder,
    )
    orders.change_order(tx, order.id, failure="", failure_detail={})
    steps.schedule(tx, order.id, "mail", order.account, clock.now())


def _recorded(tx: Connection, form_key: str) -> bool:
    """Whether this window's action was recorded before. The caller has locked the order."""
    return orders.event_by_identity(tx, form_identity(form_key)) is not None


def _refuse(tx: Connection, desk: Desk, order: Order, action: Action) -> None:
    """Raises LinkRefused where the order's state does not allow the action."""
    refused = refusal(tx, desk, order, action)
    if refused is not None:
        raise refused


def _order(tx: Connection, order_id: int) -> Order:
    order = orders.order(tx, order_id)
    if order is None or order.channel == "imported":
        raise UnknownOrder
    return order


def _close_pages(tx: Connection, order_id: int, state: PageState) -> datetime | None:
    """Withdraw or supersede HiPay's pages of the order. Returns until when the last of them can still be paid."""
    until = payable_until(tx, order_id)
    for page in orders.pages_of(tx, order_id):
        if page.state in ("requested", "open"):
            orders.change_page(tx, page.id, state=state)
    return until


def _until(until: datetime | None) -> dict[str, Any]:
    return {"payable_until": until.isoformat()} if until else {}


def _check_end(expires_at: datetime, most_days: int) -> None:
    now = clock.now()
    if expires_at < now + timedelta(minutes=MIN_MINUTES):
        raise ExpiryTooSoon(MIN_MINUTES)
    if expires_at > now + timedelta(days=most_days):
        raise ExpiryTooLate(most_days)


def _check_facts(order: Order, amount: int, description: str) -> None:
    problem: DeskError | None = None
    if amount < MINIMUM_UNITS:
        problem = AmountBelowMinimum(MINIMUM_UNITS, order.currency)
    elif not description:
        problem = FieldEmpty()
    elif len(description) > DESCRIPTION_MAX:
        problem = FieldTooLong(DESCRIPTION_MAX)
    if problem is not None:
        raise problem
    money.wire(amount, order.currency)
