"""The choices of the reconciliation screen, all stored in its address."""

from typing import Any

import streamlit as st

from pages.components import url_state
from pages.components.outcome_words import OUTCOME_ORDER, SORTS
from services import money
from services.reconciliation.views.reasons import STATUSES
from services.settlements.settlement_operations import BY_CODE

SCREEN = "reconciliation"
VIEWS = {
    "lines": "Lines",
    "orders": "Orders",
    "rules": "Rules",
}
BY = {"sales": "By sale", "lines": "By line"}  # what a row of the lines' view is
ANY_OPEN, ALL = "open", "all"  # choices of outcomes, and of statuses
UNKNOWN = "unknown"  # an operation without a code, as the address names it

CHOICES = (
    url_state.one_of("view", tuple(VIEWS), "lines"),
    # of lines
    url_state.some_of("outcome", lambda: (ANY_OPEN, *OUTCOME_ORDER, ALL), (ANY_OPEN,)),
    url_state.text("find"),
    url_state.some_of("operation", lambda: (*BY_CODE, UNKNOWN)),
    url_state.some_of("currency", lambda: sorted(money.CURRENCIES)),
    url_state.text("payout"),
    url_state.numbers("file"),
    url_state.number("of_order"),
    url_state.text("from_amount"),
    url_state.text("to_amount"),
    url_state.day("since"),
    url_state.day("until"),
    url_state.one_of("sort", tuple(SORTS), "latest"),
    url_state.one_of("by", tuple(BY), "sales"),
    url_state.number("line"),
    # of orders
    url_state.one_of("status", (ANY_OPEN, *STATUSES, ALL), ANY_OPEN),
    url_state.flag("late"),
    url_state.text("find_order"),
    url_state.one_of("sort_orders", tuple(SORTS), "newest"),
    url_state.number("order_of"),
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
        st.session_state[choice.key] = choices.get(choice.key, choice.default)
    st.session_state["view"] = view


def view_button(label: str, icon: str, key: str, view: str, **choices: Any) -> None:
    """A button that opens a view, see ``open_view``. It runs the whole screen, also from a fragment."""
    if st.button(
        label, icon=icon, type="tertiary", key=key, on_click=open_view, args=(view,), kwargs=choices
    ):
        st.rerun(scope="app")


def view_link(label: str, icon: str, view: str, **choices: Any) -> None:
    """A link from another screen to a view with these choices, all others at their defaults."""
    codes = url_state.codes(CHOICES, {"view": view, **choices})
    st.page_link("reconciliation/page.py", label=label, icon=icon, query_params=codes)


def leave_for_payouts() -> None:
    """Go to the screen of payouts, with the same choices, from an address of when payouts and files were views of this one."""
    named = st.query_params.to_dict()
    if named.get("view") not in ("payouts", "files"):
        return
    kept: dict[str, str] = {
        key: named[key] for key in ("account", "accounts", "check", "payout_of") if key in named
    }
    if named["view"] == "files":
        kept |= {"show": "files", "file_of": named.get("file_of") or named.get("file", "")}
    st.switch_page("payouts/page.py", query_params=kept)
