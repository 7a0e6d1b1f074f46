"""The days on which customers are reminded of an unpaid request; none until somebody chooses some."""

import streamlit as st

from pages.components.common import actor, desk, refusals, texts
from services.accounts import reminders
from services.accounts.reminders import MOST_DAYS, MOST_RULES, Reminders
from services.checklist.overview import Overview
from services.settings.account import Account

_DAYS = list(range(1, 31))


def show(account: Account, found: Overview) -> None:
    t = texts()
    now = reminders.shown(desk(), actor(), account.key)
    st.space("small")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(t("Reminders to customers"), anchor="reminders", width="content")
        if now.on:
            st.badge(t("On"), icon=":material/notifications_active:", color="green")
        else:
            st.badge(t("Off"), icon=":material/notifications_off:", color="gray")
    st.caption(
        t(
            "Each chosen day reminds once, in the customer's language: never after a payment, a cancellation, the link's end or an e-mail that came back, and never twice within a day."
        )
    )
    with st.form(f"cfg_reminders_{account.key}", border=False):
        left, right = st.columns(2)
        before = left.multiselect(
            t("Days before the link ends"),
            _days(now.before),
            now.before,
            max_selections=MOST_RULES,
            key=f"cfg_remind_before_{account.key}",
            disabled=not found.may_configure,
            placeholder=t("None"),
        )
        after = right.multiselect(
            t("Days after the e-mail was sent"),
            _days(now.after),
            now.after,
            max_selections=MOST_RULES,
            key=f"cfg_remind_after_{account.key}",
            disabled=not found.may_configure,
            placeholder=t("None"),
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            begin = st.number_input(
                t("Not before (hour)"),
                0,
                23,
                now.from_hour,
                width=160,
                key=f"cfg_remind_from_{account.key}",
                disabled=not found.may_configure,
            )
            end = st.number_input(
                t("Not after (hour)"),
                1,
                24,
                now.to_hour,
                width=160,
                key=f"cfg_remind_to_{account.key}",
                disabled=not found.may_configure,
            )
            sundays = st.checkbox(
                t("On Sundays too"),
                now.sundays,
                key=f"cfg_remind_sundays_{account.key}",
                disabled=not found.may_configure,
            )
        st.caption(t("Hours of {zone}.", zone=account.timezone))
        if st.form_submit_button(
            t("Save the reminders"), key="cfg_save_reminders", disabled=not found.may_configure
        ):
            wanted = Reminders(
                before=tuple(before),
                after=tuple(after),
                from_hour=int(begin),
                to_hour=int(end),
                sundays=sundays,
            )
            with refusals():
                st.session_state["cfg_saved"] = reminders.save(desk(), actor(), account.key, wanted)
                st.rerun()


def _days(chosen: tuple[int, ...]) -> list[int]:
    return sorted({*_DAYS, *(day for day in chosen if day <= MOST_DAYS)})
