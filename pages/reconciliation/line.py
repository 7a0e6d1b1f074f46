"""One payout line compared with its order, or with the nearest: the reason of its outcome, what differs, its decisions."""

import streamlit as st

from pages.components import outcome_words, question_windows
from pages.components.colours import Colour
from pages.components.common import actor, desk, texts
from pages.components.facts import show_facts
from pages.components.markdown import plain
from pages.payout_files.words import sheets_of, where
from pages.reconciliation import address, decision_history, decisions, sale_rows
from pages.reconciliation.comparison import show_compared
from services.i18n import Translator
from services.reconciliation.decisions.questions import Subject
from services.reconciliation.views import details, line_text
from services.reconciliation.views.details import LineDetail
from services.reconciliation.views.lists import LineOfFile, ShownLine
from services.reconciliation.views.related_orders import RelatedOrder
from services.settlements.columns import AMOUNTS, DATES, LABELS

_ROLES = {
    "matched": "Its order", "part": "One of its orders", "nearest": "The nearest order", "named": "An order that one of its keys names",
    "hint": "An order that comes near it",
}  # fmt: skip

_COLOURS: dict[str, Colour] = {
    "matched": "green", "suggested": "yellow", "ambiguous": "orange", "contradictory": "red", "unmatched": "red",
}  # fmt: skip


def show_line(line_id: int) -> None:
    """Show the line. Raises LineUnknown, NotAllowed."""
    t, found = texts(), details.line(desk(), actor(), line_id)
    line = found.line
    with st.container(border=True):
        operation = line_text.operation(line.operation_code, line.operation, t)
        amount = outcome_words.money(line.settled_amount_units, line.settlement_currency, t)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(plain(f"{operation} · {amount}"), anchor=False, width="content")
            st.badge(outcome_words.outcome(line.outcome, t), color=_COLOURS.get(line.outcome, "gray"))
            if line.replaced_by == line.file:
                st.badge(t("stands beside, not counted"), icon=":material/difference:", color="gray")
            elif line.withdrawn_by is not None:
                st.badge(t("withdrawn"), icon=":material/remove_circle:", color="gray")
            elif line.replaced_by is not None:
                st.badge(t("replaced by a correction"), icon=":material/history:", color="gray")
        why = line_text.reason(line, t)
        if why:
            st.markdown(plain(why))
        if line.lost:
            cells = ", ".join(f"{t(LABELS[name])} {_lost(line, name)}" for name in line.lost.split())
            st.warning(
                plain(
                    t(
                        "A spreadsheet has changed ids of this line, and nothing is found by them: {cells}",
                        cells=cells,
                    )
                ),
                icon=":material/broken_image:",
            )
        _held(found, t)
        decisions.actions(line_id)
        sale_rows.show_lines(line)
        question_windows.show_open(Subject(line=line_id), line.account)
        st.markdown(f"**{t('The line')}**")
        show_facts(_facts(line, t))
        _orders(found, t)
        _lineage(found, t)
        with st.expander(t("All columns of the line"), icon=":material/table_rows:"):
            show_facts(_columns(line, t))
        with st.expander(t("Decisions and comments"), icon=":material/forum:"):
            decision_history.show_history(line_id)


def _lost(line: ShownLine, column: str) -> str:
    return str(getattr(line, _stored(column)))


def _stored(column: str) -> str:
    """The stored name of a column of the file."""
    return f"file_{column}" if column in ("account", "order") else column


def _facts(line: ShownLine, t: Translator) -> list[tuple[str, str]]:
    facts = [
        (t("Invoice number"), line.invoice_number),
        (t("Order in the file"), line.file_order),
        (t("HiPay's transaction"), line.transaction_id),
        (
            t("Original amount"),
            outcome_words.money(line.original_amount_units, line.original_currency, t),
        ),
        (
            t("Settled amount"),
            outcome_words.money(line.settled_amount_units, line.settlement_currency, t),
        ),
        (t("Date"), outcome_words.day(line.date, t)),
        (t("Payout"), line.settlement_id),
    ]
    return [(label, value) for label, value in facts if value and value != "—"]


def _columns(line: ShownLine, t: Translator) -> list[tuple[str, str]]:
    found = []
    for name, label in LABELS.items():
        if name in AMOUNTS:
            of_invoice = line.currency or line.settlement_currency
            named = {"original_amount": line.original_currency, "settled_amount": line.settlement_currency}
            currency = named.get(name, of_invoice)
            value = outcome_words.money(getattr(line, f"{name}_units"), currency, t)
        else:
            value = getattr(line, _stored(name))
            value = outcome_words.day_and_time(value, t) if name in DATES else value
        found.append((t(label), value or "—"))
    return found


def _lineage(found: LineDetail, t: Translator) -> None:
    line = found.line
    st.caption(plain(t("Line {number} of {file}", number=_where(found, line, t), file=line.file_name)))
    for former in found.former:
        amount = outcome_words.money(former.settled_amount_units, former.settlement_currency, t)
        st.caption(
            plain(
                t(
                    "Formerly {amount}, {date}: line {number} of {file}",
                    amount=amount,
                    date=outcome_words.day(former.date, t),
                    number=_where(found, former, t),
                    file=former.file_name,
                )
            )
        )
    label, key = t("All lines of this file"), f"file_of_{line.id}"
    address.view_button(label, ":material/description:", key, "lines", file=[line.file], outcome="all")


def _held(found: LineDetail, t: Translator) -> None:
    """Show the held corrections of the line, each with a button to the file where it is decided."""
    for one in found.held:
        before, after = (
            outcome_words.money(units, one.currency, t) for units in (one.before_units, one.after_units)
        )
        words = (
            t(
                "HiPay delivered {before}; {file} says {after}, and stands beside until somebody decides.",
                before=before,
                after=after,
                file=one.file_name,
            )
            if one.after
            else t(
                "HiPay delivered this line; {file} no longer has it. It counts until somebody decides.",
                file=one.file_name,
            )
        )
        st.warning(plain(words), icon=":material/difference:")
        where = {"show": "files", "file_of": str(one.file)}
        label, icon = t("Open the file"), ":material/file_open:"
        st.page_link("payouts/page.py", label=label, icon=icon, query_params=where)


def _where(found: LineDetail, line: ShownLine | LineOfFile, t: Translator) -> str:
    return where(line.line, sheets_of(found.readings[line.file]), t)


def _orders(found: LineDetail, t: Translator) -> None:
    if not found.related:
        st.markdown(f"**{t('Its order')}**")
        if found.line.outcome in ("account_level", "total_line", "not_ours", "excluded"):
            st.caption(t("None is looked for."))
        else:
            st.caption(
                t(
                    "No order has one of its texts or its amount. Look for one with “Match to an order”, or say that the line is not this business."
                )
            )
    for one in found.related:
        _order(found.line, one, t)


def _order(line: ShownLine, one: RelatedOrder, t: Translator) -> None:
    order = one.order
    share = outcome_words.money(one.share, line.original_currency, t) if one.share is not None else ""
    role = t(_ROLES[one.role])
    st.markdown(f"**{role}** · {plain(order.order_id)}" + (f" · {plain(share)}" if share else ""))
    show_compared(one.compared, line.original_currency, order.currency)
    customer = " ".join(part for part in (order.first_name, order.last_name) if part)
    facts = [
        (t("Customer"), customer),
        (t("Description"), order.description),
        (t("Status"), outcome_words.status(order.status, t) if order.status else ""),
        (
            t("Created on"),
            outcome_words.moment_day(order.created_at, desk().account(order.account).zone, t),
        ),
    ]
    show_facts((label, value) for label, value in facts if value)
    label, key = t("Everything of this order"), f"order_{order.id}_of_{line.id}"
    address.view_button(label, ":material/receipt_long:", key, "orders", order_of=order.id, status="all")
