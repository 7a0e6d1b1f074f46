"""The days after which a collected payment that is in no payout raises an alarm."""

import streamlit as st

from pages.components.common import actor, desk, refusals, texts, toast_saved
from services.accounts.settlement_delay import LEAST_DAYS, MOST_DAYS, days_to_settle, save_days_to_settle
from services.checklist.overview import Overview
from services.settings.account import Account


def show(account: Account, found: Overview) -> None:
    t = texts()
    with desk().store.read() as tx:
        now = days_to_settle(tx, account.key)
    st.space("small")
    st.subheader(t("Late payouts"), anchor="late-payouts")
    st.caption(
        t(
            "Later than that, finance finds it under To do on the Overview. It counts only once a payout file of the account has been imported."
        )
    )
    with (
        st.form(f"cfg_late_{account.key}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        days = st.number_input(
            t("A collected payment must be in a payout after (days)"),
            LEAST_DAYS,
            MOST_DAYS,
            now,
            width=340,
            key=f"cfg_late_days_{account.key}",
            disabled=not found.may_configure,
        )
        if st.form_submit_button(t("Save the days"), key="cfg_save_late", disabled=not found.may_configure):
            with refusals():
                toast_saved(bool(save_days_to_settle(desk(), actor(), account.key, int(days))))
