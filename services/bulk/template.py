"""The empty table to fill in: its headings in the reader's language, as CSV and as XLSX."""

import csv
import io

import xlsxwriter

from services.bulk.columns import Column
from services.i18n import Translator

# Formatted as text, so that a spreadsheet does not change leading zeros and long numbers.
_TEXTS = frozenset({"order_id", "phone", *(f"reference_{n}" for n in range(1, 6))})


def as_csv(columns: tuple[Column, ...], t: Translator) -> bytes:
    """UTF-8 with BOM, with the separator that a spreadsheet of that language expects."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter="," if t.language == "en" else ";", lineterminator="\r\n")
    writer.writerow([t(column.label) for column in columns])
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(columns: tuple[Column, ...], t: Translator) -> bytes:
    """The headings of needed columns are bold; a note on each heading says whether it is needed."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet(t("Orders"))
        needed, other = book.add_format({"bold": True, "bottom": 1}), book.add_format({"bottom": 1})
        text = book.add_format({"num_format": "@"})
        for place, column in enumerate(columns):
            label = t(column.label)
            sheet.set_column(place, place, max(14, len(label) + 4), text if column.name in _TEXTS else None)
            sheet.write_string(0, place, label, needed if column.needed else other)
            sheet.write_comment(0, place, t("needed") if column.needed else t("may stay empty"))
        sheet.freeze_panes(1, 0)
    return out.getvalue()
