"""The history as a file for a spreadsheet, with the filters of the list; no text in it can run as a formula.

Rows are read and written in batches: a hundred thousand orders take no more memory than a thousand.
"""

from datetime import datetime
from functools import cache
from itertools import islice
from typing import BinaryIO

from services import clock
from services.access import Actor, Right, allowed_accounts
from services.access.sign_in import person_name
from services.desk import Desk
from services.i18n import Translator, language_name
from services.orders.drafts import REFERENCES
from services.orders.history import badge
from services.orders.names import BADGE_NAMES, CHANNEL_NAMES
from services.spreadsheets import write
from services.spreadsheets.write import Column, Form, Progress, Values, each, field
from services.store import Connection
from services.store.orders import orders
from services.store.orders.orders import Filter
from services.store.orders.records import Order

_BATCH = 500


def write_history(
    desk: Desk,
    actor: Actor,
    chosen: Filter,
    form: Form,
    t: Translator,
    out: BinaryIO,
    progress: Progress = lambda rows: None,
) -> int:
    """Write every payment request of the accounts allowed that the filter selects to ``out``, newest first. Returns their number.

    CSV: UTF-8 with BOM, in the reader's notation. XLSX: texts are texts, amounts numbers, times dates in the account's
    zone, which a column names. Raises NotAllowed.
    """
    now = clock.now()
    with desk.store.read_one_state() as tx:
        accounts = allowed_accounts(tx, actor, Right.SEE_ORDERS)
        found = orders.each_order(tx, chosen, accounts, now=now)
        batches = iter(lambda: list(islice(found, _BATCH)), [])
        return write.write(batches, _columns(desk, t, now), form, t, out, progress)


def count_history(tx: Connection, actor: Actor, chosen: Filter) -> int:
    """How many payment requests ``write_history`` would write. Raises NotAllowed."""
    accounts = allowed_accounts(tx, actor, Right.SEE_ORDERS)
    return orders.count_orders(tx, chosen, accounts, now=clock.now())


def _columns(desk: Desk, t: Translator, now: datetime) -> tuple[Column, ...]:
    badges = {key: t(text) for key, text in BADGE_NAMES.items()}
    channels = {key: t(text) for key, text in CHANNEL_NAMES.items()}
    account, zone = cache(desk.account), cache(lambda key: desk.account(key).zone)
    language = cache(lambda code: language_name(code, t.language))

    def moment(name: str) -> Values:
        """In the account's zone, which another column names."""

        def local(order: Order) -> datetime | None:
            at: datetime | None = getattr(order, name)
            return at.astimezone(zone(order.account)).replace(tzinfo=None) if at else None

        return each(local)

    return (
        Column("State", "text", each(lambda order: badges[badge(order, now)]), 22),
        Column("Order id", "text", field("order_id")),
        Column("Invoice number", "text", field("reference_1")),
        Column("First name", "text", field("first_name")),
        Column("Last name", "text", field("last_name")),
        Column("E-mail address", "text", field("email"), 28),
        Column("Telephone", "text", field("phone")),
        Column("Description", "text", field("description"), 30),
        Column("Amount", "amount", field("amount"), 12),
        Column("Currency", "text", field("currency"), 9),
        Column("Held", "amount", field("authorised"), 12),
        Column("Collected", "amount", field("captured"), 12),
        Column("Refunded", "amount", field("refunded"), 12),
        Column("Charged back", "amount", field("charged_back"), 12),
        Column("Created on", "time", moment("created_at")),
        Column("Sent on", "time", moment("sent_at")),
        Column("Valid until", "time", moment("expires_at")),
        Column("Paid on", "time", moment("paid_at")),
        Column("Time zone", "text", each(lambda order: account(order.account).timezone)),
        Column("Channel", "text", each(lambda order: channels.get(order.channel, order.channel))),
        Column("Customer's language", "text", each(lambda order: language(order.language))),
        Column("Sent by", "text", each(lambda order: person_name(order.sender_name, t)), 20),
        Column("Account", "text", each(lambda order: account(order.account).name), 20),
        *(Column(f"Reference {n}", "text", field(f"reference_{n}")) for n in range(2, REFERENCES + 1)),
    )
