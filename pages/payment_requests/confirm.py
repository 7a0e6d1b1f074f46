"""Confirming by hand a payment that only a notification reported, on an account that is no longer connected to HiPay."""

import streamlit as st

from pages.components.common import actor, desk, refusals, texts
from pages.components.facts import show_facts
from services.i18n import Translator
from services.money import format_money
from services.orders import confirm, history
from services.orders.confirm import Confirmable
from services.orders.create import new_form_key
from services.orders.history import Detail

_WINDOW = "confirm_window"


def show(found: Detail) -> None:
    """Show the request's unconfirmed payment, with a button where a person can confirm it."""
    t, order = texts(), found.order
    if not found.unconfirmed:
        return
    by_hand = confirm.confirmable(desk(), actor(), order.id)
    if order.account in desk().settings.all_accounts:
        if any(alarm.closed_at is None and alarm.kind == "payment_unconfirmed" for alarm in found.alarms):
            return  # the alarm is shown instead, and says more
        st.info(
            t(
                "HiPay has told of a payment, and is being asked for it. Until HiPay shows it, nothing is counted and nothing is sent."
            ),
            icon=":material/hourglass_bottom:",
        )
        return
    st.warning(
        t(
            "HiPay has told of a payment, and can no longer be asked for it: the account is not connected any more."
        ),
        icon=":material/link_off:",
    )
    if by_hand and st.button(t("Confirm the payment…"), icon=":material/verified:", key="confirm_payment"):
        st.session_state[_WINDOW] = (order.id, by_hand, new_form_key())
        st.rerun(scope="app")


def open_window(order_id: int) -> bool:
    """Draw the window if it is open for this order. Returns whether it is."""
    wanted_for, shown, key = st.session_state.get(_WINDOW, (None, (), ""))
    if wanted_for != order_id:
        _close()
        return False
    st.dialog(texts()("Confirm the payment by hand"), on_dismiss=_close)(_window)(order_id, shown, key)
    return True


def _window(order_id: int, shown: tuple[Confirmable, ...], key: str) -> None:
    t = texts()
    with refusals():
        order = history.detail(desk(), actor(), order_id).order
        st.write(
            t(
                "Look it up in HiPay's console first. It then counts as if HiPay had shown it; this cannot be undone."
            )
        )
        for one in shown:
            show_facts([(label, value) for label, value in _facts(one, order.currency, t) if value])
        why = st.text_input(
            t("How do you know?"),
            key=f"confirm_why_{key}",
            max_chars=confirm.WHY_MAX,
            placeholder=t("seen in HiPay's console"),
            help=t("It stays in the timeline."),
        )
        back, go = st.columns(2)
        if back.button(t("Back"), width="stretch", key=f"confirm_back_{key}"):
            _close()
            st.rerun()
        label = t("Yes, it is paid") if any(one.captured for one in shown) else t("Yes, it is real")
        if go.button(
            label, type="primary", width="stretch", disabled=not why.strip(), key=f"confirm_go_{key}"
        ):
            confirm.confirm(desk(), actor(), order_id, shown, why, key)
            _close()
            st.rerun()


def _facts(one: Confirmable, currency: str, t: Translator) -> list[tuple[str, str]]:
    def money(units: int) -> str:
        return format_money(units, currency, t.locale) if units else ""

    return [
        (t("HiPay's transaction"), one.reference),
        (t("Payment"), one.product),
        (t("Held"), money(max(one.authorised - one.captured, 0))),
        (t("Collected"), money(one.captured)),
        (t("Refunded"), money(one.refunded)),
        (t("Charged back"), money(one.charged_back)),
    ]


def _close() -> None:
    st.session_state.pop(_WINDOW, None)
