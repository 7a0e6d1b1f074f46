"""What an export of payout lines costs, as a multiple of the bare writers with the same cells.

    python -m benchmarks.exports DATABASE_FILE [--rounds 3]

The database: ``imported.db`` of ``benchmarks.reconciliation``. In turns, in one process: the product reads and writes every
line as CSV, ``csv.writer`` writes the same cells; the product as XLSX, ``xlsxwriter`` (constant_memory) the same cells.
Prints seconds of the processor of each, and the ratios.
"""

import argparse
import csv
import io
import statistics
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook

from benchmarks.people import finance
from benchmarks.product_import import open_bench_desk
from services.i18n import translator
from services.reconciliation.views import list_exports
from services.spreadsheets.write import Form
from services.store.settlements.lines.line_filter import LineFilter


def main(database: Path, rounds: int) -> None:
    desk = open_bench_desk(database)
    actor, t = finance(desk), translator("fr")

    def export(form: Form) -> tuple[float, bytes]:
        out = io.BytesIO()
        seconds = _busy(lambda: list_exports.write_lines(desk, actor, LineFilter(), "newest", form, t, out))
        return seconds, out.getvalue()

    ways: dict[Form, Callable[[bytes], float]] = {"csv": _bare_csv, "xlsx": _bare_xlsx}
    for form, bare in ways.items():
        ratios = []
        for _ in range(rounds):
            ours, content = export(form)
            floor = bare(content)
            ratios.append(ours / floor)
            print(f"{form}: {ours:6.1f} s of the processor, the bare writer {floor:6.1f} s", flush=True)
        each = ", ".join(f"{one:.2f}" for one in sorted(ratios))
        print(f"{form}: product / bare writer {statistics.median(ratios):.2f} ({each})")
    desk.close()


def _busy(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _bare_csv(content: bytes) -> float:
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))

    def write() -> None:
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8-sig", newline="")
        csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(rows)
        out.flush()

    return _busy(write)


def _bare_xlsx(content: bytes) -> float:
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()

    def write() -> None:
        with xlsxwriter.Workbook(io.BytesIO(), {"constant_memory": True}) as book:
            sheet: Any = book.add_worksheet()
            amount = book.add_format({"num_format": "#,##0.00##"})
            for down, row in enumerate(rows):
                for across, value in enumerate(row):
                    if isinstance(value, str):
                        sheet.write_string(down, across, value)
                    elif isinstance(value, datetime):
                        sheet.write_datetime(down, across, value)
                    else:
                        sheet.write_number(down, across, value, amount)

    return _busy(write)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("database", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    main(given.database, given.rounds)
