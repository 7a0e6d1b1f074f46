"""Accepting an open order as it stands, and taking that back: the buttons, the window, what was accepted."""

from typing import Any

import streamlit as st

from pages.by_hand_kit import ask_reason, go, refused
from pages.common import actor, desk, language, texts
from pages.markdown import plain
from pages.wording import person_name
from services.access import Right, rights
from services.i18n import format_datetime
from services.orders.create import new_form_key
from services.reconciliation import accepting, positions
from services.store import Row

_WINDOW = "acceptance_window"


def show(order: Row[Any]) -> None:
    """What was accepted of an order (``views.OrderDetail.order``), and what can be done now."""
    t, zone = texts(), desk().account(order.account).timezone
    for one in accepting.of_order(desk(), actor(), order.id):
        moment = format_datetime(one.at, zone, language(), named=False)
        words = (
            t("Accepted as it stood") if one.undone_at is None else t("Accepted as it stood (undone since)")
        )
        if one.undone_at is None and not one.holds:
            words = t("Accepted with other figures: it is open again")
        with st.container(border=True):
            st.markdown(f":material/task_alt: **{words}**")
            st.markdown(plain(one.reason) if one.reason else f"*{t('erased with the customer')}*")
            st.caption(f"{plain(person_name(one.who, t) or t('somebody'))} · {moment}")
    with desk().store.read() as tx:
        if Right.RECONCILE not in rights(tx, actor()):
            return
    if order.open:
        label, act = t("Accept as it stands"), "accept"
    elif order.accepted is not None:
        label, act = t("Undo the acceptance"), "undo"
    else:
        return
    icon = ":material/task_alt:" if act == "accept" else ":material/undo:"
    if st.button(label, icon=icon, key=f"{act}_order_{order.id}"):
        st.session_state[_WINDOW] = (
            act,
            order.id,
            order.order_id,
            order.account,
            positions.figures(order._mapping),
            new_form_key(),
        )
        st.rerun(scope="app")


def window() -> None:
    """Draw the window that was asked for. Called once on the page, outside the parts that run by themselves."""
    asked = st.session_state.get(_WINDOW)
    if asked is not None:
        t = texts()
        title = t("Accept as it stands") if asked[0] == "accept" else t("Undo the acceptance")
        st.dialog(title, width="small", on_dismiss=_close)(_window)(*asked)


def _close() -> None:
    st.session_state.pop(_WINDOW, None)


def _window(act: str, order: int, order_id: str, account: str, figures: dict[str, Any], key: str) -> None:
    t = texts()
    st.caption(plain(t("Order {order_id}", order_id=order_id)))
    if act == "accept":
        st.write(
            t("The order leaves the list of what is open. It comes back when one of its figures changes.")
        )
    else:
        st.write(t("The order is open again."))
    why = ask_reason("accept_order" if act == "accept" else "undo", key)
    label = t("Accept") if act == "accept" else t("Undo")
    if go(label, key, _close, ready=bool(why.strip())):
        with refused(account):
            if act == "accept":
                accepting.accept(desk(), actor(), order, figures, why, key)
            else:
                accepting.undo(desk(), actor(), order, why)
            _close()
            st.rerun()
