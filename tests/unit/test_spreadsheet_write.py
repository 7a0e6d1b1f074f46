"""Rows as CSV, in batches and by column: the same bytes as cell by cell."""

import csv
import io
from dataclasses import dataclass
from datetime import datetime

import pytest
from babel.numbers import get_decimal_symbol
from hypothesis import given
from hypothesis import strategies as st

from services.i18n import translator
from services.spreadsheets import write
from services.spreadsheets.write import Column, amount_text, each, field, inert


@dataclass(frozen=True)
class Line:
    text: str
    units: int | None
    count: int | None
    at: datetime | None


COLUMNS = (
    Column("Order id", "text", field("text")),
    Column("Amount", "amount", field("units")),
    Column("Lines", "count", field("count")),
    Column("Created on", "time", field("at")),
    Column("Reason", "text", each(lambda line: line.text[::-1])),
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=12),
    st.text("=+-@\t\r\n＝＋－＠;,|\"'\x00\x1f a1", max_size=6),
)
LINES = st.builds(
    Line,
    TEXTS,
    st.none() | st.integers(-(10**15), 10**15) | st.integers(-20_000, 20_000),
    st.none() | st.integers(-3, 3),
    st.none() | st.datetimes(),
)


def cell_by_cell(rows: list[Line], language: str) -> bytes:
    """The plain way, one cell after the other."""
    t, text = translator(language), io.StringIO()
    decimal = get_decimal_symbol(t.locale)
    writer = csv.writer(text, delimiter=";" if decimal == "," else ",", lineterminator="\r\n")
    writer.writerow([inert(t(column.label)) for column in COLUMNS])
    for row in rows:
        writer.writerow(
            [
                inert(row.text),
                "" if row.units is None else amount_text(row.units, decimal),
                "" if row.count is None else str(row.count),
                "" if row.at is None else row.at.strftime("%Y-%m-%d %H:%M"),
                inert(row.text[::-1]),
            ]
        )
    return text.getvalue().encode("utf-8-sig")


@pytest.mark.parametrize("language", ["fr", "en"])
@given(batches=st.lists(st.lists(LINES, max_size=8), max_size=4))
def test_batches_make_the_same_bytes_as_single_cells(language: str, batches: list[list[Line]]) -> None:
    out = io.BytesIO()
    rows = [line for batch in batches for line in batch]
    assert write.write(batches, COLUMNS, "csv", translator(language), out) == len(rows)
    assert out.getvalue() == cell_by_cell(rows, language)


@given(texts=st.lists(TEXTS, max_size=8))
def test_no_cell_of_a_batch_starts_a_formula(texts: list[str]) -> None:
    assert list(write._all_inert(texts)) == [inert(text) for text in texts]
