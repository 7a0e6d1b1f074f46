"""Bytes to text: which kind of file this is, in which encoding, and its text in pieces, whatever its length."""

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from services.settlements.errors import EmptyFile, NotASettlementFile, TruncatedFile, UndecodableFile
from services.text.normal_forms import normalised

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "pdf"), (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"\xd0\xcf\x11\xe0", "xls"),
    (b"\x1f\x8b", "gzip"), (b"\x89PNG", "image"), (b"\xff\xd8\xff", "image"), (b"GIF8", "image"), (b"{\\rtf", "rtf"),
    (b"MIME-Version:", "mhtml"),
)  # fmt: skip
_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
# The encodings of a spreadsheet that does not write Unicode: on Windows, on a Mac, in a DOS program.
LEGACY = ("cp1252", "mac_roman", "cp850")
_GAPS = (*LEGACY, "cp1250")  # a few bytes mean nothing in them
# A byte order mark where a line begins; a piece of a text may begin within a line.
_MARKED_LINE = re.compile("(?:^|(?<=[\r\n]))\ufeff+")
_MARKED_LINE_WITHIN = re.compile("(?<=[\r\n])\ufeff+")
_PIECE = 4 << 20  # bytes
_START = 4096


def opened(file: Path | bytes) -> BinaryIO:
    return io.BytesIO(file) if isinstance(file, bytes) else file.open("rb")


def _pieces(file: Path | bytes) -> Iterator[bytes]:
    with opened(file) as stream:
        while piece := stream.read(_PIECE):
            yield piece


def looks_like(start: bytes) -> str:
    """The kind of file that its first bytes name, "" for what may be text."""
    return next((kind for magic, kind in _MAGIC if start.startswith(magic)), "")


def encodings(file: Path | bytes) -> tuple[str, ...]:
    """The possible encodings, best first: one if the bytes decide, the legacy ones if they do not.

    Raises EmptyFile, NotASettlementFile (by the first bytes) and TruncatedFile (it ends inside a character).
    """
    if not any(piece.strip(b"\x00\xff\xfe\xef\xbb\xbf \t\r\n") for piece in _pieces(file)):
        raise EmptyFile
    with opened(file) as stream:
        start = stream.read(_START)
    if kind := looks_like(start):
        raise NotASettlementFile(kind)
    for bom, encoding in _BOMS:
        if start.startswith(bom):
            return (encoding,)
    if b"\x00" in start:
        even, odd = start[0::2].count(0), start[1::2].count(0)
        if odd > 4 * even and odd > len(start) // 8:
            return ("utf-16-le",)
        if even > 4 * odd and even > len(start) // 8:
            return ("utf-16-be",)
        raise NotASettlementFile("binary")
    return ("utf-8",) if _is_utf8(file) else LEGACY


def _is_utf8(file: Path | bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    ascii_so_far = True
    for piece in _pieces(file):
        try:
            text = decoder.decode(piece)
        except UnicodeDecodeError:
            return False
        ascii_so_far = ascii_so_far and text.isascii()
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        # One accented letter at the very end may also be of a legacy encoding: only earlier ones decide.
        if not ascii_so_far:
            raise TruncatedFile(_last_line(file)) from None
        return False
    return True


def _last_line(file: Path | bytes) -> int:
    return sum(piece.count(b"\n") for piece in _pieces(file)) + 1


def texts(file: Path | bytes, encoding: str) -> Iterator[str]:
    """The text in pieces, without byte order marks before its lines.

    Raises UndecodableFile, TruncatedFile, EmptyFile, and NotASettlementFile for HTML, XML or binary content.
    """
    try:
        # The few unused bytes of a code page are shown as replacement characters; they are no error.
        decoder = codecs.getincrementaldecoder(encoding)("replace" if encoding in _GAPS else "strict")
    except LookupError:
        raise UndecodableFile(encoding) from None
    first, blank, ended = True, True, True
    for piece in _pieces(file):
        try:
            text = decoder.decode(piece)
        except UnicodeDecodeError:
            raise UndecodableFile(encoding) from None
        if "\ufeff" in text:  # also within the text, if a file was put behind another
            text = _MARKED_LINE.sub("", text) if ended else _MARKED_LINE_WITHIN.sub("", text)
        ended = text.endswith(("\n", "\r")) if text else ended
        if first and text:
            first = False
            _refuse_markup(text)
        if "\x00" in text:
            raise NotASettlementFile("binary")
        blank = blank and not text.strip()
        yield text
    try:
        rest = decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        if encoding.startswith("utf-"):
            raise TruncatedFile(_last_line(file)) from None
        raise UndecodableFile(encoding) from None
    if blank and not rest.strip():
        raise EmptyFile
    yield rest


def _refuse_markup(text: str) -> None:
    start = text[:256].lstrip().casefold()
    if start.startswith(("<!doctype html", "<html", "<table")):
        raise NotASettlementFile("html")
    if start.startswith("<?xml"):
        raise NotASettlementFile("xml")


def decode(raw: bytes, encoding: str) -> str:
    """The whole text, composed (NFC), so that one name has one spelling. Raises as `texts`."""
    return normalised("NFC", "".join(texts(raw, encoding)))


def head(file: Path | bytes, encoding: str, characters: int) -> str:
    """The first characters of the text, unchanged. Raises as `texts` does."""
    found = ""
    for text in texts(file, encoding):
        found += text
        if len(found) >= characters:
            break
    return found[:characters]
