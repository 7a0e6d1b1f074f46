"""Orders that a person typed and has not sent: kept for that person, until they are sent, and for a day at most.

UnknownDraft: it was sent, deleted, erased with its customer, or its day is over
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from services import clock
from services.access import Actor, Right, allowed_accounts, require
from services.accounts.configured import require_account
from services.desk import Desk
from services.errors import DeskError
from services.mail.addresses import MAX_LINE, clean_header_text, parse_address
from services.mail.errors import AddressError, TextError
from services.orders.drafts import REFERENCES, Channel
from services.store.orders import orders, stored_drafts
from services.store.orders.records import StoredDraft as StoredDraft

KEPT_FOR = timedelta(days=1)
_REFERENCES = tuple(f"reference_{n}" for n in range(1, REFERENCES + 1))
# What makes a form worth keeping: the rest is proposed, or chosen in a moment.
_TYPED = ("first_name", "last_name", "email", "phone", "amount", "description", *_REFERENCES)
# Fields of the form; ``end_date`` and ``end_time`` as ISO 8601 writes them.
# ``locale``: the notation of the amount.
FIELDS = (*_TYPED, "order_id", "currency", "language", "capture", "end_date", "end_time", "locale")


class UnknownDraft(DeskError):
    code: ClassVar[str] = "draft_unknown"


def worth_keeping(typed: Mapping[str, str]) -> bool:
    """Whether anything is typed that is not proposed."""
    return any(typed.get(name) for name in _TYPED)


def keep(
    desk: Desk, actor: Actor, account: str, channel: Channel, form_key: str, typed: Mapping[str, str]
) -> None:
    """Store what was typed in a form, field → text, in place of what was stored of the same form; a form with nothing typed is
    deleted. A field with a card number or a character that an order may not have is not stored; of a form that was sent,
    nothing is. Raises AccountUnknown, NotAllowed.
    """
    require_account(desk, account)
    data = {name: text for name in FIELDS if (text := _storable(name, typed.get(name, "")))}
    with desk.store.write() as tx:
        require(tx, actor, Right.SEND, account)
        if not worth_keeping(data) or orders.order_by_form_key(tx, form_key):
            stored_drafts.remove(tx, actor.id, form_key=form_key)
            return
        stored_drafts.save(
            tx,
            form_key,
            actor_kind=actor.kind,
            actor_id=actor.id,
            account=account,
            channel=channel,
            data=data,
            address=_address(data.get("email", "")),
            saved_at=clock.now(),
        )


def listing(desk: Desk, actor: Actor) -> tuple[StoredDraft, ...]:
    """The person's drafts of the last day, on accounts that they may send for, the newest first."""
    with desk.store.read() as tx:
        allowed = allowed_accounts(tx, actor, Right.SEND)
        known = [key for key in desk.settings.all_accounts if allowed is None or key in allowed]
        found = stored_drafts.listed(tx, actor.id, clock.now() - KEPT_FOR)
        return tuple(one for one in found if one.account in known)


def resume(desk: Desk, actor: Actor, draft: int, form_key: str) -> StoredDraft:
    """The draft, from now on of the form with this key. Raises UnknownDraft, NotAllowed."""
    with desk.store.write() as tx:
        allowed_accounts(tx, actor, Right.SEND)
        found = stored_drafts.get(tx, actor.id, draft)
        if found is None or found.saved_at <= clock.now() - KEPT_FOR:
            raise UnknownDraft
        require(tx, actor, Right.SEND, found.account)
        stored_drafts.rekey(tx, draft, form_key)
        return found


def delete(desk: Desk, actor: Actor, draft: int) -> None:
    """Delete the person's draft; one that is no longer there is no error. Raises NotAllowed."""
    with desk.store.write() as tx:
        allowed_accounts(tx, actor, Right.SEND)
        stored_drafts.remove(tx, actor.id, draft=draft)


def sweep(desk: Desk) -> None:
    """Delete the drafts whose day is over."""
    with desk.store.write() as tx:
        gone = stored_drafts.remove_old(tx, clock.now() - KEPT_FOR)
    if gone:
        desk.store.truncate_log()


def _address(typed: str) -> str:
    """By which the customer's draft is found: as an order has it, once it is complete."""
    try:
        return parse_address(typed).text
    except (AddressError, TextError):
        return typed


def _storable(field: str, text: str) -> str:
    try:
        return clean_header_text(text, field, MAX_LINE, digits=field in (*_REFERENCES, "order_id"))
    except TextError:
        return ""
