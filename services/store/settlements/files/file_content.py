"""The bytes of settlement files, in compressed chunks."""

import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import (
    Connection,
    delete,
    insert,
    select,
)

from services.store.schema.settlement_files import settlement_chunks

CHUNK_BYTES = 4 << 20


def add_chunk(tx: Connection, file: int, number: int, data: bytes) -> None:
    tx.execute(insert(settlement_chunks).values(file=file, number=number, data=data))


_AT_ONCE = 8  # chunks


def chunks(tx: Connection, file: int, after: int = -1, limit: int = _AT_ONCE) -> list[tuple[int, bytes]]:
    """The file's next pieces as they came: (number, bytes)."""
    chunk = settlement_chunks.c
    query = (
        select(chunk.number, chunk.data)
        .where(chunk.file == file, chunk.number > after)
        .order_by(chunk.number)
    )
    return [(row.number, zlib.decompress(row.data)) for row in tx.execute(query.limit(limit))]


def content(tx: Connection, file: int) -> bytes:
    """The file as it came."""
    return b"".join(_pieces(tx, file))


def _pieces(tx: Connection, file: int) -> Iterator[bytes]:
    after = -1
    while some := chunks(tx, file, after):
        yield from (data for _, data in some)
        after = some[-1][0]


@contextmanager
def on_disk(read: Callable[[], AbstractContextManager[Connection]], file: int) -> Iterator[Path]:
    """The file as it came, on the disk for as long as the context lasts; ``read`` opens a transaction for each part."""
    with tempfile.NamedTemporaryFile(prefix="payout-") as copy:
        after = -1
        while True:
            with read() as tx:
                some = chunks(tx, file, after)
            for _, data in some:
                copy.write(data)
            if len(some) < _AT_ONCE:
                break
            after = some[-1][0]
        copy.flush()
        yield Path(copy.name)


def drop_chunks(tx: Connection, file: int) -> None:
    tx.execute(delete(settlement_chunks).where(settlement_chunks.c.file == file))
