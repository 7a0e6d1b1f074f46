"""Tables of every program are read alike; what is no table is refused in words, and a bomb ends in its own process."""

from collections.abc import Callable
from datetime import date

import pytest

from services import bulk
from services.bulk import table, template
from services.bulk.columns import EXPECTED, REQUESTS, recognise
from services.bulk.errors import (
    ColumnsMissing,
    NoRows,
    NotATable,
    TooManyRows,
)
from services.errors import DeskError
from services.i18n import translator
from services.parsing import ParsingTooHeavy
from services.settlements.errors import EmptyFile, TruncatedFile
from services.spreadsheets.errors import SheetTooHeavy, SheetTooLong, SheetUnreadable
from tests.support.tables import HEADINGS, as_csv, as_xlsx, repacked, row


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("columns", [REQUESTS, EXPECTED])
def test_the_templates_headings_are_all_recognised(language: str, columns: tuple) -> None:
    t = translator(language)
    assert [recognise(t(column.label), columns) for column in columns] == [column.name for column in columns]
    for made in (template.as_csv(columns, t), bulk.template.as_xlsx(columns, t)):
        with pytest.raises(NoRows):
            table.read(made, columns, 10)


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "mac_roman"])
def test_every_dialect_of_csv_is_read_alike(delimiter: str, encoding: str) -> None:
    read = table.read(as_csv([row(1), row(2)], delimiter=delimiter, encoding=encoding), REQUESTS, 10)
    assert [line.cells["first_name"] for line in read.lines] == ["Zoé", "Zoé"]
    assert [line.cells["amount"] for line in read.lines] == ["12,50", "12,50"]
    assert [line.number for line in read.lines] == [2, 3]


def test_a_spreadsheet_keeps_its_numbers_dates_and_cell_names() -> None:
    cells = row(1, **{"Montant": 12.35, "N° de commande": 800006445363})
    raw = as_xlsx([[*cells, date(2026, 12, 1)]], [*HEADINGS, "Valable jusqu’au"], above=3, left=1)
    read = table.read(raw, REQUESTS, 10)
    [line] = read.lines
    assert line.cells["amount"] == "12.35"
    assert line.cells["order_id"] == "800006445363"
    assert line.cells["expires_at"].startswith("2026-12-01")
    assert line.typed == {"amount", "order_id", "expires_at"}
    assert read.where(line.number, "amount") == "E5"


def test_a_text_row_is_named_by_its_line_even_after_a_cell_of_several_lines() -> None:
    raw = as_csv([row(1, Objet="deux\nlignes"), row(2)])
    assert [line.number for line in table.read(raw, REQUESTS, 10).lines] == [2, 4]


def test_titles_above_blank_rows_and_unknown_columns_do_not_matter() -> None:
    raw = b"sep=;\nNos clients\n\n" + as_csv(
        [[*row(1), "x"], [""] * 9, [*row(2), ""]], [*HEADINGS, "Remarque"]
    )
    read = table.read(raw, REQUESTS, 10)
    assert [line.number for line in read.lines] == [5, 7]
    assert read.unknown == ("Remarque",)


def test_a_row_with_more_cells_than_headings_is_marked() -> None:
    assert [
        line.shifted for line in table.read(as_csv([[*row(1), "left over"], row(2)]), REQUESTS, 10).lines
    ] == [True, False]


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (b"", EmptyFile),
        (b"%PDF-1.7 \x00\x01", NotATable),
        (b"<html><body>Nom</body></html>", NotATable),
        (b"hello\nworld\n", ColumnsMissing),
        (as_csv([row(1)], ["Prénom", "Nom", "x", "Montant", "y", "z", "t", "u"]), ColumnsMissing),
        (as_csv([]), NoRows),
        (as_csv([row(1), row(2), row(3)]), TooManyRows),
        (as_csv([row(1)]) + b'"never closed', TruncatedFile),
        (b"PK\x03\x04" + b"x" * 500, SheetUnreadable),
        (b"\xd0\xcf\x11\xe0" + b"x" * 5000, SheetUnreadable),
        (as_xlsx([]), NoRows),
        (as_xlsx([["only"]], ["this"]), ColumnsMissing),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_words(raw: bytes, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        table.read(raw, REQUESTS, 2)


def test_missing_columns_are_named() -> None:
    with pytest.raises(ColumnsMissing) as refused:
        table.read(as_csv([row(1)], ["Prénom", "Nom", "x", "Montant", "y", "z", "t", "u"]), REQUESTS, 2)
    assert refused.value.columns == ("email", "description")


_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_FAR = f'<worksheet {_MAIN}><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="140000"><c r="XFD140000"><v>1</v></c></row></sheetData></worksheet>'
_ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "lol">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + f']><worksheet {_MAIN}><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&a9;</t></is></c></row></sheetData></worksheet>'
)
_MEGABYTE = f"<sst {_MAIN}><si><t>".encode() + b"a" * (1 << 20)
_SHEET, _STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


@pytest.mark.faults
@pytest.mark.parametrize(
    ("make", "refusal"),
    [
        (lambda: repacked(as_xlsx([row(1)]), _STRINGS, _MEGABYTE, times=350), ParsingTooHeavy),
        (lambda: repacked(as_xlsx([row(1)]), _STRINGS, _MEGABYTE, times=450), SheetTooHeavy),
        (lambda: repacked(as_xlsx([row(1)]), _SHEET, _FAR.encode()), ParsingTooHeavy),
        (lambda: repacked(as_xlsx([row(1)]), _SHEET, _ENTITIES.encode()), SheetUnreadable),
        (lambda: as_xlsx([["a"]] * 150_001, ["Nom"]), SheetTooLong),
    ],
    ids=["unfolds", "unfolds past the bound", "a cell far away", "entities", "long"],
)
def test_bombs_are_refused(make: Callable[[], bytes], refusal: type[DeskError]) -> None:
    raw = make()
    with pytest.raises(refusal):
        table.read(raw, REQUESTS, 10)
