"""The columns of an uploaded table: the meaning of each, those that were left out, and a person's corrections."""

from typing import Any

import streamlit as st

from pages.components.common import texts
from pages.components.markdown import plain
from services.bulk.columns import Column
from services.bulk.heading import Head
from services.i18n import Translator
from services.text.headings import spelling

_DETECTED, _NONE = "\x00", ""  # options of a select box that are no names of columns
_PROMINENT = (
    "amount",
    "currency",
    "order_id",
    "reference_1",
)  # meanings whose unused column is shown in a box
_SAMPLE = 24  # characters of a cell


def choices(place: str) -> dict[str, str | None]:
    """meaning → the column that a person chose for it, as ``services.bulk.chosen_columns`` takes it. ``place``: see
    ``table.place``."""
    found: dict[str, str | None] = st.session_state.setdefault(f"chosen_columns_{place}", {})
    return found


def unused_words(name: str, other: str, column: str, t: Translator) -> str:
    """Why column ``name`` is not used: ``other`` is read as ``column`` instead."""
    if spelling(other) == spelling(column):
        return t("Column “{name}” is not used, since there is “{other}”.", name=name, other=other)
    return t("Column “{name}” is not used: “{other}” is “{column}”.", name=name, other=other, column=column)


def show_columns(head: Head, columns: tuple[Column, ...], place: str, *, open_: bool = False) -> None:
    """Ask about columns in doubt, name the columns that were left out, and show a select box for each meaning, folded."""
    t, asked = texts(), dict(head.doubts)
    labels = {column.name: t(column.label) for column in columns}
    for meaning, names in asked.items():
        _box(meaning, head, t("Which column is “{column}”?", column=labels[meaning]), place, t, first=names)
    unused = {one: unused_words(*one[::2], labels[one[1]], t) for one in ([] if asked else head.unused)}
    if prominent := [words for (_, meaning, _), words in unused.items() if meaning in _PROMINENT]:
        st.info("  \n".join(map(plain, prominent)), icon=":material/view_column:")
    for (_, meaning, _), words in unused.items():
        if meaning not in _PROMINENT:
            st.caption(plain(words))
    if head.unknown and not asked:
        st.caption(
            plain(
                t("Columns that are not known and were left out: {columns}", columns=", ".join(head.unknown))
            )
        )
    by_hand = [
        t("{column}: {name}", column=labels[meaning], name=name or t("in no column"))
        for meaning, name in head.chosen.items()
    ]
    if by_hand:
        st.caption(
            plain(
                t("Named by hand, for every table with these headings: {columns}", columns=", ".join(by_hand))
            )
        )
    folded = st.expander(t("Say which column is which"), expanded=open_, icon=":material/view_column:")
    with folded, st.container(horizontal=True):
        for column in columns:
            if column.name not in asked:
                label = labels[column.name] + (" *" if column.needed else "")
                _box(column.name, head, label, place, t)


def _box(
    meaning: str, head: Head, label: str, place: str, t: Translator, *, first: tuple[str, ...] = ()
) -> None:
    """Draw a select box of the columns for one meaning; ``first``: those in doubt, of which none is chosen yet."""
    key = f"{'doubt' if first else 'column'}_of_{place}_{meaning}"
    samples = dict(zip(head.names, head.samples, strict=False))
    names = [*first, *(name for name in head.names if name and name not in first)]
    options = names if first else [_DETECTED, _NONE, *names]
    now = None if first else options.index(head.chosen.get(meaning, _DETECTED))

    def words(name: str) -> str:
        if name == _DETECTED:
            used = "" if meaning in head.chosen else head.used.get(meaning, "")
            return (
                t("as detected: {name}", name=used or t("in no column"))
                if meaning not in head.chosen
                else t("as detected")
            )
        cells = " · ".join(cell[:_SAMPLE] for cell in samples.get(name, ()))
        return (t("{name}: {cell}", name=name, cell=cells) if cells else name) or t("in no column")

    def choose() -> None:
        picked: Any = st.session_state[key]
        if picked is not None:
            choices(place)[meaning] = None if picked == _DETECTED else picked

    st.selectbox(
        label,
        options,
        index=now,
        key=key,
        format_func=words,
        on_change=choose,
        width="stretch" if first else 300,
        placeholder=t("choose"),
    )
