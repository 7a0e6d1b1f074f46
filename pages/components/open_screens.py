"""Streamlit's runtime for services.web.uploads: the open screens, their uploaded files, and the files given to them."""

import threading
from collections.abc import Collection, Mapping
from functools import wraps
from pathlib import PurePosixPath
from typing import Any

from streamlit import runtime
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from services.web.uploads import LEAST_BYTES

_known: set[str] = set()
_given: dict[
    str, dict[str, Mapping[str, str]]
] = {}  # id of a file → the screens given it → their browsers' cookies
_giving = threading.Lock()


def remember() -> None:
    """Remember the screen of this run until it is closed."""
    if context := get_script_run_ctx():
        _known.add(context.session_id)


def record_given_files() -> None:
    """Record from now on to which screens Streamlit gives a file: an export, a picture.

    Streamlit serves such a file to anybody who knows its address, and stores no owner with an export that is made when its
    button is pressed.
    """
    add, execute = MediaFileManager.add, MediaFileManager.execute_deferred

    @wraps(add)
    def recorded_add(self: MediaFileManager, *args: Any, **options: Any) -> str:
        address = add(self, *args, **options)
        if context := get_script_run_ctx():
            _record(address, context.session_id)
        return address

    @wraps(execute)
    def recorded_execute(self: MediaFileManager, file_id: str) -> str:
        screen = (
            self._deferred_callables[file_id]["session_id"] if file_id in self._deferred_callables else ""
        )
        address = execute(self, file_id)
        _record(address, screen)
        return address

    setattr(MediaFileManager, "add", recorded_add)  # noqa: B010 (mypy refuses the assignment)
    setattr(MediaFileManager, "execute_deferred", recorded_execute)  # noqa: B010


def _record(address: str, screen: str) -> None:
    cookies = OpenScreens().cookies(screen)
    if cookies is not None:
        with _giving:
            _given.setdefault(_file_id(address), {})[screen] = cookies


def _file_id(path: str) -> str:
    """As Streamlit's route reads it: whatever ending an address has, it is of the same file."""
    return PurePosixPath(path).stem


def remove(file: str) -> None:
    """Free the memory of an uploaded file of this run's screen."""
    if context := get_script_run_ctx():
        manager: Any = context.uploaded_file_mgr
        manager.remove_file(session_id=context.session_id, file_id=file)


class OpenScreens:
    """See services.web.uploads.Screens. A screen's name is Streamlit's session id."""

    def cookies(self, screen: str) -> Mapping[str, str] | None:
        client = runtime.get_instance().get_client(screen)
        context = client.client_context if client else None
        return context.cookies if context else None

    def held(self) -> Mapping[str, int]:
        files: Any = runtime.get_instance().uploaded_file_mgr
        return {
            screen: sum(max(len(file.data), LEAST_BYTES) for file in of_screen.values())
            for screen, of_screen in files.file_storage.items()
        }

    def closed(self) -> Collection[str]:
        return {screen for screen in _known if not runtime.get_instance().is_active_session(screen)}

    def given(self, path: str) -> Collection[Mapping[str, str]]:
        with _giving:
            return list(_given.get(_file_id(path), {}).values())

    def forget(self, screen: str) -> None:
        _known.discard(screen)
        with _giving:
            for file in [file for file, screens in _given.items() if screen in screens]:
                del _given[file][screen]
                if not _given[file]:
                    del _given[file]
        here = runtime.get_instance()
        here.close_session(screen)
        # Streamlit may have ended the session itself without deleting these.
        here.uploaded_file_mgr.remove_session_files(screen)
        here.media_file_mgr.clear_session_refs(screen)
        here.media_file_mgr.remove_orphaned_files()
