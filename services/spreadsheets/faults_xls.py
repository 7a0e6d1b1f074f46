"""The cells without a value of an XLS: BIFF records in the one stream of a compound file.

Source: Microsoft's [MS-CFB] and [MS-XLS]: BoundSheet8, BoolErr and Formula (FormulaValue).
"""

from itertools import islice
from struct import error as TooShort
from struct import unpack_from

_END = 0xFFFFFFFA  # sectors from here on are marks: free, end of chain
_BOUNDSHEET, _BOF, _EOF, _FORMULA, _BOOLERR = 0x0085, 0x0809, 0x000A, 0x0006, 0x0205
_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}  # fmt: skip
_UNNAMED = "#ERROR!"


def find(raw: bytes) -> list[dict[int, dict[int, str]]]:
    """For each sheet, by row and column from 0: an error's text, or "=" for a formula without a result. The file does not
    say whether the formula was never computed or its result is an empty text.

    Empty for bytes that are no XLS: the reader of the workbook will raise.
    """
    try:
        stream = _workbook(raw)
        return [_of_sheet(stream, place) for place in _sheets(stream)]
    except (TooShort, IndexError, OverflowError):
        return []


def _workbook(raw: bytes) -> bytes:
    """The stream that is called Workbook, or Book in older ones."""
    shift, small_shift = unpack_from("<HH", raw, 30)
    fats, directory, _, cutoff, small, _, more = unpack_from("<IIIIIII", raw, 44)

    def sector(number: int) -> bytes:
        return raw[(number + 1) << shift : (number + 2) << shift]

    def words(data: bytes) -> tuple[int, ...]:
        return unpack_from(f"<{len(data) // 4}I", data)

    places = list(unpack_from("<109I", raw, 76))
    for _ in range(len(raw) >> shift):
        if more >= _END:
            break
        *some, more = words(sector(more))
        places += some
    table = [
        word for place in islice((one for one in places if one < _END), fats) for word in words(sector(place))
    ]

    def chain(start: int, following: list[int]) -> list[int]:
        found: list[int] = []
        while start < _END and len(found) <= len(following):
            found.append(start)
            start = following[start]
        return found

    def joined(start: int) -> bytes:
        return b"".join(sector(one) for one in chain(start, table))

    entries = joined(directory)
    root: bytes = b""
    wanted: tuple[int, int] | None = None
    for place in range(0, len(entries), 128):
        length = unpack_from("<H", entries, place + 64)[0]
        name = entries[place : place + max(length - 2, 0)].decode("utf-16-le", "replace")
        kind = entries[place + 66]
        start, long = unpack_from("<II", entries, place + 116)
        if kind == 5:
            root = joined(start)
        elif kind == 2 and name in ("Workbook", "Book") and (wanted is None or name == "Workbook"):
            wanted = (start, long)
    if wanted is None:
        return b""
    start, long = wanted
    if long >= cutoff:
        return joined(start)[:long]
    following, step = list(words(joined(small))), 1 << small_shift
    return b"".join(root[one * step : (one + 1) * step] for one in chain(start, following))[:long]


def _sheets(stream: bytes) -> list[int]:
    """Where each sheet's records begin, in the order of the sheets."""
    found = []
    place = 0
    while place + 4 <= len(stream):
        kind, length = unpack_from("<HH", stream, place)
        if kind == _BOUNDSHEET:
            found.append(unpack_from("<I", stream, place + 4)[0])
        elif kind == _EOF:
            break
        place += 4 + length
    return found


def _of_sheet(stream: bytes, place: int) -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = {}
    depth = 0  # a chart within the sheet has records of its own
    while place + 4 <= len(stream):
        kind, length = unpack_from("<HH", stream, place)
        at = place + 4
        place = at + length
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                break
        elif depth == 1 and kind in (_FORMULA, _BOOLERR):
            row, column = unpack_from("<HH", stream, at)
            fault = _formula(stream, at + 6) if kind == _FORMULA else _bool_error(stream, at + 6)
            if fault:
                found.setdefault(row, {})[column] = fault
    return found


def _bool_error(stream: bytes, at: int) -> str:
    value, wrong = unpack_from("<BB", stream, at)
    return _ERRORS.get(value, _UNNAMED) if wrong else ""


def _formula(stream: bytes, at: int) -> str:
    kind, value, mark = stream[at], stream[at + 2], unpack_from("<H", stream, at + 6)[0]
    if mark != 0xFFFF:  # a number
        return ""
    return _ERRORS.get(value, _UNNAMED) if kind == 2 else "=" if kind == 3 else ""
