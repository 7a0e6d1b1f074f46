"""A person's corrections of how a payout file is read: which column is which, and which sheets are read."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.components.common import texts
from pages.components.markdown import plain
from services.imports.previews.preview import Preview
from services.imports.previews.preview_process import PreviewRefused
from services.settlements.columns import COLUMNS, LABELS, REQUIRED
from services.settlements.dialect import Chosen

_LEFT_OUT = ""


def chosen_columns(place: str, before: Chosen) -> dict[str, Any]:
    """The fields ``columns`` and ``sheets`` of Chosen. ``place``: of the file and its account; ``before``: what is remembered."""
    here = _choices(place)
    columns = dict(before.columns or ())
    for name, column in here.get("columns", {}).items():
        columns = {
            other: one for other, one in columns.items() if other != name and (one != column or not one)
        }
        if column:
            columns[name] = column
    return {"columns": tuple(columns.items()) or None, "sheets": here.get("sheets")}


def any_chosen(place: str) -> bool:
    """Whether a person has named a column or chosen the sheets."""
    return bool(_choices(place))


def _choices(place: str) -> dict[str, Any]:
    """What the person chose. Not stored in the widgets, which are not drawn while the file is read again."""
    found: dict[str, Any] = st.session_state.setdefault(f"columns_chosen_{place}", {})
    return found


def show(found: Preview | PreviewRefused, place: str, before: Chosen) -> None:
    """Show a box for each column that is unknown, unused or named by a person, and one for the sheets where there are
    several."""
    columns = dict(chosen_columns(place, before)["columns"] or ())
    if isinstance(found, PreviewRefused):
        _columns([(name, column) for name, column in found.header if name], {}, columns, place)
        return
    named: dict[str, str | None] = {}
    for header in found.headers:
        named |= dict(zip(header.labels, header.known, strict=True))
    unused = {name: column for name, column, _ in found.findings.unused if name not in columns}
    _columns([(name, column) for name, column in named.items() if name], unused, columns, place)
    _sheets(found, place)


def ask(found: PreviewRefused, place: str) -> None:
    """Show a box for each column that is in doubt."""
    for column, names in found.doubts:
        _doubt(column, dict(names), place)


def _doubt(column: str, names: dict[str, str], place: str) -> None:
    """Ask which of several columns is meant; each is shown with a cell in which they differ."""
    t = texts()
    key = f"doubt_{place}_{column}"

    def store() -> None:
        if name := st.session_state[key]:
            _choices(place).setdefault("columns", {})[name] = column

    st.selectbox(
        t("Which column is “{column}”?", column=t(LABELS[column])),
        list(names),
        index=None,
        key=key,
        on_change=store,
        format_func=lambda name: t("{name}: {cell}", name=name, cell=names[name] or "—"),
        placeholder=t("choose"),
    )


def _columns(
    header: Sequence[tuple[str, str | None]], unused: dict[str, str], columns: dict[str, str], place: str
) -> None:
    """Draw a box for each column. ``unused``: name → the column that it could be, where another was preferred."""
    t = texts()
    asked = [name for name, column in header if column is None or name in columns or name in unused]
    if not asked:
        return
    taken = {column for name, column in header if column and name not in columns}
    free = [column for column in COLUMNS if column not in taken]
    free.sort(key=lambda column: column not in REQUIRED)
    words = {_LEFT_OUT: t("left out"), **{column: t(LABELS[column]) for column in free}}
    st.markdown(f"**{t('Columns of the file that are not known or not used')}**")
    with st.container(horizontal=True):
        for name in asked:
            now = columns.get(name, _LEFT_OUT)
            more = {one: "" for one in (now, unused.get(name, now)) if one not in words}
            options = list({**words, **more})
            key = f"column_{place}_{name}"
            st.selectbox(
                plain(name),
                options,
                index=options.index(now),
                width=220,
                key=key,
                on_change=_store_column,
                args=(place, name, key),
                format_func=lambda column: words.get(column) or t(LABELS[column]),
            )


def _store_column(place: str, name: str, key: str) -> None:
    _choices(place).setdefault("columns", {})[name] = st.session_state[key]


def _sheets(found: Preview, place: str) -> None:
    t, here = texts(), _choices(place)
    read = [sheet.name for sheet in found.dialect.sheets]
    if len(read) < 2 and "sheets" not in here:
        return
    key = f"sheets_{place}"

    def store() -> None:
        if chosen := st.session_state[key]:
            here["sheets"] = tuple(chosen)
        else:
            here.pop("sheets", None)

    every = list(dict.fromkeys([*read, *found.findings.left_out]))
    st.multiselect(
        t("Sheets to read"),
        every,
        default=read,
        key=key,
        on_change=store,
        help=t("A sheet that repeats lines of another would count them twice: leave it out."),
    )
