"""Exports on the screens: the menu that asks for one, and the list of the person's exports with their progress.

Streamlit stores a file for download in memory, so it is read when its button is pressed, after the rights were asked again.
"""

from functools import partial

import streamlit as st

from pages.components import export_words
from pages.components.common import actor, desk, first_zone, in_one_read, language, refusals, texts
from pages.components.markdown import plain
from pages.components.outcome_words import cut_words, number
from services import exports
from services.error_messages import stored_sentence
from services.exports import KeptExport
from services.exports.kinds import Wanted
from services.i18n import Translator, format_short
from services.spreadsheets.write import Form

# Session keys: whether the person has any, whether one is being made, and those that were seen being made.
_THERE, _MAKING, _SEEN = "exports_there", "exports_making", "exports_seen"
_REFRESH_SECONDS = 1.5
_IN_SIDE_BAR = 3  # the newest; the menus show all


def no_room() -> bool:
    """Whether the disk has too little room for an export. Shows a warning where it has."""
    if desk().room.has():
        return False
    st.warning(
        texts()("There is too little room on the server's disk to make a file."), icon=":material/disc_full:"
    )
    return True


def offer(wanted: Wanted, *, rows: int | None = None, most: int | None = None, cut: bool = False) -> None:
    """Show the menu that asks for an export. ``rows``: of the list, where they are known; ``most``: of a spreadsheet; ``cut``:
    only a part of what was searched is listed."""
    t = texts()
    name = type(wanted).__name__
    fold = st.popover(
        t("Export"), icon=":material/download:", type="tertiary", key=f"exporting_{name}", on_change="rerun"
    )
    if not fold.open:
        return
    with fold:
        if no_room():
            return
        if cut:
            st.warning(cut_words(t), icon=":material/search:")
        else:
            st.caption(t("All that the filters let through, not only this page."))
        ways: list[tuple[Form, str, str]] = [
            ("xlsx", "For a spreadsheet (XLSX)", ":material/table:"),
            ("csv", "As text (CSV)", ":material/csv:"),
        ]
        for form, label, icon in ways:
            if form == "xlsx" and most and rows and rows > most:
                st.caption(
                    t("A spreadsheet file holds at most {most} rows; CSV holds all.", most=number(most, t))
                )
            elif st.button(t(label), icon=icon, key=f"export_{name}_{form}", width="stretch"):
                _ask(wanted, form)
        if st.session_state.get(_THERE):
            _follow(f"menu_{name}")


def show() -> None:
    """Show the person's exports in the side bar, where there are any; drawn on every screen."""
    if st.session_state.get("actor") is None:
        return
    if _THERE not in st.session_state:  # the first run of this session
        found = exports.kept(desk(), actor())
        st.session_state[_THERE], st.session_state[_MAKING] = bool(found), any(one.under_way for one in found)
    if st.session_state[_THERE]:
        with st.sidebar:
            _follow("side")


def _ask(wanted: Wanted, form: Form) -> None:
    with refusals():
        exports.request(desk(), actor(), wanted, form, language())
        _being_made()


def _being_made() -> None:
    """Draw the whole screen: the side bar and the menu begin to follow what is being made."""
    st.session_state[_THERE] = st.session_state[_MAKING] = True
    st.rerun(scope="app")


def _follow(place: str) -> None:
    if st.session_state.get(_MAKING):
        st.session_state[_MAKING] = any(one.under_way for one in exports.kept(desk(), actor()))
    making: bool = st.session_state.get(_MAKING, False)
    st.fragment(_list, run_every=_REFRESH_SECONDS if making else None)(place, making)


@in_one_read
def _list(place: str, polled: bool) -> None:
    """``polled``: it is drawn again and again, since one was being made when the fragment was registered."""
    t = texts()
    with refusals():
        found = exports.kept(desk(), actor())
        making = any(one.under_way for one in found)
        st.session_state[_MAKING] = making
        _toast(found, t)
        if polled and not making:
            st.rerun(scope="app")  # which registers it anew
        if not found:
            return
        st.caption(t("Your exports of the last day"))
        for one in found[:_IN_SIDE_BAR] if place == "side" else found:
            with st.container(border=True, key=f"export_{place}_{one.id}"):
                _show(one, place, t)


def _toast(found: tuple[KeptExport, ...], t: Translator) -> None:
    """Say once that one is ready whose progress this session has shown."""
    seen: set[int] = st.session_state.setdefault(_SEEN, set())
    for one in found:
        if one.under_way:
            seen.add(one.id)
        elif one.id in seen:
            seen.discard(one.id)
            if one.state == "ready":
                st.toast(
                    t("Your export is ready: {file}", file=plain(one.file_name)), icon=":material/check:"
                )


def _show(one: KeptExport, place: str, t: Translator) -> None:
    zone, key = first_zone(), f"{place}_{one.id}"
    made = format_short(one.created_at, zone, language())
    st.markdown(f"**{t(export_words.KINDS[one.kind])}** · {one.form.upper()} · {made}")
    if one.wanted is not None:
        st.caption(plain(export_words.filter_words(one.wanted, t)))
    if one.state == "waiting":
        st.progress(0.0, t("It begins in a moment."))
    elif one.state == "running":
        part = min(1.0, one.rows / one.total) if one.total else 0.0
        of_all = t("{rows} of {total} rows", rows=number(one.rows, t), total=number(one.total or 0, t))
        st.progress(part, of_all if one.total else _rows(one.rows, t))
    elif one.state == "ready":
        _ready(one, key, t)
    else:
        st.error(plain(stored_sentence(one.failure, one.failure_detail, t)), icon=":material/error:")
    with st.container(horizontal=True):
        again = f"export_again_{key}"
        if (
            not one.under_way
            and one.wanted is not None
            and st.button(t("Make it again"), icon=":material/refresh:", type="tertiary", key=again)
        ):
            exports.again(desk(), actor(), one.id, language())
            _being_made()
        st.button(
            t("Cancel") if one.under_way else t("Delete"),
            icon=":material/cancel:" if one.under_way else ":material/delete:",
            type="tertiary",
            key=f"export_drop_{key}",
            on_click=_drop,
            args=(one.id,),
        )


def _ready(one: KeptExport, key: str, t: Translator) -> None:
    st.download_button(
        t("Download"),
        partial(exports.content, desk(), actor(), one.id),  # runs without a session
        file_name=one.file_name,
        mime=one.media_type,
        on_click="ignore",
        type="primary",
        icon=":material/download:",
        key=f"export_file_{key}",
        width="stretch",
    )
    until = format_short(one.kept_until, first_zone(), language())
    st.caption(f"{_rows(one.rows, t)} · {t('kept until {when}', when=until)}")
    if one.cut:
        st.caption(
            t("A spreadsheet file holds at most {most} rows; CSV holds all.", most=number(one.rows, t))
        )


def _rows(count: int, t: Translator) -> str:
    return (
        t("{rows} rows", rows=number(count, t))
        if count > 1
        else t.plural("{count} row", "{count} rows", count)
    )


def _drop(export: int) -> None:
    with refusals():
        exports.drop(desk(), actor(), export)
