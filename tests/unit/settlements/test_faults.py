"""Files that are not what they should be: refused with a name, or read with each doubtful row named."""

import zipfile
from decimal import Decimal
from io import BytesIO

import pytest

from services.settlements.columns import REQUIRED
from services.settlements.dialect import Chosen
from services.settlements.errors import (
    BrokenQuotes,
    EmptyFile,
    HeaderOnly,
    MissingColumns,
    NotASettlementFile,
    SettlementFileError,
    TruncatedFile,
    UndecodableFile,
)
from services.settlements.totals import totals
from services.settlements.words import SET_ASIDE
from tests.support.settlement_reading import detect, read
from tests.unit.settlements.writing import ENGLISH, Style, sale, write


def zipped() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("settlement.csv", write([sale()]))
    return file.getvalue()


@pytest.mark.parametrize(
    ("raw", "looks_like"),
    [
        (b"%PDF-1.7\n1 0 obj", "pdf"),
        (zipped(), "zip"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (b"<!DOCTYPE html><html><body>Not found", "html"),
        (b'<?xml version="1.0"?><Workbook/>', "xml"),
        (bytes(range(256)) * 8, "binary"),
        (b"name;age\nBob;3\n", "text"),
        (b'{"error": {"code": 1000001, "message": "Incorrect credentials"}}', "text"),
    ],
)
def test_another_type_of_file_is_named(raw: bytes, looks_like: str) -> None:
    with pytest.raises(NotASettlementFile) as refused:
        read(raw)
    assert refused.value.fields() == {"looks_like": looks_like}


@pytest.mark.parametrize(
    "raw", [b"", b"\xef\xbb\xbf", b"  \r\n\r\n\t", b"\xff\xfe", "\ufeff \n".encode("utf-16-le")]
)
def test_an_empty_file_is_refused(raw: bytes) -> None:
    with pytest.raises(EmptyFile):
        read(raw)


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\r\n\r\n;;;\r\n"])
def test_a_header_without_lines_is_refused(end: bytes) -> None:
    with pytest.raises(HeaderOnly):
        read(";".join(ENGLISH).encode() + end)


def test_columns_without_which_nothing_counts_are_named() -> None:
    kept = [name for name in ENGLISH if name not in ("Settled amount", "Operation")]
    with pytest.raises(MissingColumns) as refused:
        read((";".join(kept) + "\n" + ";".join("x" for _ in kept) + "\n").encode())
    assert refused.value.columns == ("operation", "settled_amount")
    assert refused.value.fields() == {"columns": "operation, settled_amount"}


def test_older_files_lack_the_newest_columns() -> None:
    rows = write([sale()]).decode().split("\r\n")
    old = "\r\n".join(";".join(row.split(";")[:23]) for row in rows[:2]) + "\r\n"
    found = read(old.encode())
    assert found.header.missing == (
        "reporting_data_1",
        "reporting_data_2",
        "reporting_data_3",
        "reporting_data_4",
        "reporting_data_5",
        "collect_mode",
        "transfer",
        "operation_date",
    )
    assert found.lines["reporting_data_1"].tolist() == [""]
    assert found.lines["settled_amount_units"].tolist() == [1_000_000]


def test_extra_and_duplicate_columns_are_named_and_the_first_is_read() -> None:
    header, line, _ = write([sale()]).decode().split("\r\n")
    found = read(f"Comment;{header};Order ID;Remark\r\nhello;{line};OTHER;x\r\n".encode())
    assert found.header.extra == ("Comment", "Remark")
    assert found.header.duplicates == ("order",)
    assert found.lines["order"].tolist() == ["A1"]


def renamed(raw: bytes, **names: str) -> bytes:
    for ours, theirs in names.items():
        raw = raw.replace(ours.replace("_", " ").encode() + b";", theirs.encode() + b";", 1)
    return raw


def test_a_column_that_is_not_known_is_what_a_person_says_it_is() -> None:
    raw = renamed(
        write([sale(Reporting_data_1="INV-1")]), Settled_amount="Reçu", Reporting_data_1="Notre réf."
    )
    with pytest.raises(MissingColumns) as refused:
        read(raw)
    assert [name for name, column in refused.value.header if column is None] == ["Reçu", "Notre réf."]
    told = Chosen(
        columns=(("RECU", "settled_amount"), ("Notre réf.", "reporting_data_1"), ("Elsewhere", "order"))
    )
    found = read(raw, detect(raw, told))
    assert found.lines[["settled_amount_units", "reporting_data_1", "order"]].to_numpy().tolist() == [
        [1_000_000, "INV-1", "A1"]
    ]
    assert found.header.extra == ()


def test_what_a_person_says_of_a_column_goes_before_its_name() -> None:
    raw = renamed(write([sale(Customer_ID="C-1", Reporting_data_1="INV-1")]), Customer_ID="Notre réf.")
    found = read(raw, detect(raw, Chosen(columns=(("Notre réf.", "reporting_data_1"), ("Order", "")))))
    assert found.lines[["reporting_data_1", "order"]].to_numpy().tolist() == [["C-1", ""]]
    assert found.header.duplicates == ("reporting_data_1",)
    assert found.header.extra == ("Order",)


def test_a_header_in_other_words_is_asked_for_once_its_line_is_said() -> None:
    names = ["Auszahlung", "Betrag", "Währung", "Vorgang", "Gutschrift", "Ausgezahlt in"]
    raw = ("Bericht\n" + ";".join(names) + "\n7;1,50;EUR;Sale;1,50;EUR\n").encode()
    with pytest.raises(NotASettlementFile):
        detect(raw)
    with pytest.raises(MissingColumns) as refused:
        detect(raw, Chosen(header_line=2))
    assert [name for name, _ in refused.value.header] == names
    told = Chosen(columns=tuple(zip(names, REQUIRED, strict=True)))
    assert read(raw, detect(raw, told)).lines["settled_amount_units"].tolist() == [15_000]


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        ("Total général", "total"), ("TOTAL EUR", "total"), ("Nombre de lignes : 2", "total"), ("End of file", "total"),
        ("Summer Shop", "operation_missing"), ("Fin Conseil", "operation_missing"), ("Total Energies", "operation_missing"),
        ("Lines and more", "operation_missing"),
    ],
)  # fmt: skip
def test_a_row_without_an_operation_is_a_total_only_by_its_own_words(first: str, reason: str) -> None:
    rows = write([sale(), sale(Account=first, Operation="")])
    assert [row.reason for row in read(rows).set_aside] == [reason]


RAW = write([sale(Order=f"A{n}", Account_name='say "Été"') for n in range(4)])


@pytest.mark.parametrize(
    "raw",
    [
        RAW[: RAW.rindex(b'say ""')],  # within a quoted cell
        RAW[: RAW.rindex(b"100.00")],  # within a row
        RAW[: RAW.rindex("Été".encode()) + 1],  # within a character
        RAW.decode().encode("utf-16")[:-41],  # within a character of two bytes
    ],
)
def test_a_truncated_file_gives_nothing(raw: bytes) -> None:
    with pytest.raises(TruncatedFile) as refused:
        read(raw)
    assert refused.value.line == 5


def test_a_last_line_without_a_line_end_is_whole() -> None:
    assert len(read(RAW.rstrip(b"\r\n")).lines) == 4


def test_a_quote_that_swallows_the_file_is_refused() -> None:
    raw = write([sale(Order=f"A{n:06}") for n in range(2000)]).replace(b";A000003;", b';"A000003;')
    with pytest.raises(BrokenQuotes) as refused:
        read(raw)
    assert refused.value.line == 5


def test_a_chosen_encoding_that_does_not_fit_is_refused() -> None:
    with pytest.raises(UndecodableFile):
        detect(write([sale()], Style(encoding="cp1252")), Chosen(encoding="utf-8"))


def test_every_refusal_is_one_of_the_tree() -> None:
    codes = [error.code for error in SettlementFileError.__subclasses__()]
    assert len(set(codes)) == len(codes) == 19


def test_rows_that_do_not_parse_are_named_and_the_others_go_on() -> None:
    lines = [sale(Order=f"A{n}") for n in range(9)]
    rows = write(lines).decode().split("\r\n")
    rows[2] = rows[2].replace("100.00", "1OO.00", 1)
    rows[3] = rows[3].replace("2024-03-25", "2024-13-25")
    rows[4] = rows[4].replace("EUR;Sale", "EURO;Sale")
    rows[5] = rows[5].replace(";Sale;", ";;")
    rows[6] += ";surplus"
    rows[7] = ";".join(rows[7].split(";")[:15])
    rows[8] = rows[8].replace("Sale;100.00;EUR", "Sale;100.00;")
    found = read("\r\n".join(rows).encode())

    assert [(row.line, row.reason, row.column, row.cell) for row in found.set_aside] == [
        (3, "amount_unreadable", "original_amount", "1OO.00"),
        (4, "date_unreadable", "date", "2024-13-25"),
        (5, "currency_unknown", "currency", "EURO"),
        (6, "operation_missing", "", "987654"),
        (7, "wrong_width", "", "987654"),
        (8, "wrong_width", "", "987654"),
        (9, "currency_missing", "settlement_currency", ""),
    ]
    assert all(row.blocking and row.reason in SET_ASIDE for row in found.set_aside)
    assert not found.complete
    assert found.lines["order"].tolist() == ["A0", "A8"]


def test_a_line_that_names_no_payout_is_set_aside_unless_it_is_the_accounts_own() -> None:
    bare = {"Settlement_ID": ""}
    found = read(
        write(
            [
                sale(Order="A1"),
                sale(**bare),
                sale(Operation="Fixed fee", **bare),
                sale(Operation="Settlement", **bare),
                sale(Operation="Green fee", **bare),
                sale(Operation="Monthly fee", Transaction_ID="", **bare),
                sale(Operation="Rolling reserve release", **bare),
            ]
        )
    )
    assert [(row.line, row.reason, row.column) for row in found.set_aside] == [
        (line, "settlement_missing", "settlement_id") for line in (3, 4, 5, 6)
    ]
    assert found.lines["operation"].tolist() == ["Sale", "Monthly fee", "Rolling reserve release"]


def test_totals_and_a_header_again_are_set_aside_without_blocking() -> None:
    rows = write([sale(), sale()]).decode().split("\r\n")
    raw = "\r\n".join([rows[0], rows[1], rows[0], rows[2], "Total" + ";" * 11 + "200.00", "Count;2"])
    found = read(raw.encode())
    assert [(row.line, row.reason) for row in found.set_aside] == [
        (3, "header_again"),
        (5, "total"),
        (6, "total"),
    ]
    assert len(found.lines) == 2


def test_rows_may_lack_or_have_more_empty_cells_at_their_end() -> None:
    header, line, _ = write([sale()]).decode().split("\r\n")
    found = read(f"{header}\r\n{line.rstrip(';')}\r\n{line};;;\r\n".encode())
    assert found.set_aside == ()
    assert len(found.lines) == 2


def test_ids_keep_zeros_and_every_digit() -> None:
    ids = {
        "Transaction_ID": "000080000644536300000",
        "Order": "007",
        "Reporting_data_1": "1E5",
        "Customer_ID": "+33",
    }
    found = read(write([sale(**ids), sale(Transaction_ID="", Order='="0012"')]))
    assert found.lines.loc[
        0, ["transaction_id", "order", "reporting_data_1", "customer_id"]
    ].tolist() == list(ids.values())
    assert found.lines["order"].tolist() == ["007", "0012"]
    assert found.damaged == ()


def test_digits_that_a_spreadsheet_lost_are_named() -> None:
    found = read(write([sale(), sale(Transaction_ID="8.00006E+11", Order="1,5e+12")]))
    assert [(cell.line, cell.column, cell.cell) for cell in found.damaged] == [
        (3, "transaction_id", "8.00006E+11"),
        (3, "order", "1,5e+12"),
    ]
    assert found.lines["lost"].tolist() == ["", "transaction_id order"]
    assert len(found.lines) == 2


def test_unknown_operations_are_kept_and_shown() -> None:
    found = read(write([sale(), sale(Operation="Green fee"), sale(Operation="Blue fee")]))
    assert found.unknown_operations == ("Blue fee", "Green fee")
    table = totals(found.lines)
    assert set(zip(table["operation"], table["count"], strict=True)) == {
        ("Sale", 1),
        ("Green fee", 1),
        ("Blue fee", 1),
    }


def test_totals_by_operation_and_currency() -> None:
    lines = [
        sale(),
        sale(amount=Decimal("0.01")),
        sale(amount=Decimal("-0.30"), Operation="Fixed fee"),
        sale(amount=Decimal("7.00"), Settlement_currency="GBP"),
    ]
    table = totals(read(write(lines)).lines)
    assert table[["operation_code", "currency", "count", "settled_units"]].to_numpy().tolist() == [
        ["sale", "EUR", 2, 1_000_100],
        ["fixed_fee", "EUR", 1, -3_000],
        ["sale", "GBP", 1, 70_000],
    ]


def test_a_file_is_read_by_its_content_not_held_open() -> None:
    assert read(RAW).sha256 == read(bytes(RAW)).sha256 != read(RAW + b"\r\n").sha256
