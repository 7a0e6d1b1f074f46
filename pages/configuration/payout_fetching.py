"""Automatic fetching of an account's payouts: whether, how often, and the address for HiPay's finance notifications."""

import streamlit as st

from pages.components.common import actor, desk, refusals, texts, toast_saved
from services.checklist.overview import Overview
from services.imports.received.fetch_schedule import LEAST_HOURS, MOST_HOURS, Automatic, automatic, save
from services.orders.redirect_urls import finance_notify_url
from services.settings.account import Account


def show(account: Account, found: Overview) -> None:
    t = texts()
    if account.environment == "stage":
        return
    with desk().store.read() as tx:
        now = automatic(tx, desk(), account.key)
    st.space("small")
    st.subheader(t("Payouts from HiPay"), anchor="payouts")
    st.caption(
        t(
            "HiPay's list of payouts is looked at by itself, and the files that are new are fetched and joined."
        )
    )
    with (
        st.form(f"cfg_payouts_{account.key}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        on = st.toggle(
            t("Fetch payouts by themselves"),
            now.on,
            key=f"cfg_payouts_on_{account.key}",
            disabled=not found.may_configure,
        )
        hours = st.number_input(
            t("Every (hours)"),
            LEAST_HOURS,
            MOST_HOURS,
            now.hours,
            width=160,
            key=f"cfg_payouts_hours_{account.key}",
            disabled=not found.may_configure,
        )
        if st.form_submit_button(t("Save"), key="cfg_save_payouts", disabled=not found.may_configure):
            with refusals():
                toast_saved(bool(save(desk(), actor(), account.key, Automatic(on, int(hours)))))
    if url := finance_notify_url(desk(), account.key):
        caption = (
            t("HiPay can announce each payout (finance notifications) at this address:")
            if account.finance_secrets
            else t(
                "HiPay can announce each payout (finance notifications) at this address, once their password is in the settings:"
            )
        )
        st.caption(caption)
        st.code(url, language=None)
