"""Whether an account's payout files are fetched automatically, and how often."""

from dataclasses import asdict, dataclass
from datetime import timedelta

from services import clock
from services.access import WORKER, Actor, Right, audit, require
from services.accounts.configured import require_account
from services.desk import Desk
from services.imports.errors import HoursOutOfRange
from services.store import Connection, accounts
from services.store.settlements.files import payout_requests

SECTION = "payouts"
HOURS, LEAST_HOURS, MOST_HOURS = 4, 1, 48


@dataclass(frozen=True)
class Automatic:
    """``on``: HiPay's list is read every ``hours`` hours, and new files are fetched."""

    on: bool
    hours: int = HOURS


def automatic(tx: Connection, desk: Desk, account: str) -> Automatic:
    """What was chosen; by default on, if the settings have credentials of the finance API for a production account.

    The sandbox's files are meant to be downloaded and added by hand.
    """
    data = accounts.sections(tx, account).get((SECTION, ""))
    if data:
        return Automatic(bool(data["on"]), int(data["hours"]))
    ours = desk.account(account)
    return Automatic(ours.environment == "production" and bool(ours.finance_login and ours.finance_password))


def save(desk: Desk, actor: Actor, account: str, wanted: Automatic) -> bool:
    """Whether it changed. Raises NotAllowed, AccountUnknown, HoursOutOfRange."""
    require_account(desk, account)
    if not LEAST_HOURS <= wanted.hours <= MOST_HOURS:
        raise HoursOutOfRange(LEAST_HOURS, MOST_HOURS)
    with desk.store.write() as tx:
        require(tx, actor, Right.CONFIGURE, account)
        if automatic(tx, desk, account) == wanted:
            return False
        accounts.save_section(
            tx, account, SECTION, "", asdict(wanted), at=clock.now(), actor_kind=actor.kind, actor_id=actor.id
        )
        audit.record(tx, actor, "account.payouts", f"account:{account}", **asdict(wanted))
    return True


def request_due(desk: Desk) -> None:
    """Add a request for each account that is due. Two workers at the same time add one."""
    for account in desk.settings.all_accounts:
        now = clock.now()
        with desk.store.read() as tx:
            chosen = automatic(tx, desk, account)
            last = payout_requests.last_scheduled(tx, account)
        # After a failed request, the next one comes after HOURS at the latest.
        hours = min(chosen.hours, HOURS) if last and last.state == "failed" else chosen.hours
        # The sandbox's clock may go back: then the account is due, too.
        if not chosen.on or (last and abs(now - last.created_at) < timedelta(hours=hours)):
            continue
        with desk.store.write() as tx:
            payout_requests.add(
                tx,
                account=account,
                source=payout_requests.SCHEDULE,
                settlement_id="",
                due_at=now,
                form_key=f"schedule:{account}:{last.id if last else 0}",
                actor_kind=WORKER.kind,
                actor_id=WORKER.id,
            )
