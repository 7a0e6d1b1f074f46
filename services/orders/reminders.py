"""The periodic job that reminds customers of unpaid requests, by the rules of the account's administrator.

A rule reminds once: the message's unique key names the rule and the link's run (from one renewal to the next). A rule
whose moment lies before the newest e-mail to the customer is over, so two rules of one night make one e-mail, and a
reminder by hand replaces the next. The message is sent as every other (``steps.send_mail``), after a last check
(``steps.reminder_checks``).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services import clock
from services.accounts.reminders import Reminders, of_account
from services.desk import Desk
from services.errors import DeskError
from services.orders import links
from services.store import Connection
from services.store.orders import orders, reminding, steps

log = logging.getLogger(__name__)

APART = timedelta(hours=24)  # between two e-mails to one customer
LATEST = timedelta(days=3)  # a reminder that a stopped worker has delayed longer is dropped


@dataclass(frozen=True)
class Due:
    """The rule that is due. ``key`` names the rule and the run of the link; ``by``: "before" or "after"."""

    key: str
    by: str
    days: int


def remind(desk: Desk) -> None:
    """Queue every reminder that is due now, of every account that wants them."""
    now = clock.now()
    for name, account in desk.settings.all_accounts.items():
        with desk.store.read() as tx:
            wanted = of_account(tx, name)
            if not wanted.on or _stopped(tx, name) or wanted.next_daylight(now, account.zone) > now:
                continue
            longest = timedelta(days=max((*wanted.before, *wanted.after)))
            # A link lives a year at most, and a rule "before" its end can be due long after it was sent.
            reach = timedelta(days=400) if wanted.before else longest + LATEST
            found = _due(tx, reminding.open_orders(tx, name, now, now - reach), wanted, now)
        for order_id in found:
            _queue(desk, order_id, wanted, now)


def _queue(desk: Desk, order_id: int, wanted: Reminders, now: datetime) -> None:
    try:
        with desk.store.write() as tx:
            order = orders.order(tx, order_id)
            # Asked again under the order's lock: another worker, a payment or a person may have been quicker.
            rule = _due(tx, [order_id], wanted, now).get(order_id)
            if order is None or rule is None or order.delivery != "sent" or _stopped(tx, order.account):
                return
            links.remind_by_schedule(tx, desk, order, rule.key, days=rule.days, by=rule.by)
    except DeskError as error:  # paid, cancelled, without a sender's address: not now
        log.info("order %s is not reminded of: %s", order_id, error.code)
    desk.wake.set()


def _stopped(tx: Connection, account: str) -> bool:
    return bool(steps.paused(tx, account, "mail") or steps.paused(tx, account, "gateway"))


def _due(tx: Connection, order_ids: Sequence[int], wanted: Reminders, now: datetime) -> dict[int, Due]:
    mailed, ends = reminding.mailed(tx, order_ids), reminding.ends(tx, order_ids)
    last = reminding.last_written(tx, order_ids)
    found = {
        order_id: which(order_id, mailed[order_id], last[order_id], ends[order_id], wanted, now)
        for order_id in order_ids
        if order_id in last
    }
    return {order_id: rule for order_id, rule in found.items() if rule is not None}


def which(
    order_id: int, mailed: Sequence[Any], last: datetime, ends_at: datetime, wanted: Reminders, now: datetime
) -> Due | None:
    """The rule that is due now for an order, or None. ``mailed``: its events ``mail_sent`` and those that begin the link
    anew, oldest first; ``last``: when the newest e-mail to the customer was written."""
    runs = [place for place, event in enumerate(mailed) if event.kind != "mail_sent"]
    sent = [event.at for event in mailed[runs[-1] + 1 if runs else 0 :]]
    if not sent or now < last + APART:
        return None
    moments = [(ends_at - timedelta(days=days), "before", days) for days in wanted.before]
    moments += [(sent[0] + timedelta(days=days), "after", days) for days in wanted.after]
    since = max(last, wanted.since or last, now - LATEST)
    ripe = [(moment, by, days) for moment, by, days in moments if since < moment <= now]
    if not ripe:
        return None
    _, by, days = max(ripe)
    run = f"{ends_at:%Y%m%d%H%M}" if by == "before" else str(len(runs))
    return Due(f"reminder:{order_id}:{by}:{days}:{run}", by, days)
