"""Exports: a whole list of the reconciliation as a file for a spreadsheet, filtered and sorted as on the screen."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, BinaryIO, TypeVar

from services.access import Actor, Right, allowed_accounts, audit
from services.desk import Desk
from services.i18n import Translator
from services.reconciliation.views import lists, payout_list
from services.reconciliation.views.line_text import operation, reason
from services.reconciliation.views.lists import Cursor, Page
from services.reconciliation.views.reasons import OUTCOMES, STATUSES
from services.settlements import dates
from services.settlements.columns import AMOUNTS, DATES, LABELS
from services.spreadsheets import write
from services.spreadsheets.write import Column, Form
from services.store.settlements.line_filter import LineFilter
from services.store.settlements.line_pages import Sort
from services.store.settlements.position_pages import OrderFilter, OrderSort

XLSX_ROWS = 150_000  # above, a spreadsheet is slow: CSV
_BATCH = 2_000
T = TypeVar("T")


def write_lines(
    desk: Desk, actor: Actor, chosen: LineFilter, sort: Sort, form: Form, t: Translator, out: BinaryIO
) -> int:
    """Write the lines that the filter lets through to `out`; how many. Raises NotAllowed."""
    _note(desk, actor, "lines_exported")
    rows = _each(lambda cursor: lists.lines(desk, actor, chosen, sort, cursor, _BATCH), form)
    return write.write(rows, _line_columns(desk, t), form, t, out)


def write_orders(
    desk: Desk,
    actor: Actor,
    chosen: OrderFilter,
    sort: OrderSort,
    form: Form,
    t: Translator,
    out: BinaryIO,
    *,
    late: bool = False,
) -> int:
    """Write the orders that the filter lets through, with their positions. Raises NotAllowed."""
    _note(desk, actor, "orders_exported")
    rows = _each(lambda cursor: lists.orders(desk, actor, chosen, sort, cursor, _BATCH, late=late), form)
    return write.write(rows, _order_columns(desk, t), form, t, out)


def write_payouts(
    desk: Desk,
    actor: Actor,
    accounts: tuple[str, ...],
    states: tuple[str, ...],
    form: Form,
    t: Translator,
    out: BinaryIO,
) -> int:
    """Write the payouts in these states, all where none is named. Raises NotAllowed."""
    _note(desk, actor, "payouts_exported")
    found = payout_list.list_payouts(desk, actor, accounts)
    rows = (one for one in found if not states or one.state in states)
    return write.write(rows, _payout_columns(desk, t), form, t, out)


def _note(desk: Desk, actor: Actor, action: str) -> None:
    with desk.store.write() as tx:
        allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
        audit.record(tx, actor, action, f"user:{actor.id}")


def _each(read: Callable[[Cursor | None], Page[T]], form: Form) -> Iterator[T]:
    """The rows, each page read in a transaction of its own, so that a long export blocks nobody."""
    count, cursor = 0, None
    while True:
        page = read(cursor)
        for row in page.rows:
            count += 1
            if form == "xlsx" and count > XLSX_ROWS:
                return
            yield row
        cursor = page.after
        if cursor is None:
            return


def _line_columns(desk: Desk, t: Translator) -> tuple[Column, ...]:
    ours = {"account": "file_account", "order": "file_order"}
    columns = [
        Column("Outcome", "text", lambda line: t(OUTCOMES.get(line.outcome, line.outcome)), 18),
        Column("Reason", "text", lambda line: reason(line, t), 50),
        Column("Our order", "text", lambda line: line.order_id or ""),
        Column("Nearest order", "text", lambda line: line.nearest_id or ""),
        Column("Our account", "text", lambda line: desk.account(line.account).name, 18),
    ]
    for name, label in LABELS.items():
        if name in AMOUNTS:
            columns.append(Column(label, "amount", _field(f"{name}_units"), 14))
        elif name in DATES:
            columns.append(Column(label, "text", _of_file(name), 11))
        elif name == "operation":
            columns.append(
                Column(label, "text", lambda line: operation(line.operation_code, line.operation, t), 18)
            )
        else:
            columns.append(Column(label, "text", _field(ours.get(name, name))))
    return (
        *columns,
        Column("File", "text", _field("file_name"), 24),
        Column("Line in the file", "count", _field("line"), 8),
    )


def _order_columns(desk: Desk, t: Translator) -> tuple[Column, ...]:
    amounts = (
        ("Ordered", "amount_units"),
        ("Collected", "captured_units"),
        ("Settled gross", "gross_units"),
        ("Refunded", "refunds_units"),
        ("Charged back", "chargebacks_units"),
        ("Chargeback won", "won_units"),
        ("Still open", "open_units"),
        ("Fees", "fees_units"),
        ("VAT on fees", "vat_units"),
        ("Net", "net_units"),
    )
    return (
        Column("Status", "text", lambda row: t(STATUSES.get(row.status, row.status)), 26),
        Column("Order id", "text", _field("order_id")),
        Column("Invoice number", "text", _field("invoice_number")),
        Column("Currency", "text", _field("currency"), 9),
        *(Column(label, "amount", _field(name), 13) for label, name in amounts),
        Column("Currency of the fees", "text", _field("invoice_currency"), 9),
        Column("Settlement currency", "text", _field("settlement_currency"), 9),
        Column("Payouts", "text", _field("settlement_ids"), 20),
        Column("Collected on", "text", lambda row: _day(desk, row.account, row.captured_at), 11),
        Column(
            "Missing since",
            "text",
            lambda row: _day(desk, row.account, row.paid_at if row.open_units else None),
            11,
        ),
        Column("Days missing", "count", lists.days_missing, 8),
        Column("First date in the files", "text", _of_file("first_date"), 11),
        Column("Last date in the files", "text", _of_file("last_date"), 11),
        Column("First transfer", "text", _of_file("first_transfer"), 11),
        Column("Last transfer", "text", _of_file("last_transfer"), 11),
        Column("Accepted", "text", lambda row: t("yes") if row.accepted else "", 9),
        Column("Lines", "count", _field("lines"), 7),
        Column("Account", "text", lambda row: desk.account(row.account).name, 18),
    )


def _payout_columns(desk: Desk, t: Translator) -> tuple[Column, ...]:
    states = {
        "tied": "adds up",
        "differs": "differs",
        "no_payout": "no payout line",
        "not_proved": "not proved",
    }
    return (
        Column("Check", "text", lambda one: t(states[one.state]), 18),
        Column("Payout", "text", _field("settlement_id")),
        Column("Currency", "text", _field("currency"), 9),
        Column("Sum of its lines", "amount", _field("lines_units"), 14),
        Column("Payout announced", "amount", _field("payout_units"), 14),
        Column("Difference", "amount", _field("difference_units"), 14),
        Column("Lines", "count", _field("lines"), 8),
        Column("Lines open", "count", _field("open_lines"), 8),
        Column("Rows set aside", "count", _field("rows_set_aside"), 8),
        Column("Corrections to decide", "count", _field("corrections_held"), 8),
        Column("Without an amount", "count", _field("missing"), 8),
        Column("First date", "text", _of_file("first_date"), 11),
        Column("Last date", "text", _of_file("last_date"), 11),
        Column("Account", "text", lambda one: desk.account(one.account).name, 18),
    )


def _day(desk: Desk, account: str, moment: datetime | None) -> str:
    return moment.astimezone(desk.account(account).zone).date().isoformat() if moment else ""


def _of_file(name: str) -> Callable[[Any], str]:
    """The day that a file says, as a spreadsheet reads it."""
    return lambda row: dates.day(getattr(row, name))


def _field(name: str) -> Callable[[Any], Any]:
    return lambda row: getattr(row, name)
