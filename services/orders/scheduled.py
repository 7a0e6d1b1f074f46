"""The last look at a reminder that nobody asked for, right before it is handed to the mail server."""

from datetime import datetime, timedelta
from typing import Any

from services import clock
from services.accounts.reminders import of_account
from services.desk import Desk
from services.store import Connection, Row
from services.store import orders as rows
from services.store import steps as due

FRESH = timedelta(minutes=15)
_READ_TAKES = timedelta(minutes=2)  # while HiPay is away, its polling keeps its gaps


def is_scheduled(message: Row[Any]) -> bool:
    """Whether the schedule has asked for the message: its key says so."""
    return str(message.form_key or "").startswith("reminder:")


def still_wanted(tx: Connection, order: Row[Any]) -> bool:
    """Whether the account still reminds, the customer is still known, and their address still takes mail."""
    kinds = [event.kind for event in rows.events_of(tx, order.id)]
    moved = max((place for place, kind in enumerate(kinds) if kind == "readdressed"), default=0)
    return (
        of_account(tx, order.account).on and order.erased_at is None and "mail_bounced" not in kinds[moved:]
    )


def not_before(tx: Connection, desk: Desk, order: Row[Any], message: Row[Any]) -> datetime | None:
    """When to look again: in the account's daylight hours, or once HiPay was asked, since the
    reminder was written, how the payment stands; None: now."""
    now = clock.now()
    later = of_account(tx, order.account).next_daylight(now, desk.account(order.account).zone)
    if later > now:
        return later
    payable = any(page.url for page in rows.pages_of(tx, order.id))
    asked_at = order.checked_at
    if payable and (asked_at is None or asked_at <= message.created_at or now - asked_at > FRESH):
        due.schedule(tx, order.id, "read", order.account, now)
        return now + _READ_TAKES
    return None
