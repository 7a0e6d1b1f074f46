"""Many stored lines as a frame, whose columns are named as in ``StoredLine``."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Connection, Select, func, select, type_coerce
from sqlalchemy import Text as Plain

from services.store.frames import arrays, to_frame
from services.store.schema.payout_lines import LINE_AMOUNTS, LINE_DAYS, LINE_TEXTS, payout_lines
from services.store.settlements.lines import line_codes
from services.store.settlements.lines.line_codes import SHARED, Shared
from services.store.settlements.lines.line_days import iso_texts
from services.store.settlements.outcomes import BETWEEN

_LINE = payout_lines.c
Narrow = Callable[[Select[Any]], Select[Any]]
_LISTS = ("candidates", "expected")  # in storage, texts in a frame
_DIGESTS = ("identity", "key")
_NULLABLE = ("order", "nearest", "decision", "replaced_by", "withdrawn_by", *LINE_AMOUNTS)
_INTEGERS = ("id", "file", "line")
_SHARED_BY: Mapping[
    str, tuple[Shared, int]
] = {  # a name → which number stands for it, and its place in the key
    name: (what, place)
    for what in get_args(Shared)
    for place, name in enumerate(SHARED[what])
    if not (what == "payout" and name != "settlement_id")
}
_PLACES = {name: place for place, name in enumerate(LINE_TEXTS)}


def kinds_of(names: Iterable[str]) -> dict[str, str]:
    """The types of these columns in a frame."""
    whole = {**dict.fromkeys(_INTEGERS, "int64"), **dict.fromkeys(_NULLABLE, "Int64")}
    return {name: whole.get(name, "str") for name in names}


def lines(
    tx: Connection,
    names: Iterable[str],
    narrow: Narrow,
    more: Mapping[str, tuple[ColumnElement[Any], str]] | None = None,
) -> pd.DataFrame:
    """As ``columns``, as a frame."""
    wanted, extra = list(names), dict(more or {})
    kinds = {**kinds_of(wanted), **{name: kind for name, (_, kind) in extra.items()}}
    return to_frame(columns(tx, wanted, narrow, extra), kinds)


def columns(
    tx: Connection,
    names: Iterable[str],
    narrow: Narrow,
    more: Mapping[str, tuple[ColumnElement[Any], str]] | None = None,
) -> dict[str, pa.Array]:
    """Stored lines with the columns ``names`` and ``more``, by name: an expression and the column's type.

    ``narrow`` adds to the query what it joins and which lines it reads, in which order.
    """
    wanted = list(names)
    read = {**_stored(tx, wanted), **(more or {})}
    query = narrow(select(*(column for column, _ in read.values())))
    cells = arrays(tx, query, {name: kind for name, (_, kind) in read.items()})
    return {**cells, **_unpacked(tx, wanted, cells)}


def _stored(tx: Connection, names: Iterable[str]) -> dict[str, tuple[ColumnElement[Any], str]]:
    """What is read of the table to have these columns; what is not theirs alone under names with a "#"."""
    found: dict[str, tuple[ColumnElement[Any], str]] = {}
    for name in names:
        if name in _SHARED_BY:
            what, _ = _SHARED_BY[name]
            found[f"#{what}"] = (_LINE[what], "int64")
        elif name in LINE_DAYS:
            found[f"#{name}"] = (_LINE[f"{name}_day"], "int64")
            found["#texts"] = (type_coerce(_LINE.texts, Plain), "str")
        elif name in _PLACES:
            found["#texts"] = (type_coerce(_LINE.texts, Plain), "str")
        elif name in _LISTS:
            found[f"#{name}"] = (type_coerce(_LINE[name], Plain), "str")
        elif name in _DIGESTS:
            found[name] = (hexed(tx, _LINE[name]), "str")
        else:
            found[name] = (_LINE[name], kinds_of([name])[name])
    return found


def hexed(tx: Connection, column: ColumnElement[Any]) -> ColumnElement[str]:
    """A digest as hex digits in small letters."""
    if tx.dialect.name == "postgresql":
        return func.encode(column, "hex", type_=Plain)
    return func.lower(func.hex(column), type_=Plain)


def _unpacked(tx: Connection, names: Iterable[str], cells: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    found: dict[str, pa.Array] = {}
    keys = {what: _keys(tx, what, cells[f"#{what}"]) for what in get_args(Shared) if f"#{what}" in cells}
    packed = [_PLACES[name] for name in names if name in _PLACES]
    packed += [_PLACES[f"{name}_rest"] for name in names if name in LINE_DAYS]
    texts = _lists(cells["#texts"], min(packed)) if packed else []
    for name in names:
        if name in _SHARED_BY:
            what, place = _SHARED_BY[name]
            different, places = keys[what]
            found[name] = _texts([key[place] for key in different]).take(places)
        elif name in LINE_DAYS:
            days = cells[f"#{name}"].dictionary_encode()
            found[name] = _texts(iso_texts(days.dictionary.to_pylist())).take(days.indices)
            if any(texts) and any(rest := _nth(texts, f"{name}_rest")):
                found[name] = _texts(
                    [day + more for day, more in zip(found[name].to_pylist(), rest, strict=True)]
                )
        elif name in _PLACES:
            found[name] = _texts(_nth(texts, name))
        elif name in _LISTS:
            listed = cells[f"#{name}"].to_pylist()
            found[name] = _texts([BETWEEN.join(json.loads(one)) if one else "" for one in listed])
    return found


def _keys(tx: Connection, what: Shared, numbers: pa.Array) -> tuple[list[line_codes.Key], pa.Array]:
    """The different keys for which the numbers stand, and which of them each is."""
    coded = numbers.dictionary_encode()
    different = coded.dictionary.to_pylist()
    known = line_codes.keys_of(tx, what, different)
    return [known[one] for one in different], coded.indices


def _lists(texts: pa.Array, place: int) -> list[list[str]]:
    """JSON lists, "" for an empty one; of one that has nothing at this place or behind it, an empty one."""
    if place:  # no list has more texts than separators and one: nearly none has the rest of a date
        texts = pc.if_else(pc.greater_equal(pc.count_substring(texts, '","'), place), texts, "")
    if not pc.any(pc.not_equal(texts, "")).as_py():
        return [[]] * len(texts)
    found: list[list[str]] = json.loads(f"[{','.join(text or '[]' for text in texts.to_pylist())}]")
    return found


def _nth(lists: list[list[str]], name: str) -> list[str]:
    place = _PLACES[name]
    return [some[place] if len(some) > place else "" for some in lists]


def _texts(texts: list[str]) -> pa.Array:
    return pa.array(texts, pa.large_string())
