"""Whether an account's payouts are fetched by themselves, and how often."""

from dataclasses import asdict, dataclass
from datetime import timedelta

from services import clock
from services.access import WORKER, Actor, Right, audit, require
from services.accounts.configured import require_account
from services.desk import Desk
from services.imports.errors import HoursOutOfRange
from services.store import Connection, accounts
from services.store.settlements import hipay_list

SECTION = "payouts"
HOURS, LEAST_HOURS, MOST_HOURS = 4, 1, 48


@dataclass(frozen=True)
class Automatic:
    """``on``: the list is looked at every ``hours`` hours, and what is new on it is fetched."""

    on: bool
    hours: int = HOURS


def automatic(tx: Connection, desk: Desk, account: str) -> Automatic:
    """What was chosen; else on, where the settings hold credentials of the finance API for a real account.

    The sandbox's files are first of all there to be downloaded and added by hand.
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
    """Make a request for each account whose time has come. Two workers at once make one."""
    for account in desk.settings.all_accounts:
        now = clock.now()
        with desk.store.read() as tx:
            chosen = automatic(tx, desk, account)
            last = hipay_list.last_scheduled(tx, account)
        # One that came to nothing, though it was tried again, makes nobody wait for days.
        hours = min(chosen.hours, HOURS) if last and last.state == "failed" else chosen.hours
        # The sandbox's clock may go back: then it is due, too.
        if not chosen.on or (last and abs(now - last.created_at) < timedelta(hours=hours)):
            continue
        with desk.store.write() as tx:
            hipay_list.add_request(
                tx,
                account=account,
                source=hipay_list.SCHEDULE,
                settlement_id="",
                due_at=now,
                form_key=f"schedule:{account}:{last.id if last else 0}",
                actor_kind=WORKER.kind,
                actor_id=WORKER.id,
            )
