"""The order that was just created: its progress, and links to what a person does next."""

import streamlit as st

from pages.components.common import actor, desk, in_one_read, refusals, texts
from pages.components.markdown import plain
from pages.components.order_words import BADGES, unanswered_words
from services.error_messages import stored_sentence
from services.money import format_money
from services.orders import history


def show(order_id: int) -> None:
    """The order's progress, read every second."""
    _progress(order_id)
    t = texts()
    left, right = st.columns([1, 3])
    if left.button(t("New order"), icon=":material/add:", type="secondary"):
        del st.session_state["sent_order"]
        st.rerun()
    right.page_link(
        "payment_requests/page.py",
        label=t("See it among the payment requests"),
        icon=":material/receipt_long:",
        query_params={"order": str(order_id)},
    )


@st.fragment(run_every=1.0)
@in_one_read
def _progress(order_id: int) -> None:
    t = texts()
    with refusals():
        found = history.detail(desk(), actor(), order_id)
        order, url = found.order, found.url
        amount = format_money(order.amount, order.currency, t.locale)
        name = f"{order.first_name} {order.last_name}"
        text, icon, _ = BADGES[found.badge]
        if found.badge == "failed":
            words = plain(stored_sentence(order.failure, order.failure_detail, t))
            st.error(t("Not sent.") + " " + words, icon=icon)
        elif order.payment != "unpaid":
            st.success(
                t("{name}, {amount}: {state}", name=plain(name), amount=plain(amount), state=t(text)),
                icon=icon,
            )
        elif order.channel == "phone" and url:
            st.info(
                t(
                    "HiPay's page is ready for {name}, {amount}. Type the card there: it never passes through this tool.",
                    name=plain(name),
                    amount=plain(amount),
                ),
                icon=":material/call:",
            )
            st.link_button(
                t("Open HiPay's page in a new tab"), url, type="primary", icon=":material/open_in_new:"
            )
        elif order.delivery == "sent":
            st.success(
                t(
                    "The link for {amount} was sent to {address}.",
                    amount=plain(amount),
                    address=plain(order.email),
                ),
                icon=":material/mark_email_read:",
            )
        elif order.failure:
            st.warning(
                t("Not sent yet, it is tried again by itself.")
                + " "
                + plain(stored_sentence(order.failure, order.failure_detail, t)),
                icon=":material/refresh:",
            )
        else:
            st.info(
                unanswered_words(found.unanswered, t)
                or (
                    # Of our own link HiPay is asked when the customer presses its button.
                    t("Being sent… You may leave this page: it goes on by itself.")
                    if order.link_token
                    else t("Being prepared with HiPay… You may leave this page: it goes on by itself.")
                ),
                icon=icon,
            )
