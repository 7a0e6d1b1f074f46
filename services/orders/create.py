"""Create an order from an accepted form, once per form, however often the button is pressed."""

import secrets
import uuid
from dataclasses import dataclass, fields
from typing import Any

from services import clock
from services.access import Actor, Right, audit, require
from services.accounts.configuration import email_settings
from services.accounts.options import links_are_ours
from services.accounts.readiness import readiness_in
from services.desk import Desk
from services.mail.addresses import parse_address
from services.mail.compose import Composed, compose
from services.mail.errors import AddressError
from services.orders import drafts, record
from services.orders.drafts import Accepted, Draft
from services.orders.errors import AccountNotReady, DraftRefused, OrderIdTaken
from services.orders.letter import letter_of
from services.orders.pages import TOKEN_BYTES, add_page
from services.store import Connection
from services.store.locks import one_at_a_time
from services.store.orders import orders, steps, stored_drafts


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The e-mail as the customer will get it, but for the link that does not exist yet."""

    composed: Composed
    to: str
    sender: str
    reply_to: str
    internationalised: bool


def new_form_key() -> str:
    """The key of a form, made when the form is drawn: every press of its button sends the same key."""
    return uuid.uuid4().hex


def create(desk: Desk, actor: Actor, draft: Draft, form_key: str) -> int:
    """Write the order and its first step, which the worker runs. Returns the order's id.

    The same ``form_key`` again returns the same order and does nothing. Raises DraftRefused, AccountNotReady,
    OrderIdTaken, NotAllowed.
    """
    with desk.store.write() as tx:
        order_id = create_in(tx, desk, actor, draft, form_key)
    desk.wake.set()
    return order_id


def create_in(tx: Connection, desk: Desk, actor: Actor, draft: Draft, form_key: str) -> int:
    """``create`` in the caller's transaction. Raises before anything is written."""
    require(tx, actor, Right.SEND, draft.account)
    one_at_a_time(tx, "order")  # of two simultaneous presses the second finds the first one's order
    known = orders.order_by_form_key(tx, form_key)
    if known is not None:
        require(tx, actor, Right.SEND, known.account)
        return known.id
    accepted, problems = drafts.check(draft, clock.now())
    if accepted is None:
        raise DraftRefused(problems)
    ready = readiness_in(tx, desk, accepted.account, accepted.channel)
    if not ready.ready:
        raise AccountNotReady(accepted.account, tuple(item.name for item in ready.missing))
    if orders.order_by_business_id(tx, accepted.account, accepted.order_id) or orders.page_by_hipay_order_id(
        tx, accepted.account, accepted.order_id
    ):
        raise OrderIdTaken(accepted.order_id)
    order_id = _write(tx, desk, actor, accepted, form_key)
    stored_drafts.remove(tx, actor.id, form_key=form_key)
    audit.record(
        tx,
        actor,
        "order_created",
        f"order:{order_id}",
        account=accepted.account,
        channel=accepted.channel,
    )
    return order_id


def preview(desk: Desk, actor: Actor, accepted: Accepted) -> Preview:
    """The e-mail that ``create`` would send."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEND, accepted.account)
        settings = email_settings(tx, accepted.account).resolve(accepted.language)
    letter = letter_of(desk.account(accepted.account), accepted)
    sender = f"{settings.sender_name} <{settings.sender_address}>"
    composed = compose(letter, settings, url=None)
    return Preview(
        composed=composed,
        to=accepted.email,
        sender=sender,
        reply_to=settings.reply_to,
        internationalised=accepted.internationalised,
    )


def copy_address(actor: Actor) -> str | None:
    """The address for the sender's own copy; None where the person has no usable one."""
    try:
        return parse_address(actor.email).text
    except AddressError:
        return None


def _write(tx: Connection, desk: Desk, actor: Actor, accepted: Accepted, form_key: str) -> int:
    now = clock.now()
    same: dict[str, Any] = {
        field.name: getattr(accepted, field.name)
        for field in fields(accepted)
        if field.name not in ("internationalised", "references", "copy_to_sender")
    }
    same |= {f"reference_{n}": text for n, text in enumerate(accepted.references, 1)}
    own_link = accepted.channel == "link" and links_are_ours(tx, desk, accepted.account)
    order_id = orders.add_order(
        tx,
        form_key=form_key,
        link_token=secrets.token_urlsafe(TOKEN_BYTES) if own_link else None,
        mark=uuid.uuid4().hex,
        created_at=now,
        actor_kind=actor.kind,
        actor_id=actor.id,
        sender_name=actor.name,
        delivery="queued" if accepted.channel == "link" else "none",
        availability="requested",
        payment="unpaid",
        copy_to=(copy_address(actor) or "") if accepted.copy_to_sender else "",
        **same,
    )
    order = orders.order(tx, order_id)
    assert order is not None
    # With our own link HiPay's page is made when the customer presses its button.
    page_id = None if own_link else add_page(tx, order, number=1)
    record.record(tx, order_id, "created", actor, page=page_id, channel=accepted.channel)
    steps.schedule(tx, order_id, "page", accepted.account, now)
    return order_id
