"""Streamlit's uploader, with a sentence of ours when a file was not taken."""

import json
from typing import Any

import streamlit as st

from pages.components.common import texts
from pages.shell import open_screens
from services.web.uploads import PERSON_BYTES

_DRAWN, _SEEN = (
    "uploader_drawn",
    "uploader_seen",
)  # ids of files: in this run's uploaders, in those of the run before


def files(label: str, **options: Any) -> Any:
    """``st.file_uploader``. It marks a file that was not taken in red, and says the server's number for it in English, to
    whoever finds it with the mouse: so the reason stands below."""
    reason = texts()(
        "The file marked in red was not taken: it is too large or of another kind, or more than {megabytes} MB would wait here. Remove it, import or remove what waits, then add it again.",
        megabytes=PERSON_BYTES // 1_000_000,
    )
    uploaded = st.file_uploader(label, **options)
    st.html(
        '<style>[data-testid="stFileUploader"]:has([data-testid="stFileChipIconError"])::after '
        f"{{ content: {json.dumps(reason, ensure_ascii=False)}; display: block; margin-top: .5rem; }}</style>"
    )
    found = uploaded if isinstance(uploaded, list) else [uploaded] if uploaded else []
    st.session_state.setdefault(_DRAWN, set()).update(file.file_id for file in found)
    return uploaded


def give_back() -> None:
    """At the end of a whole run: Streamlit keeps a file that was imported, or whose screen was left, as long as its session.

    One that no run has seen yet is on its way into an uploader, and stays."""
    drawn = st.session_state.pop(_DRAWN, set())
    for gone in st.session_state.get(_SEEN, set()) - drawn:
        open_screens.remove(gone)
    st.session_state[_SEEN] = drawn
