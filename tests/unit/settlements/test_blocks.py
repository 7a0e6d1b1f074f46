"""Files in pieces: whatever the pieces, the lines are the same, each under its own number, and nothing comes early."""

import csv
import io
import re
import threading
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services import settlements
from services.settlements.blocks import Block, read_blocks
from services.settlements.columns import UNITS
from services.settlements.damaged_cells import DamagedCell
from services.settlements.dialect import Chosen, Detection, detect_file
from services.settlements.errors import (
    BrokenQuotes,
    HeaderOnly,
    NotASettlementFile,
    SettlementFileError,
    TruncatedFile,
    UndecidedReading,
    UndecodableFile,
)
from services.settlements.parts import parts
from services.settlements.sheet import find_layout, is_blank, misfit, records
from services.settlements.source import Source
from services.settlements.tables import Table
from tests.support.settlement_reading import detect_and_read
from tests.unit.settlements.writing import ENGLISH, Style, sale, write

SIGNED = Chosen(decimal=".", debits="negative")


@dataclass(frozen=True)
class Wanted:
    """A file with the truth of its rows: (line, order, units) of the lines, (line, reason) of those set aside."""

    raw: bytes
    lines: tuple[tuple[int, str, int], ...]
    set_aside: tuple[tuple[int, str], ...]


ORDERS = st.text("abzAZ09 é'\",;\n", min_size=1, max_size=9).map(lambda text: f"A{text}Z")
ROWS = st.tuples(
    st.sampled_from(
        ["line"] * 6
        + ["short", "long", "blank", "empty", "total", "header", "surplus", "cut", "amount", "operation"]
    ),
    ORDERS,
    st.integers(-(10**9), 10**9),
)


@st.composite
def files(draw: st.DrawFn) -> Wanted:
    """Rows of every kind one after the other, written by csv; each begins where the text before it ends."""
    newline, delimiter = draw(st.sampled_from(["\r\n", "\n", "\r"])), draw(st.sampled_from(";,\t|"))
    # The writer leaves a line feed bare where lines end in \r.
    quoting = draw(
        st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL] if newline != "\r" else [csv.QUOTE_ALL])
    )
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting)  # type: ignore[arg-type]
    aside: list[tuple[int, str]] = []
    lines: list[tuple[int, str, int]] = []

    def write_row(cells: list[str]) -> int:
        line = len(text.getvalue().splitlines()) + 1  # no cell holds another kind of line end
        writer.writerow(cells)
        return line

    if draw(st.booleans()):
        aside.append((write_row(["Settlement report", "2024"]), "preamble"))
    write_row(list(ENGLISH))
    for kind, order, cents in draw(st.lists(ROWS, min_size=1, max_size=25)):
        amount = f"{Decimal(cents) / 100:.2f}"
        cells = [str(cell or "") for cell in sale(Order=order).values()]
        for name in ("Original amount", "Settled amount"):
            cells[ENGLISH.index(name)] = amount
        kept = False
        if kind == "line":
            kept = True
        elif kind == "short":
            kept, cells = True, cells[: ENGLISH.index("Settlement currency") + 1]
        elif kind == "long":
            kept, cells = True, [*cells, "", " "]
        elif kind == "blank":
            cells = [""] * len(cells)
        elif kind == "empty":
            text.write(newline)
            continue
        elif kind == "total":
            cells = ["Total", "", amount]
        elif kind == "header":
            cells = list(ENGLISH)
        elif kind == "surplus":
            cells = [*cells, "x"]
        elif kind == "cut":
            cells = cells[:9]
        elif kind == "amount":
            cells[ENGLISH.index("Settled amount")] = "1O.00"
        elif kind == "operation":
            cells[ENGLISH.index("Operation")] = ""
        line = write_row(cells)
        if kept:
            lines.append((line, order, int(cents) * 100))
        elif kind != "blank":
            reasons = {
                "total": "total",
                "header": "header_again",
                "amount": "amount_unreadable",
                "operation": "operation_missing",
            }
            aside.append((line, reasons.get(kind, "wrong_width")))
    write_row([str(cell or "") for cell in sale(Order="last").values()])
    line = len(text.getvalue().splitlines())
    lines.append((line, "last", 1_000_000))
    return Wanted(text.getvalue().encode(), tuple(lines), tuple(sorted(aside)))


def blocks(raw: bytes | Path, rows: int = 50_000, chosen: Chosen = SIGNED) -> tuple[Detection, list[Block]]:
    source = Source(text=raw)
    return detect_file(source, chosen), detect_and_read(source, chosen, rows)[1]


def together(found: list[Block]) -> pd.DataFrame:
    return pd.concat([block.frame() for block in found], ignore_index=True)


@settings(max_examples=80, deadline=None)
@given(files(), st.integers(1, 30), st.sampled_from([3_000, 9_000, 4 << 20]))
def test_every_row_is_a_line_or_set_aside_under_its_number_whatever_the_pieces(
    wanted: Wanted, rows: int, size: int
) -> None:
    with patch.object(settlements.parts, "BLOCK_BYTES", size):
        detection, found = blocks(wanted.raw, rows)
    lines = together(found)
    got = zip(
        lines["line"], lines["order"].str.replace("\r\n", "\n"), lines["settled_amount_units"], strict=True
    )
    assert tuple(got) == wanted.lines
    assert tuple((row.line, row.reason) for block in found for row in block.set_aside) == wanted.set_aside
    assert all(1 <= len(block.lines) <= rows or not len(block.lines) for block in found)
    assert detection.lines == len(wanted.lines) + sum(reason != "preamble" for _, reason in wanted.set_aside)


@settings(max_examples=40, deadline=None)
@given(files(), st.sampled_from([3_000, 4 << 20]))
def test_the_fast_and_the_careful_way_give_the_same_rows(wanted: Wanted, size: int) -> None:
    source = Source(text=wanted.raw)
    [table] = detect_file(source, SIGNED).dialect.tables(source)

    def all_of(width: int) -> tuple[Any, ...]:
        found = list(parts([replace(table, layout=replace(table.layout, width=width))]))
        columns = {
            name: [cell for part in found for cell in part.cells[name].to_pylist()] for name in found[0].cells
        }
        aside = [row for part in found for row in part.set_aside]
        return (
            columns,
            [int(line) for part in found for line in part.lines],
            aside,
            sum(part.records for part in found),
        )

    with patch.object(settlements.parts, "BLOCK_BYTES", size):
        fast = all_of(len(ENGLISH))
        careful = all_of(len(ENGLISH) + 7)  # no row has as many cells: each is taken apart by csv
    assert fast == careful


SIX = (
    "Settlement ID",
    "Original amount",
    "Original currency",
    "Operation",
    "Settled amount",
    "Settlement currency",
)
ODD = st.text('a1"; é=\n\r\u00a0\u0301', max_size=5)
ODD_ROWS = st.lists(
    st.lists(ODD | st.just("Sale"), min_size=1, max_size=7).map(";".join), min_size=1, max_size=8
)


@settings(max_examples=200, deadline=None)
@given(ODD_ROWS, st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from([200, 4 << 20]))
def test_quotes_and_line_ends_in_any_place_are_those_of_the_csv_module(
    rows: list[str], newline: str, size: int
) -> None:
    """Every row that is a line, or none at all: what csv makes of the text is what is read, under the same number."""
    text = ";".join(SIX) + "\n" + newline.join(rows) + newline
    layout = find_layout(text, "utf-8", ";", 1)
    with patch.object(settlements.parts, "BLOCK_BYTES", size):
        try:
            found = list(
                parts([Table(sheet="", text=text.encode(), layout=replace(layout, width=6))], "text")
            )
        except BrokenQuotes:
            assume(size > 200)  # a row that a block of two hundred bytes cannot hold
            raise
        except (TruncatedFile, HeaderOnly) as refused:
            got: Any = type(refused)
        else:
            columns = {
                name: [cell for part in found for cell in part.cells[name].to_pylist()]
                for name in found[0].cells
            }
            lines = [int(line) for part in found for line in part.lines]
            got = list(zip(lines, *columns.values(), strict=True))
    wanted: Any = []
    try:
        blank = True
        for start, _, row in records(io.StringIO(text, newline=""), ";"):
            if start > 1 and not is_blank(row):
                blank = False
                if not misfit(row, layout.header):
                    wanted.append((start, *(_as_read(cell) for cell in (row + [""] * 6)[:6])))
        wanted = HeaderOnly if blank else wanted
    except TruncatedFile:
        wanted = TruncatedFile
    assert got == wanted


def _as_read(cell: str) -> str:
    cell = cell.strip()
    if cell.startswith('="') and cell.endswith('"') and len(cell) > 2 and not re.search(r"[\n]", cell):
        cell = cell[2:-1]
    return unicodedata.normalize("NFC", cell)


RAW = write([sale(Order=f"A{n}", Account_name='say "Été"') for n in range(200)])


@pytest.mark.parametrize(
    "raw",
    [
        RAW[: RAW.rindex(b'say ""')],  # within a quoted cell
        RAW[: RAW.rindex(b"100.00")],  # within a row
        RAW[: RAW.rindex("Été".encode()) + 1],  # within a character
        RAW + b'987654;"open',
        RAW + RAW.splitlines(keepends=True)[-1].rstrip() + b';"open',
        RAW.rstrip() + b'"open',  # with as many cells as it should have
    ],
)  # fmt: skip
def test_a_file_that_is_cut_off_is_found_out_before_its_first_line_is_given(
    tmp_path: Path, raw: bytes
) -> None:
    path = tmp_path / "cut.csv"
    path.write_bytes(raw)
    with patch.object(settlements.parts, "BLOCK_BYTES", 4_000), pytest.raises(TruncatedFile) as refused:
        detect_file(Source(text=path))
    assert refused.value.line >= 201


LONG = write(
    [sale(Order=f"A{n:05}", Account_name="Ete") for n in range(6_000)]
)  # its head ends before its end


@pytest.mark.parametrize(
    ("raw", "chosen", "refusal"),
    [
        (LONG + b"caf\xe9\r\n", Chosen(encoding="utf-8"), UndecodableFile),
        (LONG + b"a\x00b\r\n", Chosen(), NotASettlementFile),
        (LONG.decode().encode("utf-16")[:-41], Chosen(), TruncatedFile),
        (LONG + b"\xc3", Chosen(encoding="utf-8"), TruncatedFile),
    ],
)
def test_what_is_wrong_far_below_the_header_is_found_before_the_first_line_is_given(
    raw: bytes, chosen: Chosen, refusal: type[SettlementFileError]
) -> None:
    with pytest.raises(refusal):
        detect_file(Source(text=raw), chosen)


def test_a_quote_that_no_block_can_hold_is_named_by_its_line() -> None:
    raw = write([sale(Order=f"A{n:06}") for n in range(3000)]).replace(b";A000007;", b';"A000007;')
    with patch.object(settlements.parts, "BLOCK_BYTES", 50_000), pytest.raises(BrokenQuotes) as refused:
        detect_file(Source(text=raw))
    assert refused.value.line == 9


def test_a_file_of_misfits_only_is_named_row_by_row() -> None:
    raw = (";".join(ENGLISH) + "\n" + "x;y\n" * 5_000).encode()
    with patch.object(settlements.parts, "BLOCK_BYTES", 4_000):
        detection, found = blocks(raw)
    assert detection.lines == 5_000
    assert [row.line for block in found for row in block.set_aside] == list(range(2, 5_002))
    assert together(found).empty


def test_blank_rows_alone_are_a_header_alone() -> None:
    with pytest.raises(HeaderOnly):
        detect_file(Source(text=(";".join(ENGLISH) + "\n" + ";;;\n" * 30 + ";" * 30 + "\n").encode()))


def test_nothing_is_read_before_the_questions_are_answered() -> None:
    source = Source(text=write([sale(amount=Decimal("1.234"))]))
    with pytest.raises(UndecidedReading):
        next(read_blocks(source, detect_file(source).dialect))


def test_the_whole_file_decides_not_its_first_block(tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    many = [sale(amount=Decimal("1.234"), Order=f"A{n}") for n in range(400)]
    late = sale(amount=Decimal("-1012.500"), Operation="Fixed fee", Date=None, Order="25th")
    path.write_bytes(write([*many, late]))
    with patch.object(settlements.parts, "BLOCK_BYTES", 4_000):
        detection, found = blocks(path, chosen=Chosen())
    why = detection.dialect.why("decimal")
    assert (detection.dialect.decimal, why.cell, why.line) == (".", "-1012.500", 402)
    assert detection.dialect.why("debits").line == 402
    assert together(found)["settled_amount_units"].sum() == 400 * 12_340 - 10_125_000


def test_each_account_of_a_file_is_counted() -> None:
    lines = [sale(Account=account) for account in ("1", "2", "1", "")]
    assert detect_file(Source(text=write(lines))).accounts == {"1": 2, "2": 1, "": 1}


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16", "utf-16-be", "iso-8859-15"])
def test_names_are_composed_and_every_encoding_passes_the_border_of_its_pieces(encoding: str) -> None:
    many = [
        sale(Order=f"É{n}", Account_name="Cafés d'Été – œuvre" if encoding != "iso-8859-15" else "é")
        for n in range(300)
    ]
    raw = write(many, Style(encoding=encoding))
    chosen = replace(SIGNED, encoding=encoding if encoding == "iso-8859-15" else None)
    with patch.object(settlements.parts, "BLOCK_BYTES", 3_000), patch("services.settlements.text._PIECE", 17):
        _, found = blocks(raw, chosen=chosen)
    assert together(found)["order"].tolist() == [f"É{n}" for n in range(300)]

    apart = write([sale(Order="Ete\u0301")])
    assert together(blocks(apart)[1])["order"].tolist() == ["Et\u00e9"]


@pytest.mark.parametrize("thousands", ["", " ", "\u00a0", "\u202f", ".", "'"])
@pytest.mark.parametrize("form", ["-{}", "{}-", "({})", "−{}"])
def test_amounts_in_bulk_are_those_of_the_scalar_reader(thousands: str, form: str) -> None:
    values = [Decimal(cents) / 100 for cents in (1, 10, 99, 100, 12345, 100000, 99999999, 123456789012)]
    lines = [sale() for _ in values]
    rows = [list(map(str, (cell or "" for cell in line.values()))) for line in lines]
    for row, value in zip(rows, values, strict=True):
        text = f"{value:,.2f}".translate({ord(","): thousands, ord("."): ","})
        row[ENGLISH.index("Settled amount")] = row[ENGLISH.index("Original amount")] = form.format(text)
    text = "\n".join(";".join(row) for row in [list(ENGLISH), *rows]) + "\n"
    _, found = blocks(text.encode(), chosen=Chosen(debits="negative"))
    assert together(found)["settled_amount_units"].tolist() == [-int(value * 10_000) for value in values]


def test_a_moment_in_every_cell_is_kept_as_it_stands() -> None:
    stamps = ["2024-03-31 02:30:00", "2024-12-31T23:59:59", "2024-02-29 00:00:00"]
    lines = [sale(Operation_date=stamp) for stamp in stamps]
    assert together(blocks(write(lines))[1])["operation_date"].tolist() == [
        stamp.replace(" ", "T") for stamp in stamps
    ]
    wrong = [*lines, sale(Operation_date="2024-02-30 00:00:00")]
    found = blocks(write(wrong))[1]
    assert [cell for block in found for cell in block.undated] == [
        DamagedCell(5, "operation_date", "2024-02-30 00:00:00")
    ]


def test_blocks_do_not_grow_with_the_file_in_any_thread(tmp_path: Path) -> None:
    """The previews of several sessions are read in threads of their own."""
    path = tmp_path / "large.csv"
    row = write([sale()]).split(b"\r\n", 1)[1]
    path.write_bytes(write([sale()]) + row * 30_000)
    source = Source(text=path)
    counts: list[int] = []

    def work() -> None:
        dialect = detect_file(source, SIGNED).dialect
        for block in read_blocks(source, dialect):
            counts.append(len(block.lines))

    with patch.object(settlements.parts, "BLOCK_BYTES", 100_000):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert sum(counts) == 30_001
    assert max(counts) < 2_000


def test_units_are_whole_numbers_everywhere() -> None:
    _, found = blocks(write([sale(Tax_amount=Decimal(0)), sale()]))
    for name in UNITS:
        assert str(found[0].frame()[name].dtype) == "Int64"
    assert found[0].frame()["tax_amount_units"].isna().tolist() == [False, True]
