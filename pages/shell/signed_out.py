"""What is shown instead of a screen: the sign-in, and the sentences for a missing role or right."""

from functools import partial

import streamlit as st

from pages.components.common import desk, texts
from pages.components.markdown import plain
from services.access import NotSignedIn
from services.error_messages import sentence


def show(ended: NotSignedIn | None) -> None:
    """The sign-in; ``ended``: why an earlier one is no longer valid."""
    t = texts()
    _, middle, _ = st.columns([1, 2, 1])
    with middle, st.container(border=True):
        st.title("E-Terminal Desk", anchor=False)
        if ended:
            st.warning(plain(sentence(ended, t)), icon=":material/lock_clock:")
        else:
            st.write(t("Payment links and telephone payments over HiPay, reconciled to the cent."))
        for provider in _providers():
            label = t("Sign in with {provider}", provider=provider) if provider else t("Sign in")
            st.button(
                label,
                type="primary",
                key=f"sign_in_{provider}",
                on_click=partial(st.login, provider),
                icon=":material/login:",
            )


def without_role() -> None:
    t = texts()
    st.info(
        t("You are signed in, but you have no role yet. Ask your administrator for one."),
        icon=":material/badge:",
    )


def without_right() -> None:
    t = texts()
    st.info(
        t("Your role does not include this screen. Ask your administrator if you need it."),
        icon=":material/block:",
    )


def _providers() -> list[str | None]:
    """The names of the configured providers; None for the one whose settings are in ``[auth]`` itself."""
    auth = desk().settings.auth
    return [None if name == "default" else name for name in auth.providers] if auth else []
