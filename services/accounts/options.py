"""The options that an administrator switches on or off for an account."""

from dataclasses import asdict, dataclass
from typing import Any

from services import clock
from services.access import Actor, Right, audit, require
from services.accounts.configured import require_account
from services.desk import Desk
from services.store import Connection, accounts

OPTIONS = "options"


@dataclass(frozen=True)
class Options:
    """``own_link``: the e-mail contains our own link instead of HiPay's address, where a public address is set."""

    own_link: bool = True


def options(tx: Connection, account: str) -> Options:
    """The stored options, or the defaults."""
    return Options(own_link=bool(_stored(tx, account).get("own_link", True)))


def links_are_ours(tx: Connection, desk: Desk, account: str) -> bool:
    """Whether a payment request of the account made now gets our own link."""
    return bool(desk.settings.public) and options(tx, account).own_link


def of_account(desk: Desk, actor: Actor, account: str) -> Options:
    """The account's options. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_ORDERS, account)
        return options(tx, account)


def save(desk: Desk, actor: Actor, account: str, wanted: Options) -> bool:
    """Save the options; the links of existing requests do not change. Returns whether something changed. Raises NotAllowed,
    AccountUnknown."""
    require_account(desk, account)
    with desk.store.write() as tx:
        require(tx, actor, Right.CONFIGURE, account)
        before = options(tx, account)
        if before == wanted:
            return False
        # The section also stores how long customers' data are retained (``services.retention``).
        data = {**_stored(tx, account), **asdict(wanted)}
        accounts.save_section(
            tx, account, OPTIONS, "", data, at=clock.now(), actor_kind=actor.kind, actor_id=actor.id
        )
        changed = [name for name, value in asdict(wanted).items() if value != asdict(before)[name]]
        audit.record(tx, actor, "account.options", f"account:{account}", fields=changed)
    return True


def _stored(tx: Connection, account: str) -> dict[str, Any]:
    return accounts.sections(tx, account).get((OPTIONS, ""), {})
