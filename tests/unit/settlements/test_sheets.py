"""Settlement files that went through a spreadsheet: XLSX, XLS and ODS read to the same lines as the CSV they were."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.errors import DeskError
from services.parsing import ParsingTooHeavy
from services.settlements.blocks import read_blocks
from services.settlements.dialect import Chosen, detect_file
from services.settlements.errors import EmptyFile, HeaderOnly, MissingColumns, NotASettlementFile
from services.settlements.source import open_source
from services.settlements.tables import place
from services.settlements.untrusted_file import UntrustedFile
from services.settlements.words import EVIDENCE
from services.spreadsheets.errors import SheetTooHeavy, SheetTooLong, SheetUnreadable
from tests.support.settlement_reading import SettlementFile, detect, read
from tests.support.tables import repacked
from tests.support.workbooks import cells, ods, xls, xlsx
from tests.unit.settlements.random_lines import lines
from tests.unit.settlements.writing import ENGLISH, Line, sale, write

KINDS: list[Callable[..., bytes]] = [xlsx, xls, ods]
SALE, FEE = sale(amount=Decimal("1.234")), sale(amount=Decimal("-1234.50"), Operation="Fixed fee")


def same(one: SettlementFile, other: SettlementFile) -> bool:
    return one.lines.equals(other.lines)


@pytest.mark.parametrize("make", KINDS)
def test_numbers_and_dates_of_the_spreadsheet_are_read_exactly_and_nothing_is_asked(
    make: Callable[..., bytes],
) -> None:
    raw = make([ENGLISH, cells(SALE), cells(FEE)])
    found = read(raw)
    assert found.dialect.questions == ()
    assert found.dialect.why("decimal").code == "typed"
    assert found.lines["settled_amount_units"].tolist() == [12_340, -12_345_000]
    assert found.lines["date"].tolist() == ["2024-03-25"] * 2
    assert same(found, read(write([SALE, FEE], None), detect(write([SALE, FEE]), Chosen(decimal="."))))
    for evidence in found.dialect.evidence:
        assert (evidence.choice, evidence.code) in EVIDENCE


@pytest.mark.parametrize("make", KINDS)
def test_text_cells_are_read_as_in_any_file(make: Callable[..., bytes]) -> None:
    row = cells(sale(Order="007", Account_name='Été; "l\'hiver"', Reporting_data_1="=1+1"))
    row[ENGLISH.index("Settled amount")] = row[ENGLISH.index("Original amount")] = "1.234,50"
    row[ENGLISH.index("Date")] = "25/03/2024"
    found = read(make([ENGLISH, row]))
    assert found.dialect.decimal == ","
    assert found.lines[["order", "account_name", "reporting_data_1", "date"]].to_numpy().tolist() == [
        ["007", 'Été; "l\'hiver"', "=1+1", "2024-03-25"]
    ]
    assert found.lines["settled_amount_units"].tolist() == [12_345_000]


def test_a_number_of_the_spreadsheet_beside_text_is_read_by_its_own_sign() -> None:
    mixed = cells(SALE)
    mixed[ENGLISH.index("Original amount")] = "12,50"
    found = read(xlsx([ENGLISH, mixed]))
    assert found.dialect.decimal == ","
    assert found.lines[["original_amount_units", "settled_amount_units"]].to_numpy().tolist() == [
        [125_000, 12_340]
    ]


@pytest.mark.parametrize("make", KINDS)
def test_ids_that_became_numbers_keep_fifteen_digits_and_longer_ones_are_named(
    make: Callable[..., bytes],
) -> None:
    line = sale()
    number = cells(line)
    number[ENGLISH.index("Transaction ID")] = 800006445363
    number[ENGLISH.index("Order")] = 123456789012345
    number[ENGLISH.index("Reporting data 1")] = 12345678901234567
    number[ENGLISH.index("Settlement ID")] = 123456
    found = read(make([ENGLISH, number]))
    kept = found.lines.iloc[0]
    assert (kept["transaction_id"], kept["order"], kept["settlement_id"]) == (
        "800006445363",
        "123456789012345",
        "123456",
    )
    assert kept["lost"] == "reporting_data_1"
    assert [(cell.line, cell.column) for cell in found.damaged] == [(2, "reporting_data_1")]


@pytest.mark.parametrize("make", KINDS)
def test_every_sheet_that_has_the_columns_is_read_and_its_rows_are_named_by_sheet(
    make: Callable[..., bytes],
) -> None:
    other = [name for name in ENGLISH if name != "Order"]
    raw = make(
        [["Notes"], ["nothing"]],
        [["Settlement report"], [], ["", "Merchant"], ENGLISH, cells(SALE), [], ["Total", Decimal("1.5")]],
        [["Also"], other, [FEE[name] for name in other], ["odd"]],
        [["Summary"], ["Sales", 1]],
        [],
    )
    found = read(raw)
    sheets = found.dialect.sheets
    assert [place(line, sheets) for line in found.lines["line"]] == [(sheets[0].name, 5), (sheets[1].name, 3)]
    assert found.lines[["order", "settled_amount_units"]].to_numpy().tolist() == [
        ["A1", 12_340],
        ["", -12_345_000],
    ]
    assert [(*place(row.line, sheets), row.reason) for row in found.set_aside] == [
        *((sheets[0].name, line, "preamble") for line in (1, 3)),
        (sheets[0].name, 7, "total"),
        (sheets[1].name, 1, "preamble"),
        (sheets[1].name, 4, "operation_missing"),
    ]
    assert "\x02" not in "".join(row.text + row.cell for row in found.set_aside)
    with open_source(raw) as source:
        detection = detect_file(source)
        assert detection.lines == 4
        assert detection.left_out == (source.sheets[0].name, source.sheets[3].name)
        assert [block.bytes_done for block in read_blocks(source, detection.dialect)] == sorted(
            block.bytes_done for block in read_blocks(source, detection.dialect)
        )


def test_a_hidden_sheet_is_not_read_but_named() -> None:
    raw = xlsx([ENGLISH, cells(FEE)], [ENGLISH, cells(SALE)], hidden=0)
    assert read(raw).lines["operation_code"].tolist() == ["sale"]
    with open_source(raw) as source:
        assert detect_file(source).hidden == ("Sheet1",)


def test_a_sheet_that_repeats_another_can_be_left_out() -> None:
    raw = xlsx([ENGLISH, cells(SALE)], [ENGLISH, cells(SALE)])
    assert len(read(raw).lines) == 2
    chosen = Chosen(sheets=("Sheet2",))
    with open_source(raw) as source:
        assert detect_file(source, chosen).left_out == ("Sheet1",)
    assert read(raw, detect(raw, chosen)).lines["line"].tolist() == [2]


def test_a_line_of_the_header_that_is_said_holds_where_it_stands_there() -> None:
    raw = xlsx([["x"], ENGLISH, ENGLISH, cells(SALE)], [ENGLISH, cells(FEE)])
    dialect = detect(raw, Chosen(header_line=3))
    assert [sheet.header_line for sheet in dialect.sheets] == [3, 1]
    assert read(raw, dialect).lines["operation_code"].tolist() == ["sale", "fixed_fee"]
    with pytest.raises(NotASettlementFile):
        detect(raw, Chosen(header_line=4))


@pytest.mark.parametrize("make", KINDS)
def test_an_id_that_became_a_date_is_named(make: Callable[..., bytes]) -> None:
    row = cells(sale(Transaction_ID=""))
    row[ENGLISH.index("Order")] = date(2026, 11, 1)  # 2026-11 was typed
    found = read(make([ENGLISH, row]))
    assert found.lines[["order", "lost"]].to_numpy().tolist() == [["2026-11-01", "order"]]
    assert [(cell.line, cell.column, cell.cell) for cell in found.damaged] == [(2, "order", "2026-11-01")]


def test_line_breaks_in_a_cell_change_no_row_number() -> None:
    header = [name.replace(" ", "\n") for name in ENGLISH]
    found = read(xlsx([header, cells(sale(Reporting_data_1="two\nlines")), cells(sale(Order="A2"))]))
    assert found.lines["line"].tolist() == [2, 3]
    assert found.lines["reporting_data_1"].tolist() == ["two\nlines", ""]


@pytest.mark.parametrize("make", [xlsx, ods])
def test_a_moment_is_kept_to_the_second(make: Callable[..., bytes]) -> None:
    row = cells(sale())
    row[ENGLISH.index("Operation date")] = datetime(2024, 3, 25, 23, 59, 59)  # noqa: DTZ001 - as in a cell
    assert read(make([ENGLISH, row])).lines["operation_date"].tolist() == ["2024-03-25T23:59:59"]


@settings(max_examples=15, deadline=None)
@given(st.lists(lines(), min_size=1, max_size=6), st.sampled_from(KINDS))
def test_a_spreadsheet_reads_back_to_the_same_lines_as_the_text(
    rows: list[Line], make: Callable[..., bytes]
) -> None:
    text = write(rows)
    signed = Chosen(decimal=".", debits="negative")
    expected = read(text, detect(text, signed))
    found_raw = make([ENGLISH, *map(cells, rows)])
    found = read(found_raw, detect(found_raw, signed))
    ignored = ["line"]
    assert found.lines.drop(columns=ignored).equals(expected.lines.drop(columns=ignored))
    assert [row for row in found.set_aside if row.blocking] == []


@pytest.mark.parametrize("make", KINDS)
def test_spreadsheets_that_are_no_settlement_files_are_refused_in_words(make: Callable[..., bytes]) -> None:
    kept = [name for name in ENGLISH if name != "Settled amount"]
    for rows, refusal in (
        ([["Name", "Age"], ["Bob", 3]], NotASettlementFile),
        ([kept, ["x"] * len(kept)], MissingColumns),
        ([ENGLISH], HeaderOnly),
        ([], EmptyFile),
    ):
        with pytest.raises(refusal):
            read(make(rows))


@pytest.mark.parametrize(
    "raw",
    [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512, xlsx([ENGLISH, cells(SALE)])[:-900]],
    ids=["no workbook", "cut off"],
)
def test_a_damaged_spreadsheet_is_refused(raw: bytes) -> None:
    with pytest.raises(SheetUnreadable):
        read(raw)


def test_a_spreadsheet_is_unfolded_once_and_read_as_often_as_needed(tmp_path: Any) -> None:
    file = tmp_path / "settlement.xlsx"
    file.write_bytes(xlsx([ENGLISH, *([cells(SALE)] * 7)]))
    with open_source(file) as source:
        dialect = detect_file(source).dialect
        first = [len(block.lines) for block in read_blocks(source, dialect, rows=3)]
        second = [len(block.lines) for block in read_blocks(source, dialect, rows=3)]
    assert first == second == [3, 3, 1]


_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_FAR = f'<worksheet {_MAIN}><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="140000"><c r="XFD140000"><v>1</v></c></row></sheetData></worksheet>'
_MEGABYTE = f"<sst {_MAIN}><si><t>".encode() + b"a" * (1 << 20)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("make", "refusal"),
    [
        (
            lambda: repacked(xlsx([ENGLISH, cells(SALE)]), "xl/sharedStrings.xml", _MEGABYTE, times=450),
            SheetTooHeavy,
        ),
        (
            lambda: repacked(xlsx([ENGLISH, cells(SALE)]), "xl/worksheets/sheet1.xml", _FAR.encode()),
            ParsingTooHeavy,
        ),
        (lambda: xlsx([ENGLISH, *([["x"]] * 150_001)]), SheetTooLong),
    ],
    ids=["unfolds", "a cell far away", "long"],
)
def test_bombs_and_long_sheets_are_refused(
    make: Callable[[], bytes], refusal: type[DeskError], tmp_path: Path
) -> None:
    with pytest.raises(refusal):
        UntrustedFile(make(), tmp_path / "sheets").detect()
