"""Streamlit's uploader with our words: its button, what it takes, and why a file was refused."""

import json
from typing import Any

import streamlit as st

from pages.components import open_screens
from pages.components.common import texts
from services.i18n import Translator
from services.web.uploads import PERSON_BYTES

# Session keys of the ids of files: those in this run's uploaders, and those in the uploaders of the run before.
_DRAWN, _BEFORE = "uploader_drawn", "uploader_seen"
# Streamlit's own words, always English: the parent of each text, within the uploader. A selector that a newer Streamlit
# no longer has leaves the English word.
_ZONE = '[data-testid="stFileUploaderDropzone"]'
_BUTTON = f'{_ZONE} button [data-testid="stMarkdownContainer"]'
_TAKEN = '[data-testid="stFileUploaderDropzoneInstructions"] > div'
_DROP = f"{_ZONE} > input + div:has(> span:only-child)"


def files(label: str, *, types: list[str], key: str, several: bool = False, help: str | None = None) -> Any:
    """``st.file_uploader``, with the reason below it for a refused file, which Streamlit itself marks in red and explains
    only by the server's status code in an English tooltip."""
    uploaded = st.file_uploader(label, type=types, key=key, accept_multiple_files=several, help=help)
    st.html(f"<style>{_style(f'.st-key-{key}', types, texts(), several=several)}</style>")
    found = uploaded if isinstance(uploaded, list) else [uploaded] if uploaded else []
    st.session_state.setdefault(_DRAWN, set()).update(file.file_id for file in found)
    return uploaded


def begin_run() -> None:
    """Called at the beginning of a whole run. The run before may have been cut short, by a click that led to another screen:
    its files are then those of the run before, too."""
    drawn = st.session_state.pop(_DRAWN, set())
    st.session_state[_BEFORE] = st.session_state.get(_BEFORE, set()) | drawn


def release_unused() -> None:
    """Free the files that no uploader shows any longer. Called at the end of a whole run.

    Streamlit stores a file as long as its session lasts, even after its import and after the person has left the screen. A
    file that no run has drawn yet is still being uploaded, and stays.
    """
    drawn = st.session_state.pop(_DRAWN, set())
    for gone in st.session_state.get(_BEFORE, set()) - drawn:
        open_screens.remove(gone)
    st.session_state[_BEFORE] = drawn


def _style(place: str, types: list[str], t: Translator, *, several: bool) -> str:
    refused = t(
        "The file marked in red was not taken: it is too large or of another kind, or more than {megabytes} MB would wait here. Remove it, import or remove what waits, then add it again.",
        megabytes=PERSON_BYTES // 1_000_000,
    )
    taken = t(
        "{megabytes} MB per file · {types}",
        megabytes=st.get_option("server.maxUploadSize"),
        types=", ".join(types).upper(),
    )
    drop = t("Drag and drop files here") if several else t("Drag and drop a file here")
    replaced = (
        (_BUTTON, t("Upload"), ""),
        (_TAKEN, taken, "opacity: .7;"),
        (_DROP, drop, "font-weight: 600;"),
    )
    return "\n".join(
        (
            f'{place} [data-testid="stFileUploader"]:has([data-testid="stFileChipIconError"])::after '
            f"{{ content: {_quoted(refused)}; display: block; margin-top: .5rem; }}",
            *(
                f"{place} {parent} > * {{ display: none; }}\n"
                f"{place} {parent}::after {{ content: {_quoted(words)}; font-size: .875rem; {more} }}"
                for parent, words, more in replaced
            ),
        )
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
