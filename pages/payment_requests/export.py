"""The list with its filters as CSV or XLSX, made when the button is pressed."""

import streamlit as st

from pages.components import exports
from pages.components.common import actor, desk, texts
from pages.components.order_words import BADGES, CHANNELS, person_name
from services.access import Actor
from services.desk import Desk
from services.i18n import Translator
from services.orders import history_export
from services.orders.history import Filter
from services.orders.history_export import Words
from services.spreadsheets.write import Form

WORDS = Words({key: text for key, (text, _, _) in BADGES.items()}, CHANNELS, person_name)


def offer(chosen: Filter) -> None:
    """Show a menu with both forms. The filters are applied when a button is pressed."""
    t, here, who = texts(), desk(), actor()  # what makes the file runs without a session
    with st.popover(t("Export"), icon=":material/download:", type="tertiary"):
        if exports.no_room():
            return
        st.caption(t("All that the filters let through, not only this page."))
        name = t("payment-requests")
        st.download_button(
            t("For a spreadsheet (XLSX)"),
            lambda: make_file(here, who, chosen, "xlsx", t),
            file_name=f"{name}.xlsx",
            mime=exports.XLSX,
            on_click="ignore",
            icon=":material/table:",
            key="export_xlsx",
            width="stretch",
        )
        st.download_button(
            t("As text (CSV)"),
            lambda: make_file(here, who, chosen, "csv", t),
            file_name=f"{name}.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/csv:",
            key="export_csv",
            width="stretch",
        )


def make_file(here: Desk, who: Actor, chosen: Filter, form: Form, t: Translator) -> bytes:
    return exports.file_bytes(
        lambda form, out: history_export.write_history(here, who, chosen, form, WORDS, t, out), form
    )
