"""The floor of an import: read a file with ``csv``, hash each line, insert it; and nothing else.

    python -m benchmarks.floor FILE DATABASE

The tables and indexes are the store's own, made by its migration, the pragmas and the lines of a transaction the same, but
there are no gaps between them, and what a line comes to is made up. Prints JSON: seconds by the clock and by the processor, and the peak of memory in bytes.
"""

import csv
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.memory import peak
from services.store.schema import settlement_lines

AT_ONCE = 5_000  # lines in a transaction, as in services.reconciliation
# As services.store.engine sets them, for long work: with the small cache that is SQLite's own, this takes longer.
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "cache_size=-163840",
)
_AMOUNTS = (11, 13, 14, 15, 18)
_TEXTS = tuple(place for place in range(31) if place not in _AMOUNTS)
_OUTCOMES = ("matched",) * 7 + ("unmatched", "unmatched", "suggested")
_COLUMNS = (
    "account", "identity", "key", "file", "line", *settlement_lines.LINE_TEXTS, *settlement_lines.LINE_AMOUNTS, "outcome", "reason", "order",
    "keys", "unknown_keys", "candidates", "seen", "expected", "loose_reference", "loose_order",
)  # fmt: skip


def main(file: Path, database: Path) -> None:
    """Import the file, written by ``benchmarks.settlement_files`` in its default dialect."""
    db = sqlite3.connect(database, isolation_level=None)
    for pragma in PRAGMAS:
        db.execute(f"PRAGMA {pragma}")
    orders = db.execute("SELECT coalesce(max(id), 0) FROM orders").fetchone()[0]
    number = db.execute(
        "INSERT INTO settlement_files (account, name, sha256, size, source, state, chosen, reading, failure, failure_detail, "
        "tries, lines_done, bytes_done, lines, known_lines, changed_lines, aside, aside_blocking, aside_settlements, "
        "settlements, hipay_settlement, uploaded_at, alive_at, actor_kind, actor_id) VALUES ('demo', 'floor', '', 0, 'folder', "
        "'complete', '{}', '{}', '', '{}', 0, 0, 0, 0, 0, 0, '[]', 0, '[]', '[]', '', '2026-01-01', '2026-01-01', '', '')"
    ).lastrowid
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    statement = f"INSERT INTO settlement_lines ({names}) VALUES ({', '.join('?' * len(_COLUMNS))})"

    begun, busy, lines = time.perf_counter(), time.process_time(), 0
    with file.open(encoding="utf-8", newline="") as text:
        rows = csv.reader(text, delimiter=";")
        next(rows)
        values = _values(rows, int(number or 0), int(orders))
        while some := list(islice(values, AT_ONCE)):
            db.execute("BEGIN IMMEDIATE")
            db.executemany(statement, some)
            db.execute("COMMIT")
            lines += len(some)
    seconds, busy = time.perf_counter() - begun, time.process_time() - busy
    print(json.dumps({"lines": lines, "seconds": seconds, "busy": busy, "peak": peak()}))


def _values(rows: Iterator[list[str]], file: int, orders: int) -> Iterator[tuple[Any, ...]]:
    for n, row in enumerate(rows):
        digest = blake2b("\x1f".join(row).encode() + b"%d" % n, digest_size=32).hexdigest()
        texts = [row[place] for place in _TEXTS]
        amounts = [int(row[place].replace(".", "")) * 100 if row[place] else None for place in _AMOUNTS]
        outcome = _OUTCOMES[n % 10]
        order = 1 + n // 5 if outcome == "matched" and n // 5 < orders else None
        yield (
            "demo",
            digest[:32],
            digest[32:],
            file,
            n + 2,
            *texts,
            row[17].lower(),
            "sale",
            "",
            *amounts,
            outcome,
            "keys_agree",
            order,
            "reference order_id transaction",
            "",
            "",
            "",
            "",
            row[23],
            row[7],
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
