"""From bytes to text: what kind of file this is, and in which encoding."""

import codecs
import unicodedata

from services.settlements.errors import EmptyFile, NotASettlementFile, TruncatedFile, UndecodableFile

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "pdf"), (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"\xd0\xcf\x11\xe0", "xls"),
    (b"\x1f\x8b", "gzip"), (b"\x89PNG", "image"), (b"\xff\xd8\xff", "image"), (b"GIF8", "image"), (b"{\\rtf", "rtf"),
)  # fmt: skip
_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
# What a spreadsheet writes where it does not write Unicode: Windows, a Mac, a DOS program.
LEGACY = ("cp1252", "mac_roman", "cp850")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", *LEGACY)


def encodings(raw: bytes) -> tuple[str, ...]:
    """The encodings that may be meant, best first: one where the bytes decide, the legacy ones where they do not.

    Raises EmptyFile, NotASettlementFile (by the first bytes) and TruncatedFile (it ends inside a character).
    """
    if not raw.strip(b"\x00\xff\xfe\xef\xbb\xbf \t\r\n"):
        raise EmptyFile
    for magic, kind in _MAGIC:
        if raw.startswith(magic):
            raise NotASettlementFile(kind)
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return (encoding,)
    start = raw[:4096]
    if b"\x00" in start:
        even, odd = start[0::2].count(0), start[1::2].count(0)
        if odd > 4 * even and odd > len(start) // 8:
            return ("utf-16-le",)
        if even > 4 * odd and even > len(start) // 8:
            return ("utf-16-be",)
        raise NotASettlementFile("binary")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        # One accented letter at the very end may also be a legacy encoding: only earlier ones tell.
        if error.reason == "unexpected end of data" and not raw[: error.start].isascii():
            raise TruncatedFile(raw.count(b"\n") + 1) from None
        return LEGACY
    return ("utf-8",)


def decode(raw: bytes, encoding: str) -> str:
    """The text without its byte order mark, composed (NFC), so that one name has one spelling.

    Raises UndecodableFile, TruncatedFile, and NotASettlementFile for HTML, XML or binary content.
    """
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding.startswith("utf-") and error.reason in ("truncated data", "unexpected end of data"):
            raise TruncatedFile(raw.count(b"\n") + 1) from None
        if encoding not in LEGACY:
            raise UndecodableFile(encoding) from None
        text = raw.decode(encoding, errors="replace")  # the few unused bytes of a code page: shown, not fatal
    except LookupError:
        raise UndecodableFile(encoding) from None
    text = text.removeprefix("\ufeff")
    if "\x00" in text:
        raise NotASettlementFile("binary")
    start = text[:256].lstrip().casefold()
    if start.startswith(("<!doctype html", "<html", "<table")):
        raise NotASettlementFile("html")
    if start.startswith("<?xml"):
        raise NotASettlementFile("xml")
    if not text.strip():
        raise EmptyFile
    return text if text.isascii() else unicodedata.normalize("NFC", text)
