"""Streamlit's runtime for services.web.uploads: which screens are open, and the uploaded bytes that each has in memory."""

from collections.abc import Collection, Mapping
from typing import Any

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from services.web.uploads import LEAST_BYTES

_known: set[str] = set()


def remember() -> None:
    """Remember the screen of this run until it is closed."""
    if context := get_script_run_ctx():
        _known.add(context.session_id)


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

    def forget(self, screen: str) -> None:
        _known.discard(screen)
        here = runtime.get_instance()
        here.close_session(screen)
        # Streamlit may have ended the session itself without deleting these.
        here.uploaded_file_mgr.remove_session_files(screen)
        here.media_file_mgr.clear_session_refs(screen)
        here.media_file_mgr.remove_orphaned_files()
