"""Import jobs under way, whoever started them: the progress of each, cancelling it, and its outcome."""

import time
from collections.abc import Sequence

import streamlit as st

from pages.components.common import (
    actor,
    allowed_on_file,
    desk,
    first_zone,
    in_one_read,
    language,
    refusals,
    texts,
)
from pages.components.markdown import plain
from pages.components.outcome_words import number
from pages.payout_files import results
from services.access import Right
from services.disk_space import NoRoom, RoomShort
from services.error_messages import stored_sentence
from services.i18n import Translator, format_datetime
from services.imports import batches, files
from services.imports.batches import BatchResult
from services.imports.errors import ImportStopped
from services.reconciliation.views import file_list
from services.reconciliation.views.file_list import ListedFile

_UNDER_WAY = ("receiving", "waiting", "running")
_FOLLOWED = "imports_followed"  # files whose outcome this session shows
_RATES = "imports_rates"  # file → when this session first found it running, and with how many lines
_REFRESH, _REFRESH_IDLE = 1.5, 10.0  # seconds


def follow(file_ids: Sequence[int]) -> None:
    """Show the outcome of these imports in this session."""
    st.session_state[_FOLLOWED] = [*st.session_state.get(_FOLLOWED, []), *file_ids]


def show() -> None:
    with refusals():
        drawn = _drawn()
        under_way = _any_under_way(*drawn)
    st.fragment(_live, run_every=_REFRESH if under_way else _REFRESH_IDLE)(_ends(*drawn))


def _drawn() -> tuple[tuple[BatchResult, ...], tuple[ListedFile, ...]]:
    """The person's results, and the other files that wait, are imported, or are followed by this session."""
    found = batches.results(desk(), actor())
    own = {file.id for one in found for file in one.files}
    followed: list[int] = st.session_state.setdefault(_FOLLOWED, [])
    others = file_list.unfinished(desk(), actor(), followed)
    return found, tuple(file for file in others if file.id not in own)


def _any_under_way(found: Sequence[BatchResult], others: Sequence[ListedFile]) -> bool:
    return any(not one.ended for one in found) or any(file.state in _UNDER_WAY for file in others)


def _ends(found: Sequence[BatchResult], others: Sequence[ListedFile]) -> tuple[tuple[object, ...], ...]:
    """What the rest of the screen depends on: which files and results have ended."""
    return (
        tuple((one.id, one.ended, one.under_way) for one in found),
        tuple((file.id, file.state in _UNDER_WAY) for file in others),
    )


@in_one_read
def _live(before: tuple[tuple[object, ...], ...]) -> None:
    with refusals():
        found, others = _drawn()
        followed: list[int] = st.session_state[_FOLLOWED]
        running = [file for file in others if file.state in _UNDER_WAY]
        followed += [file.id for file in running if file.id not in followed]
        if _ends(found, others) != before:
            # The figures have changed, or the interval of refreshing must change.
            st.rerun(scope="app")
        t = texts()
        seen = {file.id for one in found for file in one.files}
        for hidden in sorted(set(followed) - {file.id for file in others} - seen):
            _hidden(hidden, t)
        for one in found:
            results.show(one)
            for file in one.files:
                if file.state in _UNDER_WAY:
                    _running(file, allowed_on_file(Right.RECONCILE, file), t)
        for file in running:
            _running(file, allowed_on_file(Right.RECONCILE, file), t)
        if ended := [file for file in others if file.state not in _UNDER_WAY]:
            _ended_together(ended, t)


def _running(file: ListedFile, may: bool, t: Translator) -> None:
    with st.container(border=True):
        left, right = st.columns([4, 1], vertical_alignment="center")
        if words := _delay(file, t):
            left.progress(min(1.0, file.bytes_done / file.size) if file.size else 0.0, words)
        elif file.state == "running":
            part = min(1.0, file.bytes_done / file.size) if file.size else 0.0
            words = t("{name}: {lines} lines read", name=plain(file.name), lines=number(file.lines_done, t))
            rate = _rate(file)
            if rate:
                words += " · " + t("{rate} lines a second", rate=number(rate, t))
            left.progress(part, words)
        elif file.state == "waiting":
            left.progress(0.0, t("{name}: waits its turn", name=plain(file.name)))
        else:
            left.progress(0.0, t("{name}: is being received", name=plain(file.name)))
        if may:
            with right.popover(t("Cancel"), icon=":material/cancel:", width="stretch"):
                st.write(t("Nothing of this file will be kept. Cancel its import?"))
                if st.button(t("Cancel the import"), key=f"cancel_import_{file.id}", type="primary"):
                    files.cancel(desk(), actor(), file.id)
                    st.rerun(scope="app")


def _delay(file: ListedFile, t: Translator) -> str:
    """What the file waits for, other files excepted; "" for nothing."""
    name = plain(file.name)
    if file.failure == ImportStopped.code:
        at = files.next_try(file)
        when = format_datetime(at, first_zone(), language()) if at else ""
        return t(
            "{name}: the server ended its import several times. It is tried again by itself at {time}.",
            name=name,
            time=when,
        )
    if file.failure == RoomShort.code:
        free, needed = (file.failure_detail.get(field, "") for field in ("free", "needed"))
        return t(
            "{name}: waits for room on the server's disk ({free} MB are free, {needed} MB are needed)",
            name=name,
            free=free,
            needed=needed,
        )
    if file.failure == NoRoom.code or (file.state != "receiving" and not desk().room.has()):
        return t("{name}: waits for room on the server's disk", name=name)
    return ""


def _hidden(file: int, t: Translator) -> None:
    """Show that a file added in this session is hidden: its rows belong to an account that the person has no right on."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(
            t(
                "A file that you added has rows of an account that you may not reconcile, or that nobody has assigned yet: it is no longer shown to you. A person who may reconcile all accounts finds it under Files and goes on with it."
            ),
            icon=":material/visibility_off:",
            width="stretch",
        )
        if st.button(t("Close"), icon=":material/close:", type="tertiary", key=f"close_import_{file}"):
            st.session_state[_FOLLOWED].remove(file)
            st.rerun(scope="app")


def _rate(file: ListedFile) -> int:
    """Lines a second since this session first found it running; 0 in the first second."""
    rates: dict[int, tuple[float, int]] = st.session_state.setdefault(_RATES, {})
    begun, lines = rates.setdefault(file.id, (time.monotonic(), file.lines_done))
    passed = time.monotonic() - begun
    return int((file.lines_done - lines) / passed) if passed > 1 else 0


def _ended_together(ended: Sequence[ListedFile], t: Translator) -> None:
    """Show what became of files that this session follows, and that are of no batch of this person; closed once."""
    with st.container(border=True):
        for file in ended:
            _ended(file, allowed_on_file(Right.RECONCILE, file), t)
        if st.button(t("Close"), icon=":material/close:", type="tertiary", key="close_imports"):
            gone = {file.id for file in ended}
            st.session_state[_FOLLOWED] = [one for one in st.session_state[_FOLLOWED] if one not in gone]
            st.rerun(scope="app")


def _ended(file: ListedFile, may: bool, t: Translator) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if file.state == "complete":
            new = file.lines - file.known_lines - file.changed_lines - file.held_lines - file.older_lines
            st.success(
                t(
                    "{name} is imported: {new} new lines, {known} already known, {changed} changed.",
                    name=plain(file.name),
                    new=number(new, t),
                    known=number(file.known_lines, t),
                    changed=number(file.changed_lines, t),
                ),
                icon=":material/check_circle:",
                width="stretch",
            )
            if file.held_lines:
                st.warning(
                    t.plural(
                        "{count} line differs from what HiPay delivered and stands beside: decide under Files.",
                        "{count} lines differ from what HiPay delivered and stand beside: decide under Files.",
                        file.held_lines,
                    ),
                    icon=":material/difference:",
                    width="stretch",
                )
        elif file.state == "cancelled":
            st.info(
                t("{name}: the import was cancelled.", name=plain(file.name)),
                icon=":material/cancel:",
                width="stretch",
            )
        else:
            why = stored_sentence(file.failure, file.failure_detail, t)
            st.error(
                t("{name}: {value}", name=plain(file.name), value=plain(why)),
                icon=":material/error:",
                width="stretch",
            )
        if (
            may
            and file.state == "failed"
            and st.button(t("Try again"), icon=":material/refresh:", key=f"retry_import_{file.id}")
        ):
            files.retry(desk(), actor(), file.id)
            st.rerun(scope="app")
