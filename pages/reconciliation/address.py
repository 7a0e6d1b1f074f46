"""The choices of the reconciliation screen, all stored in its address."""

from typing import Any

import streamlit as st

from pages.components import accounts, url_state
from pages.components.outcome_words import OUTCOME_ORDER, PAYOUT_STATES, SORTS
from services import money
from services.access import Right
from services.reconciliation.views.reasons import STATUSES
from services.settlements.settlement_operations import BY_CODE

SCREEN = "reconciliation"
VIEWS = {
    "lines": "Lines",
    "orders": "Orders",
    "payouts": "Payout check",
    "files": "Files",
    "rules": "Rules",
}
ANY_OPEN, ALL = "open", "all"  # choices of outcomes, and of statuses
UNKNOWN = "unknown"  # an operation without a code, as the address names it

CHOICES = (
    url_state.one_of("view", tuple(VIEWS), "lines"),
    url_state.some_of("accounts", lambda: tuple(accounts.offered(Right.SEE_SETTLEMENTS))),
    # of lines
    url_state.some_of("outcome", lambda: (ANY_OPEN, *OUTCOME_ORDER, ALL), (ANY_OPEN,)),
    url_state.text("find"),
    url_state.some_of("operation", lambda: (*BY_CODE, UNKNOWN)),
    url_state.some_of("currency", lambda: sorted(money.CURRENCIES)),
    url_state.text("payout"),
    url_state.number("file"),
    url_state.number("of_order"),
    url_state.text("from_amount"),
    url_state.text("to_amount"),
    url_state.day("since"),
    url_state.day("until"),
    url_state.one_of("sort", tuple(SORTS), "newest"),
    url_state.number("line"),
    # of orders
    url_state.one_of("status", (ANY_OPEN, *STATUSES, ALL), ANY_OPEN),
    url_state.flag("late"),
    url_state.text("find_order"),
    url_state.one_of("sort_orders", tuple(SORTS), "newest"),
    url_state.number("order_of"),
    # of payouts
    url_state.some_of("check", lambda: tuple(PAYOUT_STATES)),
    url_state.text("payout_of"),
    # of files
    url_state.number("file_of"),
)


def follow() -> None:
    """Set the widgets' values from the address."""
    url_state.follow(SCREEN, CHOICES)


def write() -> None:
    """Write the widgets' values into the address."""
    url_state.write(SCREEN, CHOICES)


def open_view(view: str, **choices: Any) -> None:
    """Open a view with these choices, all others at their defaults; for a button's ``on_click``. ``outcome``: one outcome."""
    if "outcome" in choices:
        choices["outcome"] = [choices["outcome"]]
    for choice in CHOICES:
        if choice.key != "accounts":
            st.session_state[choice.key] = choices.get(choice.key, choice.default)
    st.session_state["view"] = view


def view_button(label: str, icon: str, key: str, view: str, **choices: Any) -> None:
    """A button that opens a view, see ``open_view``. It runs the whole screen, also from a fragment."""
    if st.button(
        label, icon=icon, type="tertiary", key=key, on_click=open_view, args=(view,), kwargs=choices
    ):
        st.rerun(scope="app")
