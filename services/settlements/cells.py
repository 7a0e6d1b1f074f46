"""Cells of text in bulk, by their bytes: the marks that a spreadsheet adds are removed, amounts become integers.

A cell's outline is the cell with its digits folded. Whether an amount can be read depends only on its outline, unless it has
too many digits. So `amounts.to_units` is called once for each outline, and the digits are then weighted in bulk.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.settlements import amounts
from services.settlements.codes import AmountReason
from services.spreadsheets import marks
from services.text.normal_forms import normalised

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.signedinteger[Any]]
CurrencySigns = tuple[
    NDArray[np.int64], frozenset[str]
]  # the places of cells, and the currencies that the sign beside their amounts can mean
_EDGE = np.zeros(256, dtype=bool)  # may be white space at a cell's edge
_EDGE[[9, 10, 11, 12, 13, 28, 29, 30, 31, 32]] = True
_EDGE[0x80:] = True
_COMPOSING = 0xCC  # the first byte of U+0300: below it every character is composed already
_ANY_DIGIT = np.arange(256, dtype=np.uint8)
_ANY_DIGIT[ord("0") : ord("9") + 1] = ord("1")
_ZERO_OR_NOT = _ANY_DIGIT.copy()
_ZERO_OR_NOT[ord("0")] = ord("0")


def strings(values: list[str]) -> pa.Array:
    return pa.array(values, pa.string())


def raw(column: pa.Array) -> tuple[Offsets, Bytes]:
    """Where each text begins, and the end of the last; the bytes of all."""
    _, offsets, data = column.buffers()
    first = column.offset
    kind: Any = np.int64 if pa.types.is_large_string(column.type) else np.int32
    if offsets is None or not len(column):
        return np.zeros(1, dtype=kind), np.zeros(0, dtype=np.uint8)
    places = np.frombuffer(offsets, dtype=kind)[first : first + len(column) + 1]
    return places, np.frombuffer(data, dtype=np.uint8) if data else np.zeros(0, dtype=np.uint8)


def trimmed(column: pa.Array) -> pa.Array:
    """The texts without white space around them."""
    offsets, data = raw(column)
    begins, ends = offsets[:-1], offsets[1:]
    filled = begins < ends
    if _EDGE[data[begins[filled]]].any() or _EDGE[data[ends[filled] - 1]].any():
        return pc.utf8_trim_whitespace(column)
    return column


def contains(column: pa.Array, character: str) -> bool:
    offsets, data = raw(column)
    return bool((data[offsets[0] : offsets[-1]] == ord(character)).any())


def clean(column: pa.Array, *, marked: str | None = None) -> pa.Array:
    """The cells without blanks around them, without the ="0012" that makes a spreadsheet read digits as text, and for a
    workbook (`marked` is not None) without its marks except this one. Letters and their accents are composed (NFC)."""
    offsets, data = raw(column)
    if not len(data):
        return column
    begins, ends = offsets[:-1], offsets[1:]
    begins = begins[begins < ends]
    column = trimmed(column)
    if (data[begins] == ord("=")).any():
        column = pc.replace_substring_regex(column, r'^="(.*)"$', r"\1")
    if (data[offsets[0] : offsets[-1]] >= _COMPOSING).any():
        column = _composed(column)
    if marked is not None:
        column = pc.utf8_ltrim(column, characters="".join({marks.DATE, marks.NUMBER} - {marked}))
        if marked != marks.NUMBER and contains(column, marks.SIGN):
            column = pc.replace_substring_regex(column, f"{marks.SIGN}.*", "")
        if marked != marks.NUMBER and contains(column, "="):  # the result of a formula may be an empty text
            column = pc.replace_substring_regex(column, "^=$", "")
        column = pc.replace_substring(column, marks.LINE_BREAK, "\n")
    return column


def _composed(column: pa.Array) -> pa.Array:
    if pc.any(pc.match_substring_regex(column, r"\pM{30}")).as_py():  # Arrow's time grows with its square
        return strings([normalised("NFC", text) for text in column.to_pylist()])
    return pc.utf8_normalize(column, "NFC")


def outlines(column: pa.Array, *, zeros: bool = False) -> pa.DictionaryArray:
    """The outline of each cell; `zeros`: a zero is folded to another character than the other digits."""
    offsets, data = raw(column)
    folded = (_ZERO_OR_NOT if zeros else _ANY_DIGIT)[data]
    offsets = np.ascontiguousarray(offsets)
    return pa.StringArray.from_buffers(
        len(column), pa.py_buffer(offsets), pa.py_buffer(folded)
    ).dictionary_encode()


def units(
    column: pa.Array, decimal: str, thousands: str | None
) -> tuple[NDArray[np.int64], NDArray[np.bool_], list[tuple[int, AmountReason]], list[CurrencySigns]]:
    """(1/10000 of each cell, whether it is blank, (place, reason) of each that is no amount, the currency signs)."""
    outlined = outlines(column)
    offsets, data = raw(column)
    found = np.zeros(len(column), dtype=np.int64)
    blank = np.zeros(len(column), dtype=bool)
    bad: list[tuple[int, AmountReason]] = []
    signs: list[CurrencySigns] = []
    for outline, places in _groups(outlined):
        if not outline:
            blank[places] = True
            continue
        try:
            weights = _weights(outline, decimal, thousands)
        except amounts.Unreadable as error:
            # these two depend on which digits are zeros
            if error.reason in ("amount_too_precise", "amount_too_large"):
                bad += _one_by_one(column, places, found, decimal, thousands)
            else:
                bad += [(int(place), error.reason) for place in places]
            continue
        currencies = amounts.currencies(outline)
        if currencies is not None:
            signs.append((places, currencies))
        starts = offsets[:-1][places]
        total = found[places]
        for offset, weight in weights:
            total += (data[starts + offset].astype(np.int64) - ord("0")) * weight
        found[places] = total
    return found, blank, sorted(bad), signs


def _groups(encoded: pa.DictionaryArray) -> Iterator[tuple[str, NDArray[np.int64]]]:
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(encoded.dictionary) + 1))
    for code, value in enumerate(encoded.dictionary.to_pylist()):
        yield value, order[bounds[code] : bounds[code + 1]]


def _weights(outline: str, decimal: str, thousands: str | None) -> list[tuple[int, int]]:
    """(its byte, the units that one more of it adds) for each digit of an outline. Raises amounts.Unreadable."""
    amounts.to_units(outline, decimal, thousands)
    none = outline.replace("1", "0")
    found = []
    for place, character in enumerate(outline):
        if character == "1":
            one = none[:place] + "1" + none[place + 1 :]
            found.append((len(outline[:place].encode()), amounts.to_units(one, decimal, thousands)))
    return found


def _one_by_one(
    column: pa.Array, places: NDArray[np.int64], found: NDArray[np.int64], decimal: str, thousands: str | None
) -> list[tuple[int, AmountReason]]:
    bad = []
    for place in places.tolist():
        try:
            found[place] = amounts.to_units(column[place].as_py(), decimal, thousands)
        except amounts.Unreadable as error:
            bad.append((place, error.reason))
    return bad
