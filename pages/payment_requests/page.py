"""Payment requests: the list, with its filters in the address, or one request."""

import re
from datetime import datetime
from typing import Any, get_args

import pyarrow as pa
import streamlit as st

from pages.components import accounts, exports, selection, url_state
from pages.components.common import actor, desk, in_one_read, language, refusals, texts
from pages.components.order_words import BADGES, person_name
from pages.components.search_box import search_box
from pages.payment_requests import detail
from services.access import Right
from services.exports.kinds import PaymentRequests
from services.i18n import format_ago, format_short
from services.money import format_money
from services.orders import history, states
from services.orders.drafts import Channel
from services.orders.history import Filter
from services.orders.names import CHANNEL_NAMES

# Streamlit's chips take hexadecimal colours.
_COLOURS = {
    "gray": "#6b7280",
    "blue": "#2563eb",
    "orange": "#c2410c",
    "red": "#b91c1c",
    "yellow": "#a16207",
    "violet": "#6d28d9",
    "green": "#15803d",
}


SCREEN = "payment-requests"
_OPENED = "request_opened"  # the request whose row was clicked, until it is shown
CHOICES = (
    url_state.text("q"),
    url_state.some_of("state", lambda: tuple(states.BADGES)),
    url_state.some_of("channel", lambda: tuple(CHANNEL_NAMES)),
    url_state.text("by"),
    url_state.page("page"),
)


def page() -> None:
    chosen = st.query_params.get("order", "")
    found = re.match(r"[0-9]{1,100}(?![0-9A-Za-z])", chosen)
    if found:
        if found[0] != chosen:  # a mail program took the full stop after the link for part of it
            st.query_params["order"] = found[0]
        st.session_state.pop(_OPENED, None)
        detail.show(int(found[0][:18]))
        return
    st.title(texts()("Payment requests"))
    with refusals():
        _list(_filter())


def _filter() -> Filter:
    """The filters, stored in the address so that a view can be bookmarked or sent to a colleague."""
    t, state = texts(), st.session_state
    url_state.follow(SCREEN, CHOICES)
    every: Any = {"persist_state": "page", "on_change": _from_the_first_page}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = search_box("q", t("name, e-mail, telephone, order, invoice"), on_change=_from_the_first_page)
        badges = st.multiselect(
            t("State"),
            tuple(states.BADGES),
            key="state",
            format_func=lambda key: t(BADGES[key][0]),
            width=290,
            placeholder=t("all"),
            **every,
        )
        channels = st.multiselect(
            t("Channel"),
            list(CHANNEL_NAMES),
            key="channel",
            format_func=lambda key: t(CHANNEL_NAMES[key]),
            width=200,
            placeholder=t("all"),
            **every,
        )
        people = dict(history.senders(desk(), actor()))
        sender = ""
        if len(people) > 1:
            if state["by"] not in people:  # a link of another installation
                state["by"] = ""
            sender = st.selectbox(
                t("Sent by"),
                ["", *people],
                key="by",
                width=200,
                format_func=lambda key: person_name(people[key], t) if key in people else t("everybody"),
                **every,
            )
    url_state.write(SCREEN, CHOICES)
    return Filter(
        text=text,
        badges=tuple(badges),
        accounts=accounts.chosen(),
        channels=tuple(one for one in get_args(Channel) if one in channels),
        sender=sender or "",
    )


def _from_the_first_page() -> None:
    st.session_state["page"] = 1


@st.fragment(run_every=5.0)
@in_one_read
def _list(chosen: Filter) -> None:
    if (opened := st.session_state.get(_OPENED)) is not None:
        st.query_params["order"] = str(opened)
        st.rerun(scope="app")
    t = texts()
    listing = history.find(desk(), actor(), chosen, st.session_state.get("page") or 1)
    if not listing.total:
        _nothing(chosen)
        return
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(t.plural("{count} payment request", "{count} payment requests", listing.total))
        with st.container(horizontal=True, width="content"):
            exports.offer(PaymentRequests(chosen=chosen), rows=listing.total)
            if st.button(t("Check these with HiPay now"), icon=":material/sync:", type="tertiary"):
                history.check_now(desk(), actor(), [order.id for order in listing.orders])
                st.toast(t("HiPay is being asked; the list follows by itself."))
    shown = _table(listing.orders, listing.now)
    selection.draw(
        "requests",
        shown,
        [order.id for order in listing.orders],
        (),
        _open,
        leaves=t("Open the request"),
        row_height=40,
        height="content",
        alt=t("Payment requests, newest first. Choose a row to open it."),
        column_config={
            t("State"): st.column_config.MultiselectColumn(
                width=max(190, 7 * max(len(words) for [words] in shown[t("State")].to_pylist()) + 36),
                options=[t(BADGES[key][0]) for key in states.BADGES],
                color=[_COLOURS[BADGES[key][2]] for key in states.BADGES],
            ),
            t("Amount"): st.column_config.TextColumn(alignment="right"),
        },
    )
    if st.session_state.get("page") != listing.page:
        st.session_state["page"] = listing.page
    if listing.pages > 1:
        st.pagination(listing.pages, key="page", persist_state="page")
    url_state.write(SCREEN, CHOICES)


def _open(ticked: tuple[selection.Id, ...]) -> None:
    if ticked:  # a double click ticks and unticks: the request opens all the same
        st.session_state[_OPENED] = ticked[0]


def _table(orders: tuple[Any, ...], now: datetime) -> pa.Table:
    t, reader = texts(), language()

    def when(moment: datetime | None, zone: str) -> str:
        return format_short(moment, zone, reader) if moment else "—"

    zones = {key: desk().account(key).timezone for key in {order.account for order in orders}}
    columns = {
        t("State"): [[t(BADGES[history.badge(order, now)][0])] for order in orders],
        t("Customer"): [f"{order.first_name} {order.last_name}" for order in orders],
        t("Amount"): [format_money(order.amount, order.currency, t.locale) for order in orders],
        t("Invoice number"): [order.reference_1 or "—" for order in orders],
        t("Sent"): [when(order.sent_at, zones[order.account]) for order in orders],
        t("Valid until"): [when(order.expires_at, zones[order.account]) for order in orders],
        t("Sent by"): [person_name(order.sender_name, t) for order in orders],
        t("Order id"): [order.order_id for order in orders],
        t("Checked"): [
            format_ago(order.checked_at, now, reader) if order.checked_at else "—" for order in orders
        ],
    }
    return pa.table(columns)  # a frame of pandas would cost five times as much


def _nothing(chosen: Filter) -> None:
    """Show what to do next where the list is empty."""
    t = texts()
    if chosen != Filter():
        st.info(
            t("No payment request fits these filters. Remove one to see more."),
            icon=":material/filter_alt_off:",
        )
        return
    if not accounts.offered(Right.SEND):
        st.info(t("Once a manager has sent one, its progress shows here."), icon=":material/inbox:")
        return
    st.info(t("No payment request yet. The first one takes a minute."), icon=":material/inbox:")
    st.page_link("new_order/page.py", label=t("New order"), icon=":material/add_card:")


page()
