"""Payout lines: the list with its filters, one of them compared with its order, and what can be done with those ticked."""

from functools import lru_cache
from typing import Any

import pyarrow as pa
import streamlit as st

from pages.components import accounts, exports, outcome_words, selection, tables
from pages.components.common import actor, desk, in_one_read, refusals, texts
from pages.reconciliation import address, decision_lines, decisions, filters
from pages.reconciliation.line import show_line
from pages.reconciliation.pager import cursor, pager, warn_cut
from services.exports.kinds import Lines
from services.i18n import Translator
from services.reconciliation.views import line_text, lists
from services.reconciliation.views.list_exports import XLSX_ROWS
from services.reconciliation.views.lists import OPEN, Figures, LineFilter, ShownLine

# Session keys: the ticked lines, those that have left the list, and the list and line of the run before.
_TICKED, _LEFT, _SHOWN = "lines_ticked", "lines_left", "lines_seen"


@st.fragment
@in_one_read
def show(figures: Figures, account_keys: tuple[str, ...]) -> None:
    t = texts()
    with refusals():
        chosen = filters.of_lines(figures, account_keys)
        sort: Any = st.session_state.get("sort") or "newest"
        address.write()
        place = cursor("lines", (chosen, sort))
        page = lists.lines(desk(), actor(), chosen, sort, place)
        decisions.show_result()
        warn_cut(page, t)
        _untick_missing({line.id for line in page.rows}, (chosen, sort, place))
        decision_lines.show_missing(st.session_state.get(_LEFT, ()))
        if not page.rows:
            _nothing(chosen, figures, t)
            return
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            pager("lines", page, t)
            exports.offer(Lines(chosen=chosen, sort=sort), rows=page.total, most=XLSX_ROWS, cut=page.cut)
        _table(page.rows, t)
        address.write()
    ids = _ticked()
    if len(ids) > 1:
        with st.container(border=True):
            decisions.actions_of_several(ids)
    elif ids:
        with refusals(), selection.opened("lines"):
            show_line(ids[0])


def _table(rows: tuple[ShownLine, ...], t: Translator) -> None:
    selection.draw(
        "lines",
        _cells(rows, accounts.several(), t),
        [line.id for line in rows],
        _ticked(),
        _store_ticks,
        several=True,
        height=tables.height(len(rows)),
        alt=t("Payout lines. Choose one to see it beside its order, several to decide them at once."),
        column_config={
            t("Settled amount"): st.column_config.TextColumn(alignment="right"),
            t("Reason"): st.column_config.TextColumn(width="large"),
        },
    )


def _ticked() -> list[int]:
    """The lines that are ticked: the one that the address names, or several."""
    named = st.session_state.get("line")
    several: list[int] = st.session_state.get(_TICKED, [])
    return [named] if named is not None else several if len(several) > 1 else []


def _store_ticks(ticked: tuple[selection.Id, ...]) -> None:
    st.session_state[_TICKED] = list(ticked)
    st.session_state["line"] = ticked[0] if len(ticked) == 1 else None
    st.session_state.pop(_LEFT, None)


def _untick_missing(listed: set[int], shown: Any) -> None:
    """Untick the lines that have left the list.

    They are named in a warning, unless the person has chosen another list or has just decided them. A line that is open
    below the list stays open until another list is chosen.
    """
    state, ticked, named = st.session_state, _ticked(), st.session_state.get("line")
    before, state[_SHOWN] = state.get(_SHOWN), (shown, named)
    same = before is not None and before[0] == shown
    if not same:
        state.pop(_LEFT, None)
    if listed.issuperset(ticked):
        return
    if named is not None:
        if not same and before is not None and before[1] == named:
            state["line"] = None
        return
    gone = [line for line in ticked if line not in listed]
    state[_TICKED] = [line for line in ticked if line in listed]
    if len(state[_TICKED]) == 1:
        [state["line"]] = state[_TICKED]
    if same:
        state[_LEFT] = [line for line in gone if line not in decisions.just_decided()]


@lru_cache(maxsize=64)
def _cells(rows: tuple[ShownLine, ...], several: bool, t: Translator) -> pa.Table:
    return pa.Table.from_pylist([_row(line, several, t) for line in rows])


def _row(line: ShownLine, several: bool, t: Translator) -> dict[str, str]:
    account = {t("Account"): accounts.name(line.account)} if several else {}
    return {
        t("Outcome"): outcome_words.outcome(line.outcome, t),
        t("Settled amount"): outcome_words.money(line.settled_amount_units, line.settlement_currency, t),
        t("Operation"): line_text.operation(line.operation_code, line.operation, t),
        t("Date"): outcome_words.day(line.date, t),
        t("Reason"): line_text.reason(line, t),
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
    if chosen == LineFilter(accounts=chosen.accounts, outcomes=OPEN):
        st.success(
            t("Nothing is open: every line has its order, or needs none."), icon=":material/check_circle:"
        )
    else:
        st.info(t("No line fits these filters. Remove one to see more."), icon=":material/filter_alt_off:")
    st.button(
        t("Show all lines"),
        key="show_all_lines",
        on_click=address.open_view,
        args=("lines",),
        kwargs={"outcome": "all"},
    )
