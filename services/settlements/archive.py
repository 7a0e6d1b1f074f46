"""A ZIP of settlement files, unpacked by a child: it checks the directory first, then unpacks each member within bounds."""

import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from services import parsing
from services.settlements.errors import (
    ZipEmpty,
    ZipLocked,
    ZipNames,
    ZipNested,
    ZipOthers,
    ZipTooLarge,
    ZipUnreadable,
)
from services.settlements.text import looks_like, opened

MOST_MEMBERS = 200
MOST_UNPACKED = 4 << 30  # bytes, of all members
# Text is compressed to a twentieth of its size. No file, and no set of files, above so many bytes is compressed to a two hundredth.
_DENSE, _MOST_DENSE = 200, 64 << 20
_PIECE = 1 << 20
# What the first member of a spreadsheet is called: it is a ZIP too.
_SPREADSHEET = ("[Content_Types].xml", "mimetype", "_rels/", "docProps/", "xl/", "customXml/", "META-INF/")


# Files that systems and programs add to a folder: they are ignored, and never named.
_LITTER = re.compile(
    r"\._.*|\.ds_store|thumbs\.db|ehthumbs.*\.db|desktop\.ini|~\$.*|\.~lock\..*#|icon\r|\.(?:trashes|fseventsd|spotlight-v100).*",
    re.IGNORECASE | re.DOTALL,
)
_LITTER_FOLDERS = frozenset(
    ("__macosx", "$recycle.bin", "system volume information", ".trashes", ".fseventsd", ".spotlight-v100")
)
_KINDS = frozenset(
    ("pdf", "image", "gzip", "rtf", "mhtml")
)  # kinds of files that their first bytes show, and that contain no payout


@dataclass(frozen=True)
class Member:
    """One file. `name` is only shown, never used as a path; `path`: the file with its bytes. `other`: its kind if it is no
    payout file (a key of error_messages.KINDS_OF_FILE), "" for one to read."""

    name: str
    path: Path
    other: str = ""


def is_archive(file: Path | bytes) -> bool:
    """Whether a file is a ZIP and no spreadsheet."""
    with opened(file) as stream:
        start = stream.read(30)
        if start.startswith(b"PK\x05\x06"):
            return True
        if not start.startswith(b"PK\x03\x04") or len(start) < 30:
            return False
        (length,) = struct.unpack_from("<H", start, 26)
        return not stream.read(length).decode("cp437").startswith(_SPREADSHEET)


@contextmanager
def members(file: Path, name: str) -> Iterator[tuple[Member, ...]]:
    """The files of a ZIP, unpacked for as long as the context lasts, in its order; any other file is returned alone.

    Folders and the files that systems add are left out; `other` names a file of another kind. Raises ZipUnreadable,
    ZipLocked, ZipNested, ZipNames, ZipTooLarge, ZipEmpty, ZipOthers if each file is of another kind, and ParsingError.
    Whether a member can be read is known only once it is opened.
    """
    if not is_archive(file):
        yield (Member(name, file),)
        return
    with tempfile.TemporaryDirectory(prefix="zip-") as folder:
        size = file.stat().st_size
        bounds = replace(parsing.Bounds.of(size), file=MOST_UNPACKED)
        yield parsing.run(_unpack_all, file, Path(folder), MOST_UNPACKED, size=size, bounds=bounds)


def _unpack_all(file: Path, folder: Path, most: int) -> tuple[Member, ...]:
    try:
        _refuse_long_directory(file, most)
        with zipfile.ZipFile(file) as archive:
            wanted = _judged(archive.infolist(), most)
            found = tuple(
                _unpacked(archive, entry, folder / str(place)) for place, entry in enumerate(wanted)
            )
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError, NotImplementedError):
        raise ZipUnreadable from None
    if all(one.other for one in found):
        raise ZipOthers(tuple(one.name for one in found), found[0].other)
    return found


def _refuse_long_directory(file: Path, most: int) -> None:
    """Check how many members the directory has, which its end says, before it is read into memory."""
    with file.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(size - (22 + 0xFFFF), 0))
        tail = stream.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0:
        raise ZipUnreadable
    if struct.unpack_from("<H", tail, place + 10)[0] > 10 * MOST_MEMBERS:  # folders and Mac files count here
        raise ZipTooLarge(most >> 20, MOST_MEMBERS)


def _judged(entries: list[zipfile.ZipInfo], most: int) -> list[zipfile.ZipInfo]:
    """The members to unpack, of at most so many bytes together."""
    wanted = []
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts:
            raise ZipNames(_shown(entry.filename))
        litter = _LITTER.fullmatch(path.name) or any(one.casefold() in _LITTER_FOLDERS for one in path.parts)
        if path.name and not entry.is_dir() and not litter:
            wanted.append(entry)
    if not wanted:
        raise ZipEmpty
    if any(entry.flag_bits & 1 for entry in wanted):
        raise ZipLocked
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in wanted):
        raise ZipUnreadable  # others may ask for gigabytes of memory before their first byte
    sizes = [(entry.file_size, entry.compress_size) for entry in wanted]
    whole, packed = (sum(one) for one in zip(*sizes, strict=True))
    dense = any(size > max(_MOST_DENSE, _DENSE * small) for size, small in [*sizes, (whole, packed)])
    if dense or len(wanted) > MOST_MEMBERS or whole > most:
        raise ZipTooLarge(most >> 20, MOST_MEMBERS)
    return wanted


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> Member:
    name = _shown(PurePosixPath(entry.filename.replace("\\", "/")).name)
    # Never more than the directory declares: zipfile stops there, and refuses a wrong checksum.
    with archive.open(entry) as packed, target.open("wb") as file:
        while piece := packed.read(_PIECE):
            file.write(piece)
    if is_archive(target):
        raise ZipNested(name)
    with target.open("rb") as file:
        kind = looks_like(file.read(16))
    return Member(name, target, kind if kind in _KINDS else "")


def _shown(name: str) -> str:
    """The name with its unprintable characters replaced, whatever its alphabet."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name)[:100]
