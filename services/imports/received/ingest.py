"""Give a file that was fetched or found in the watched folder to the import, once; of a ZIP, each member."""

import contextlib
import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from services.access import WORKER
from services.desk import Desk
from services.disk_space import raising_no_room
from services.imports import files
from services.imports.errors import FileKnown
from services.settlements import archive
from services.store.settlements.files import settlement_files
from services.store.settlements.files.settlement_files import FileOrigin

log = logging.getLogger(__name__)


class _Beating:
    """A stream that calls ``beat`` for each piece read, so that a lease can be renewed; and its hash so far."""

    def __init__(self, stream: BinaryIO, beat: Callable[[], None]) -> None:
        self._stream, self._beat, self.digest = stream, beat, hashlib.sha256()

    def read(self, size: int) -> bytes:
        self._beat()
        piece = self._stream.read(size)
        self.digest.update(piece)
        return piece


def ingest(
    desk: Desk,
    account: str,
    name: str,
    content: BinaryIO,
    sha256: str,
    *,
    source: FileOrigin,
    beat: Callable[[], None],
    hipay_settlement: str = "",
) -> tuple[list[int], bool]:
    """The ids of the files, and whether one is new. ``content``: a file on the disk, which is read piece by piece.

    ``beat`` is called for each piece, and may raise to give up. Raises ImportRefused, NoRoom, and SettlementFileError or
    ParsingError for a ZIP that cannot be taken apart.
    """
    if (known := _known(desk, sha256)) is not None:
        return [known], False
    content.seek(0)
    # the open file itself, even if its name leads to another file by now; a child can open it, too
    path = Path(f"/proc/{os.getpid()}/fd/{content.fileno()}")
    ids: list[int] = []
    new = False
    with contextlib.ExitStack() as open_files:
        streams = [(name, content)]
        if archive.is_archive(path):
            with raising_no_room():
                found = open_files.enter_context(archive.members(path, name))
            for other in (one for one in found if one.other):
                log.warning("%s of %s is no payout file (%s) and is left out", other.name, name, other.other)
            streams = [
                (one.name, open_files.enter_context(one.path.open("rb"))) for one in found if not one.other
            ]
        for each, stream in streams:
            file_id, is_new = _receive(desk, account, each, stream, source, hipay_settlement, beat)
            ids.append(file_id)
            new = new or is_new
    return ids, new


def _receive(
    desk: Desk,
    account: str,
    name: str,
    stream: BinaryIO,
    source: FileOrigin,
    hipay_settlement: str,
    beat: Callable[[], None],
) -> tuple[int, bool]:
    beating = _Beating(stream, beat)
    try:
        file = files.receive(
            desk,
            WORKER,
            account,
            name,
            cast(BinaryIO, beating),
            source=source,
            hipay_settlement=hipay_settlement,
        )
    except FileKnown:
        if (known := _known(desk, beating.digest.hexdigest())) is None:
            raise
        return known, False
    return file, True


def _known(desk: Desk, sha256: str) -> int | None:
    with desk.store.read() as tx:
        found = settlement_files.by_hash(tx, sha256)
    return found.id if found is not None else None
