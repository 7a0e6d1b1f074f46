"""After how many days a collected payment of the account must be in a payout file; after that an alarm opens."""

from services import clock
from services.access import Actor, Right, audit, require
from services.accounts.configured import require_account
from services.accounts.errors import DaysOutOfRange
from services.desk import Desk
from services.store import Connection, accounts

SECTION = "alarms"  # of the stored configuration
DEFAULT_DAYS, LEAST_DAYS, MOST_DAYS = 10, 1, 90


def days_to_settle(tx: Connection, account: str) -> int:
    """After how many days a collected payment must be in a payout file."""
    data = accounts.sections(tx, account).get((SECTION, ""), {})
    return int(data.get("not_settled_days", DEFAULT_DAYS))


def save_days_to_settle(desk: Desk, actor: Actor, account: str, days: int) -> bool:
    """Save the number of days. Returns whether it changed. Raises NotAllowed, AccountUnknown, DaysOutOfRange."""
    require_account(desk, account)
    with desk.store.write() as tx:
        require(tx, actor, Right.CONFIGURE, account)
        return _write(tx, actor, account, days)


def write_days_to_settle(tx: Connection, actor: Actor, account: str, days: int) -> bool:
    """``save_days_to_settle`` for finance, in the transaction that saves the account's rules. Raises NotAllowed, DaysOutOfRange."""
    require(tx, actor, Right.RECONCILE, account)
    return _write(tx, actor, account, days)


def _write(tx: Connection, actor: Actor, account: str, days: int) -> bool:
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise DaysOutOfRange(LEAST_DAYS, MOST_DAYS)
    if days_to_settle(tx, account) == days:
        return False
    accounts.save_section(
        tx,
        account,
        SECTION,
        "",
        {"not_settled_days": days},
        at=clock.now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
    )
    audit.record(tx, actor, "account.alarms", f"account:{account}", not_settled_days=days)
    return True
