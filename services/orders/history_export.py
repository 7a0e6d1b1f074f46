"""The history as a file for a spreadsheet, with the filters of the list; no text in it can run as a formula.

Rows are read and written as a stream: a hundred thousand orders take no more memory than a thousand.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from services import clock
from services.access import Actor, Right, allowed_accounts, audit
from services.desk import Desk
from services.i18n import Translator, language_name
from services.orders.drafts import REFERENCES
from services.orders.history import badge
from services.spreadsheets import write
from services.spreadsheets.write import Column, Form
from services.store.orders import orders
from services.store.orders.orders import Filter
from services.store.orders.records import Order


@dataclass(frozen=True)
class Words:
    """English msgids of the badges and the channels, and a person's stored name, as the screens show them."""

    badges: Mapping[str, str]
    channels: Mapping[str, str]
    person: Callable[[str, Translator], str]


def write_history(
    desk: Desk, actor: Actor, chosen: Filter, form: Form, words: Words, t: Translator, out: BinaryIO
) -> int:
    """Write every payment request of the accounts allowed that the filter selects to ``out``, newest first. Returns their number.

    CSV: UTF-8 with BOM, in the reader's notation. XLSX: texts are texts, amounts numbers, times dates in the account's
    zone, which a column names. Raises NotAllowed.
    """
    now = clock.now()
    with desk.store.write() as tx:
        accounts = allowed_accounts(tx, actor, Right.SEE_ORDERS)
        total = orders.count_orders(tx, chosen, accounts, now=now)
        audit.record(tx, actor, "history_exported", f"user:{actor.id}", rows=total)
    columns = _columns(desk, words, t, now)
    with desk.store.read() as tx:
        return write.write(orders.each_order(tx, chosen, accounts, now=now), columns, form, t, out)


def _columns(desk: Desk, words: Words, t: Translator, now: datetime) -> tuple[Column, ...]:
    badges = {key: t(text) for key, text in words.badges.items()}
    channels = {key: t(text) for key, text in words.channels.items()}

    def field(name: str) -> Callable[[Order], Any]:
        return lambda order: getattr(order, name)

    def moment(name: str) -> Callable[[Order], datetime | None]:
        """In the account's zone, which another column names."""

        def local(order: Order) -> datetime | None:
            at: datetime | None = getattr(order, name)
            return at.astimezone(desk.account(order.account).zone).replace(tzinfo=None) if at else None

        return local

    return (
        Column("State", "text", lambda order: badges[badge(order, now)], 22),
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
        Column("Time zone", "text", lambda order: desk.account(order.account).timezone),
        Column("Channel", "text", lambda order: channels.get(order.channel, order.channel)),
        Column("Customer's language", "text", lambda order: language_name(order.language, t.language)),
        Column("Sent by", "text", lambda order: words.person(order.sender_name, t), 20),
        Column("Account", "text", lambda order: desk.account(order.account).name, 20),
        *(Column(f"Reference {n}", "text", field(f"reference_{n}")) for n in range(2, REFERENCES + 1)),
    )
