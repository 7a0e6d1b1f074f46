"""Column names that are repeated further down in a file: files were put together line by line (`cat`)."""

from collections.abc import Collection, Sequence
from typing import Literal

from services.settlements.columns import recognise
from services.text.headings import spelling

_ENOUGH = 4  # names that must be recognised before a row counts as column names
Again = Literal["", "header_again", "other_names", "glued"]


def names_column(cell: str, names: Collection[str]) -> bool:
    """Whether a cell is a column's name, by itself or in this file."""
    return cell in names or recognise(cell) is not None


def names_again(
    row: Sequence[str], names: Sequence[str], known: Sequence[str | None], markers: Sequence[int]
) -> Again:
    """Whether a row names columns: the same (`header_again`), others or in another order (`other_names`), or those of the
    next file right behind the last row of the one before, which had no line end (`glued`).

    `names` and `known`: of the file's own header. `markers`: places of which at least one is a name in each row of names.
    """
    row = [cell.strip() for cell in row]
    width = len(names)
    if len(row) > width and _all_names(tail := row[width:], names):
        same = row[width - 1].endswith(names[0]) and _same([names[0], *tail], names, known)
        return "glued" if same else "other_names"
    there = [place for place in markers if place < len(row)]
    if len(there) == len(markers) and not any(names_column(row[place], names) for place in there):
        return ""
    if _all_names(row, names):
        return "header_again" if _same(row, names, known) else "other_names"
    return "other_names" if _ends_with_names(row[1:], frozenset(names)) else ""


def _all_names(cells: Sequence[str], names: Collection[str]) -> bool:
    filled = [cell for cell in cells if cell]
    found = {recognise(cell) or cell for cell in filled if names_column(cell, names)}
    return len(found) >= _ENOUGH and 2 * len(found) >= len(filled)


def _ends_with_names(cells: Sequence[str], names: Collection[str]) -> bool:
    """Whether `_all_names` is true for the cells from some cell up to the last; checked in one pass, from the last cell."""
    filled, found = 0, set()
    for cell in reversed(cells):
        filled += bool(cell)
        if cell and names_column(cell, names):
            found.add(recognise(cell) or cell)
            if len(found) >= _ENOUGH and 2 * len(found) >= filled:
                return True
    return False


def _same(row: Sequence[str], names: Sequence[str], known: Sequence[str | None]) -> bool:
    """Whether each place has the name that the header has there."""
    if any(row[len(names) :]) or (len(row) < len(names) and any(names[len(row) :])):
        return False
    return all(
        spelling(cell) == spelling(name) or recognise(cell) == column
        for cell, name, column in zip(row, names, known, strict=False)
    )
