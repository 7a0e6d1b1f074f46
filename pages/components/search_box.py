"""The search field above a list."""

from typing import Any

import streamlit as st

from pages.components.common import texts


def search_box(key: str, placeholder: str, **options: Any) -> str:
    """Draw the field and return its text. ``placeholder``: what can be searched for; ``options`` are Streamlit's."""
    found = st.text_input(
        texts()("Search"),
        key=key,
        type="search",
        live=True,
        width=340,
        icon=":material/search:",
        placeholder=placeholder,
        persist_state="page",
        **options,
    )
    return found or ""
