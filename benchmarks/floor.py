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
_DAYS = (2, 3, 29, 30)
_OWN = (21, 24, 23, 7, 4, 25, 27, 26, 20)  # in the order of payout_lines.LINE_TEXTS
_COMMON = (0, 1, 8, 9, 10, 12, 16, 17, 28)  # of payout_lines.COMMON_TEXTS
_OUTCOMES = ("matched",) * 7 + ("unmatched", "unmatched", "suggested")
_COLUMNS = (
    "id", "group", "file", "payout", "date_day", "date_value_day", "transfer_day", "operation_date_day", "order", "reason",
    "transaction_id", "original_amount_units", "amount_excl_tax_units", "tax_amount_units", "amount_incl_tax_units",
    "settled_amount_units", "common", "line", "identity", "key", "merchant_operation_id", "loose_reference", "loose_order",
    "texts",
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
    statement = f"INSERT INTO payout_lines ({names}) VALUES ({', '.join('?' * len(_COLUMNS))})"

    begun, busy, lines = time.perf_counter(), time.process_time(), 0
    with file.open(encoding="utf-8", newline="") as text:
        rows = csv.reader(text, delimiter=";")
        next(rows)
        values = _values(rows, int(number or 0), int(orders), _Codes(db))
        while True:
            db.execute("BEGIN IMMEDIATE")  # which the codes are written in, too
            if not (some := list(islice(values, AT_ONCE))):
                break
            db.executemany(statement, some)
            db.execute("COMMIT")
            lines += len(some)
    seconds, busy = time.perf_counter() - begun, time.process_time() - busy
    print(json.dumps({"lines": lines, "seconds": seconds, "busy": busy, "peak": peak()}))


class _Codes:
    """Numbers of what lines have in common, written when they are first met."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: dict[tuple[str, ...], int] = {}

    def of(self, statement: str, *cells: str) -> int:
        found = self._known.get(cells)
        if found is None:
            found = self._known[cells] = int(self._db.execute(statement, cells).lastrowid or 0)
        return found

    def common(self, row: list[str]) -> int:
        cells = tuple(row[place] for place in _COMMON)
        found = self._known.get(cells)
        if found is None:
            texts = json.dumps(cells, ensure_ascii=False)
            digest = blake2b(texts.encode(), digest_size=16).digest()
            written = self._db.execute(
                "INSERT INTO common_texts (digest, texts) VALUES (?, ?)", (digest, texts)
            )
            found = self._known[cells] = int(written.lastrowid or 0)
        return found


_PAYOUT = "INSERT INTO payouts (account, settlement_id, currency) VALUES (?, ?, ?)"
_GROUP = (
    "INSERT INTO line_groups (account, outcome, operation_code, settlement_currency, kind, bucket)"
    " VALUES (?, ?, ?, ?, 'sale', 'gross')"
)
_REASON = "INSERT INTO line_reasons (reason, keys, unknown_keys) VALUES (?, ?, '')"


def _values(rows: Iterator[list[str]], file: int, orders: int, codes: _Codes) -> Iterator[tuple[Any, ...]]:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for n, row in enumerate(rows):
        digest = blake2b("\x1f".join(row).encode() + b"%d" % n, digest_size=32).digest()
        outcome = _OUTCOMES[n % 10]
        yield (
            n + 1,
            codes.of(_GROUP, "demo", outcome, row[17].lower(), row[19]),
            file,
            codes.of(_PAYOUT, "demo", row[5], row[19]),
            *(int(row[place].replace("-", "") or 0) for place in _DAYS),
            1 + n // 5 if outcome == "matched" and n // 5 < orders else None,
            codes.of(_REASON, "keys_agree", "reference order_id transaction"),
            row[6],
            *(int(row[place].replace(".", "")) * 100 if row[place] else None for place in _AMOUNTS),
            codes.common(row),
            n + 2,
            digest[:16],
            digest[16:],
            row[22],
            row[23],
            row[7],
            encode([row[place] for place in _OWN]),
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
