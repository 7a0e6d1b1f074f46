"""One payment request: its state, link, timeline and actions."""

from datetime import datetime

import streamlit as st

from pages.components import selection
from pages.components.alarm_words import alarm_words
from pages.components.common import actor, desk, in_one_read, language, refusals, texts
from pages.components.facts import show_facts
from pages.components.markdown import plain
from pages.components.order_words import BADGES, person_name, unanswered_words
from pages.payment_requests import confirm, link_actions, payment_actions, timeline
from services.error_messages import stored_sentence
from services.i18n import Translator, format_ago, format_datetime, language_name
from services.money import format_money
from services.orders import history
from services.orders.history import Detail
from services.orders.names import CHANNEL_NAMES
from services.orders.states import UNPAID


def show(order_id: int) -> None:
    t = texts()
    if st.button(t("All payment requests"), icon=":material/arrow_back:", type="tertiary"):
        st.query_params.pop("order", None)
        st.rerun()
    with refusals():
        busy = any(
            window(order_id)
            for window in (payment_actions.open_window, link_actions.open_window, confirm.open_window)
        )
        # While a window is open the request is not drawn again: a rerun would close the window.
        st.fragment(_live, run_every=None if busy else 3.0)(order_id)


@in_one_read
def _live(order_id: int) -> None:
    with refusals():
        found = history.detail(desk(), actor(), order_id)
        with selection.opened("requests"):
            _head(found)
        left, right = st.columns([3, 2], gap="large")
        with left:
            timeline.show(found)
        with right:
            _actions(found)
            _facts(found)


def _head(found: Detail) -> None:
    t, order = texts(), found.order
    words, icon, colour = BADGES[found.badge]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(plain(f"{order.first_name} {order.last_name}"), anchor=False, width="content")
        st.badge(t(words), icon=icon, color=colour)
    amount = format_money(order.amount, order.currency, t.locale)
    st.markdown(f"**{plain(amount)}** · {plain(order.description)} · {t('Order id')} {plain(order.order_id)}")
    checked = (
        t("Checked with HiPay {ago}.", ago=format_ago(order.checked_at, found.now, language()))
        if order.checked_at
        else t("Not yet checked with HiPay.")
    )
    st.caption(checked)
    for alarm in found.alarms:
        if alarm.closed_at is None:
            happened, do, icon = alarm_words(alarm.kind, alarm.detail, alarm.opened_at, found.now, t)
            st.error(plain(f"{happened} {do}"), icon=icon)
    if order.failure and found.badge in ("failed", "preparing", "uncertain"):
        st.warning(plain(stored_sentence(order.failure, order.failure_detail, t)), icon=":material/report:")
    if waits := unanswered_words(found.unanswered, t):
        st.info(waits, icon=":material/schedule_send:")


def _actions(found: Detail) -> None:
    t, order = texts(), found.order
    with st.container(border=True):
        if found.url:
            st.markdown(f"**{t('Payment link')}**")
            st.code(found.url, language=None, wrap_lines=True)
            if order.channel == "phone" and order.payment in UNPAID:
                st.link_button(
                    t("Open HiPay's page in a new tab"),
                    found.url,
                    icon=":material/open_in_new:",
                    type="primary",
                )
        elif order.payment == "unpaid":
            st.caption(t("There is no link that can be paid at present."))
        with st.container(horizontal=True):
            if st.button(t("Check now"), icon=":material/sync:", key="check_now"):
                history.check_now(desk(), actor(), [order.id])
                st.toast(t("HiPay is being asked; this page follows by itself."))
            if found.can_retry and st.button(
                t("Try again"), icon=":material/refresh:", type="primary", key="try_again"
            ):
                payment_actions.ask_retry(order.delivery == "uncertain")
        confirm.show(found)
        payment_actions.show(order)
        link_actions.show(found)


def _facts(found: Detail) -> None:
    t, order = texts(), found.order
    account = desk().account(order.account)
    with st.container(border=True):
        show_facts([(label, value) for label, value in _fact_lines(found, account.timezone, t) if value])


def _fact_lines(found: Detail, zone: str, t: Translator) -> list[tuple[str, str]]:
    order = found.order

    def when(moment: datetime | None) -> str:
        return format_datetime(moment, zone, language(), named=False) if moment else ""

    def money(units: int) -> str:
        return format_money(units, order.currency, t.locale) if units else ""

    references = [getattr(order, f"reference_{n}") for n in range(2, 6)]
    return [
        (t("E-mail address"), order.email),
        (t("Telephone"), order.phone),
        (t("Invoice number"), order.reference_1),
        (t("Other references"), ", ".join(text for text in references if text)),
        (t("Held"), money(max(order.authorised - order.captured, 0))),
        (t("Collected"), money(order.captured)),
        (t("Refunded"), money(order.refunded)),
        (t("Charged back"), money(order.charged_back)),
        (t("Channel"), t(CHANNEL_NAMES.get(order.channel, order.channel))),
        (t("Customer's language"), language_name(order.language, language())),
        (
            t("Collection"),
            t("At once") if order.capture == "now" else t("Later (the amount is held on the card)"),
        ),
        (t("Valid until"), when(order.expires_at)),
        (t("Sent by"), person_name(order.sender_name, t)),
        (t("Account"), desk().account(order.account).name),
    ]
