"""Tables written apart from the product: what they say must be read back, whichever program wrote them."""

import csv
import io
import zipfile
from collections.abc import Sequence
from typing import Any

import xlsxwriter

HEADINGS = ("Prénom", "Nom", "Courriel", "Montant", "Devise", "Objet", "N° de facture", "N° de commande")


def row(number: int = 1, **cells: Any) -> list[Any]:
    """A request of 12.50 EUR that is right; cells by heading, blanks and signs left out: ``Montant="x"``."""
    whole = dict(
        zip(
            HEADINGS,
            [
                "Zoé",
                f"Client {number}",
                f"client{number}@example.com",
                "12,50",
                "EUR",
                "Lampe",
                f"F-{number}",
                f"C-{number}",
            ],
            strict=True,
        )
    )
    return list((whole | cells).values())


def as_csv(
    rows: Sequence[Sequence[Any]],
    headings: Sequence[str] = HEADINGS,
    *,
    delimiter: str = ";",
    encoding: str = "utf-8",
) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows([headings, *rows])
    return text.getvalue().encode(encoding)


def as_xlsx(
    rows: Sequence[Sequence[Any]], headings: Sequence[str] = HEADINGS, *, above: int = 0, left: int = 0
) -> bytes:
    """Numbers stay numbers, and dates dates, as a spreadsheet keeps them."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"default_date_format": "dd/mm/yyyy", "strings_to_formulas": False})
    sheet = book.add_worksheet()
    for place, cells in enumerate([headings, *rows], above):
        sheet.write_row(place, left, cells)
    book.close()
    return out.getvalue()


def repacked(workbook: bytes, name: str, content: bytes, *, times: int = 1) -> bytes:
    """The workbook with one part of it replaced by `content`, `times` over: how a bomb is made."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            with new.open(entry, "w") as part:
                if entry != name:
                    part.write(old.read(entry))
                    continue
                for _ in range(times):
                    part.write(content)
    return out.getvalue()
