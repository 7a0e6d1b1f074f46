"""A ZIP of settlement files, taken apart: its directory is judged first, then each member is unpacked in bounds."""

import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from services.settlements.errors import ZipEmpty, ZipLocked, ZipNames, ZipNested, ZipTooLarge, ZipUnreadable
from services.settlements.text import opened

MOST_MEMBERS = 200
MOST_UNPACKED = 4 << 30  # bytes, of all members
_DENSE, _MOST_DENSE = (
    200,
    64 << 20,
)  # text shrinks to a twentieth: to a two hundredth, above so many bytes, no file does
_PIECE = 1 << 20
# What the first member of a spreadsheet is called: it is a ZIP too.
_SPREADSHEET = ("[Content_Types].xml", "mimetype", "_rels/", "docProps/", "xl/", "customXml/", "META-INF/")


@dataclass(frozen=True)
class Member:
    """One file to read. `name` is for the eye, never a path; `path` is where its bytes lie."""

    name: str
    path: Path


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
    """The files of a ZIP, unpacked for as long as the context lasts, in its order; any other file alone.

    Folders and what a Mac adds are left out. Raises ZipUnreadable, ZipLocked, ZipNested, ZipNames, ZipTooLarge,
    ZipEmpty. What a member is, and whether it can be read, is found when it is opened.
    """
    if not is_archive(file):
        yield (Member(name, file),)
        return
    with tempfile.TemporaryDirectory(prefix="zip-") as folder:
        try:
            _refuse_long_directory(file)
            with zipfile.ZipFile(file) as archive:
                wanted = _judged(archive.infolist())
                found = tuple(
                    _unpacked(archive, entry, Path(folder) / str(place)) for place, entry in enumerate(wanted)
                )
        except (zipfile.BadZipFile, zlib.error, EOFError, struct.error):
            raise ZipUnreadable from None
        yield found


def _refuse_long_directory(file: Path) -> None:
    """Before the directory is read into memory: its end says how many members it has."""
    with file.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(size - (22 + 0xFFFF), 0))
        tail = stream.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0:
        raise ZipUnreadable
    if struct.unpack_from("<H", tail, place + 10)[0] > 10 * MOST_MEMBERS:  # folders and Mac files count here
        raise ZipTooLarge(MOST_UNPACKED >> 20, MOST_MEMBERS)


def _judged(entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    wanted = []
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if (
            path.is_absolute()
            or ".." in path.parts
            or ":" in entry.filename
            or not entry.filename.isprintable()
        ):
            raise ZipNames(entry.filename[:100])
        if not entry.is_dir() and path.parts[0] != "__MACOSX" and path.name != ".DS_Store":
            wanted.append(entry)
    if not wanted:
        raise ZipEmpty
    if any(entry.flag_bits & 1 for entry in wanted):
        raise ZipLocked
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in wanted):
        raise ZipUnreadable  # others may ask for gigabytes of memory before their first byte
    sizes = [entry.file_size for entry in wanted]
    dense = any(
        size > _MOST_DENSE and size > _DENSE * entry.compress_size
        for size, entry in zip(sizes, wanted, strict=True)
    )
    if dense or len(wanted) > MOST_MEMBERS or sum(sizes) > MOST_UNPACKED:
        raise ZipTooLarge(MOST_UNPACKED >> 20, MOST_MEMBERS)
    return wanted


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> Member:
    name = PurePosixPath(entry.filename.replace("\\", "/")).name
    # Never more than the directory declares: zipfile stops there, and refuses a wrong checksum.
    with archive.open(entry) as packed, target.open("wb") as file:
        while piece := packed.read(_PIECE):
            file.write(piece)
    if is_archive(target):
        raise ZipNested(name)
    return Member(name, target)
