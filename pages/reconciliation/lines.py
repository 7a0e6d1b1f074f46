"""Payout lines: the list with its filters, by sale or line by line, one of them compared with its order beside it, and what can be
done with those ticked."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pyarrow as pa
import streamlit as st

from pages.components import accounts, exports, outcome_words, segments, selection, tables
from pages.components.common import actor, desk, in_one_read, refusals, texts
from pages.reconciliation import address, decision_lines, decisions, filters, sale_rows
from pages.reconciliation.line import show_line
from pages.reconciliation.pager import cursor, pager, warn_cut
from services.exports.kinds import Lines
from services.i18n import Translator
from services.reconciliation.views import line_text, lists, sales
from services.reconciliation.views.list_exports import XLSX_ROWS
from services.reconciliation.views.lists import OPEN, Figures, LineFilter, ShownLine
from services.reconciliation.views.sales import Sale

_DETAIL = 370  # pixels
# Session keys: the ticked lines, those that have left the list, and the list and line of the run before.
_TICKED, _LEFT, _SHOWN = "lines_ticked", "lines_left", "lines_seen"


@st.fragment
@in_one_read
def show(figures: Figures, account_keys: tuple[str, ...]) -> None:
    t = texts()
    with refusals():
        chosen = filters.of_lines(figures, account_keys)
        sort: Any = st.session_state.get("sort") or "latest"
        by_sale = (st.session_state.get("by") or "sales") == "sales"
        address.write()
        place = cursor("lines", (chosen, sort, by_sale))
        found = sales.sales(desk(), actor(), chosen, sort, place) if by_sale else None
        page = lists.lines(desk(), actor(), chosen, sort, place) if found is None else found.page
        decisions.show_result()
        warn_cut(page, t)
        _untick_missing(_listed(page.rows), (chosen, sort, place, by_sale))
        decision_lines.show_missing(st.session_state.get(_LEFT, ()))
        if not page.rows and page.after is None:
            _nothing(chosen, figures, t)
            return
        ids = _ticked()
        # The list keeps its place on the page when a detail comes beside it, and so its focus and what is scrolled.
        row = st.container(horizontal=True, gap="medium", key="list_and_detail")
        with row.container(width="stretch", key="list"):
            with st.container(
                horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
            ):
                segments.choose(t("A row is"), address.BY, "by")
                if found is not None:
                    sale_rows.show_pager(found, t)
                else:
                    pager("lines", page, t)
                exports.offer(Lines(chosen=chosen, sort=sort), rows=page.total, most=XLSX_ROWS, cut=page.cut)
            if page.rows:
                _table(page.rows, t)
        address.write()
    if len(ids) > 1:
        with st.container(border=True):
            decisions.actions_of_several(ids)
    elif ids:
        with row.container(width=_DETAIL, key="detail"):
            _next(page.rows, ids[0], t)
            with refusals(), selection.opened("sales" if by_sale else "lines"):
                show_line(ids[0])


def _listed(rows: tuple[Any, ...]) -> dict[int, int]:
    """The lines of these rows, each with the one that names its row."""
    named = {row.id: row.id for row in rows if isinstance(row, ShownLine)}
    for sale in rows:
        if isinstance(sale, Sale):
            named |= {line.id: sale.line.id for line in sale.lines}
    return named


def _next(rows: tuple[Any, ...], line: int, t: Translator) -> None:
    """A button to the next row of the page."""
    order = list(dict.fromkeys(_listed(rows).values()))
    here = _listed(rows).get(line)
    after = order[order.index(here) + 1 :] if here is not None else order
    st.button(
        t("Next"),
        icon=":material/arrow_downward:",
        key="next_line",
        type="tertiary",
        shortcut="Ctrl+Enter",
        disabled=not after,
        on_click=_store_ticks,
        args=(tuple(after[:1]),),
    )


def _table(rows: tuple[Any, ...], t: Translator) -> None:
    by_sale, several = isinstance(rows[0], Sale), accounts.several()
    right = sale_rows.AMOUNTS if by_sale else ("Settled amount",)
    named = _listed(rows)
    selection.draw(
        "sales" if by_sale else "lines",
        sale_rows.cells(rows, several, t) if by_sale else _cells(rows, several, t),
        list(dict.fromkeys(named.values())),
        [named.get(line, line) for line in _ticked()],
        _store_ticks,
        several=True,
        height=tables.height(len(rows)),
        alt=t("Sales. Choose one to see it beside its order, several to decide them at once.")
        if by_sale
        else t("Payout lines. Choose one to see it beside its order, several to decide them at once."),
        column_config={
            **tables.right_aligned(right, t),
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


def _untick_missing(listed: Mapping[int, int], shown: Any) -> None:
    """Untick the lines that have left the list.

    They are named in a warning, unless the person has chosen another list or has just decided them. A line that is open
    below the list stays open until another list is chosen.
    """
    state, ticked, named = st.session_state, _ticked(), st.session_state.get("line")
    before, state[_SHOWN] = state.get(_SHOWN), (shown, named)
    same = before is not None and before[0] == shown
    if not same:
        state.pop(_LEFT, None)
    if listed.keys() >= set(ticked):
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
    if not figures.outcomes:
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
