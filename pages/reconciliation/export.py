"""What a list shows, whole, as CSV or XLSX: made when the button is pressed."""

import tempfile
import zipfile
from collections.abc import Callable
from typing import Any, BinaryIO

import streamlit as st

from pages.bulk.table import XLSX
from pages.components.common import actor, desk, texts
from pages.components.outcome_words import cut_words, number
from pages.shell.disk_banner import no_exports
from services.reconciliation.views import exports
from services.reconciliation.views.exports import XLSX_ROWS
from services.reconciliation.views.lists import LineFilter, OrderFilter, Page
from services.spreadsheets.write import Form

_PACKED = 200_000  # rows from which a CSV is put into a ZIP: Streamlit holds what it hands out in memory
Write = Callable[[Form, BinaryIO], int]


def lines(chosen: LineFilter, sort: Any, page: Page) -> None:
    here, who, t = desk(), actor(), texts()  # the making has no session of its own
    _offer(
        "lines",
        t("payout-lines"),
        page.total,
        lambda form, out: exports.write_lines(here, who, chosen, sort, form, t, out),
        cut=page.cut,
    )


def orders(chosen: OrderFilter, sort: Any, page: Page, *, late: bool) -> None:
    here, who, t = desk(), actor(), texts()
    _offer(
        "orders",
        t("orders-settled"),
        page.total,
        lambda form, out: exports.write_orders(here, who, chosen, sort, form, t, out, late=late),
        cut=page.cut,
    )


def payouts(accounts: tuple[str, ...], states: tuple[str, ...], total: int) -> None:
    here, who, t = desk(), actor(), texts()
    _offer(
        "payouts",
        t("payouts"),
        total,
        lambda form, out: exports.write_payouts(here, who, accounts, states, form, t, out),
    )


def _offer(name: str, file: str, total: int | None, write: Write, *, cut: bool = False) -> None:
    t = texts()
    with st.popover(t("Export"), icon=":material/download:", type="tertiary"):
        if no_exports():
            return
        if cut:
            st.warning(cut_words(t), icon=":material/search:")
        else:
            st.caption(t("All that the filters let through, not only this page."))
        if total is None or total <= XLSX_ROWS:
            st.download_button(
                t("For a spreadsheet (XLSX)"),
                lambda: made(write, "xlsx"),
                file_name=f"{file}.xlsx",
                mime=XLSX,
                on_click="ignore",
                icon=":material/table:",
                key=f"export_{name}_xlsx",
                width="stretch",
            )
        packed = total is not None and total > _PACKED
        st.download_button(
            t("As text (CSV) in a ZIP") if packed else t("As text (CSV)"),
            (lambda: zipped(write, f"{file}.csv")) if packed else (lambda: made(write, "csv")),
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


def made(write: Write, form: Form) -> bytes:
    """The file, written to disk as it grows, and read at the end."""
    with tempfile.TemporaryFile() as out:
        write(form, out)
        out.seek(0)
        return out.read()


def zipped(write: Write, name: str) -> bytes:
    with tempfile.TemporaryFile() as out:
        with (
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed,
            packed.open(name, "w", force_zip64=True) as part,
        ):
            write("csv", part)  # type: ignore[arg-type]
        out.seek(0)
        return out.read()
