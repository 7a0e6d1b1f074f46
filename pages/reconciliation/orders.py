"""Orders by status: settled, in part, refunded, late; one of them with its sums and its lines."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.components import exports, outcome_words, selection, tables
from pages.components.common import actor, desk, in_one_read, refusals, texts
from pages.components.facts import show_facts
from pages.components.markdown import plain
from pages.reconciliation import acceptance, address, decision_history, filters
from pages.reconciliation.pager import cursor, pager, warn_cut
from services.exports.kinds import SettledOrders
from services.i18n import Translator
from services.reconciliation.views import details, line_text, lists, order_text
from services.reconciliation.views.details import OrderDetail
from services.reconciliation.views.list_exports import XLSX_ROWS
from services.reconciliation.views.lists import Figures, LineOfFile, ListedOrder, PositionedOrder


@st.fragment
@in_one_read
def show(figures: Figures, account_keys: tuple[str, ...]) -> None:
    t = texts()
    with refusals():
        chosen, late = filters.of_orders(figures, account_keys)
        sort: Any = st.session_state.get("sort_orders") or "newest"
        address.write()
        page = lists.orders(desk(), actor(), chosen, sort, cursor("orders", (chosen, sort, late)), late=late)
        warn_cut(page, t)
        if page.rows:
            with st.container(
                horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
            ):
                pager("orders", page, t)
                wanted = SettledOrders(chosen=chosen, sort=sort, late=late)
                exports.offer(wanted, rows=page.total, most=XLSX_ROWS, cut=page.cut)
            _table(page.rows, t)
        else:
            st.info(
                t("No order fits these filters. Remove one to see more."), icon=":material/filter_alt_off:"
            )
        number = st.session_state.get("order_of")
        if number is not None:
            with selection.opened("orders"):
                _order(number, t)


def _table(rows: tuple[ListedOrder, ...], t: Translator) -> None:
    table = pd.DataFrame([_row(order, t) for order in rows])
    figures = (
        "Ordered",
        "Captured",
        "Settled gross",
        "Missing",
        "Refunded",
        "Fees",
        "VAT on fees",
        "Net",
        "Days missing",
    )
    selection.draw(
        "orders",
        table,
        [order.order for order in rows],
        (st.session_state.get("order_of"),),
        _store_ticks,
        height=tables.height(len(rows)),
        alt=t("Orders by status. Choose one to see its lines."),
        column_config=tables.right_aligned(figures, t),
    )


def _store_ticks(ticked: tuple[selection.Id, ...]) -> None:
    st.session_state["order_of"] = ticked[0] if ticked else None


def _row(order: ListedOrder, t: Translator) -> dict[str, str]:
    money = outcome_words.money
    return {
        t("Status"): outcome_words.status(order.status, t, opened=order.open),
        t("Order id"): order.order_id,
        t("Ordered"): money(order.amount_units, order.currency, t),
        t("Missing"): money(order.open_units, order.currency, t) if order.open_units else "—",
        t("Days missing"): _days(order, t),
        t("Invoice number"): order.invoice_number or "—",
        t("Captured"): money(order.captured_units, order.currency, t),
        t("Settled gross"): money(order.gross_units, order.currency, t),
        t("Refunded"): money(order.refunds_units, order.currency, t),
        t("Fees"): money(order.fees_units, order.invoice_currency, t),
        t("VAT on fees"): money(order.vat_units, order.invoice_currency, t),
        t("Net"): money(order.net_units, order.settlement_currency, t),
        t("Captured on"): outcome_words.moment_day(order.captured_at, desk().account(order.account).zone, t),
        t("Transferred on"): outcome_words.day(order.last_transfer, t) or "—",
        t("Payouts"): order.settlement_ids or "—",
    }


def _days(position: ListedOrder, t: Translator) -> str:
    days = lists.days_missing(position)
    return "—" if days is None else outcome_words.number(days, t)


def _order(number: int, t: Translator) -> None:
    found = details.order(desk(), actor(), number)
    order = found.order
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(plain(t("Order {order_id}", order_id=order.order_id)), anchor=False, width="content")
            if order.status:
                st.badge(
                    outcome_words.status(order.status, t, opened=order.open),
                    color="green" if order.status == "settled_in_full" else "gray",
                )
            if order.accepted is not None:
                st.badge(t("accepted as it stands"), icon=":material/task_alt:", color="gray")
        why = order_text.reason(found, desk().account(order.account).zone, t)
        if why:
            st.markdown(plain(why))
        _near(found, t)
        acceptance.show(order)
        left, right = st.columns([2, 3], gap="large")
        with left:
            show_facts(_facts(order, t))
            with st.container(horizontal=True):
                if order.channel != "imported":
                    st.page_link(
                        "payment_requests/page.py",
                        label=t("Payment request"),
                        icon=":material/receipt_long:",
                        query_params={"order": str(order.id)},
                    )
        with right:
            st.markdown(f"**{t('Its lines')}**")
            _lines(found.lines, t)
            if found.lines:
                label, key = t("Show them among the lines"), f"lines_of_{number}"
                address.view_button(label, ":material/list:", key, "lines", of_order=number, outcome="all")
        with st.expander(t("Comments"), icon=":material/forum:"):
            name = f"{order.order_id} · {outcome_words.money(order.amount, order.currency, t)}"
            decision_history.comment_on_order(number, name)


def _facts(order: PositionedOrder, t: Translator) -> list[tuple[str, str]]:
    money, zone = outcome_words.money, desk().account(order.account).zone
    facts = [
        (t("Customer"), " ".join(part for part in (order.first_name, order.last_name) if part)),
        (t("Invoice number"), order.invoice_number),
        (t("Ordered"), money(order.amount, order.currency, t)),
    ]
    if order.status:
        facts += [
            (t("Captured"), money(order.captured_units, order.currency, t)),
            (t("Settled gross"), money(order.gross_units, order.currency, t)),
            (t("Refunded"), money(order.refunds_units, order.currency, t) if order.refunds_units else ""),
            (
                t("Charged back"),
                money(order.chargebacks_units, order.currency, t) if order.chargebacks_units else "",
            ),
            (t("Chargeback won"), money(order.won_units, order.currency, t) if order.won_units else ""),
            (t("Still open"), money(order.open_units, order.currency, t) if order.open_units else ""),
            (t("Fees"), money(order.fees_units, order.invoice_currency, t)),
            (t("VAT on fees"), money(order.vat_units, order.invoice_currency, t)),
            (t("Net"), money(order.net_units, order.settlement_currency, t)),
            (
                t("Captured on"),
                outcome_words.moment_day(order.captured_at, zone, t) if order.captured_at else "",
            ),
            (t("Dates in the files"), _span(order.first_date, order.last_date, t)),
            (t("Transferred on"), _span(order.first_transfer, order.last_transfer, t)),
            (t("Payouts"), order.settlement_ids),
        ]
    return [(label, value) for label, value in facts if value and value != "—"]


def _span(first: str, last: str, t: Translator) -> str:
    return " – ".join(dict.fromkeys(outcome_words.day(one, t) for one in (first, last) if one))


def _near(found: OrderDetail, t: Translator) -> None:
    """Show the open lines that may belong to the order, each with a button that opens it."""
    for line in found.near:
        amount = outcome_words.money(line.settled_amount_units, line.settlement_currency, t)
        name = line_text.operation(line.operation_code, line.operation, t)
        words = t(
            "An open line comes near it: {operation}, {amount}, {day}",
            operation=name,
            amount=amount,
            day=outcome_words.day(line.date, t),
        )
        key = f"near_{found.order.id}_{line.id}"
        address.view_button(plain(words), ":material/near_me:", key, "lines", line=line.id, outcome="all")


def _lines(lines: tuple[LineOfFile, ...], t: Translator) -> None:
    if not lines:
        st.caption(t("No payout line yet."))
        return
    table = pd.DataFrame(
        [
            {
                t("Operation"): line_text.operation(line.operation_code, line.operation, t),
                t("Original amount"): outcome_words.money(
                    line.original_amount_units, line.original_currency, t
                ),
                t("Settled amount"): outcome_words.money(
                    line.settled_amount_units, line.settlement_currency, t
                ),
                t("Date"): outcome_words.day(line.date, t),
                t("Payout"): line.settlement_id,
                t("File"): t("{file}, line {number}", file=line.file_name, number=line.line),
            }
            for line in lines
        ]
    )
    right = tables.right_aligned(("Original amount", "Settled amount"), t)
    st.dataframe(table, hide_index=True, column_config=right, alt=t("The lines of this order"))
