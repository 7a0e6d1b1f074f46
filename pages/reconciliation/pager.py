"""Buttons to the previous and the next page of a list that has no page numbers."""

from typing import Any

import streamlit as st

from pages.components.outcome_words import cut_words, number
from services.i18n import Translator
from services.reconciliation.views.lists import SHOWN, Cursor, Page


def cursor(name: str, shown: Any) -> Cursor | None:
    """Where the list's page begins. It is the first page whenever ``shown``, the filter and the sort, has changed."""
    if st.session_state.get(f"{name}_shown") != shown:
        st.session_state[f"{name}_shown"] = shown
        st.session_state[f"{name}_cursor"] = (None, 1)
    found: Cursor | None = st.session_state[f"{name}_cursor"][0]
    return found


def pager(name: str, page: Page[Any], t: Translator) -> None:
    place = st.session_state[f"{name}_cursor"][1]
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        for step, target, icon, words in (
            (-1, page.before, ":material/chevron_left:", "Previous page"),
            (1, page.after, ":material/chevron_right:", "Next page"),
        ):
            if page.before is not None or page.after is not None:
                st.button(
                    t(words),
                    icon=icon,
                    type="tertiary",
                    key=f"{name}_{step}",
                    disabled=target is None,
                    on_click=st.session_state.__setitem__,
                    args=(f"{name}_cursor", (target, max(1, place + step))),
                )
        first = (place - 1) * SHOWN + 1
        last = first + len(page.rows) - 1
        if page.total is None:
            st.caption(t("{first}–{last}", first=number(first, t), last=number(last, t)), width="content")
        else:
            words = "{first}–{last} of {total} or more" if page.cut else "{first}–{last} of {total}"
            st.caption(
                t(words, first=number(first, t), last=number(last, t), total=number(page.total, t)),
                width="content",
            )


def warn_cut(page: Page[Any], t: Translator) -> None:
    """Show a warning where the search had too many hits."""
    if page.cut:
        st.warning(cut_words(t), icon=":material/search:")
