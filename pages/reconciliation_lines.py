"""Payout lines: the list with its filters, one of them beside its order, and what can be done with those chosen."""

from typing import Any

import pandas as pd
import streamlit as st

from pages import reconciliation_actions, reconciliation_export, reconciliation_filters, reconciliation_words
from pages.common import actor, desk, refusals, texts
from pages.reconciliation_line import show_line
from pages.reconciliation_pager import pager, say_cut, turn
from services.i18n import Translator
from services.reconciliation import line_words, views
from services.reconciliation.views import OPEN, Figures
from services.store import Row
from services.store.line_filter import LineFilter

_TABLE_HEIGHT = 36 + 35 * 9  # nine rows and the head: what was chosen stands below without scrolling far


@st.fragment
def show(figures: Figures, looked_at: tuple[str, ...]) -> None:
    t = texts()
    with refusals():
        chosen = reconciliation_filters.of_lines(figures, looked_at)
        sort: Any = st.session_state.get("sort") or "newest"
        reconciliation_filters.keep()
        page = views.lines(desk(), actor(), chosen, sort, turn("lines", (chosen, sort)))
        reconciliation_actions.said()
        say_cut(page, t)
        if not page.rows:
            _nothing(chosen, figures, t)
            return
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            pager("lines", page, t)
            reconciliation_export.lines(chosen, sort, page)
        ids = _chosen(page.rows, (chosen, sort, page.rows[0].id), t)
    if len(ids) > 1:
        with st.container(border=True):
            reconciliation_actions.bulk(ids)
    elif ids:
        with refusals():
            show_line(ids[0])


def _chosen(rows: tuple[Row[Any], ...], shown: tuple[Any, ...], t: Translator) -> list[int]:
    """The table; the ids of the lines that are ticked in it, or of the one that the address names."""
    several = len(desk().settings.all_accounts) > 1
    table = pd.DataFrame([_row(line, several, t) for line in rows])
    picked: Any = st.dataframe(
        table, hide_index=True, on_select="rerun", selection_mode="multi-row", key=f"lines_{hash(shown)}",
        height=min(_TABLE_HEIGHT, 36 + 35 * len(rows)), alt=t("Payout lines. Choose one to see it beside its order, several to decide them at once."),
        column_config={t("Settled amount"): st.column_config.TextColumn(alignment="right"), t("Reason"): st.column_config.TextColumn(width="large")},
    )  # fmt: skip
    ids = [rows[place].id for place in picked.selection.rows if place < len(rows)]
    before = st.session_state.get("lines_ticked")
    st.session_state["lines_ticked"] = ids
    if ids or before:  # ticked, or just unticked: the table says it
        st.session_state["line"] = ids[0] if len(ids) == 1 else None
        reconciliation_filters.keep()
        return ids
    named = st.session_state.get("line")
    return [named] if named is not None else []


def _row(line: Row[Any], several: bool, t: Translator) -> dict[str, str]:
    account = {t("Account"): desk().account(line.account).name} if several else {}
    return {
        t("Outcome"): reconciliation_words.outcome(line.outcome, t),
        t("Settled amount"): reconciliation_words.money(
            line.settled_amount_units, line.settlement_currency, t
        ),
        t("Operation"): line_words.operation(line.operation_code, line.operation, t),
        t("Date"): reconciliation_words.day(line.date, t),
        t("Reason"): line_words.reason(line, t),
        t("Our order"): line.order_id or (f"≈ {line.nearest_id}" if line.nearest_id else "—"),
        t("Invoice number"): line.invoice_number or "—",
        t("Order in the file"): line.file_order or "—",
        t("Payout"): line.settlement_id,
        **account,
    }


def _nothing(chosen: LineFilter, figures: Figures, t: Translator) -> None:
    if not figures.moved:
        st.info(t("No payout line yet."), icon=":material/inbox:")
        return
    if chosen == LineFilter(chosen.accounts, OPEN):
        st.success(
            t("Nothing is open: every line has its order, or needs none."), icon=":material/check_circle:"
        )
    else:
        st.info(t("No line fits these filters. Remove one to see more."), icon=":material/filter_alt_off:")
    st.button(
        t("Show all lines"), key="show_all_lines", on_click=reconciliation_filters.go, args=("lines",), kwargs={"outcome": "all"}
    )  # fmt: skip
