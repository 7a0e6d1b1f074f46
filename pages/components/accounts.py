"""The choice of HiPay accounts, asked for only where there are several."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import services.accounts.offered
from pages.components.common import actor, desk, texts
from pages.components.markdown import plain
from services.access import NotAllowed, Right
from services.error_messages import sentence
from services.settings.account import Account


def several() -> bool:
    """Whether there are several accounts, so that a screen must name the one that it means."""
    return len(desk().settings.all_accounts) > 1


def name(key: str) -> str:
    return desk().account(key).name


def offered(right: Right) -> dict[str, Account]:
    """The accounts that the reader has the right on."""
    return services.accounts.offered.offered(desk(), actor(), right)


def choose(
    key: str, right: Right, *, place: DeltaGenerator | None = None, help: str | None = None
) -> Account:
    """One account that the reader has the right on, the first until another is chosen. ``key``: of the widget, which
    remembers the choice for the session. Where there are several accounts and the reader has the right on one, the widget
    shows it and is disabled. Stops the screen where the reader has the right on no account of the settings."""
    accounts = offered(right)
    if not accounts:
        st.error(plain(sentence(NotAllowed(right), texts())))
        st.stop()
    chosen = next(iter(accounts))
    if several():
        if st.session_state.get(key) not in accounts:
            st.session_state[key] = chosen
        draw = place.selectbox if place else st.selectbox
        only = len(accounts) == 1
        chosen = draw(
            texts()("Account"),
            list(accounts),
            format_func=name,
            key=key,
            help=help,
            disabled=only,
            persist_state="page",  # where it is folded away
        )
    return accounts[chosen]


def choose_several(
    key: str, right: Right, *, width: int, on_change: Callable[[], None] | None = None
) -> tuple[str, ...]:
    """The keys of the accounts that a list is filtered by. An empty tuple is all that the reader has the right on."""
    accounts = offered(right)
    if len(accounts) < 2:
        return ()
    t = texts()
    chosen = st.multiselect(
        t("Account"),
        list(accounts),
        key=key,
        format_func=name,
        placeholder=t("all"),
        width=width,
        persist_state="page",
        on_change=on_change,
    )
    return tuple(chosen)
