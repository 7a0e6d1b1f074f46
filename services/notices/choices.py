"""What a person wants to be told by mail. Nothing, until they choose."""

from collections.abc import Collection

from services import clock
from services.access import Actor, Right, audit, require
from services.desk import Desk
from services.mail.addresses import parse_address
from services.mail.errors import AddressError
from services.notices import NoAddress
from services.notices.facts import KINDS
from services.store import notices as rows


def address(actor: Actor) -> str | None:
    """Where a person's notices go, or None where their account has no usable address."""
    try:
        return parse_address(actor.email).text
    except AddressError:
        return None


def chosen(desk: Desk, actor: Actor) -> frozenset[str]:
    """Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEND)
        return rows.chosen(tx, actor.id)


def choose(desk: Desk, actor: Actor, kinds: Collection[str]) -> bool:
    """Replace the actor's own choice; what happened before is not told. Whether it changed.

    Raises NotAllowed, NoAddress.
    """
    wanted = frozenset(kinds) & frozenset(KINDS)
    if wanted and address(actor) is None:
        raise NoAddress
    since = clock.now().replace(microsecond=0)  # HiPay dates what happens to the second
    with desk.store.write() as tx:
        require(tx, actor, Right.SEND)
        before = rows.chosen(tx, actor.id)
        if wanted == before:
            return False
        rows.choose(tx, actor.id, wanted - before, before - wanted, since)
        audit.record(tx, actor, "user.notices", f"user:{actor.id}", kinds=sorted(wanted))
    return True
