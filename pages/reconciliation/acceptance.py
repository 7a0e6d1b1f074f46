"""Accepting the figures of an open order, and undoing it: the buttons, the window, and what was accepted."""

from dataclasses import asdict
from typing import Any

import streamlit as st

from pages.components import outcome_words
from pages.components.common import actor, allowed, desk, language, texts
from pages.components.decision_windows import ask_reason, confirm_or_back, decision_refusals
from pages.components.facts import show_facts
from pages.components.markdown import plain
from pages.components.order_words import person_name
from services.access import Right
from services.i18n import Translator, format_datetime
from services.orders.create import new_form_key
from services.reconciliation.decisions import acceptances
from services.reconciliation.matching import positions
from services.reconciliation.views import details
from services.reconciliation.views.lists import PositionedOrder

_WINDOW = "acceptance_window"


def show(order: PositionedOrder) -> None:
    """Show each acceptance of the order, and the button of what can be done now."""
    t, zone = texts(), desk().account(order.account).timezone
    for one in acceptances.of_order(desk(), actor(), order.id):
        moment = format_datetime(one.at, zone, language(), named=False)
        words = (
            t("Accepted as it stood") if one.undone_at is None else t("Accepted as it stood (undone since)")
        )
        if one.undone_at is None and not one.applies:
            words = t("Accepted with other figures: it is open again")
        with st.container(border=True):
            st.markdown(f":material/task_alt: **{words}**")
            st.markdown(plain(one.reason) if one.reason else f"*{t('erased with the customer')}*")
            st.caption(f"{plain(person_name(one.who, t) or t('somebody'))} · {moment}")
    if not allowed(Right.RECONCILE, order.account):
        return
    if order.open:
        label, act = t("Accept as it stands"), "accept"
    elif order.accepted is not None:
        label, act = t("Undo the acceptance"), "undo"
    else:
        return
    icon = ":material/task_alt:" if act == "accept" else ":material/undo:"
    # The window gets the order as it is drawn here, even if it changes before the button is pressed.
    st.button(label, icon=icon, key=f"{act}_order_{order.id}", on_click=_open, args=(act, asdict(order)))


def _open(act: str, order: dict[str, Any]) -> None:
    st.session_state[_WINDOW] = (act, order, new_form_key())
    st.rerun(scope="app")


def window() -> None:
    """Draw the window if it is open. Called once on the page, outside the fragments."""
    asked = st.session_state.get(_WINDOW)
    if asked is not None:
        t = texts()
        title = t("Accept as it stands") if asked[0] == "accept" else t("Undo the acceptance")
        st.dialog(title, width="small", on_dismiss=_close)(_window)(*asked)


def _close() -> None:
    st.session_state.pop(_WINDOW, None)


def _window(act: str, order: dict[str, Any], key: str) -> None:
    """``order``: as it was drawn when the button was pressed."""
    t, number = texts(), order["id"]
    st.caption(plain(t("Order {order_id}", order_id=order["order_id"])))
    show_facts(_figures(order, t))
    with decision_refusals(order["account"]):
        now = details.order(desk(), actor(), number).order
        changed = (
            positions.figures(dict(asdict(now))) != positions.figures(order)
            or now.accepted != order["accepted"]
        )
        if changed:
            st.warning(
                t("The order's figures have changed meanwhile: look at it again."),
                icon=":material/sync_problem:",
            )
        elif act == "accept":
            st.write(
                t("The order leaves the list of what is open. It comes back when one of its figures changes.")
            )
        else:
            st.write(t("The order is open again."))
        why = ask_reason("accept_order" if act == "accept" else "undo", key)
        label = t("Accept") if act == "accept" else t("Undo")
        if confirm_or_back(label, key, _close, ready=bool(why.strip()) and not changed):
            if act == "accept":
                acceptances.accept(desk(), actor(), number, positions.figures(order), why, key)
            else:
                acceptances.undo(desk(), actor(), number, why, shown=order["accepted"])
            _close()
            st.rerun()


def _figures(order: dict[str, Any], t: Translator) -> list[tuple[str, str]]:
    money, code = outcome_words.money, order["currency"]
    return [
        (t("Status"), outcome_words.status(order["status"], t)),
        (t("Ordered"), money(order["amount"], code, t)),
        (t("Captured"), money(order["captured_units"], code, t)),
        (t("Settled gross"), money(order["gross_units"], code, t)),
        (t("Still open"), money(order["open_units"], code, t)),
    ]
