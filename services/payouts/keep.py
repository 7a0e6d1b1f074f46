"""A file that came by itself, handed to the import once."""

from typing import BinaryIO

from services.access import WORKER
from services.desk import Desk
from services.reconciliation import imports
from services.reconciliation.imports import FileKnown
from services.store import settlements as rows


def keep(
    desk: Desk, account: str, name: str, content: BinaryIO, *, sha256: str, source: str, hipay_settlement: str = ""
) -> tuple[int, bool]:  # fmt: skip
    """The id of the file, and whether it is a new one. ``content`` is read from where it stands, piece by piece."""
    if (known := _known(desk, account, sha256)) is not None:
        return known, False
    try:
        return imports.import_file(desk, WORKER, account, name, content.read()), True
    except FileKnown:  # somebody was quicker
        known = _known(desk, account, sha256)
        if known is None:
            raise
        return known, False


def _known(desk: Desk, account: str, sha256: str) -> int | None:
    with desk.store.read() as tx:
        found = rows.file_by_hash(tx, account, sha256)
    return found.id if found is not None else None
