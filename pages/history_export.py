"""The history as CSV or XLSX, made when the button is pressed: what the list's filters let through."""

import tempfile
from typing import IO

import streamlit as st

from pages.common import actor, desk, texts
from pages.table_words import XLSX
from pages.wording import BADGES, CHANNELS, person_name
from services.orders import export
from services.orders.export import Form, Words
from services.store.orders import Filter

WORDS = Words({key: text for key, (text, _, _) in BADGES.items()}, CHANNELS, person_name)


def offer(chosen: Filter) -> None:
    """A menu with both forms. What is made is what the filters let through at the moment of the press."""
    t, here, who = texts(), desk(), actor()

    def made(form: Form) -> IO[bytes]:
        out = tempfile.TemporaryFile()  # noqa: SIM115 - Streamlit reads it to its end
        export.write(here, who, chosen, form, WORDS, t, out)
        out.seek(0)
        return out

    with st.popover(t("Export"), icon=":material/download:", type="tertiary"):
        st.caption(t("All that the filters let through, not only this page."))
        name = t("payment-requests")
        st.download_button(
            t("For a spreadsheet (XLSX)"), lambda: made("xlsx"), file_name=f"{name}.xlsx", mime=XLSX, on_click="ignore",
            icon=":material/table:", key="export_xlsx", width="stretch",
        )  # fmt: skip
        st.download_button(
            t("As text (CSV)"), lambda: made("csv"), file_name=f"{name}.csv", mime="text/csv", on_click="ignore",
            icon=":material/csv:", key="export_csv", width="stretch",
        )  # fmt: skip
