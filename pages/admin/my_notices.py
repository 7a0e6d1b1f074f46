"""My notices: which events of their own payment requests a person gets an e-mail about."""

import streamlit as st

from pages.components.common import actor, desk, language, refusals, texts, toast_saved
from pages.components.markdown import plain
from services.access import users
from services.notices.choices import address, choose, chosen, may_set_address, set_address
from services.notices.facts import KINDS

CHOICES = {
    "paid": ("Paid", "The customer has paid, or the amount is held on the card."),
    "refused": ("Refused", "A payment attempt was refused, with the bank's reason."),
    "not_delivered": ("Not delivered", "The e-mail with the link was refused or came back."),
    "bank_refused": (
        "Refund or collection refused",
        "The bank refuses a refund or a collection that HiPay had accepted.",
    ),
    "charged_back": ("Charged back", "The customer's bank takes the money back."),
    "expires": ("Ends tomorrow, unpaid", "In the morning of the day before a link ends."),
}


def page() -> None:
    t = texts()
    st.title(t("My notices"))
    if may_set_address(desk(), actor()):
        _own_address()
    own = address(actor())
    if own is None and may_set_address(desk(), actor()):
        st.info(t("Write your address first: it is where your notices go."), icon=":material/info:")
    elif own is None:
        st.info(
            t(
                "Your account has no e-mail address that the identity provider has verified, so nothing can be mailed to you. Ask your administrator."
            ),
            icon=":material/info:",
        )
    else:
        st.caption(
            t(
                "A mail to {address}, in the language of these screens, about the payment requests that you sent. Customers never get one.",
                address=plain(own),
            )
        )
    with refusals(), st.form("notices", border=True):
        now = chosen(desk(), actor())
        wanted = []
        for kind in KINDS:
            label, explained = CHOICES[kind]
            with st.container(gap=None):
                ticked = st.checkbox(
                    f"**{t(label)}**", value=kind in now, key=f"notice_{kind}", disabled=own is None
                )
                st.caption(t(explained))
            if ticked:
                wanted.append(kind)
        if st.form_submit_button(
            t("Save my choice"), type="primary", key="save_notices", disabled=own is None
        ):
            changed = choose(desk(), actor(), wanted)
            users.save_language(desk(), actor(), language())  # the language of the notices
            toast_saved(bool(changed))


def _own_address() -> None:
    """Ask for the person's address, which no identity provider gives."""
    t = texts()
    with st.form("own_address", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input(
            t("Your e-mail address"), value=actor().email, key="own_address_text", width=360
        )
        if st.form_submit_button(t("Save the address"), key="save_own_address"):
            with refusals():
                st.session_state["actor"] = set_address(desk(), actor(), typed)
                st.toast(t("Saved."), icon=":material/check:")


page()
