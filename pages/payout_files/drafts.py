"""Files that were uploaded and are not imported yet: on the disk for as long as the session lasts, each ZIP taken apart.

What came of looking at one is kept with the session, so that it is looked at once, not at every click.
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
from services.imports import files, preview_process
from services.imports.preview import Preview
from services.imports.preview_process import PreviewJob, PreviewRefused
from services.imports.scratch import Folder
from services.settlements import archive
from services.settlements.dialect import Chosen
from services.settlements.errors import NotASettlementFile
from services.settlements.given import Given

_DRAFTS, _LOOKED, _MENDED = "payout_drafts", "payout_looked", "payout_mended"
_STORED = "stored"  # how the key of a stored file's draft begins


@dataclass(frozen=True)
class Draft:
    """``key`` tells it from any other; ``name`` is for the eye. ``file``: of one that is stored and failed, its id."""

    key: str
    name: str
    path: Path
    file: int | None = None

    @property
    def given(self) -> Given:
        return Given(self.path, self.path.with_name(f"{self.path.name}.sheets"))


@dataclass
class _Upload:
    """An uploaded file's drafts, or why there are none; the folder is gone when nobody holds it any more."""

    folder: Folder | None
    drafts: tuple[Draft, ...] = ()
    refused: PreviewRefused | None = None
    others: tuple[tuple[str, PreviewRefused], ...] = ()  # of a ZIP: by name, what is no payout file


def of(uploaded: Sequence[Any], refuse: Callable[[str, PreviewRefused], None]) -> list[Draft]:
    """The drafts of what stands in the uploader; ``refuse`` is told of what cannot be taken apart, and why."""
    known: dict[str, _Upload] = st.session_state.setdefault(_DRAFTS, {})
    there = {file.file_id for file in uploaded}
    for gone in set(known) - there:
        del known[gone]
    looked: dict[Any, Any] = st.session_state.setdefault(_LOOKED, {})
    for key in [key for key in looked if key[0].split("/")[0] not in (*there, _STORED)]:
        del looked[key]
    found: list[Draft] = []
    for file in uploaded:
        if file.file_id not in known:
            known[file.file_id] = _laid_down(file)
        upload = known[file.file_id]
        if upload.refused:
            refuse(file.name, upload.refused)
            if upload.folder is None:  # there was no room: there may be at the next look
                del known[file.file_id]
        for name, why in upload.others:
            refuse(f"{file.name} › {name}", why)
        found += upload.drafts
    return found


def of_stored(file: int, name: str) -> Draft:
    """The draft of a file that failed: its original, laid down once. Raises FileUnknown, NotAllowed."""
    mended: dict[int, tuple[Folder, Draft]] = st.session_state.setdefault(_MENDED, {})
    if file not in mended:
        folder = Folder("mended-")
        with files.original(desk(), actor(), file) as path, path.open("rb") as stream:
            target = folder.path / "0"
            with target.open("wb") as copy:
                shutil.copyfileobj(stream, copy, 1 << 20)
        mended.clear()  # one at a time
        mended[file] = folder, Draft(f"{_STORED}/{file}", name, target, file)
    return mended[file][1]


def _laid_down(file: Any) -> _Upload:
    try:
        with raising_no_room():
            desk().room.require(temporary=file.size)
            return _taken_apart(file, Folder("upload-"))
    except NoRoom as short:
        return _Upload(None, refused=preview_process.refused(short))


def _taken_apart(file: Any, place: Folder) -> _Upload:
    upload, folder = _Upload(place), place.path
    whole = folder / "whole"
    whole.write_bytes(file.getbuffer())
    try:
        with archive.members(whole, file.name) as members:
            upload.drafts = tuple(
                Draft(f"{file.file_id}/{number}", member.name, _kept(member.path, folder / str(number)))
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


def _kept(path: Path, target: Path) -> Path:
    """The same bytes where they last: a ZIP's members go with their context."""
    target.hardlink_to(path)
    return target


def look(draft: Draft, account: str, chosen: Chosen | None) -> Preview | PreviewRefused | PreviewJob:
    """What comes of the draft read like this; kept until something of it changes."""
    looked: dict[Any, Any] = st.session_state.setdefault(_LOOKED, {})
    key = (draft.key, account, chosen)
    if key not in looked:
        for other in [other for other in looked if other[0] == draft.key]:
            del looked[other]  # one that goes on is stopped with it
        looked[key] = preview_process.begin(desk(), actor(), account, draft.given, chosen)
    found: Preview | PreviewRefused | PreviewJob = looked[key]
    found = (preview_process.poll(found) or found) if isinstance(found, PreviewJob) else found
    if isinstance(found, PreviewRefused) and found.code in (NoRoom.code, RoomShort.code):
        del looked[key]  # there may be room at the next look
    return found


def forget() -> None:
    """The drafts are imported, or given up."""
    st.session_state[_DRAFTS] = {}
    st.session_state[_MENDED] = {}
    st.session_state[_LOOKED] = {}
