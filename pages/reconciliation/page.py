"""Reconciliation: payout lines and orders are listed by outcome, joined by rules."""

import streamlit as st

from pages.components import question_windows
from pages.components.common import actor, desk, refusals, texts
from pages.reconciliation import acceptance, address, decision_window, not_ours, results
from services.reconciliation.views import file_list


def page() -> None:
    address.leave_for_payouts()
    t = texts()
    st.title(t("Reconciliation"))
    with refusals():
        if file_list.any_file(desk(), actor()):
            results.show()
        else:
            _first_file()
    decision_window.window()
    acceptance.window()
    not_ours.window()
    question_windows.window()


def _first_file() -> None:
    t = texts()
    st.info(t("No payout file yet: add one under Payouts."), icon=":material/inbox:")
    st.page_link("payouts/page.py", label=t("Add payout files"), icon=":material/upload_file:")


page()
