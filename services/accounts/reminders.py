"""When an account's customers are reminded of an unpaid request: never, until an administrator sets it.

ReminderError (AccountError)
├── ReminderDays     a number of days out of range, or too many of them
└── ReminderHours    the hours are out of range, or end before they begin
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from services import clock
from services.access import Actor, Right, audit, require
from services.accounts.configured import require_account
from services.accounts.errors import AccountError
from services.desk import Desk
from services.store import Connection, accounts

SECTION = "reminders"
MOST_DAYS, MOST_RULES = 60, 3
SUNDAY = 6


class ReminderError(AccountError):
    code: ClassVar[str] = "reminder"


class ReminderDays(ReminderError):
    code = "reminder_days"

    def __init__(self) -> None:
        self.most, self.rules = MOST_DAYS, MOST_RULES


class ReminderHours(ReminderError):
    code = "reminder_hours"


@dataclass(frozen=True, kw_only=True)
class Reminders:
    """``before``: days before the link's end; ``after``: days after the e-mail was sent; each reminds once.

    ``from_hour`` to ``to_hour`` in the account's time zone, and Sundays or not. ``since``: when the days were changed last;
    a reminder due before that is never sent.
    """

    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    from_hour: int = 9
    to_hour: int = 18
    sundays: bool = False
    since: datetime | None = None

    @property
    def on(self) -> bool:
        return bool(self.before or self.after)

    def next_daylight(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The moment itself where it is within the hours, else the next beginning of the hours."""
        local = moment.astimezone(zone)
        for days in range(9):
            day = local.date() + timedelta(days=days)
            begin, end = (self._at(day, hour, zone) for hour in (self.from_hour, self.to_hour))
            if (self.sundays or day.weekday() != SUNDAY) and moment < end:
                return max(moment, begin)
        raise AssertionError("a week has a weekday")

    @staticmethod
    def _at(day: date, hour: int, zone: ZoneInfo) -> datetime:
        extra = timedelta(days=1) if hour == 24 else timedelta()
        return datetime.combine(day + extra, time(hour % 24), zone).astimezone(UTC)


def of_account(tx: Connection, account: str) -> Reminders:
    data = accounts.sections(tx, account).get((SECTION, ""), {})
    if not data:
        return Reminders()
    since = datetime.fromisoformat(data["since"]) if data.get("since") else None
    return Reminders(
        before=tuple(data["before"]),
        after=tuple(data["after"]),
        from_hour=data["from_hour"],
        to_hour=data["to_hour"],
        sundays=data["sundays"],
        since=since,
    )


def shown(desk: Desk, actor: Actor, account: str) -> Reminders:
    """The account's rules. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_ORDERS, account)
        return of_account(tx, account)


def save(desk: Desk, actor: Actor, account: str, wanted: Reminders) -> bool:
    """Save the rules; ``since`` is set here. Returns whether something changed. Raises NotAllowed, AccountUnknown, ReminderError."""
    require_account(desk, account)
    before, after = _days(wanted.before), _days(wanted.after)
    if not 0 <= wanted.from_hour < wanted.to_hour <= 24:
        raise ReminderHours
    with desk.store.write() as tx:
        require(tx, actor, Right.CONFIGURE, account)
        known = of_account(tx, account)
        same_days = (known.before, known.after) == (before, after)
        new = replace(wanted, before=before, after=after, since=known.since if same_days else clock.now())
        if new == known:
            return False
        data = asdict(new) | {"since": new.since.isoformat() if new.since else None}
        accounts.save_section(
            tx, account, SECTION, "", data, at=clock.now(), actor_kind=actor.kind, actor_id=actor.id
        )
        audit.record(
            tx,
            actor,
            "account.reminders",
            f"account:{account}",
            before=list(before),
            after=list(after),
            hours=[new.from_hour, new.to_hour],
            sundays=new.sundays,
        )
    return True


def _days(days: Collection[int]) -> tuple[int, ...]:
    found = tuple(sorted(set(days)))
    if len(found) > MOST_RULES or any(not 1 <= one <= MOST_DAYS for one in found):
        raise ReminderDays
    return found
