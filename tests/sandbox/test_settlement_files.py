"""Settlement files, read back by nothing but the standard library."""

import csv
import io
import re
import struct
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.files import FRENCH, Dialect, render
from sandbox.settlements import COLUMNS, DEBITS, SCENARIOS
from tests.sandbox.settling import dialects, movement, movements, run

MONEY = ("Original amount", "Amount (Excl. Tax)", "Tax amount", "Amount (Incl. Tax)", "Settled amount")
DATES = ("Date", "Date value", "Transfer", "Operation date")


def read(content, ext, dialect):
    """The rows of a file, by nothing but the csv module and Decimal."""
    text = io.StringIO(content.decode(dialect.encoding), newline="")
    table = list(csv.reader(text, delimiter="\t" if ext == ".txt" else dialect.delimiter))
    table = table[4 if dialect.preamble else 0 : -1 if dialect.totals else None]
    names = [FRENCH[column] for column in COLUMNS] if dialect.header_language == "fr" else list(COLUMNS)
    assert table[0] == names
    rows = []
    for cells in table[1:]:
        row = dict(zip(COLUMNS, (cell or None for cell in cells), strict=True))
        for name in MONEY:
            if row[name]:
                value = Decimal(row[name].replace(dialect.thousands, "").replace(dialect.decimal, "."))
                unsigned = dialect.debit_sign == "positive" and row["Operation"] in DEBITS
                row[name] = -value if unsigned else value
        for name in DATES:
            if row[name]:
                parts = re.split("[-/]", row[name])
                row[name] = date(*map(int, parts if dialect.date == "iso" else reversed(parts)))
        rows.append(row)
    return rows


@settings(max_examples=150, deadline=None)
@given(
    st.lists(movements(), min_size=1, max_size=5),
    st.sampled_from(SCENARIOS),
    dialects,
    st.sampled_from([".csv", ".txt"]),
)
def test_a_file_in_any_dialect_reads_back_as_the_same_rows(moved, scenario, dialect, ext):
    for s in run(moved, scenario=scenario):
        assert read(render(s, ext, dialect), ext, dialect) == list(s.rows)


def test_how_a_dialect_looks_on_the_line():
    (s,) = run([movement(amount="1234.50", orderid='A;"1"')])
    written = render(s, ".csv", Dialect()).decode().splitlines()
    assert written[0] == ";".join(COLUMNS)
    assert written[1] == (
        '1234567;Maison Été;2026-03-10;2026-03-11;;500;800006445363;"A;""1""";visa;0;1;1234.50;EUR;1234.50;0.00;'
        "1234.50;EUR;Sale;1234.50;EUR;;C42;op-1;INV-2026-001;;;;;TPP;2026-03-13;2026-03-09"
    )
    french = Dialect(
        encoding="cp1252",
        decimal=",",
        thousands=" ",
        date="dmy",
        debit_sign="positive",
        header_language="fr",
        preamble=True,
        totals=True,
    )
    written = render(s, ".csv", french).decode("cp1252").splitlines()
    assert written[:4] == ["HiPay settlement", "Settlement ID;500", "Amount;1 115,73;EUR", ""]
    assert written[4].startswith("Compte;Nom du compte;Date;Date de valeur;Référence de facture")
    assert ";1 234,50;EUR;Sale;1 234,50;EUR;" in written[5]
    assert ";Fixed fee;0,30;EUR;" in written[6]
    assert written[-1].startswith("Total;;")
    assert written[-1].split(";")[COLUMNS.index("Settled amount")] == "1 115,73"


def test_characters_that_the_encoding_lacks_do_not_stop_the_file():
    (s,) = run([movement(orderid="Łódź")])
    assert b";?\xf3d?;" in render(s, ".csv", Dialect(encoding="cp1252"))


@pytest.mark.parametrize(
    "fields",
    [{"delimiter": "|"}, {"encoding": "latin-9"}, {"decimal": "."} | {"thousands": "."}, {"date": "mdy"}],
)
def test_a_dialect_that_no_file_can_have_is_refused(fields):
    with pytest.raises(ValueError, match="is none of"):
        Dialect(**fields)


def test_an_unknown_extension_is_refused():
    (s,) = run([movement()])
    with pytest.raises(ValueError, match=r"unknown extension '\.pdf'"):
        render(s, ".pdf", Dialect())


def biff8(content):
    """Cells of a small BIFF8 workbook as xlwt lays it out (one run of sectors, one piece of shared strings)."""
    assert content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    cells, strings, at = {}, [], 512
    while at < len(content):
        kind, size = struct.unpack_from("<HH", content, at)
        body, at = content[at + 4 : at + 4 + size], at + 4 + size
        if kind == 0x0809:
            assert body[:2] == b"\x00\x06"  # BIFF8
        elif kind == 0x00FC:  # SST
            place = 8
            while place < size:
                length, wide = struct.unpack_from("<HB", body, place)
                end = place + 3 + length * (1 + wide)
                strings.append(body[place + 3 : end].decode("utf-16-le" if wide else "latin-1"))
                place = end
        elif kind == 0x00FD:  # LABELSST
            row, column, _, index = struct.unpack("<HHHI", body)
            cells[row, column] = strings[index]
        elif kind == 0x0203:  # NUMBER
            row, column, _, value = struct.unpack("<HHHd", body)
            cells[row, column] = value
        elif kind in (0x027E, 0x00BD):  # RK, and MULRK: several of them side by side
            row, first = struct.unpack_from("<HH", body)
            for offset in range((size - 4) // 6):
                (packed,) = struct.unpack_from("<i", body, 6 + 6 * offset)
                number = packed >> 2
                if not packed & 2:
                    number = struct.unpack("<d", struct.pack("<ii", 0, packed & ~3))[0]
                cells[row, first + offset] = number / 100 if packed & 1 else number
        elif kind == 0x000A and cells:  # EOF of the sheet
            return cells
    raise AssertionError("no end of sheet")


def test_the_xls_is_a_workbook_with_ids_as_text():
    (s,) = run([movement(amount="1234.56")])
    cells = biff8(render(s, ".xls", Dialect()))
    assert [cells[0, x] for x in range(31)] == list(COLUMNS)
    for y, row in enumerate(s.rows, start=1):
        for x, name in enumerate(COLUMNS):
            expected = row[name]
            if isinstance(expected, date):
                expected = (expected - date(1899, 12, 30)).days
            assert cells.get((y, x)) == (float(expected) if isinstance(expected, Decimal) else expected), name
    assert cells[1, COLUMNS.index("Transaction ID")] == "800006445363"
