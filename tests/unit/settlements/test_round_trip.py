"""What is written in any dialect reads back to the same cents, the same ids and the same days."""

import csv
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from services.settlements.columns import AMOUNTS, COLUMNS
from services.settlements.dialect import Chosen
from services.settlements.errors import UndecidedReading
from services.settlements.identity import identify
from tests.support.settlement_reading import SettlementFile, detect, read
from tests.unit.settlements.random_lines import lines
from tests.unit.settlements.writing import ENGLISH, FRENCH, Style, write

NAMES = dict(zip(ENGLISH, COLUMNS, strict=True))


styles = st.builds(
    lambda decimal, **rest: Style(decimal=decimal[0], thousands=decimal[1], **rest),
    decimal=st.sampled_from(
        [(".", ""), (",", ""), (",", " "), (",", "."), (".", ","), (",", "\u00a0"), (".", "'")]
    ),
    delimiter=st.sampled_from(";,\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]),
    dates=st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y%m%d"]),
    signed=st.booleans(),
    headers=st.sampled_from([tuple(ENGLISH), tuple(FRENCH), tuple(name.upper() for name in ENGLISH)]),
    above=st.sampled_from(["", "Settlement report\r\n\r\n", "sep=;\r\nMerchant;Café Été\r\n"]),
    newline=st.sampled_from(["\r\n", "\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)


def read_as(raw: bytes, style: Style) -> SettlementFile:
    """Reads as a person would: answers what the file leaves open, and nothing else."""
    try:
        return read(raw)
    except UndecidedReading as asked:
        answers = {"decimal": style.decimal} if "decimal" in asked.questions else {}
        answers |= (
            {"debits": "negative" if style.signed else "positive"} if "debits" in asked.questions else {}
        )
        return read(raw, detect(raw, Chosen(**answers)))


@settings(max_examples=60, deadline=None)
@given(st.lists(lines(), min_size=1, max_size=6), styles)
def test_any_dialect_reads_back_to_the_same_cents(rows: list[dict[str, object]], style: Style) -> None:
    found = read_as(write(rows, style), style)

    assert [row for row in found.set_aside if row.blocking] == []
    assert len(found.lines) == len(rows)
    for row, got in zip(rows, found.lines.to_dict("records"), strict=True):
        for name, column in NAMES.items():
            cell = row[name]
            if column in AMOUNTS:
                assert got[f"{column}_units"] == int(cell * 10_000)
            elif isinstance(cell, date):
                assert got[column] == cell.isoformat()
            else:
                assert got[column].replace("\r\n", "\n") == (cell or "")


@settings(max_examples=20, deadline=None)
@given(st.lists(lines(), min_size=1, max_size=6), styles, styles, st.randoms())
def test_a_line_is_the_same_whatever_the_dialect_and_the_order(
    rows: list[dict[str, object]], one: Style, other: Style, random: object
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    [first] = (identify(block.lines).identity.to_pylist() for block in read_as(write(rows, one), one).blocks)
    [second] = (
        identify(block.lines).identity.to_pylist() for block in read_as(write(shuffled, other), other).blocks
    )

    assert sorted(first) == sorted(second)
    assert len(set(first)) == len(first)
