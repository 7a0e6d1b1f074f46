"""Faulty cells whose line is read all the same: ids that a spreadsheet has damaged, and dates that are none."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.settlements import dates
from services.settlements.cells import contains, strings
from services.settlements.columns import IDS
from services.settlements.parts import Part
from services.spreadsheets import marks
from services.spreadsheets.lost import LOST_CELL

# 8.00006E+11: a spreadsheet stored six digits of twelve. A shop's id may contain an E, but never this plus.
_LOST = r"^[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{1,3}$"


@dataclass(frozen=True)
class DamagedCell:
    """A faulty cell whose line is read all the same: an id in which a spreadsheet has lost digits, of which it made a date, or
    which is an error or a formula (such an id joins nothing); or a date other than the collection's that is no date."""

    line: int
    column: str
    cell: str


def undated_cells(
    column: str, part: Part, dated: pa.Array, bad: list[int]
) -> tuple[pa.Array, list[DamagedCell]]:
    """The line counts, since only the collection's date decides its month; the cell stays as it is written, and is named.

    Some files write the transfer's name in its date column: there, only a text that looks like a date is a faulty one.
    """
    places = np.zeros(len(dated), dtype=bool)
    places[bad] = True
    cells = [(place, marks.plain(part.cells[column][place].as_py())) for place in bad]
    named = [
        DamagedCell(int(part.lines[place]), column, cell)
        for place, cell in cells
        if column != "transfer" or dates.looks_like_one(cell)
    ]
    return pc.if_else(pa.array(places), part.cells[column], dated), named


def damaged_ids(
    texts: dict[str, pa.Array], lines: NDArray[np.int64], *, sheet: bool
) -> tuple[pa.Array, list[DamagedCell]]:
    """The columns of each line whose id a spreadsheet has damaged; the mark of a date is taken from `texts`."""
    names: dict[int, list[str]] = {}
    damaged = []
    for column in IDS:
        places: list[int] = []
        if contains(texts[column], "+"):
            places = np.flatnonzero(pc.match_substring_regex(texts[column], _LOST)).tolist()
        if any(contains(texts[column], sign) for sign in "#=:"):
            places += np.flatnonzero(pc.match_substring_regex(texts[column], LOST_CELL)).tolist()
        # a spreadsheet makes the date 1 November 2026 of the order 2026-11
        if sheet and contains(texts[column], marks.DATE):
            places += np.flatnonzero(pc.starts_with(texts[column], marks.DATE)).tolist()
            texts[column] = pc.utf8_ltrim(texts[column], characters=marks.DATE)
        for place in places:
            names.setdefault(place, []).append(column)
            damaged.append(DamagedCell(int(lines[place]), column, texts[column][place].as_py()))
    lost = [" ".join(names.get(place, ())) for place in range(len(lines))] if names else [""] * len(lines)
    return strings(lost), sorted(damaged, key=lambda cell: cell.line)
