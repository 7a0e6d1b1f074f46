"""What an administrator sets for the payouts of an account: after how many days one that does not tie raises an alarm, and up
to which difference finance may write off."""

from dataclasses import dataclass

from services import clock, money
from services.access import Actor, Right, audit, require
from services.accounts.configured import require_account
from services.accounts.errors import DaysOutOfRange, WriteOffOutOfRange
from services.desk import Desk
from services.store import Connection, accounts

SECTION = "payout_limits"  # of the stored configuration
LEAST_DAYS, MOST_DAYS = 1, 90
MOST_WRITTEN_OFF = 10_000  # of the currency


@dataclass(frozen=True)
class PayoutLimits:
    """``write_off_units``: 1/10000 of the payout's currency, whichever that is; 0: nothing is written off."""

    untied_days: int = 10
    write_off_units: int = 5 * money.UNITS


def limits(tx: Connection, account: str) -> PayoutLimits:
    return PayoutLimits(**accounts.sections(tx, account).get((SECTION, ""), {}))


def of_account(desk: Desk, actor: Actor, account: str) -> PayoutLimits:
    """Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_ORDERS, account)
        return limits(tx, account)


def save(desk: Desk, actor: Actor, account: str, untied_days: int, write_off: int) -> bool:
    """Save both; ``write_off`` in whole amounts of the currency. Returns whether one has changed.

    Raises NotAllowed, AccountUnknown, DaysOutOfRange, WriteOffOutOfRange.
    """
    require_account(desk, account)
    wanted = PayoutLimits(untied_days, write_off * money.UNITS)
    with desk.store.write() as tx:
        require(tx, actor, Right.CONFIGURE, account)
        if not LEAST_DAYS <= untied_days <= MOST_DAYS:
            raise DaysOutOfRange(LEAST_DAYS, MOST_DAYS)
        if not 0 <= write_off <= MOST_WRITTEN_OFF:
            raise WriteOffOutOfRange(MOST_WRITTEN_OFF)
        if limits(tx, account) == wanted:
            return False
        data = {"untied_days": wanted.untied_days, "write_off_units": wanted.write_off_units}
        accounts.save_section(
            tx, account, SECTION, "", data, at=clock.now(), actor_kind=actor.kind, actor_id=actor.id
        )
        audit.record(tx, actor, "account.payout_limits", f"account:{account}", **data)
    return True
