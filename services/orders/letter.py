"""An order's e-mail: its letter, and the message that is stored ready to leave."""

from services import clock
from services.mail.addresses import parse_address
from services.mail.compose import Composed, Letter
from services.mail.message import build
from services.mail.settings import EmailSettings
from services.orders.drafts import Accepted
from services.settings.account import Account
from services.store import Connection
from services.store.order_states import MessageKind, Reminder
from services.store.orders import orders
from services.store.orders.records import Order

BY_HAND: Reminder = "by_hand"
BY_SCHEDULE: Reminder = "by_schedule"


def letter_of(account: Account, source: Accepted | Order) -> Letter:
    """The letter of an accepted form or of a stored order: both have the fields under the same names."""
    return Letter(
        language=source.language,
        first_name=source.first_name,
        last_name=source.last_name,
        email=source.email,
        amount_units=source.amount,
        currency=source.currency,
        description=source.description,
        order_id=source.order_id,
        expires_at=source.expires_at,
        zone=account.timezone,
        account_name=account.name,
        sandbox=account.environment == "sandbox",
    )


def queue_mail(
    tx: Connection,
    order: Order,
    page_id: int | None,
    kind: MessageKind,
    recipient: str,
    composed: Composed,
    settings: EmailSettings,
    message_id: str,
    form_key: str | None = None,
    reminder: Reminder = "",
) -> None:
    """Store a message that the mail step will send. ``page_id`` None: it contains our own link. ``reminder``: BY_HAND, BY_SCHEDULE, or "" where the message is no reminder."""
    body = build(composed, settings, to=parse_address(recipient), message_id=message_id, date=clock.now())
    orders.add_message(
        tx,
        order=order.id,
        page=page_id,
        kind=kind,
        recipient=recipient,
        message_id=message_id,
        body=body,
        state="queued",
        created_at=clock.now(),
        form_key=form_key,
        reminder=reminder,
    )
