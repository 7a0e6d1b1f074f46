"""The actions on a stored payout file: its original to download; retry, correction and cancellation of a failed import."""

import mimetypes

import streamlit as st

from pages.components.common import actor, allowed_on_file, desk, refusals, texts
from pages.payout_files import progress, upload
from services.access import Actor, Right
from services.desk import Desk
from services.imports import files
from services.imports.duplicates import PayoutsStored
from services.imports.errors import IssueUndecided
from services.imports.file_accounts import FileAccountUnknown
from services.reconciliation.views.file_list import SettlementFile
from services.settlements.errors import DoubtfulColumns, UndecidedReading

_CORRECTING = "payout_mended_file"  # the failed file whose reading is corrected
# failures that ask a question
_ASKS = (
    FileAccountUnknown.code,
    PayoutsStored.code,
    IssueUndecided.code,
    UndecidedReading.code,
    DoubtfulColumns.code,
)


def show(file: SettlementFile) -> None:
    """Show the actions to whoever may reconcile, and below them the questions of a failed file."""
    t = texts()
    if not allowed_on_file(Right.RECONCILE, file):
        return
    failed, stuck = file.state == "failed", files.is_stuck(file)
    if stuck:
        st.error(
            t(
                "Its lines are here, but what they change of older lines and of the orders could not be joined. Try again, and tell your administrator if it goes on."
            ),
            icon=":material/error:",
        )
    asks = failed and (file.failure in _ASKS or st.session_state.get(_CORRECTING) == file.id)
    with st.container(horizontal=True):
        if failed and not asks:
            st.button(
                t("Correct how it is read"),
                icon=":material/tune:",
                key=f"mend_{file.id}",
                on_click=st.session_state.__setitem__,
                args=(_CORRECTING, file.id),
            )
        if failed or stuck:
            st.button(
                t("Try again"),
                icon=":material/refresh:",
                key=f"again_{file.id}",
                on_click=_again,
                args=(file.id,),
            )
        if failed:
            st.button(
                t("Give it up"),
                icon=":material/delete:",
                key=f"give_up_{file.id}",
                on_click=_give_up,
                args=(file.id,),
                help=t("Its original is forgotten. It can be added again at any time."),
            )
        if file.state in ("failed", "complete"):
            here, who, number = desk(), actor(), file.id
            st.download_button(
                t("Original file"),
                lambda: _original(here, who, number),
                file_name=file.name,
                icon=":material/download:",
                mime=mimetypes.guess_type(file.name)[0] or "application/octet-stream",
                on_click="ignore",
                key=f"original_{file.id}",
            )
    if asks:
        upload.correct_failed(file.id, file.name, file.account)


def _again(file: int) -> None:
    with refusals():
        files.retry(desk(), actor(), file)
        progress.follow([file])


def _give_up(file: int) -> None:
    with refusals():
        files.cancel(desk(), actor(), file)


def _original(here: Desk, who: Actor, file: int) -> bytes:
    with files.original(here, who, file) as path:
        return path.read_bytes()
