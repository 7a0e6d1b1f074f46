"""Expected orders: the shop's own list, previewed and stored, so that payout lines find their orders."""

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from pages.bulk import columns, table
from pages.components import accounts, uploader
from pages.components.common import actor, allowed, desk, refusals, texts
from services.access import Right
from services.bulk import expected
from services.bulk.columns import EXPECTED
from services.bulk.expected import ExpectedPreview
from services.i18n import Translator
from services.money import format_money
from services.settings.account import Account

SHOWN = 500


def page() -> None:
    t = texts()
    st.title(t("Expected orders"))
    st.caption(
        t(
            "Orders of your own shop. Nothing is sent for them: they are only kept, so that the lines of HiPay's payouts find them."
        )
    )
    with refusals():
        account = accounts.choose("expected_account", Right.SEE_SETTLEMENTS)
        if account is None:
            return
        known = expected.count(desk(), actor(), account.key)
        st.metric(t("Expected orders known"), known, border=True, width=280)
        may_add = allowed(Right.RECONCILE, account.key)
        if may_add:
            _add(account)
        st.page_link(
            "reconciliation/page.py",
            label=t("See how they stand in the reconciliation"),
            icon=":material/rule:",
        )


def _add(account: Account) -> None:
    t = texts()
    with st.container(border=True):
        st.markdown(f"**{t('Add a list')}**")
        table.offer_template(EXPECTED, "expected-orders")
        st.session_state.setdefault("expected_uploads", 0)
        uploaded = uploader.files(
            t("The table: CSV, XLSX, XLS or ODS"),
            types=table.TYPES,
            key=f"expected_file_{st.session_state['expected_uploads']}",
        )
        added = st.session_state.pop("expected_added", None)
        if added is not None:
            st.success(
                t.plural("{count} order is now expected.", "{count} orders are now expected.", added),
                icon=":material/check_circle:",
            )
        if uploaded is None:
            st.session_state.pop("expected_preview", None)
            return
        preview = _preview(account, uploaded)
        if preview is not None:
            _show(account, preview, table.place(account, uploaded), t)


def _preview(account: Account, uploaded: Any) -> ExpectedPreview | None:
    """The preview of the list, which may have 100,000 rows: it is read again only when one of its inputs changes."""
    sign = table.ask_decimal(uploaded.file_id)
    place = table.place(account, uploaded)
    choices = columns.choices(place)
    key = (place, sign, tuple(choices.items()))
    known = st.session_state.get("expected_preview")
    if known and known[0] == key:
        stored: ExpectedPreview = known[1]
        return stored
    with st.spinner(texts()("Checking each row…")), table.table_refusals(EXPECTED, place):
        sheets = table.sheets(uploaded.file_id)
        preview = expected.preview(desk(), actor(), account.key, uploaded.getvalue(), sign, choices, sheets)
        # The lines have been checked, and would only use memory.
        preview = replace(preview, table=replace(preview.table, lines=()))
        st.session_state["expected_preview"] = (key, preview)
        return preview
    return None


def _show(account: Account, preview: ExpectedPreview, place: str, t: Translator) -> None:
    columns.show_columns(preview.table.head, EXPECTED, place)
    if preview.decision.decimal is None:
        table.undecided(preview.decision.cell)
        return
    four = zip(
        st.columns(4),
        (
            (t("New"), len(preview.new)),
            (t("Already known"), preview.known),
            (t("Different"), len(preview.different)),
            (t("Rows to correct"), len(preview.bad)),
        ),
        strict=True,
    )
    for column, (label, number) in four:
        column.metric(label, number, border=True)
    if preview.different:
        st.warning(
            t("These orders are known with other facts. They stay as they are."), icon=":material/difference:"
        )
        st.dataframe(_different(preview, t), hide_index=True, alt=t("Different"))
    if preview.bad:
        st.markdown(f"**{t('To correct')}**")
        st.dataframe(
            table.bad_table(preview.bad[:SHOWN], EXPECTED, t), hide_index=True, alt=t("Rows to correct")
        )
    if not preview.new:
        st.info(t("There is no new order in this list."), icon=":material/inbox:")
        return
    if preview.cards:
        rows = ", ".join(map(str, preview.cards[:20])) + (" …" if len(preview.cards) > 20 else "")
        st.warning(
            t(
                "In these rows an order id or a reference looks like a card number: {rows}. If it is one, take it out: it would be kept.",
                rows=rows,
            ),
            icon=":material/credit_card_off:",
        )
    label = t.plural("Add {count} order", "Add {count} orders", len(preview.new))
    if st.button(label, type="primary", icon=":material/playlist_add_check:", key="expected_add"):
        st.session_state["expected_added"] = expected.save(
            desk(), actor(), account.key, preview.new, preview.table.head
        )
        st.session_state["expected_uploads"] += 1
        st.session_state.pop("expected_preview", None)
        st.rerun()


def _different(preview: ExpectedPreview, t: Translator) -> pd.DataFrame:
    labels = {column.name: t(column.label) for column in EXPECTED}
    return pd.DataFrame(
        [
            {
                t("Row"): one.listed.line,
                t("Order id"): one.listed.order_id,
                t("What differs"): ", ".join(labels[name] for name in one.facts),
                t("Known amount"): format_money(one.amount, one.currency, t.locale),
                t("Amount in this list"): format_money(one.listed.amount, one.listed.currency, t.locale),
            }
            for one in preview.different[:SHOWN]
        ]
    )


page()
