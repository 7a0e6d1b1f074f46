"""The history as a file for a spreadsheet: the list's filters hold, no text of it can run as a formula.

Rows are read and written as a stream: a hundred thousand orders take no more memory than a thousand.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Literal
from zoneinfo import ZoneInfo

import xlsxwriter
from babel.numbers import get_decimal_symbol

from services import clock
from services.access import Actor, Right, audit, require
from services.desk import Desk
from services.i18n import Translator, language_name
from services.money import from_units
from services.orders.drafts import REFERENCES
from services.orders.history import badge
from services.reconciliation.export import amount_text, inert
from services.store import Row
from services.store import orders as rows
from services.store.orders import Filter

Form = Literal["csv", "xlsx"]
SHEET_ROWS = 1_000_000  # a worksheet ends at 1,048,576
_XLSX = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False,
}  # fmt: skip


@dataclass(frozen=True)
class Words:
    """English msgids of the badges and the channels, and a person's kept name, as the screens say them."""

    badges: Mapping[str, str]
    channels: Mapping[str, str]
    person: Callable[[str, Translator], str]


@dataclass(frozen=True)
class _Column:
    """``kind``: what the value is: text, units of 1/10000, or an aware time or None."""

    label: str
    kind: Literal["text", "amount", "time"]
    value: Callable[[Row[Any]], Any]
    width: int = 16


def write(
    desk: Desk, actor: Actor, chosen: Filter, form: Form, words: Words, t: Translator, out: BinaryIO
) -> int:
    """Write every payment request that the filter lets through to `out`, newest first; how many there are.

    CSV: UTF-8 with BOM, in the reader's notation. XLSX: texts are texts, amounts numbers, times dates in the account's
    zone, which a column names. Raises NotAllowed.
    """
    now = clock.now()
    with desk.store.write() as tx:
        require(tx, actor, Right.SEE_ORDERS)
        total = rows.count_orders(tx, chosen, now=now)
        audit.record(tx, actor, "history_exported", f"user:{actor.id}", rows=total)
    columns = _columns(desk, words, t, now)
    with desk.store.read() as tx:
        found = rows.each_order(tx, chosen, now=now)
        return (_csv if form == "csv" else _xlsx)(found, columns, desk, t, out)


def _csv(
    found: Iterable[Row[Any]], columns: tuple[_Column, ...], desk: Desk, t: Translator, out: BinaryIO
) -> int:
    decimal = get_decimal_symbol(t.locale)
    out.write(b"\xef\xbb\xbf")
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, delimiter=";" if decimal == "," else ",", lineterminator="\r\n")
    writer.writerow([inert(t(column.label)) for column in columns])
    count = 0
    for order in found:
        zone = desk.account(order.account).zone
        writer.writerow([_csv_cell(column, column.value(order), decimal, zone) for column in columns])
        count += 1
    text.detach()
    return count


def _csv_cell(column: _Column, value: Any, decimal: str, zone: ZoneInfo) -> str:
    if column.kind == "amount":
        return amount_text(value, decimal)
    if column.kind == "time":
        return _local(value, zone).strftime("%Y-%m-%d %H:%M") if value else ""
    return inert(value)


def _xlsx(
    found: Iterable[Row[Any]], columns: tuple[_Column, ...], desk: Desk, t: Translator, out: BinaryIO
) -> int:
    count = 0
    with xlsxwriter.Workbook(out, _XLSX) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        amount, moment = (
            book.add_format({"num_format": "#,##0.00##"}),
            book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        )
        sheet: Any = None
        for count, order in enumerate(found, 1):
            place = (count - 1) % SHEET_ROWS + 1
            if place == 1:
                sheet = _new_sheet(book, columns, bold, t)
            zone = desk.account(order.account).zone
            for across, column in enumerate(columns):
                value = column.value(order)
                if column.kind == "amount":
                    sheet.write_number(place, across, from_units(value), amount)
                elif column.kind == "text":
                    sheet.write_string(place, across, value)
                elif value:
                    sheet.write_datetime(place, across, _local(value, zone), moment)
        if not count:
            _new_sheet(book, columns, bold, t)
    return count


def _new_sheet(book: Any, columns: tuple[_Column, ...], bold: Any, t: Translator) -> Any:
    sheet = book.add_worksheet()
    for across, column in enumerate(columns):
        sheet.set_column(across, across, column.width)
        sheet.write_string(0, across, t(column.label), bold)
    sheet.freeze_panes(1, 0)
    return sheet


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _columns(desk: Desk, words: Words, t: Translator, now: datetime) -> tuple[_Column, ...]:
    badges = {key: t(text) for key, text in words.badges.items()}
    channels = {key: t(text) for key, text in words.channels.items()}

    def field(name: str) -> Callable[[Row[Any]], Any]:
        return lambda order: getattr(order, name)

    return (
        _Column("State", "text", lambda order: badges[badge(order, now)], 22),
        _Column("Order id", "text", field("order_id")),
        _Column("Invoice number", "text", field("reference_1")),
        _Column("First name", "text", field("first_name")),
        _Column("Last name", "text", field("last_name")),
        _Column("E-mail address", "text", field("email"), 28),
        _Column("Telephone", "text", field("phone")),
        _Column("Description", "text", field("description"), 30),
        _Column("Amount", "amount", field("amount"), 12),
        _Column("Currency", "text", field("currency"), 9),
        _Column("Held", "amount", field("authorised"), 12),
        _Column("Collected", "amount", field("captured"), 12),
        _Column("Refunded", "amount", field("refunded"), 12),
        _Column("Charged back", "amount", field("charged_back"), 12),
        _Column("Created on", "time", field("created_at")),
        _Column("Sent on", "time", field("sent_at")),
        _Column("Valid until", "time", field("expires_at")),
        _Column("Paid on", "time", field("paid_at")),
        _Column("Time zone", "text", lambda order: desk.account(order.account).timezone),
        _Column("Channel", "text", lambda order: channels.get(order.channel, order.channel)),
        _Column("Customer's language", "text", lambda order: language_name(order.language, t.language)),
        _Column("Sent by", "text", lambda order: words.person(order.sender_name, t), 20),
        _Column("Account", "text", lambda order: desk.account(order.account).name, 20),
        *(_Column(f"Reference {n}", "text", field(f"reference_{n}")) for n in range(2, REFERENCES + 1)),
    )
