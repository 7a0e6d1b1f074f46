"""One payout's file from HiPay, received completely before anything of it is stored."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Literal

from services import disk_space
from services.hipay.client import HiPay
from services.hipay.errors import BadAnswer, NotFound, Refused
from services.imports.errors import FileNotReady, PayoutError, WrongContent

Ext = Literal["csv", "txt", "xls"]
FORMS: tuple[Ext, ...] = ("csv", "txt", "xls")  # best first
_HEAD = 4096
_SPREADSHEETS = (b"\xd0\xcf\x11\xe0", b"PK\x03\x04")


@dataclass(frozen=True)
class Downloaded:
    """``content`` is open at its beginning, and gone once the block ends."""

    name: str
    content: BinaryIO
    sha256: str
    size: int


@contextmanager
def downloaded(client: HiPay, settlement_id: str, beat: Callable[[int], None]) -> Iterator[Downloaded]:
    """The file as CSV, else as TXT, else as a spreadsheet: HiPay may lack one form, or answer it with nonsense.

    ``beat`` is called with the bytes so far, and may raise to give up. Raises HiPayError, FileNotReady, WrongContent,
    NoRoom.
    """
    trouble: Exception = FileNotReady(settlement_id)
    for ext in FORMS:
        # Without a name on the disk: nothing stays behind, whatever ends this process.
        with tempfile.TemporaryFile(prefix="eterminal-") as content:
            try:
                sha256, size = _receive(client, settlement_id, ext, content, beat)
            except NotFound:
                continue
            except (WrongContent, BadAnswer, Refused) as error:
                trouble = error
                continue
            content.seek(0)
            yield Downloaded(f"settlement-{settlement_id}.{ext}", content, sha256, size)
            return
    raise trouble


def _receive(
    client: HiPay, settlement_id: str, ext: Ext, content: BinaryIO, beat: Callable[[int], None]
) -> tuple[str, int]:
    digest, size, head, checked = hashlib.sha256(), 0, b"", False
    for piece in client.settlement_file(settlement_id, ext):
        if not checked:
            head += piece
            if len(head) >= _HEAD:
                check_content(head)
                checked = True
        digest.update(piece)
        size += len(piece)
        with disk_space.raising_no_room():
            content.write(piece)
        beat(size)
    if not checked:
        check_content(head)
    with disk_space.raising_no_room():
        content.flush()
    return digest.hexdigest(), size


def check_content(head: bytes) -> None:
    """Refuse a file that cannot be a payout file, by its first bytes; the import finds all other faults. Raises WrongContent."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.strip(b"\x00\xff\xfe"):
        raise WrongContent("empty")
    if head.startswith(_SPREADSHEETS):
        return
    start = text[:1024].lower()
    if start.startswith(b"<"):
        raise WrongContent("html")
    if start.startswith((b"{", b"[")):
        raise WrongContent("json")
    if b"\x00" in head and not _is_utf16(head):
        raise WrongContent("binary")


def _is_utf16(head: bytes) -> bool:
    """A byte order mark, or a zero in every second byte."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    even, odd = head[0::2].count(0), head[1::2].count(0)
    return max(even, odd) > len(head) // 8 and max(even, odd) > 4 * min(even, odd)


__all__ = ["Downloaded", "PayoutError", "check_content", "downloaded"]
