"""Why an order is open, in a reader's words: what is missing, since when, and what blocks it."""

from datetime import datetime
from typing import Any

from babel.dates import format_date

from services import clock
from services.i18n import Translator, format_ago
from services.money import format_money
from services.reconciliation.views.details import OrderDetail
from services.reconciliation.views.line_text import operation
from services.store.settlements.lines.stored_lines import LineOfFile
from services.store.settlements.position_pages import PositionedOrder

_COMPARED = ("sale", "refund", "chargeback", "chargeback_refund")


def reason(found: OrderDetail, zone: Any, t: Translator) -> str:
    """Why the order is open, or was before a person accepted it; "" if it never was.

    ``zone``: of the account, for its days.
    """
    order = found.order
    if not order.status:
        return ""
    sentences = [_status(order, found.lines, t), _missing(order, t), _since(found, zone, t)]
    return " ".join(part for part in sentences if part)


def _status(order: PositionedOrder, lines: tuple[LineOfFile, ...], t: Translator) -> str:
    def money(units: int) -> str:
        return format_money(units, order.currency, t.locale)

    if order.status == "wrong_currency":
        foreign = next(
            (one for one in lines if one.kind in _COMPARED and one.original_currency != order.currency), None
        )
        if foreign is None:
            return t("A line is in another currency than the order's.")
        name = operation(foreign.operation_code, foreign.operation, t)
        return t(
            "“{operation}” is in {line}, the order in {order}: it cannot be compared.",
            operation=name,
            line=foreign.original_currency or t("no currency"),
            order=order.currency,
        )
    if order.status == "paid_twice":
        return t("Two transactions were settled, each of the whole amount: the customer may have paid twice.")
    if order.status == "settled_not_paid":
        return t("{amount} is settled, and HiPay has told of no payment.", amount=money(order.gross_units))
    if order.status == "amount_missing":
        bare = next((one for one in lines if one.kind in _COMPARED and _no_amount(one)), None)
        if bare is None:
            return t("A line of the order has no amount: how much of it is settled is not known.")
        name = operation(bare.operation_code, bare.operation, t)
        return t(
            "“{operation}” has no amount, in line {line} of {file}: how much of the order is settled is not known.",
            operation=name,
            line=bare.line,
            file=bare.file_name,
        )
    if order.status == "charged_back":
        lost = order.chargebacks_units - order.won_units
        return t("{amount} was charged back, and not won back.", amount=money(lost))
    if order.status == "settled_over":
        more = order.gross_units - order.captured_units
        return t("{amount} more is settled than was collected.", amount=money(more))
    if order.status == "settled_under":
        return t("Every collection has its line, and together they are less than was collected.")
    return ""


def _no_amount(line: LineOfFile) -> bool:
    return line.original_amount_units is None or line.settled_amount_units is None


def _missing(order: PositionedOrder, t: Translator) -> str:
    if not order.open_units or order.status == "amount_missing":
        return ""
    missing, collected = (
        format_money(units, order.currency, t.locale) for units in (order.open_units, order.captured_units)
    )
    if order.gross_units > 0:
        return t(
            "Of {collected} collected, {missing} is in no payout line.", collected=collected, missing=missing
        )
    return t("The {collected} collected is in no payout line.", collected=collected)


def _since(found: OrderDetail, zone: Any, t: Translator) -> str:
    since, late_on = found.order.settled_since, found.late_on
    if since is None or late_on is None:
        return ""
    ago, day = format_ago(since, clock.now(), t.language), _day(late_on, zone, t)
    if clock.now() > late_on:
        return t("Captured {ago}: late since {day}.", ago=ago, day=day)
    return t("Captured {ago}: late from {day} on.", ago=ago, day=day)


def _day(moment: datetime, zone: Any, t: Translator) -> str:
    return str(format_date(moment.astimezone(zone).date(), "medium", locale=t.locale))
