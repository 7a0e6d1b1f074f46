"""Tables whose rows are opened by a click anywhere in them, or ticked where several can be. A tick means the row that the
person saw, whatever has moved since.

Streamlit stores the positions of the ticked rows and of the chosen cell under a table's key. The browser reports positions in the list that it shows, which
may be older than the one that the server drew last. So each list of rows, in its order, has a key of its own: positions
reported under a key are read in the list of that key. When rows come, go or move, the table gets a new key, and the ticks
are carried over by id.

The screen stores what is ticked and passes it at each drawing; ``on_tick`` is called with what a person ticks instead.
A click in a row is a tick of this row alone. Where ``opened`` is drawn, the browser shows it and has the focus on its heading
(``services/web/opened.js``).
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

Id = int | str  # of a row: the store's number, or a name
OnTick = Callable[[tuple[Id, ...]], None]

_MOST_LISTS = 8  # of a table: the browser may still show one of them


@dataclass(frozen=True)
class Drawn:
    """A list as it was drawn under ``key``. ``ticked``: the ids that the browser has ticked there, in the order of the rows."""

    key: str
    ids: tuple[Id, ...]
    ticked: tuple[Id, ...]


@dataclass(frozen=True)
class Table:
    """A table's lists in a session. ``drawn``: the newest first; ``number`` counts them, so that no key occurs twice."""

    number: int = 0
    drawn: tuple[Drawn, ...] = ()


def key_of(name: str, number: int, ids: Iterable[Id]) -> str:
    """A digest of the table's name and all its rows in order. (``hash()`` differs between processes, and is short.)"""
    digest = hashlib.sha256(json.dumps([name, number, list(ids)]).encode())
    return f"{name}_{digest.hexdigest()}"


def redrawn(table: Table, name: str, ids: Iterable[Id], ticked: Iterable[Id | None]) -> Table:
    """The table with these rows, of which ``ticked`` are ticked: unchanged, or under a new key."""
    rows, wanted = tuple(ids), set(ticked)
    still_ticked = tuple(one for one in rows if one in wanted)
    if table.drawn and (table.drawn[0].ids, table.drawn[0].ticked) == (rows, still_ticked):
        return table
    number = table.number + 1
    newest = Drawn(key_of(name, number, rows), rows, still_ticked)
    return Table(number, (newest, *table.drawn)[:_MOST_LISTS])


def reported(table: Table, key: str, places: Iterable[int]) -> tuple[Table, tuple[Id, ...] | None]:
    """The ids that the browser reports as ticked at these places of the list under ``key``; None where nothing changed.

    Lists older than that one are no longer shown, and are dropped. Under a key that is not remembered nothing can be
    read: the table is then drawn again.
    """
    place = next((place for place, one in enumerate(table.drawn) if one.key == key), None)
    if place is None:
        return replace(table, drawn=()), None
    shown, chosen = table.drawn[place], set(places)
    ticked = tuple(one for where, one in enumerate(shown.ids) if where in chosen)
    if ticked == shown.ticked:
        return table, None
    return replace(table, drawn=(*table.drawn[:place], replace(shown, ticked=ticked))), ticked


def draw(
    name: str,
    frame: pd.DataFrame | pa.Table,
    ids: Sequence[Id],
    ticked: Iterable[Id | None],
    on_tick: OnTick,
    *,
    several: bool = False,
    opens: bool = True,
    leaves: str = "",
    **options: Any,
) -> None:
    """``st.dataframe`` of the rows ``ids``, with these of them ticked; ``on_tick`` is called with what a person ticks instead.

    ``name`` names the table in the whole dashboard. ``several``: rows can be ticked beside the one that is opened; not
    ``opens``: they can only be ticked. ``leaves``: a row opens another screen, by a button of this name, which a click in the
    row presses: an arrow key that chooses a row must not. ``options`` are Streamlit's.
    """
    before = _table(name)
    if before.drawn and before.drawn[0].key not in st.session_state:
        # The table was not on the screen: the browser has forgotten its ticks.
        before = Table(before.number, before.drawn[1:])
        st.session_state.pop(_followed(name), None)
    followed = st.session_state.get(_followed(name))
    table = redrawn(before, name, ids, (followed,) if leaves else ticked)
    st.session_state[_place(name)] = table
    newest = table.drawn[0]
    places = [place for place, one in enumerate(newest.ids) if one in newest.ticked]
    first = (frame.column_names if isinstance(frame, pa.Table) else list(frame.columns))[0]
    modes: list[Any] = [*(["multi-row"] if several else []), *(["single-cell"] if opens else [])]
    st.dataframe(
        frame,
        hide_index=True,
        key=newest.key,
        selection_mode=modes,
        on_select=partial(_report, name, newest.key, partial(_follow, name) if leaves else on_tick, several),
        selection_default={
            "selection": {"rows": places} if several else {"cells": [(place, first) for place in places]}
        },
        **options,
    )
    if leaves and followed in newest.ids:
        number = st.session_state.get(_opened(name), 0)
        with st.container(key=f"follow_{name}_{number}"):
            st.button(leaves, key=f"button_of_{name}", type="tertiary", on_click=on_tick, args=((followed,),))


def _follow(name: str, ticked: tuple[Id, ...]) -> None:
    st.session_state[_followed(name)] = ticked[0] if ticked else None


def opened(name: str) -> DeltaGenerator:
    """The place of what a person has opened from this table, with its heading."""
    return st.container(key=f"opened_{name}_{st.session_state.get(_opened(name), 0)}")


def _report(name: str, key: str, on_tick: OnTick, several: bool) -> None:
    state = st.session_state[key]["selection"]
    cells, before = list(state["cells"]), st.session_state.get(_cells(name))
    st.session_state[_cells(name)] = (key, cells)
    places = state["rows"]
    if cells and (not several or before != (key, cells)):
        places = [cells[0][0]]  # a click in a row is a tick of this row alone
    table, ticked = reported(_table(name), key, places)
    st.session_state[_place(name)] = table
    if ticked is not None:
        if ticked:
            st.session_state[_opened(name)] = st.session_state.get(_opened(name), 0) + 1
        on_tick(ticked)


def _table(name: str) -> Table:
    found: Table = st.session_state.get(_place(name)) or Table()
    return found


def _place(name: str) -> str:
    return f"table of {name}"


def _followed(name: str) -> str:
    """The session key of the row whose button is drawn."""
    return f"followed in {name}"


def _opened(name: str) -> str:
    """The session key of how often a person has opened a row."""
    return f"opened in {name}"


def _cells(name: str) -> str:
    """The session key of the cell that the browser reported last, with its table."""
    return f"cell of {name}"
