"""Tables whose rows can be ticked: a tick means the row that was seen, not the place where it stood.

Streamlit keeps ticked places under a table's key, and the browser tells the places of the rows that it shows: those may
be older than what the server has drawn since. So a key stands for one list of rows in one order, what is told under a key
means the rows of that key, and rows that come, go or change place give the table a new key, the ticks carried over by id.

The screen keeps what is ticked and gives it back at each drawing; ``take`` tells it what a person has ticked.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

Id = int | str  # of a row: a number of the store's, or a name
Take = Callable[[tuple[Id, ...]], None]

_KEPT = 8  # lists of a table that the browser may still show, or tell of


@dataclass(frozen=True)
class Drawn:
    """A list as it was drawn under ``key``. ``ticked``: as the browser has them there, in the order of the rows."""

    key: str
    ids: tuple[Id, ...]
    ticked: tuple[Id, ...]


@dataclass(frozen=True)
class Table:
    """What a session remembers of a table. ``drawn``: the newest first; ``number``: of the newest, so that no key comes
    twice."""

    number: int = 0
    drawn: tuple[Drawn, ...] = ()


def key_of(name: str, number: int, ids: Iterable[Id]) -> str:
    """A digest of the table's name and all its rows in order. (``hash()`` is another in every process, and short.)"""
    digest = hashlib.sha256(json.dumps([name, number, list(ids)]).encode())
    return f"{name}_{digest.hexdigest()}"


def redrawn(table: Table, name: str, ids: Iterable[Id], ticked: Iterable[Id | None]) -> Table:
    """The table with these rows, and of ``ticked`` those that are among them: as it stands, or under a new key."""
    rows, wanted = tuple(ids), set(ticked)
    kept = tuple(one for one in rows if one in wanted)
    if table.drawn and (table.drawn[0].ids, table.drawn[0].ticked) == (rows, kept):
        return table
    number = table.number + 1
    newest = Drawn(key_of(name, number, rows), rows, kept)
    return Table(number, (newest, *table.drawn)[:_KEPT])


def told(table: Table, key: str, places: Iterable[int]) -> tuple[Table, tuple[Id, ...] | None]:
    """What the browser says of the list that it shows under ``key``: the ids that are ticked there, None for no news.

    Older lists than that one are not shown any more: what is still said of them is no news, nor is a key that nobody
    remembers; then the table is drawn anew.
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
    frame: Any,
    ids: Sequence[Id],
    ticked: Iterable[Id | None],
    take: Take,
    *,
    several: bool = False,
    **options: Any,
) -> None:
    """``st.dataframe`` of the rows ``ids``, with these of them ticked; ``take`` is given what a person ticks instead.

    ``name`` is the table's, of the whole dashboard; ``options`` are Streamlit's.
    """
    before = _table(name)
    if (
        before.drawn and before.drawn[0].key not in st.session_state
    ):  # it was not on the screen: the browser holds nothing of it any more
        before = Table(before.number, before.drawn[1:])
    table = redrawn(before, name, ids, ticked)
    st.session_state[_place(name)] = table
    newest = table.drawn[0]
    places = [place for place, one in enumerate(newest.ids) if one in newest.ticked]
    st.dataframe(
        frame,
        hide_index=True,
        key=newest.key,
        selection_mode="multi-row" if several else "single-row",
        on_select=partial(_told, name, newest.key, take),
        selection_default={"selection": {"rows": places}},
        **options,
    )


def _told(name: str, key: str, take: Take) -> None:
    table, ticked = told(_table(name), key, st.session_state[key]["selection"]["rows"])
    st.session_state[_place(name)] = table
    if ticked is not None:
        take(ticked)


def _table(name: str) -> Table:
    found: Table = st.session_state.get(_place(name)) or Table()
    return found


def _place(name: str) -> str:
    return f"table of {name}"
