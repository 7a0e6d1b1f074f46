"""A choice among a few, all in sight."""

from collections.abc import Mapping

import streamlit as st

from pages.components.common import texts


def choose(label: str, options: Mapping[str, str], key: str) -> str:
    """The name that is chosen of these, in the session under ``key``, the first until another is. ``label``: for screen readers;
    ``options``: each name's text, untranslated."""
    t = texts()
    chosen = st.segmented_control(
        label,
        list(options),
        key=key,
        format_func=lambda name: t(options[name]),
        required=True,
        label_visibility="collapsed",
        persist_state="page",
    )
    return chosen or next(iter(options))
