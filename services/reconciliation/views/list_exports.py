"""Exports: a whole list of the reconciliation as a file for a spreadsheet, filtered and sorted as on the screen."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, BinaryIO, TypeVar

from services.access import Actor, Right, allowed_accounts
from services.desk import Desk
from services.i18n import Translator
from services.reconciliation.views import lists, payout_list
from services.reconciliation.views.details import HIDDEN_ORDER
from services.reconciliation.views.line_text import operation, reasons
from services.reconciliation.views.payout_pages import PayoutFilter
from services.reconciliation.views.reasons import OUTCOMES, STATUSES
from services.settlements import dates
from services.settlements.columns import AMOUNTS, DATES, LABELS
from services.spreadsheets import write
from services.spreadsheets.write import Column, Form, Progress, Values, each, field
from services.store import Connection
from services.store.settlements import position_pages
from services.store.settlements.lines import exported_lines, line_pages
from services.store.settlements.lines.line_filter import LineFilter
from services.store.settlements.lines.line_pages import Sort
from services.store.settlements.position_pages import ORDER_SORTS, ListedOrder, OrderFilter, OrderSort

XLSX_ROWS = 150_000  # above, a spreadsheet is slow: CSV
_BATCH = 2_000
_PLACES = 100_000  # lines whose places in the list are read at once
T = TypeVar("T")


def write_lines(
    desk: Desk,
    actor: Actor,
    chosen: LineFilter,
    sort: Sort,
    form: Form,
    t: Translator,
    out: BinaryIO,
    progress: Progress = lambda rows: None,
) -> int:
    """Write the lines that the filter lets through to `out`; how many. Raises NotAllowed."""
    with desk.store.read_one_state() as tx:
        found = _up_to(form, _lines(tx, desk, actor, chosen, sort))
        return write.write(found, _line_columns(desk, t), form, t, out, progress)


def write_orders(
    desk: Desk,
    actor: Actor,
    chosen: OrderFilter,
    sort: OrderSort,
    form: Form,
    t: Translator,
    out: BinaryIO,
    progress: Progress = lambda rows: None,
    *,
    late: bool = False,
) -> int:
    """Write the orders that the filter lets through, with their positions. Raises NotAllowed."""
    with desk.store.read_one_state() as tx:
        chosen = lists.narrowed_orders(tx, desk, actor, chosen, late=late)
        found = _up_to(form, _orders(tx, chosen, sort))
        return write.write(found, _order_columns(desk, t), form, t, out, progress)


def write_payouts(
    desk: Desk,
    actor: Actor,
    chosen: PayoutFilter,
    form: Form,
    t: Translator,
    out: BinaryIO,
) -> int:
    """Write the payouts that the filter lets through, in the order of the list. Raises NotAllowed."""
    found = payout_list.list_payouts(desk, actor, chosen.accounts, chosen)
    return write.write([found], _payout_columns(desk, t), form, t, out)


def count_lines(tx: Connection, desk: Desk, actor: Actor, chosen: LineFilter) -> int | None:
    """How many lines the filter lets through, None where the stored sums do not know. Raises NotAllowed."""
    chosen = lists.narrowed_lines(tx, desk, actor, chosen)
    return line_pages.count(tx, chosen) if chosen.counted else None


def count_orders(tx: Connection, desk: Desk, actor: Actor, chosen: OrderFilter, *, late: bool) -> int:
    """How many orders the filter lets through. Raises NotAllowed."""
    return position_pages.count(tx, lists.narrowed_orders(tx, desk, actor, chosen, late=late))


def _up_to(form: Form, batches: Iterator[list[T]]) -> Iterator[list[T]]:
    left = XLSX_ROWS
    for rows in batches:
        yield rows[:left] if form == "xlsx" else rows
        left -= len(rows)
        if form == "xlsx" and left <= 0:
            return


def _lines(tx: Connection, desk: Desk, actor: Actor, chosen: LineFilter, sort: Sort) -> Iterator[list[Any]]:
    """The lines in batches. Places are read far ahead: each page of them reads the beginning of every group."""
    chosen = lists.narrowed_lines(tx, desk, actor, chosen)
    allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
    last: line_pages.Place | None = None
    while True:
        places, _ = line_pages.places(tx, chosen, sort, last, _PLACES)
        for start in range(0, len(places), _BATCH):
            found = exported_lines.read(tx, [number for _, number in places[start : start + _BATCH]])
            yield [
                line
                if allowed is None or line.nearest_account in (None, *allowed)
                else line._replace(**HIDDEN_ORDER)
                for line in found
            ]
        if len(places) < _PLACES:
            return
        last = places[-1]


def _orders(tx: Connection, chosen: OrderFilter, sort: OrderSort) -> Iterator[list[ListedOrder]]:
    last: tuple[Any, int] | None = None
    while rows := position_pages.page(tx, chosen, sort, last, _BATCH):
        yield rows
        last = getattr(rows[-1], ORDER_SORTS[sort][0]), rows[-1].order


def _line_columns(desk: Desk, t: Translator) -> tuple[Column, ...]:
    ours = {"account": "file_account", "order": "file_order"}
    columns = [
        Column("Outcome", "text", _worded("outcome", OUTCOMES, t), 18),
        Column("Reason", "text", lambda lines: reasons(lines, t), 50),
        Column("Our order", "text", each(lambda line: line.order_id or "")),
        Column("Nearest order", "text", each(lambda line: line.nearest_id or "")),
        Column("Our account", "text", _account_name(desk), 18),
    ]
    for name, label in LABELS.items():
        if name in AMOUNTS:
            columns.append(Column(label, "amount", field(f"{name}_units"), 14))
        elif name in DATES:
            columns.append(Column(label, "text", _of_file(name), 11))
        elif name == "operation":
            columns.append(Column(label, "text", _operation(t), 18))
        else:
            columns.append(Column(label, "text", field(ours.get(name, name))))
    return (
        *columns,
        Column("File", "text", field("file_name"), 24),
        Column("Line in the file", "count", field("line"), 8),
    )


def _order_columns(desk: Desk, t: Translator) -> tuple[Column, ...]:
    amounts = (
        ("Ordered", "amount_units"),
        ("Captured", "captured_units"),
        ("Settled gross", "gross_units"),
        ("Refunded", "refunds_units"),
        ("Charged back", "chargebacks_units"),
        ("Chargeback won", "won_units"),
        ("Still open", "open_units"),
        ("Fees", "fees_units"),
        ("VAT on fees", "vat_units"),
        ("Net", "net_units"),
    )
    zone = cache(lambda account: desk.account(account).zone)

    def day(account: str, moment: datetime | None) -> str:
        return moment.astimezone(zone(account)).date().isoformat() if moment else ""

    return (
        Column("Status", "text", _worded("status", STATUSES, t), 26),
        Column("Order id", "text", field("order_id")),
        Column("Invoice number", "text", field("invoice_number")),
        Column("Currency", "text", field("currency"), 9),
        *(Column(label, "amount", field(name), 13) for label, name in amounts),
        Column("Currency of the fees", "text", field("invoice_currency"), 9),
        Column("Settlement currency", "text", field("settlement_currency"), 9),
        Column("Payouts", "text", field("settlement_ids"), 20),
        Column("Captured on", "text", each(lambda row: day(row.account, row.captured_at)), 11),
        Column(
            "Missing since",
            "text",
            each(lambda row: day(row.account, row.paid_at if row.open_units else None)),
            11,
        ),
        Column("Days missing", "count", each(lists.days_missing), 8),
        Column("First date in the files", "text", _of_file("first_date"), 11),
        Column("Last date in the files", "text", _of_file("last_date"), 11),
        Column("First transfer", "text", _of_file("first_transfer"), 11),
        Column("Last transfer", "text", _of_file("last_transfer"), 11),
        Column("Accepted", "text", each(lambda row: t("yes") if row.accepted else ""), 9),
        Column("Lines", "count", field("lines"), 7),
        Column("Account", "text", _account_name(desk), 18),
    )


def _payout_columns(desk: Desk, t: Translator) -> tuple[Column, ...]:
    states = {
        "counted_twice": "a transaction counted twice",
        "differs": "differs",
        "hipay_differs": "HiPay shows another amount",
        "amounts_missing": "amounts missing",
        "rows_not_read": "rows not read",
        "correction_waits": "a correction waits",
        "several_payout_lines": "several payout lines",
        "no_payout_line": "no payout line",
        "being_worked_out": "being worked out",
        "accepted": "difference accepted",
        "carried_forward": "carried forward",
        "tied": "ties",
    }

    def leg(name: str) -> Values:
        return each(lambda one: getattr(one.row, name) if one.known else None)

    return (  # first the columns of the list on screen, in its order
        Column("Check", "text", _worded("state", states, t), 18),
        Column("Difference", "amount", field("difference_units"), 14),
        Column("Payout", "text", field("settlement_id")),
        Column("Date", "text", _of_file("last_date"), 11),
        Column("Transfer", "text", _of_file("transfer_date"), 11),
        Column("Currency", "text", field("currency"), 9),
        Column("Gross", "amount", leg("gross_units"), 14),
        Column("Refunds", "amount", leg("refunds_units"), 14),
        Column("Fees with VAT", "amount", field("fees_units"), 14),
        Column("Reserve", "amount", field("reserve_units"), 14),
        Column("Chargebacks and other", "amount", field("other_units"), 14),
        Column("Net", "amount", leg("net_units"), 14),
        Column("Payout announced", "amount", field("announced_units"), 14),
        Column("HiPay’s figure", "amount", field("hipay_units"), 14),
        Column("Lines open", "count", field("open_lines"), 8),
        Column("Account", "text", _account_name(desk), 18),
        Column("Sum of its lines", "amount", field("lines_units"), 14),
        Column("Chargebacks", "amount", leg("chargebacks_units"), 14),
        Column("Chargebacks won", "amount", leg("won_units"), 14),
        Column("Fees without VAT", "amount", leg("fees_units"), 14),
        Column("VAT on fees", "amount", leg("vat_units"), 14),
        Column("Reserve captured", "amount", leg("reserve_captured_units"), 14),
        Column("Reserve released", "amount", leg("reserve_released_units"), 14),
        Column("Adjustments and transfers", "amount", leg("adjustments_units"), 14),
        Column("Balances carried over", "amount", leg("deferred_units"), 14),
        Column("Other: unknown operations", "amount", leg("other_units"), 14),
        Column("Lines", "count", field("lines"), 8),
        Column("Rows set aside", "count", field("rows_set_aside"), 8),
        Column("Corrections to decide", "count", field("corrections_held"), 8),
        Column("Without an amount", "count", field("missing"), 8),
        Column("First date", "text", _of_file("first_date"), 11),
        Column("Value date", "text", _of_file("value_date"), 11),
    )


def _account_name(desk: Desk) -> Values:
    name = cache(lambda account: desk.account(account).name)
    return each(lambda row: name(row.account))


def _worded(column: str, words: Mapping[str, str], t: Translator) -> Values:
    """A code in the reader's words; one that has none as it is."""
    word = cache(lambda code: t(words.get(code, code)))
    return each(lambda row: word(getattr(row, column)))


def _operation(t: Translator) -> Values:
    name = cache(lambda code, text: operation(code, text, t))
    return each(lambda line: name(line.operation_code, line.operation))


def _of_file(name: str) -> Values:
    """The day that a file says, as a spreadsheet reads it."""
    day = lru_cache(maxsize=10_000)(dates.day)
    return each(lambda row: day(getattr(row, name)))
