"""What the exports of several screens share: files written to disk first, and the refusal where there is no room.

Streamlit stores a file for download in memory, so it is read once, when it is complete.
"""

import tempfile
import zipfile
from collections.abc import Callable
from typing import BinaryIO, cast

import streamlit as st

from pages.components.common import desk, texts
from services.spreadsheets.write import Form

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Write = Callable[[Form, BinaryIO], object]  # writes the rows in one of the forms


def no_room() -> bool:
    """Whether the disk has too little room for an export. Shows a warning where it has."""
    if desk().room.has():
        return False
    st.warning(
        texts()("There is too little room on the server's disk to make a file."), icon=":material/disc_full:"
    )
    return True


def file_bytes(write: Write, form: Form) -> bytes:
    with tempfile.TemporaryFile() as out:
        write(form, out)
        out.seek(0)
        return out.read()


def zip_bytes(write: Write, name: str) -> bytes:
    """A ZIP with the file as CSV, called ``name``."""
    with tempfile.TemporaryFile() as out:
        with (
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open(name, "w", force_zip64=True) as part,
        ):
            write("csv", cast(BinaryIO, part))
        out.seek(0)
        return out.read()
