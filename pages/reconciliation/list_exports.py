"""The exports of a whole list as CSV or XLSX, made when the button is pressed."""

from typing import Any

import streamlit as st

from pages.components import exports
from pages.components.common import actor, desk, texts
from pages.components.outcome_words import cut_words, number
from services.reconciliation.views.list_exports import XLSX_ROWS, write_lines, write_orders, write_payouts
from services.reconciliation.views.lists import LineFilter, OrderFilter, Page

_MOST_UNZIPPED = (
    200_000  # rows of a CSV; a longer one is offered as a ZIP, since it is in memory until it is downloaded
)


def offer_lines(chosen: LineFilter, sort: Any, page: Page[Any]) -> None:
    here, who, t = desk(), actor(), texts()  # what writes the file runs without a session
    _offer(
        "lines",
        t("payout-lines"),
        page.total,
        lambda form, out: write_lines(here, who, chosen, sort, form, t, out),
        cut=page.cut,
    )


def offer_orders(chosen: OrderFilter, sort: Any, page: Page[Any], *, late: bool) -> None:
    here, who, t = desk(), actor(), texts()
    _offer(
        "orders",
        t("orders-settled"),
        page.total,
        lambda form, out: write_orders(here, who, chosen, sort, form, t, out, late=late),
        cut=page.cut,
    )


def offer_payouts(accounts: tuple[str, ...], states: tuple[str, ...], total: int) -> None:
    here, who, t = desk(), actor(), texts()
    _offer(
        "payouts",
        t("payouts"),
        total,
        lambda form, out: write_payouts(here, who, accounts, states, form, t, out),
    )


def _offer(name: str, file: str, total: int | None, write: exports.Write, *, cut: bool = False) -> None:
    t = texts()
    with st.popover(t("Export"), icon=":material/download:", type="tertiary"):
        if exports.no_room():
            return
        if cut:
            st.warning(cut_words(t), icon=":material/search:")
        else:
            st.caption(t("All that the filters let through, not only this page."))
        if total is None or total <= XLSX_ROWS:
            st.download_button(
                t("For a spreadsheet (XLSX)"),
                lambda: exports.file_bytes(write, "xlsx"),
                file_name=f"{file}.xlsx",
                mime=exports.XLSX,
                on_click="ignore",
                icon=":material/table:",
                key=f"export_{name}_xlsx",
                width="stretch",
            )
        packed = total is not None and total > _MOST_UNZIPPED
        st.download_button(
            t("As text (CSV) in a ZIP") if packed else t("As text (CSV)"),
            (lambda: exports.zip_bytes(write, f"{file}.csv"))
            if packed
            else (lambda: exports.file_bytes(write, "csv")),
            file_name=f"{file}.zip" if packed else f"{file}.csv",
            mime="application/zip" if packed else "text/csv",
            on_click="ignore",
            icon=":material/csv:",
            key=f"export_{name}_csv",
            width="stretch",
        )
        if total is None or total > XLSX_ROWS:
            st.caption(
                t("A spreadsheet file holds at most {most} rows; CSV holds all.", most=number(XLSX_ROWS, t))
            )
