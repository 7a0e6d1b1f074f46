"""Whether a workbook is protected by a password: each program marks this in its own way."""

import mmap
import struct
import zipfile
import zlib
from pathlib import Path

_OLE = b"\xd0\xcf\x11\xe0"
_PACKAGE = "EncryptedPackage".encode("utf-16-le")  # an XLSX, put whole into a container
_WORKBOOK = tuple(f"{name}\x00".encode("utf-16-le") for name in ("Workbook", "Book"))
_FIRST_RECORD, _PASSWORD = b"\x09\x08", 0x002F  # of an XLS: BOF; FILEPASS comes among the next few
_MOST = 1 << 20  # bytes of an ODS's list of its parts
_RECORDS = 200


def locked(file: Path) -> bool:
    """An XLSX, XLS or ODS that cannot be read without a password."""
    with file.open("rb") as stream:
        start = stream.read(4)
        if start == _OLE:
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
                if not any(content.find(name) >= 0 for name in _WORKBOOK):
                    return content.find(_PACKAGE) >= 0
                return _has_password(content)
    return start.startswith(b"PK") and _parts_encrypted(file)


def _has_password(content: mmap.mmap) -> bool:
    """The stream of an XLS begins at a sector of its container: by its first record, then record by record."""
    place = 512
    while place + 8 <= len(content):
        if content[place : place + 2] == _FIRST_RECORD and content[place + 5 : place + 6] in b"\x05\x06":
            at = place
            for _ in range(_RECORDS):
                if at + 4 > len(content):
                    break
                kind, length = struct.unpack_from("<HH", content, at)
                if kind == _PASSWORD:
                    return True
                if kind in (0x000A, 0x0085) and at > place:  # the end of the globals, or the list of sheets
                    break
                at += 4 + length
            return False
        place += 512
    return False


def _parts_encrypted(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            if any(entry.flag_bits & 1 for entry in archive.infolist()):
                return True
            names = set(archive.namelist())
            if "encrypted-package" in names:
                return True
            if "META-INF/manifest.xml" not in names:
                return False
            with archive.open("META-INF/manifest.xml") as parts:
                return b"encryption-data" in parts.read(_MOST)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error):
        return False  # whatever it is: the reader of the workbook will raise
