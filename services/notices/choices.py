"""The kinds of notice that a person chose. None, until they choose.

A choice is valid for the orders of every account that the person may send for; ``post`` asks for each order's account.
"""

from collections.abc import Collection
from dataclasses import replace

from services import clock
from services.access import Actor, Right, allowed_accounts, audit
from services.access.sign_in import LOCAL_ISSUER
from services.desk import Desk
from services.mail.addresses import parse_address
from services.mail.errors import AddressError
from services.notices import NoAddress
from services.notices.facts import KINDS
from services.store import access
from services.store.orders import notices


def address(actor: Actor) -> str | None:
    """Where a person's notices go, or None where their account has no usable address."""
    try:
        return parse_address(actor.email).text
    except AddressError:
        return None


def chosen(desk: Desk, actor: Actor) -> frozenset[str]:
    """Raises NotAllowed."""
    with desk.store.read() as tx:
        allowed_accounts(tx, actor, Right.SEND)
        return notices.chosen(tx, actor.id)


def choose(desk: Desk, actor: Actor, kinds: Collection[str]) -> bool:
    """Replace the actor's own choice; they get no notice of earlier events. Whether it changed.

    Raises NotAllowed, NoAddress.
    """
    wanted = frozenset(kinds) & frozenset(KINDS)
    if wanted and address(actor) is None:
        raise NoAddress
    since = clock.now().replace(microsecond=0)  # HiPay dates what happens to the second
    with desk.store.write() as tx:
        allowed_accounts(tx, actor, Right.SEND)
        before = notices.chosen(tx, actor.id)
        if wanted == before:
            return False
        notices.choose(tx, actor.id, wanted - before, before - wanted, since)
        audit.record(tx, actor, "user.notices", f"user:{actor.id}", kinds=sorted(wanted))
    return True


def may_set_address(desk: Desk, actor: Actor) -> bool:
    """Whether the person may write their own address: without an identity provider nobody else knows it."""
    with desk.store.read() as tx:
        user = access.user(tx, actor.id)
    return user is not None and user.issuer == LOCAL_ISSUER


def set_address(desk: Desk, actor: Actor, typed: str) -> Actor:
    """Store the local person's own address; the actor with it. Raises NotAllowed, NoAddress, AddressError."""
    if not may_set_address(desk, actor):
        raise NoAddress
    text = parse_address(typed).text
    with desk.store.write() as tx:
        allowed_accounts(tx, actor, Right.SEND)
        access.change_user(tx, actor.id, email=text)
        audit.record(tx, actor, "user.address", f"user:{actor.id}")
    return replace(actor, email=text)
