"""Reconciliation: payout files looked at and imported; every line and every order by outcome; each payout checked."""

import streamlit as st

from pages import payout_files, reconciliation_results
from pages.common import actor, desk, refusals, texts
from services.access import Right, rights
from services.reconciliation import imports


def page() -> None:
    t = texts()
    st.title(t("Reconciliation"))
    with refusals():
        with desk().store.read() as tx:
            may_import = Right.RECONCILE in rights(tx, actor())
        known = imports.files(desk(), actor())
        if may_import:
            with st.expander(t("Add payout files"), icon=":material/upload_file:", expanded=not known):
                payout_files.show()
            payout_files.say_imported()
        if not known:
            st.info(
                t("No payout file yet. Download one from HiPay's console (Finance) and add it above: its lines are joined to the payment requests by the invoice number."),
                icon=":material/inbox:",
            )  # fmt: skip
            if desk().settings.demo:
                st.link_button(
                    t("Payout files of the HiPay sandbox"),
                    f"{desk().settings.sandbox_url}/control#settlements",
                    icon=":material/download:",
                )
            return
        reconciliation_results.show(known)


page()
