"""Streamlit's uploader, with a sentence of ours when a file was refused."""

import json
from typing import Any

import streamlit as st

from pages.components import open_screens
from pages.components.common import texts
from services.web.uploads import PERSON_BYTES

# Session keys of the ids of files: those in this run's uploaders, and those in the uploaders of the run before.
_DRAWN, _BEFORE = "uploader_drawn", "uploader_seen"


def files(label: str, **options: Any) -> Any:
    """``st.file_uploader`` with the reason below it for a refused file, which Streamlit itself marks in red and explains only
    by the server's status code in an English tooltip."""
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


def release_unused() -> None:
    """Free the files that no uploader shows any longer. Called at the end of a whole run.

    Streamlit stores a file as long as its session lasts, even after its import and after the person has left the screen. A
    file that no run has drawn yet is still being uploaded, and stays.
    """
    drawn = st.session_state.pop(_DRAWN, set())
    for gone in st.session_state.get(_BEFORE, set()) - drawn:
        open_screens.remove(gone)
    st.session_state[_BEFORE] = drawn
