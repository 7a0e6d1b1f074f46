"""The round that raises the alarms whose condition has begun, and closes those whose condition has ended."""

from datetime import datetime, timedelta

from services import clock
from services.access import WORKER, Actor, audit
from services.accounts.settlement_delay import days_to_settle
from services.alarms import disk_space, payout_files, payouts
from services.alarms.kinds import CONDITION_KINDS, RESOLVED
from services.desk import Desk
from services.store import Connection, alarm_conditions, alarms, line_rewrite
from services.store.alarm_conditions import Condition
from services.store.alarms import StoredAlarm

ANSWERED_WITHIN = timedelta(
    days=60
)  # of an older chargeback, an upgrade raises no alarm: its day to answer is over
MOST_AT_ONCE = 200  # a year of forgotten files is raised in several rounds, so that no write lasts


def sweep(desk: Desk) -> None:
    """Compare the open alarms with the conditions of now. Running it twice, or in two workers, changes nothing more."""
    now, short = clock.now(), desk.shortage.poll()  # no disk is asked within a transaction
    payouts.note_former(desk)
    with desk.store.read() as tx:
        conditions = {
            one.identity: one for one in (*_conditions(tx, desk, now), *disk_space.conditions(tx, short, now))
        }
        open_now = alarms.open_of_kinds(tx, CONDITION_KINDS)
        unread = line_rewrite.under_way(tx) is not None  # then nobody knows of the payouts' conditions
        ended = [
            row
            for identity, row in open_now.items()
            if identity not in conditions and not (unread and row.kind.startswith("payout"))
        ]
        known = alarms.known(tx, conditions)
        changed = [
            (row.id, conditions[identity])
            for identity, row in open_now.items()
            if row.kind in payouts.PAYOUT_KINDS and identity in conditions
            if row.detail != conditions[identity].detail
        ]
    begun = [one for identity, one in conditions.items() if identity not in known][:MOST_AT_ONCE]
    if not begun and not ended and not changed:
        return
    with desk.store.write() as tx:
        for one in begun:
            alarms.raise_condition(tx, one, now)
        for number, one in changed[:MOST_AT_ONCE]:
            alarms.change(tx, number, detail=one.detail)
        for row in ended[:MOST_AT_ONCE]:
            resolve(tx, row, now, WORKER)


def resolve(tx: Connection, alarm: StoredAlarm, now: datetime, actor: Actor) -> None:
    """Its condition has ended, and so does the alarm, unless somebody has closed it meanwhile."""
    found = alarms.locked(tx, alarm.id)
    if found is not None and found.closed_at is None:
        alarms.change(tx, alarm.id, closed_at=now, closed_by=actor.id, closing_reason=RESOLVED)
        audit.record(tx, actor, "alarm.resolved", f"alarm:{alarm.id}", kind=alarm.kind, order=alarm.order)


def _conditions(tx: Connection, desk: Desk, now: datetime) -> list[Condition]:
    """Every condition but those of disks. An account whose payouts nobody imports has no payment that is late in them."""
    found = alarm_conditions.unsent(tx) + [
        one for one in alarm_conditions.paused(tx) if one.account in desk.settings.all_accounts
    ]
    found += alarm_conditions.unconfirmable(tx, desk.settings.all_accounts)
    found += alarm_conditions.charged_back(tx, desk.settings.all_accounts, now - ANSWERED_WITHIN)
    for account in sorted(alarm_conditions.imported_accounts(tx) & set(desk.settings.all_accounts)):
        found += alarm_conditions.not_settled(tx, account, now - timedelta(days=days_to_settle(tx, account)))
    rewrite = line_rewrite.under_way(tx)
    if rewrite is None:
        return [*found, *payout_files.conditions(tx, desk, now), *payouts.conditions(tx, desk, now)]
    if rewrite.state == "unequal":
        found.append(
            Condition(kind="lines_unequal", identity="lines_unequal", account="", order=None, detail={})
        )
    return found
