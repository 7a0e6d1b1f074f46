"""A bank's file, whose format its content tells. It is read in a bounded child, and its statements come one after another."""

import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from services import parsing
from services.bank.reading import camt, cfonb, mt940, ofx
from services.bank.reading.errors import EmptyBankFile, NoStatement, NotABankFile
from services.bank.reading.statements import Part, Statement, assembled

_BLOCK = 2_000  # parts that the child sends at once
_START = 4_096  # bytes that tell the format


def statements(file: Path | bytes) -> Iterator[Statement]:
    """The statements of a file. Raises BankFileError, OSError, ParsingError."""
    size = len(file) if isinstance(file, bytes) else file.stat().st_size
    blocks = parsing.stream(blocks_of, file, size=size)
    return assembled(part for block in blocks for part in block)


def blocks_of(file: Path | bytes) -> Iterator[list[Part]]:
    """For the child: the parts of each statement, in blocks."""
    found = False
    with io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as opened:
        parts = read(opened)
        while block := list(itertools.islice(parts, _BLOCK)):
            found = True
            yield block
    if not found:
        raise NoStatement


def read(file: BinaryIO) -> Iterator[Part]:
    """The parts of each statement, by the reader that the content asks for. Raises BankFileError."""
    start = file.read(_START)
    content = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not content and not file.read(1):
        raise EmptyBankFile
    file.seek(len(start) - len(content))
    if ofx.is_ofx(content):
        return ofx.read(file.read())
    if content.startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        return camt.read(file)
    if cfonb.is_cfonb(content):
        return cfonb.read(file)
    if mt940.is_mt940(content):
        return mt940.read(file.read())
    raise NotABankFile
