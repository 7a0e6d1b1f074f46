"""Uploaded files that are not imported yet: on the disk as long as the session lasts, each ZIP unpacked.

Their previews are stored in the session, so that a file is read once, not at every rerun.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from pages.components.common import actor, desk
from services.disk_space import NoRoom, RoomShort, raising_no_room
from services.errors import DeskError
from services.imports import files
from services.imports.previews import preview_process
from services.imports.previews.preview import Preview
from services.imports.previews.preview_process import PreviewJob, PreviewRefused
from services.imports.scratch import Folder
from services.settlements import archive
from services.settlements.dialect import Chosen
from services.settlements.errors import NotASettlementFile
from services.settlements.untrusted_file import UntrustedFile

_DRAFTS, _PREVIEWS, _FAILED = "payout_drafts", "payout_looked", "payout_mended"
_STORED = "stored"  # the beginning of the key of a stored file's draft


@dataclass(frozen=True)
class Draft:
    """``key`` is unique; ``name`` is shown. ``file``: the id of a stored file whose import failed."""

    key: str
    name: str
    path: Path
    file: int | None = None

    @property
    def given(self) -> UntrustedFile:
        return UntrustedFile(self.path, self.path.with_name(f"{self.path.name}.sheets"))


@dataclass
class _Upload:
    """An uploaded file's drafts, or why it has none. The folder is deleted with the last reference to it."""

    folder: Folder | None
    drafts: tuple[Draft, ...] = ()
    refused: PreviewRefused | None = None
    # The members of a ZIP that are no payout files, by name.
    others: tuple[tuple[str, PreviewRefused], ...] = ()


def of_uploads(uploaded: Sequence[Any], refuse: Callable[[str, PreviewRefused], None]) -> list[Draft]:
    """The drafts of the uploaded files; ``refuse`` is called with the name of each that cannot be unpacked, and why."""
    known: dict[str, _Upload] = st.session_state.setdefault(_DRAFTS, {})
    in_uploader = {file.file_id for file in uploaded}
    for gone in set(known) - in_uploader:
        del known[gone]
    previews: dict[Any, Any] = st.session_state.setdefault(_PREVIEWS, {})
    for key in [key for key in previews if key[0].split("/")[0] not in (*in_uploader, _STORED)]:
        del previews[key]
    found: list[Draft] = []
    for file in uploaded:
        if file.file_id not in known:
            known[file.file_id] = _written(file)
        upload = known[file.file_id]
        if upload.refused:
            refuse(file.name, upload.refused)
            if upload.folder is None:  # there was no room on the disk: the next run tries again
                del known[file.file_id]
        for name, why in upload.others:
            refuse(f"{file.name} › {name}", why)
        found += upload.drafts
    return found


def of_stored(file: int, name: str) -> Draft:
    """The draft of a file whose import failed: its original, written to the disk once. Raises FileUnknown, NotAllowed."""
    failed: dict[int, tuple[Folder, Draft]] = st.session_state.setdefault(_FAILED, {})
    if file not in failed:
        folder = Folder("failed-")
        with files.original(desk(), actor(), file) as path, path.open("rb") as stream:
            target = folder.path / "0"
            with target.open("wb") as copy:
                shutil.copyfileobj(stream, copy, 1 << 20)
        failed.clear()  # one at a time
        failed[file] = folder, Draft(f"{_STORED}/{file}", name, target, file)
    return failed[file][1]


def _written(file: Any) -> _Upload:
    """The upload, written to the disk."""
    try:
        with raising_no_room():
            desk().room.require(temporary=file.size)
            return _unpacked(file, Folder("upload-"))
    except NoRoom as short:
        return _Upload(None, refused=preview_process.refused(short))


def _unpacked(file: Any, place: Folder) -> _Upload:
    upload, folder = _Upload(place), place.path
    whole = folder / "whole"
    whole.write_bytes(file.getbuffer())
    try:
        with archive.members(whole, file.name) as members:
            upload.drafts = tuple(
                Draft(f"{file.file_id}/{number}", member.name, _hard_link(member.path, folder / str(number)))
                for number, member in enumerate(members)
                if not member.other
            )
            upload.others = tuple(
                (member.name, preview_process.refused(NotASettlementFile(member.other)))
                for member in members
                if member.other
            )
    except NoRoom:
        raise
    except DeskError as refusal:
        upload.refused = preview_process.refused(refusal)
    return upload


def _hard_link(path: Path, target: Path) -> Path:
    """Link the file to where it stays: a ZIP's members are deleted when their context ends."""
    target.hardlink_to(path)
    return target


def is_read(draft: Draft, account: str, chosen: Chosen | None) -> bool:
    """Whether the preview as ``chosen`` is stored, or being made."""
    return (draft.key, account, chosen) in st.session_state.get(_PREVIEWS, {})


def read_preview(draft: Draft, account: str, chosen: Chosen | None) -> Preview | PreviewRefused | PreviewJob:
    """The preview of the draft as ``chosen``, stored until one of the arguments changes."""
    previews: dict[Any, Any] = st.session_state.setdefault(_PREVIEWS, {})
    key = (draft.key, account, chosen)
    if key not in previews:
        for other in [other for other in previews if other[0] == draft.key]:
            del previews[other]  # a job that still runs is stopped with it
        previews[key] = preview_process.begin(desk(), actor(), account, draft.given, chosen)
    found: Preview | PreviewRefused | PreviewJob = previews[key]
    found = (preview_process.poll(found) or found) if isinstance(found, PreviewJob) else found
    if isinstance(found, PreviewRefused) and found.code in (NoRoom.code, RoomShort.code):
        del previews[key]  # there may be room at the next run
    return found


def forget() -> None:
    """Delete the drafts: they are imported, or given up."""
    st.session_state[_DRAFTS] = {}
    st.session_state[_FAILED] = {}
    st.session_state[_PREVIEWS] = {}
