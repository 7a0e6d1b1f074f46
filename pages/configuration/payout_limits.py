"""After how many days a payout that does not tie raises an alarm, and up to which difference finance may write off."""

import streamlit as st

from pages.components.common import actor, desk, refusals, texts, toast_saved
from services import money
from services.accounts import payout_limits
from services.accounts.payout_limits import LEAST_DAYS, MOST_DAYS, MOST_WRITTEN_OFF
from services.checklist.overview import Overview
from services.settings.account import Account


def show(account: Account, found: Overview) -> None:
    t = texts()
    now = payout_limits.of_account(desk(), actor(), account.key)
    st.space("small")
    st.subheader(t("Payouts that do not tie"), anchor="untied-payouts")
    st.caption(
        t(
            "What differs is under To do at once. Anything else that keeps a payout from tying is there once its days are over."
        )
    )
    with (
        st.form(f"cfg_limits_{account.key}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        days = st.number_input(
            t("A payout must tie after (days)"),
            LEAST_DAYS,
            MOST_DAYS,
            now.untied_days,
            width=260,
            key=f"cfg_untied_days_{account.key}",
            disabled=not found.may_configure,
        )
        most = st.number_input(
            t("Largest difference that may be written off"),
            0,
            MOST_WRITTEN_OFF,
            now.write_off_units // money.UNITS,
            width=320,
            help=t("A whole amount, in the currency of the payout. 0: nothing is written off."),
            key=f"cfg_write_off_{account.key}",
            disabled=not found.may_configure,
        )
        if st.form_submit_button(
            t("Save the limits"), key="cfg_save_limits", disabled=not found.may_configure
        ):
            with refusals():
                toast_saved(payout_limits.save(desk(), actor(), account.key, int(days), int(most)))
