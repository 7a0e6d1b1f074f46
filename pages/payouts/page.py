"""Payouts: payout files are previewed and imported; each payout is listed with its figures and what blocks its tie-out."""

import streamlit as st

from pages.components import accounts, question_windows, segments
from pages.components.common import actor, desk, refusals, texts
from pages.payout_files import fetch, progress, upload
from pages.payouts import address, files, payout_list, payout_windows
from pages.reconciliation import decision_window
from services.access import Right
from services.reconciliation.views import file_list


def page() -> None:
    t = texts()
    st.title(t.titled("Payouts"))
    with refusals():
        known = file_list.any_file(desk(), actor())
        progress.show()
        if accounts.offered(Right.RECONCILE):
            _add(expanded=not known)
        if known:
            _views()
        else:
            _first_file()
    payout_windows.window()
    decision_window.window()
    question_windows.window()


def _add(*, expanded: bool) -> None:
    """Draw the two ways to add payout files where they are unfolded, and while something of them is under way."""
    t = texts()
    fold = st.expander(
        t("Add payout files"),
        icon=":material/upload_file:",
        expanded=expanded,
        key="add_payout_files",
        on_change="rerun",
    )
    if not (fold.open or upload.under_way() or fetch.under_way()):
        return
    ways = [(t("From this computer"), upload.show), (t("From HiPay"), fetch.show)]
    if fetch.configured():
        ways.reverse()
    for tab, (_, show) in zip(fold.tabs([label for label, _ in ways]), ways, strict=True):
        with tab:
            show()


def _views() -> None:
    address.follow()
    account_keys = accounts.chosen()
    view = segments.choose(texts()("View"), address.VIEWS, "show")
    if view == "files":
        files.show(account_keys)
    else:
        payout_list.show(account_keys)
    address.write()


def _first_file() -> None:
    t = texts()
    st.info(
        t(
            "No payout file yet. Download one from HiPay's console (Finance) and add it above: its lines are joined to the payment requests by the invoice number."
        ),
        icon=":material/inbox:",
    )
    if desk().settings.demo:
        st.link_button(
            t("Payout files of the HiPay sandbox"),
            f"{desk().settings.sandbox_url}/control#settlements",
            icon=":material/download:",
        )


page()
