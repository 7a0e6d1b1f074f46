"""Settlement files in every form that a reader may meet: HiPay publishes the columns, not the form."""

import csv
import io
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

import xlwt

from sandbox.settlements import COLUMNS, CONTROLS, Settlement

EXTENSIONS = (".csv", ".txt", ".xls")
FRENCH = dict(  # HiPay publishes English names only: a French file is a guess, to try a reader with
    zip(
        COLUMNS,
        (
            "Compte, Nom du compte, Date, Date de valeur, Référence de facture, ID règlement, ID transaction, "
            "Commande, Nom du produit, Facturé, Réglé, Montant d'origine, Devise d'origine, Montant HT, "
            "Montant TVA, Montant TTC, Devise, Opération, Montant réglé, Devise de règlement, "
            "ID règlement d'origine, ID client, ID opération marchand, Donnée de reporting 1, "
            "Donnée de reporting 2, Donnée de reporting 3, Donnée de reporting 4, Donnée de reporting 5, "
            "Mode de collecte, Virement, Date d'opération"
        ).split(", "),
        strict=True,
    )
)
_MONEY = ("Original amount", "Amount (Excl. Tax)", "Tax amount", "Amount (Incl. Tax)", "Settled amount")

Cell = str | Decimal | date | None


@dataclass(frozen=True)
class Dialect:
    """How a settlement file is written.

    `debit_sign` "positive" writes debits without their sign: only the operation then tells them from credits.
    `preamble` puts four lines before the header, `totals` a line of sums after the last.
    Raises ValueError for a delimiter, encoding or pair of signs that no file can have.
    """

    delimiter: str = ";"
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    date: Literal["iso", "dmy"] = "iso"
    debit_sign: Literal["negative", "positive"] = "negative"
    header_language: Literal["en", "fr"] = "en"
    preamble: bool = False
    totals: bool = False

    def __post_init__(self) -> None:
        allowed = {
            "delimiter": (";", ",", "\t"),
            "encoding": ("utf-8", "utf-8-sig", "cp1252", "utf-16"),
            "decimal": (".", ","),
            "thousands": {"", " ", ".", ","} - {self.decimal},
            "date": ("iso", "dmy"),
            "debit_sign": ("negative", "positive"),
            "header_language": ("en", "fr"),
        }
        for field, values in allowed.items():
            if getattr(self, field) not in values:
                raise ValueError(f"{field}: {getattr(self, field)!r} is none of {sorted(values)}")


def render(settlement: Settlement, ext: str, dialect: Dialect) -> bytes:
    """The file of `settlement`: ".csv", ".txt" (the same, with tabs) or ".xls" (BIFF8, at most 65,536 rows).

    In the .xls ids are text cells, amounts are numbers and dates are dates, so delimiter, encoding, decimal sign and
    thousands say nothing there. A character that the encoding lacks becomes "?". Raises ValueError for another `ext`.
    """
    if ext not in EXTENSIONS:
        raise ValueError(f"unknown extension {ext!r}")
    table = _table(settlement, dialect)
    if ext == ".xls":
        return _workbook(table, dialect)
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter="\t" if ext == ".txt" else dialect.delimiter, lineterminator="\r\n")
    writer.writerows([_text(cell, dialect) for cell in cells] for cells in table)
    return text.getvalue().encode(dialect.encoding, errors="replace")


def part_of(settlement: Settlement, number: int) -> Settlement:
    """What one file of a settlement in parts has of its lines; `number` from 1."""
    size = -(-len(settlement.rows) // settlement.parts)
    return replace(settlement, rows=settlement.rows[(number - 1) * size : number * size])


def _table(settlement: Settlement, dialect: Dialect) -> list[list[Cell]]:
    table: list[list[Cell]] = []
    if dialect.preamble:
        table += [["HiPay settlement"], ["Settlement ID", str(settlement.id)]]
        table += [["Amount", settlement.amount, settlement.currency], []]
    table.append([FRENCH[column] if dialect.header_language == "fr" else column for column in COLUMNS])
    sums = dict.fromkeys(_MONEY, Decimal(0))
    for row in settlement.rows:
        cells: list[Cell] = []
        for column in COLUMNS:
            cell = row[column]
            if isinstance(cell, Decimal):
                if row["Operation"] not in CONTROLS:
                    sums[column] += cell
                cell = abs(cell) if dialect.debit_sign == "positive" else cell
            cells.append(cell if isinstance(cell, str | Decimal | date) else None)
        table.append(cells)
    if dialect.totals:
        table.append(["Total", *(sums.get(column) for column in COLUMNS[1:])])
    return table


def _text(cell: Cell, dialect: Dialect) -> str:
    if isinstance(cell, Decimal):
        written = f"{cell:,f}"  # with commas and a point, whatever the locale
        return written.translate({ord(","): dialect.thousands, ord("."): dialect.decimal})
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}" if dialect.date == "dmy" else cell.isoformat()
    return cell or ""


def _workbook(table: list[list[Cell]], dialect: Dialect) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Settlement")
    day = xlwt.easyxf(num_format_str="DD/MM/YYYY" if dialect.date == "dmy" else "YYYY-MM-DD")
    money = {places: xlwt.easyxf(num_format_str=f"{0:.{places}f}") for places in (0, 2, 3)}
    plain = xlwt.easyxf()
    for y, cells in enumerate(table):
        for x, cell in enumerate(cells):
            if isinstance(cell, Decimal):
                exponent = cell.as_tuple().exponent
                sheet.write(y, x, cell, money.get(-exponent if isinstance(exponent, int) else 2, plain))
            elif cell is not None:
                sheet.write(y, x, cell, day if isinstance(cell, date) else plain)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
