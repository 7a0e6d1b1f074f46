"""The tables of a web page, as many programs write what they call XLS: rows of text, to be unfolded by `texts` alone.

A table within a table is a table of its own. The text of a cell that spans several cells is in the first of them, the others
are blank: so no amount is there twice. Cells are text: the reader of the file decides which are numbers.

Python's own `html.parser` takes a time of the square of a page's length if marks are left open: hours for some megabytes.
"""

import re
from dataclasses import dataclass, field
from html import unescape

MOST_TABLES = 200
_STARTS = (
    "<!doctype html",
    "<html",
    "<head",
    "<meta",
    "<body",
    "<style",
    "<table",
    "<div",
    "<center",
    "<!--",
)
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_-]{1,40})", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f]+")
# A tag up to the first ">" outside quoted values. The group is atomic: it never tries a second way to match the same text.
_TAG = re.compile(r"""(/?)([a-z][^\s<>/]*)((?>=\s{0,9}"[^"]*"|=\s{0,9}'[^']*'|[^<>])*)>""", re.IGNORECASE)
_MOST_TAG = 2_000  # characters; what is longer is text
_SPANS = re.compile(
    r"""(?<![\w-])(colspan|rowspan)\s{0,9}=\s{0,9}["']?\s{0,9}([0-9]{1,6})\b""", re.IGNORECASE
)
_RAW_ENDS = {
    name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style")
}  # no mark counts within
_ENDLESS = re.compile(r"&#[0-9]{8,}")  # of a character's number: more digits than any has
_SILENT = frozenset(("script", "style", "head", "title", "template"))


def is_web_page(start: bytes) -> bool:
    """Whether a file's first bytes (a thousand are enough) are those of a page in HTML."""
    text = start[:1024].replace(b"\x00", b"").decode("latin-1").lstrip("ï»¿ÿþ \t\r\n").casefold()
    return text.startswith(_STARTS) or (
        text.startswith("<?xml") and ("<html" in text or "<!doctype html" in text)
    )


def decoded(raw: bytes) -> str:
    """The page's text in the encoding that its mark or its `meta` names, else UTF-8 where it is, else Western."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return raw.decode(encoding, "replace").removeprefix("\ufeff")
    if raw[1:8:2] == b"\x00" * 4:
        return raw.decode("utf-16-le", "replace")
    named = _CHARSET.search(raw[:4096])
    for encoding in (named[1].decode() if named else "", "utf-8"):
        try:
            return raw.decode("cp1252" if encoding.casefold() == "iso-8859-1" else encoding or "utf-8")
        except (UnicodeDecodeError, LookupError):
            continue
    return raw.decode("cp1252", "replace")


@dataclass
class Table:
    """`rows`: cells of text, a line break within a cell as such; `long`: the page has more rows than these."""

    name: str
    rows: list[list[str]] = field(default_factory=list)
    long: bool = False


@dataclass(kw_only=True)
class _Open:
    """A table whose end has not been read. `below`: by place, into how many further rows a cell above spans."""

    table: Table
    row: list[str] | None = None
    cell: list[str] | None = None
    wide: int = 1
    below: dict[int, int] = field(default_factory=dict)
    caption: list[str] | None = None


class _Reader:
    def __init__(self, most_rows: int, most_columns: int) -> None:
        self.tables: list[Table] = []
        self._open: list[_Open] = []
        self._most_rows, self._most_columns = most_rows, most_columns
        self._silent = 0

    def feed(self, page: str) -> None:
        """The whole page."""
        place, never = 0, set[str]()

        def after(mark: str, start: int) -> int:
            """Behind the next one of these; the page's end where none follows."""
            found = -1 if mark in never else page.find(mark, start)
            if found < 0:
                never.add(mark)
            return len(page) if found < 0 else found + len(mark)

        while place < len(page):
            start = page.find("<", place)
            start = len(page) if start < 0 else start
            if start > place:
                self._data(page[place:start])
            if page.startswith("<!--", start):
                place = after("-->", start + 4)
            elif page.startswith(("<!", "<?"), start):
                place = after(">", start)
            elif tag := _TAG.match(page, start + 1, start + _MOST_TAG):
                place, name = tag.end(), tag[2].casefold()
                if tag[1]:
                    self._end(name)
                    continue
                self._start(name, {one[1].casefold(): one[2] for one in _SPANS.finditer(tag[3])})
                if name in _RAW_ENDS:
                    ends = _RAW_ENDS[name].search(page, place)
                    place = ends.start() if ends else len(page)
            elif start < len(page):
                self._data("<")
                place = start + 1
            else:
                place = start
        for here in self._open:  # a page that breaks off
            self._end_row(here)

    def _start(self, tag: str, spans: dict[str, str]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in ("body", "table"):
            self._silent = 0  # a head may be left open
        if tag == "table":
            table = Table(str(len(self.tables) + 1))
            if len(self.tables) < MOST_TABLES:
                self.tables.append(table)
            self._open.append(_Open(table=table))
        elif self._open:
            self._within(self._open[-1], tag, spans)

    def _within(self, here: _Open, tag: str, spans: dict[str, str]) -> None:
        if tag == "tr":
            self._end_row(here)
            here.row = []
        elif tag in ("td", "th"):
            self._end_cell(here)
            here.row = [] if here.row is None else here.row
            self._add_spanned_cells(here)
            here.cell, here.wide = [], _span(spans.get("colspan"), self._most_columns)
            tall = _span(spans.get("rowspan"), self._most_rows)
            if tall > 1:
                first = len(here.row)
                here.below.update(dict.fromkeys(range(first, first + here.wide), tall))
        elif tag == "caption":
            here.caption = []
        elif tag in ("br", "p", "div") and here.cell:
            here.cell.append("\n")

    def _end(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        if not self._open:
            return
        here = self._open[-1]
        if tag == "table":
            self._end_row(here)
            self._open.pop()
        elif tag in ("tr", "thead", "tbody", "tfoot"):
            self._end_row(here)
        elif tag in ("td", "th"):
            self._end_cell(here)
        elif tag == "caption" and here.caption is not None:
            here.table.name, here.caption = _text(here.caption)[:80] or here.table.name, None

    def _data(self, data: str) -> None:
        if self._silent or not self._open:
            return
        here = self._open[-1]
        into = here.caption if here.cell is None else here.cell
        if into is not None:
            into.append(_BLANKS.sub(" ", unescape(_ENDLESS.sub("", data)) if "&" in data else data))

    def _end_cell(self, here: _Open) -> None:
        if here.cell is None or here.row is None:
            return
        if len(here.row) < self._most_columns:
            here.row += [_text(here.cell), *[""] * (here.wide - 1)]
        here.cell = None

    def _add_spanned_cells(self, here: _Open) -> None:
        assert here.row is not None
        while here.below.get(len(here.row), 0) and len(here.row) < self._most_columns:
            here.row.append("")

    def _end_row(self, here: _Open) -> None:
        self._end_cell(here)
        if here.row is None:
            return
        self._add_spanned_cells(here)
        here.below = {place: left - 1 for place, left in here.below.items() if left > 1}
        if len(here.table.rows) <= self._most_rows:
            here.table.rows.append(here.row[: self._most_columns])
        else:
            here.table.long = True
        here.row = None


def tables(raw: bytes, most_rows: int, most_columns: int) -> list[Table]:
    """The tables of a page that have a cell, at most `most_rows` + 1 rows of each."""
    reader = _Reader(most_rows, most_columns)
    reader.feed(decoded(raw))
    return [table for table in reader.tables if any(any(row) for row in table.rows)]


def _text(parts: list[str]) -> str:
    lines = (_BLANKS.sub(" ", line).strip(" \xa0") for line in "".join(parts).split("\n"))
    return "\n".join(lines).strip("\n")


def _span(text: str | None, most: int) -> int:
    return min(max(int(text), 1), most) if text else 1
