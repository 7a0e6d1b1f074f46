"""Capture, refund or cancellation of a request's payment: each is confirmed in a window, and runs once."""

from collections.abc import Collection
from typing import Any

import streamlit as st

from pages.components.common import actor, desk, language, refusals, texts
from pages.components.facts import show_facts
from pages.components.markdown import plain
from pages.components.order_words import OPERATIONS
from services import money
from services.error_messages import stored_sentence
from services.i18n import format_short
from services.money import format_money
from services.orders import history, maintenance_operations
from services.orders.create import new_form_key
from services.orders.maintenance_operations import Possible


def show(order: Any) -> None:
    """Show the buttons of what the payment allows now, and the operations whose outcome is not known yet."""
    asked, now_possible = maintenance_operations.of_order(desk(), actor(), order.id)
    for one in asked:
        if one.state in ("requested", "unknown"):
            _waiting(one)
    with st.container(horizontal=True):
        for choice in now_possible:
            _, icon, _ = OPERATIONS[choice.kind]
            if st.button(
                label(order.account, order.currency, choice, now_possible),
                icon=icon,
                key=f"ask_{choice.kind}_{choice.reference}",
            ):
                ask_operation(order.id, choice)
                st.rerun(scope="app")


def label(account: str, currency: str, choice: Possible, among: Collection[Possible]) -> str:
    """The operation, with its transaction where several transactions allow it."""
    t = texts()
    words = t(OPERATIONS[choice.kind][0])
    if sum(1 for one in among if one.kind == choice.kind) < 2:
        return words
    return plain(t("{what}: {payment}", what=words, payment=_payment(account, currency, choice)))


def ask_operation(order_id: int, choice: Possible) -> None:
    """Open the window that confirms this operation when the order's page is drawn next."""
    st.session_state["window"] = (order_id, choice, new_form_key())


def _payment(account: str, currency: str, choice: Possible) -> str:
    """A transaction: the amount that is left of it, the payment product, and when it was paid."""
    zone = desk().account(account).timezone
    when = format_short(choice.begun_at, zone, language()) if choice.begun_at else ""
    amount = format_money(choice.most, currency, texts().locale)
    return " · ".join(part for part in (amount, choice.product, when or choice.reference) if part)


def ask_retry(uncertain: bool) -> None:
    """Open the window that confirms another try."""
    st.session_state["window"] = (int(st.query_params["order"]), uncertain, "")
    st.rerun(scope="app")


def open_window(order_id: int) -> bool:
    """Draw the window if it is open for this order. Returns whether it is. Called outside the fragment that runs by itself."""
    t = texts()
    wanted_for, wanted, key = st.session_state.get("window", (None, None, ""))
    if wanted_for != order_id:
        _close()
        return False
    if isinstance(wanted, Possible):
        order = history.detail(desk(), actor(), order_id).order
        st.dialog(t(OPERATIONS[wanted.kind][0]), on_dismiss=_close)(_confirm)(order, wanted, key)
    else:
        st.dialog(t("Try again?"), on_dismiss=_close)(_confirm_retry)(order_id, wanted)
    return True


def _confirm_retry(order_id: int, uncertain: bool) -> None:
    t = texts()
    if uncertain:
        st.write(
            t(
                "The e-mail may already have arrived. The customer could receive it twice; the link is the same."
            )
        )
    else:
        st.write(t("Sending is taken up where it stopped. The customer gets one e-mail."))
    with refusals():
        if st.button(t("Yes, try again"), type="primary"):
            history.retry(desk(), actor(), order_id)
            _close()
            st.rerun()


def _waiting(one: Any) -> None:
    t = texts()
    words, icon, _ = OPERATIONS[one.kind]
    amount = format_money(one.amount, one.currency, t.locale) if one.amount else ""
    what = plain(f"{t(words)} {amount}".strip())
    if one.state == "requested":
        st.info(t("{what}: being asked of HiPay…", what=what), icon=icon)
        if one.failure:
            st.caption(plain(stored_sentence(one.failure, one.failure_detail, t)))
        return
    st.warning(
        t(
            "{what}: HiPay did not say whether it was done. It is not asked again by itself. Look for {operation_id} in HiPay's console.",
            what=what,
            operation_id=plain(one.operation_id),
        ),
        icon=":material/help:",
    )
    with st.container(horizontal=True):
        for label, done in ((t("It was done"), True), (t("It was not done"), False)):
            if st.button(label, key=f"decide_{one.id}_{done}"):
                with refusals():
                    maintenance_operations.decide(desk(), actor(), one.id, done=done)
                    st.rerun(scope="app")


def _confirm(order: Any, choice: Possible, key: str) -> None:
    t = texts()
    _, _, explanation = OPERATIONS[choice.kind]
    st.write(t(explanation))
    show_facts(
        [
            (t("Payment"), _payment(order.account, order.currency, choice)),
            (t("HiPay's transaction"), choice.reference),
        ]
    )
    most = format_money(choice.most, order.currency, t.locale)
    amount: int | None = choice.most
    if choice.kind != "cancel":
        typed = st.text_input(
            t("Amount, at most {most}", most=most),
            money.plain(choice.most, order.currency, t.locale),
            key=f"amount_{key}",
        )
        amount = _amount(typed, order.currency)
    why = st.text_input(t("Reason"), key=f"why_{key}", max_chars=maintenance_operations.WHY_MAX)
    if choice.kind == "refund" and not why.strip():
        st.caption(":material/info: " + t("A refund needs a reason: it stays in the timeline."))
    back, go = st.columns(2)
    if back.button(t("Back"), width="stretch", key=f"back_{key}"):
        _close()
        st.rerun()
    label = t("Yes, {what}", what=t(OPERATIONS[choice.kind][0]).lower())
    missing = amount is None or (choice.kind == "refund" and not why.strip())
    if go.button(label, type="primary", width="stretch", disabled=missing, key=f"go_{key}"):
        with refusals():
            maintenance_operations.ask(desk(), actor(), order.id, choice, amount or choice.most, why, key)
            _close()
            st.rerun()


def _amount(typed: str | None, currency: str) -> int | None:
    with refusals():
        return money.to_units(money.parse(typed or "", currency, texts().locale))
    return None


def _close() -> None:
    st.session_state.pop("window", None)
