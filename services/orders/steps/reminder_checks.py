"""The last check of a reminder before it is handed to the mail server: nobody is reminded of what they have paid."""

from datetime import datetime, timedelta

from services import clock
from services.accounts.reminders import of_account
from services.desk import Desk
from services.orders.letter import BY_SCHEDULE
from services.store import Connection
from services.store.orders import orders, steps
from services.store.orders.records import Message, Order

FRESH = timedelta(minutes=15)
_READ_TAKES = timedelta(minutes=2)  # then the reminder is checked again


def still_wanted(tx: Connection, order: Order, message: Message) -> bool:
    """Whether a reminder by schedule may leave: the account still reminds, the customer is not erased, and no e-mail to
    their address came back."""
    if message.reminder != BY_SCHEDULE:
        return True
    kinds = [event.kind for event in orders.events_of(tx, order.id)]
    moved = max((place for place, kind in enumerate(kinds) if kind == "readdressed"), default=0)
    return (
        of_account(tx, order.account).on and order.erased_at is None and "mail_bounced" not in kinds[moved:]
    )


def not_before(tx: Connection, desk: Desk, order: Order, message: Message) -> datetime | None:
    """When the reminder may leave; None: now. By schedule it waits for the account's daylight hours; every reminder waits
    for a read of the payment that is newer than itself."""
    now = clock.now()
    if message.reminder == BY_SCHEDULE:
        later = of_account(tx, order.account).next_daylight(now, desk.account(order.account).zone)
        if later > now:
            return later
    payable = any(page.url for page in orders.pages_of(tx, order.id))
    asked_at = order.checked_at
    if payable and (asked_at is None or asked_at < message.created_at or now - asked_at > FRESH):
        steps.schedule(tx, order.id, "read", order.account, now)
        return now + _READ_TAKES
    return None


def resume(tx: Connection, order_id: int, account: str) -> None:
    """The payment was read: a reminder that waits for it is checked now."""
    message = orders.message(tx, order_id, "link")
    if message is not None and message.reminder and message.state == "queued" and not message.tries:
        steps.schedule(tx, order_id, "mail", account, clock.now())
