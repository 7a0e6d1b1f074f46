"""Warnings about an order before it is sent. Sending stays possible."""

import streamlit as st

from pages.components.common import actor, desk, refusals, texts
from pages.components.markdown import plain
from pages.components.warning_words import warning_sentence
from services.orders.drafts import Accepted
from services.orders.warnings import OrderNamed, SendingWarning, warnings

# A key of the order form, removed with it: the id of the order that it was duplicated from.
DUPLICATED_FROM = "order_duplicated_from"


def show_warnings(order: Accepted) -> None:
    """Show a box for each warning, with links to the orders that it names."""
    found: tuple[SendingWarning, ...] = ()
    with refusals():
        found = warnings(desk(), actor(), order, st.session_state.get(DUPLICATED_FROM))
    for warning in found:
        words, named = warning_sentence(warning, order, texts())
        if not words:
            continue
        with st.container(gap="xsmall"):
            st.warning(plain(words), icon=":material/info:")
            for one in named:
                st.page_link(
                    "payment_requests/page.py",
                    label=_link_label(one),
                    icon=":material/receipt_long:",
                    query_params={"order": str(one.id)},
                )


def _link_label(one: OrderNamed) -> str:
    return plain(texts()("Look at {order_id}", order_id=one.order_id))
