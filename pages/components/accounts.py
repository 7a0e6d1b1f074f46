"""The choice of HiPay accounts, asked for only where there are several."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.common import desk, texts
from services.settings import Account


def several() -> bool:
    """Whether an account must be named for a reader to know which one is meant."""
    return len(desk().settings.all_accounts) > 1


def name(key: str) -> str:
    return desk().account(key).name


def choose(key: str, *, place: DeltaGenerator | None = None, help: str | None = None) -> Account:
    """One account, the first until another is chosen; ``key``: of the widget, which remembers it for the session."""
    accounts = desk().settings.all_accounts
    chosen = next(iter(accounts))
    if len(accounts) > 1:
        st.session_state.setdefault(key, chosen)
        draw = place.selectbox if place else st.selectbox
        chosen = draw(texts()("Account"), list(accounts), format_func=name, key=key, help=help)
    return accounts[chosen]


def choose_several(key: str, *, width: int, on_change: Callable[[], None] | None = None) -> tuple[str, ...]:
    """The keys of the accounts that a list is narrowed to; none of them is all."""
    if not several():
        return ()
    t = texts()
    chosen = st.multiselect(
        t("Account"),
        list(desk().settings.all_accounts),
        key=key,
        format_func=name,
        placeholder=t("all"),
        width=width,
        persist_state="page",
        on_change=on_change,
    )
    return tuple(chosen)
