"""The choices of the screen of payouts, all stored in its address."""

import streamlit as st

from pages.components import url_state
from pages.components.outcome_words import PAYOUT_STATES

SCREEN = "payouts"
VIEWS = {"payouts": "Payouts", "files": "Files"}

CHOICES = (
    url_state.one_of("show", tuple(VIEWS), "payouts"),
    url_state.some_of("check", lambda: tuple(PAYOUT_STATES)),
    url_state.month("month"),
    url_state.text("find_payout"),
    url_state.text("payout_of"),
    url_state.number("file_of"),
)


def follow() -> None:
    """Set the widgets' values from the address."""
    url_state.follow(SCREEN, CHOICES)


def write() -> None:
    """Write the widgets' values into the address."""
    url_state.write(SCREEN, CHOICES)


def show_all() -> None:
    """Take the filters away; for a button's ``on_click``."""
    st.session_state["check"], st.session_state["month"], st.session_state["find_payout"] = [], "", ""
