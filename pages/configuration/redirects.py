"""The form of the five pages after the payment."""

from urllib.parse import urlencode

import streamlit as st

from pages.components.common import actor, desk, language, refusals, texts
from pages.components.configuration_words import PAGES
from pages.components.markdown import plain
from services.accounts.configuration import save_redirect_pages, use_own_pages
from services.accounts.errors import FieldProblems
from services.accounts.redirects import OWN, read
from services.checklist.overview import Overview
from services.error_messages import sentence
from services.errors import DeskError
from services.i18n import LANGUAGES, language_name
from services.settings.account import Account


def form(account: Account, found: Overview) -> None:
    t, reader, may, public = texts(), language(), found.may_configure, desk().settings.public
    st.caption(
        t(
            "The quickest: the ready-made pages of E-Terminal Desk. Or type the addresses of pages of your own website."
        )
    )
    top = st.container(horizontal=True, vertical_alignment="bottom")
    own = top.button(
        t("Use the ready-made pages"),
        icon=":material/auto_awesome:",
        key="cfg_own_pages",
        disabled=not may or not public,
        help=t("In eight languages, with your logo and your colour.")
        if public
        else t("The ready-made pages need a public address (ETERMINAL_PUBLIC_URL), and none is set."),
    )
    shown_in = top.selectbox(
        t("See them in"),
        LANGUAGES,
        index=LANGUAGES.index(reader),
        key="cfg_see_in",
        width=220,
        format_func=lambda code: language_name(code, reader).capitalize(),
    )
    typed: dict[str, str] = {}
    slots = {}
    for kind, page in found.configuration.redirect_pages.items():
        key = f"cfg_page_{account.key}_{kind}"
        st.session_state.setdefault(key, "" if page == OWN else page)
        st.session_state.setdefault(f"{key}_own", page == OWN)
        left, right, see = st.columns([5, 2, 2], vertical_alignment="bottom")
        # Without a public address a ready-made page can be switched off, but not on.
        locked = not may or not (public or page == OWN)
        ticked = right.checkbox(t("Ready-made"), key=f"{key}_own", disabled=locked)
        ours = ticked and bool(public)
        with left:
            url = st.text_input(
                t(PAGES[kind]),
                key=key,
                live=True,
                disabled=not may or ours,
                placeholder=t("the ready-made page") if ours else "https://www.example.com/…",
            )
            slots[kind] = st.empty()
        if ours:
            link = f"{public}/return/preview/{kind}?{urlencode({'account': account.key, 'lang': shown_in})}"
            see.caption(f"[{t('See this page')}]({link})")
        typed[kind] = OWN if ours or (ticked and not url) else url or ""
    for kind, problem in _problems(typed).items():
        slots[kind].caption(f":red[:material/error: {plain(sentence(problem, t))}]")
    save = st.button(t("Save these pages"), type="primary", key="cfg_save_pages", disabled=not may)
    if not (own or save):
        return
    with refusals():
        changed = (
            use_own_pages(desk(), actor(), account.key)
            if own
            else save_redirect_pages(desk(), actor(), account.key, typed)
        )
        for kind in PAGES:
            for key in (f"cfg_page_{account.key}_{kind}", f"cfg_page_{account.key}_{kind}_own"):
                st.session_state.pop(key, None)
        st.session_state["cfg_saved"] = bool(changed)
        st.rerun()


def _problems(typed: dict[str, str]) -> dict[str, DeskError]:
    try:
        read(typed, sandbox=desk().settings.demo)
    except FieldProblems as error:
        return dict(error.problems)
    return {}
