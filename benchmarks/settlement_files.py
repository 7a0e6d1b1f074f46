"""Settlement files of any size in any dialect, with the truth of every line, and their orders in a store.

    python -m benchmarks.settlement_files --lines 1000000 --out FOLDER [--database URL]

writes FOLDER/settlement.csv and FOLDER/truth.csv (line, outcome, order id), and the orders, a fifth as many, with their
pages, payment events and operations into the database. Nothing is held in memory but what is still to come of an order.
"""

import argparse
import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from benchmarks.settlement_shapes import Cell, Line, Order, Year
from benchmarks.settlement_year import happenings

COLUMNS = (
    "Account,Account name,Date,Date value,Invoice reference,Settlement ID,Transaction ID,Order,Product name,"
    "Invoiced,Settled,Original amount,Original currency,Amount (Excl. Tax),Tax amount,Amount (Incl. Tax),Currency,"
    "Operation,Settled amount,Settlement currency,Original settlement ID,Customer ID,Merchant operation ID,"
    "Reporting data 1,Reporting data 2,Reporting data 3,Reporting data 4,Reporting data 5,Collect Mode,Transfer,"
    "Operation date"
).split(",")
AMOUNTS, DATES, OPERATION = (11, 13, 14, 15, 18), (2, 3, 29, 30), 17
DEBITS = frozenset(
    {"Refund", "Chargeback", "Fixed fee", "Variable", "Monthly fee", "Rolling reserve capture"}
)


@dataclass(frozen=True)
class Dialect:
    """How a file is written. ``signed`` False: debits have no sign, and the operation says which they are."""

    delimiter: str = ";"
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    dates: str = "%Y-%m-%d"
    signed: bool = True
    headers: Sequence[str] = tuple(COLUMNS)
    above: str = ""  # lines above the header
    below: str = ""  # lines after the last one


class Writer:
    """One file. ``line`` is where the next row begins, counted from 1."""

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self._file = path.open("w", encoding=dialect.encoding, newline="", buffering=1 << 20)
        self._dialect = dialect
        self._file.write(dialect.above)
        self._rows = csv.writer(self._file, delimiter=dialect.delimiter, lineterminator="\r\n")
        self._rows.writerow(dialect.headers)
        self.line = dialect.above.count("\n") + 2
        self._amount = _amounts(dialect)
        self._day = lru_cache(maxsize=4096)(lambda day: day.strftime(dialect.dates))

    def write(self, cells: tuple[Cell, ...]) -> int:
        """Append a row; its line number."""
        row: list[Cell] = list(cells)
        unsigned = not self._dialect.signed and row[OPERATION] in DEBITS
        for place in AMOUNTS:
            units = row[place]
            if units is not None:
                row[place] = self._amount(abs(units) if unsigned else units)  # type: ignore[arg-type]
        for place in DATES:
            row[place] = self._day(row[place])
        self._rows.writerow(row)
        self.line += 1
        return self.line - 1

    def close(self) -> None:
        self._file.write(self._dialect.below)
        self._file.close()


def write(
    year: Year, files: Iterable[tuple[Path, Dialect, Callable[[Line], bool]]]
) -> Iterator[Order | tuple[Line, tuple[int, ...]]]:
    """Write each line into the files whose condition it meets, while the caller takes the year's orders and lines.

    A line comes with its line number in each file, 0 where it is not in it.
    """
    with ExitStack() as open_files:
        writers = [(Writer(path, dialect), chosen) for path, dialect, chosen in files]
        for writer, _ in writers:
            open_files.callback(writer.close)
        for one in happenings(year):
            if isinstance(one, Order):
                yield one
            else:
                yield one, tuple(writer.write(one.cells) if chosen(one) else 0 for writer, chosen in writers)


def write_year(year: Year, folder: Path, dialect: Dialect | None = None, database: str | None = None) -> Path:
    """Write the whole year as one file, its truth as another, its orders into the database; return the file's path."""
    from benchmarks.settlement_orders import OrderFiller

    path = folder / "settlement.csv"
    with ExitStack() as stack:
        truth = csv.writer(
            stack.enter_context((folder / "truth.csv").open("w", newline="", encoding="utf-8"))
        )
        orders = stack.enter_context(OrderFiller(database)) if database else None
        for one in write(year, [(path, dialect or Dialect(), lambda _: True)]):
            if not isinstance(one, Order):
                line, (number,) = one
                truth.writerow((number, line.outcome, line.order))
            elif orders:
                orders.add(one)
    return path


def _amounts(dialect: Dialect) -> Callable[[int], str]:
    decimal, thousands = dialect.decimal, dialect.thousands

    def text(units: int) -> str:
        sign, units = ("-", -units) if units < 0 else ("", units)
        cents = units // 100
        whole = f"{cents // 100:,}".replace(",", thousands) if thousands else str(cents // 100)
        return f"{sign}{whole}{decimal}{cents % 100:02}"

    return text


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="a folder, made if need be")
    parser.add_argument("--database", help="an SQLAlchemy URL, for the orders")
    return parser.parse_args()


if __name__ == "__main__":
    given = _arguments()
    given.out.mkdir(parents=True, exist_ok=True)
    print(write_year(Year(given.lines, given.seed), given.out, database=given.database))
