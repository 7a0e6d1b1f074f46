"""Files of the watched folder: listed, opened and moved by descriptors, so that no link leads elsewhere."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from services.heartbeats import still_working
from services.imports.errors import NotReadable

Signature = tuple[int, int, int]  # inode, size and time of change
_MOST = 1_000  # entries of a folder in one poll
# Names that programs use while a file is being written.
_UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".crdownload", ".swp")
_PIECE = 1 << 20


@contextmanager
def open_folder(path: str, parent: int | None = None) -> Iterator[int]:
    """Open a folder and yield its descriptor, so that it stays the same folder; within a ``parent`` no link is followed."""
    link = 0 if parent is None else os.O_NOFOLLOW
    number = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | link, dir_fd=parent)
    try:
        yield number
    finally:
        os.close(number)


def list_files(place: int) -> list[tuple[str, os.stat_result]]:
    """The entries of a folder by name, without folders, hidden files and unfinished ones; links are not followed."""
    found = []
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith((".", "~$")) or entry.name.lower().endswith(_UNFINISHED):
                continue
            try:
                if not entry.is_dir(follow_symlinks=False):
                    found.append((entry.name, entry.stat(follow_symlinks=False)))
            except OSError:
                continue  # gone meanwhile
            if len(found) >= _MOST:
                break
    return sorted(found, key=lambda one: one[0])


@contextmanager
def open_file(place: int, name: str, signature: Signature) -> Iterator[BinaryIO | None]:
    """Open a file to read it; None if it is another file than that of the ``signature``. Never waits for a pipe.

    Raises NotReadable.
    """
    try:
        number = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=place)
    except PermissionError:
        raise NotReadable from None
    except FileNotFoundError:  # another worker has moved it
        yield None
        return
    with os.fdopen(number, "rb") as content:
        about = os.fstat(number)
        same = stat.S_ISREG(about.st_mode) and (about.st_ino, about.st_size, about.st_mtime_ns) == signature
        yield content if same else None


def sha256_of(content: BinaryIO) -> str:
    digest = hashlib.sha256()
    while piece := content.read(_PIECE):
        digest.update(piece)
        still_working()
    return digest.hexdigest()


def move(place: int, name: str, into: str, text: str | None) -> None:
    """Move a file into a folder within its own, under a free name; beside it the ``text``, if any, as a file."""
    # The new folder and the text get the rights of the watched folder: the operator decides who reads them.
    mode = stat.S_IMODE(os.fstat(place).st_mode) & 0o777
    made = False
    with suppress(FileExistsError):
        os.mkdir(into, dir_fd=place)
        made = True
    with open_folder(into, place) as there:
        if made:
            os.fchmod(there, mode)
        used = set(os.listdir(there))
        stem, dot, ending = name.rpartition(".")
        free = (
            f"{stem or ending} ({number}){dot if stem else ''}{ending if stem else ''}"
            for number in range(2, 10_000)
        )
        target = name
        while target in used or f"{target}.txt" in used:
            target = next(free)
        os.rename(name, target, src_dir_fd=place, dst_dir_fd=there)
        if text is None:
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(f"{target}.txt", flags, 0o644, dir_fd=there), "w", encoding="utf-8") as note:
            os.fchmod(note.fileno(), 0o600 | mode & 0o044)
            note.write(text)


def printable(name: str) -> str:
    """The name as a text that every database and screen can show."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "�" for letter in text)[:200]
