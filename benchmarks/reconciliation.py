"""What an import of a settlement file costs, as a multiple of a bare one, and what a bare join costs.

    python -m benchmarks.reconciliation [--lines 1000000] [--rounds 3] [--folder FOLDER]

Makes a file and its orders (a fifth as many), once for a folder. Then, in turns, each in a process of its own: the floor
(``benchmarks.floor``), the product (``benchmarks.product_import``), DuckDB (``benchmarks.duck``); each into a copy of the
same database. Prints each round and the medians of its ratios. What the product's last round has stored is kept beside the
file as ``imported.db``, for the other benchmarks. Five million lines: ``--lines 5000000 --rounds 1 --only product_import``.
"""

import argparse
import hashlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.product_import import open_bench_desk
from benchmarks.settlement_files import write_year
from benchmarks.settlement_shapes import Year
from services.reconciliation.matching.order_changes import catch_up
from services.store.engine import MIGRATIONS

RUNS = ("floor", "product_import", "duck")


def main(lines: int, rounds: int, folder: Path, runs: tuple[str, ...]) -> None:
    file, database = prepare(lines, folder)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in runs}
    for turn in range(rounds):
        for name in runs[turn % len(runs) :] + runs[: turn % len(runs)]:
            one = _run(name, file, database)
            found[name].append(one)
            times = f"{one['seconds']:8.1f} s, {one['busy']:7.1f} s of the processor"
            print(f"{name:16} {times} {one['peak'] / 2**20:6.0f} MiB  {one['lines']:,} lines", flush=True)
    for one in found.get("product_import", ())[-1:]:
        print(f"of the product {one['received']:.1f} s are the reception; outcomes: {one['outcomes']}")
    for name in runs:
        if name != "product_import" and "product_import" in runs:
            for measure, words in (("seconds", "by the clock"), ("busy", "by the processor")):
                pairs = zip(found["product_import"], found[name], strict=True)
                ratios = sorted(product[measure] / other[measure] for product, other in pairs)
                each = ", ".join(f"{one:.2f}" for one in ratios)
                print(f"product / {name} {words}: {statistics.median(ratios):.2f} ({each})")


def prepare(lines: int, folder: Path) -> tuple[Path, Path]:
    """The file, and a database that knows its orders and their keys; made unless the folder has them."""
    where = folder / str(lines)
    # Another set of tables, another database.
    tables = hashlib.blake2b(
        b"".join(path.read_bytes() for path in sorted(MIGRATIONS.glob("versions/*.py"))), digest_size=4
    )
    file, database = where / "settlement.csv", where / f"orders-{tables.hexdigest()}.db"
    if not database.exists():
        where.mkdir(parents=True, exist_ok=True)
        begun, making = time.perf_counter(), where / "making.db"
        making.unlink(missing_ok=True)
        write_year(Year(lines), where, database=f"sqlite:///{making}")
        written = time.perf_counter()
        desk = open_bench_desk(making)
        while catch_up(desk):
            pass
        desk.store.truncate_log()
        desk.close()
        making.rename(database)
        print(
            f"made in {written - begun:.0f} s; the orders' keys and positions took {time.perf_counter() - written:.0f} s"
        )
    print(f"{file.stat().st_size / 1e6:.0f} MB, {lines:,} lines, {Year(lines).orders:,} orders", flush=True)
    return file, database


def _run(name: str, file: Path, database: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=database.parent) as folder:
        copy = Path(folder) / "copy.db"
        shutil.copy(database, copy)
        command = [sys.executable, "-m", f"benchmarks.{name}", str(file), str(copy)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        if name == "product_import":
            copy.replace(database.with_name("imported.db"))
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="kept, for another run; default: a temporary one")
    parser.add_argument("--only", nargs="+", choices=RUNS, default=RUNS)
    return parser.parse_args()


if __name__ == "__main__":
    given = _arguments()
    with tempfile.TemporaryDirectory() as temporary:
        main(given.lines, given.rounds, given.folder or Path(temporary), tuple(given.only))
