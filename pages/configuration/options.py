"""Which link the e-mail contains: our own, where a public address is set, or HiPay's."""

import streamlit as st

from pages.components.common import actor, desk, refusals, texts
from services.accounts import options
from services.accounts.options import Options
from services.checklist.overview import Overview
from services.settings.account import Account


def show(account: Account, found: Overview) -> None:
    t = texts()
    st.space("small")
    st.subheader(t("Payment link"), anchor="payment-link")
    st.caption(
        t(
            "With our own link a request can be cancelled, corrected or extended until it is paid, and mail scanners open nothing."
        )
    )
    now = options.of_account(desk(), actor(), account.key)
    has_address = bool(desk().settings.public)
    if not has_address:
        st.info(
            t(
                "No public address is set, so the e-mail holds HiPay's own address. Ask whoever runs the server for one."
            ),
            icon=":material/link_off:",
        )
    own = st.toggle(
        t("The e-mail holds our own link"),
        now.own_link and has_address,
        key=f"cfg_own_link_{account.key}",
        disabled=not (found.may_configure and has_address),
        help=t(
            "It leads to a page of ours with one button, and from there to HiPay. Requests that were sent keep the link they have."
        ),
    )
    if has_address and own != now.own_link:
        with refusals():
            st.session_state["cfg_saved"] = options.save(desk(), actor(), account.key, Options(own_link=own))
            st.rerun()
