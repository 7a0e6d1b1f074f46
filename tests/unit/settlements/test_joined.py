"""Files put together line by line: the column names of the second are no line, and never those of the first in silence."""

import pytest

from services.settlements.errors import JoinedFiles, SettlementFileError
from services.spreadsheets import marks
from tests.support.settlement_reading import read
from tests.unit.settlements.writing import ENGLISH, FRENCH, Style, sale, write

BOM = b"\xef\xbb\xbf"
FIRST = write([sale(Order="A1"), sale(Order="A2")])
SECOND = write([sale(Order="B1"), sale(Order="B2")])


@pytest.mark.parametrize("start", [b"", BOM])
@pytest.mark.parametrize("between", [b"", BOM, BOM + BOM])
def test_the_same_column_names_again_are_no_line(start: bytes, between: bytes) -> None:
    found = read(start + FIRST + between + SECOND)
    assert found.lines["order"].tolist() == ["A1", "A2", "B1", "B2"]
    assert [(row.line, row.reason, row.text[:7]) for row in found.set_aside] == [
        (4, "header_again", "Account")
    ]
    assert found.complete
    assert not found.lines.map(lambda cell: "\ufeff" in str(cell)).any(axis=None)


def test_a_mark_at_the_edge_of_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    from services.settlements import text

    for size in range(1, 40):
        monkeypatch.setattr(text, "_PIECE", size)
        assert (
            text.decode(BOM + b"ab\n" + BOM + b"c\xef\xbb\xbfd\r\n" + BOM + b"e", "utf-8-sig")
            == "ab\nc\ufeffd\r\ne"
        )


def test_utf_16_joined_with_utf_16() -> None:
    raw = FIRST.decode().encode("utf-16") + SECOND.decode().encode("utf-16")
    assert read(raw).lines["order"].tolist() == ["A1", "A2", "B1", "B2"]


def test_the_names_in_another_spelling_but_the_same_places() -> None:
    other = write([sale(Order="B1")], Style(headers=FRENCH))
    found = read(FIRST + BOM + other)
    assert found.lines["order"].tolist() == ["A1", "A2", "B1"]
    assert [row.reason for row in found.set_aside] == ["header_again"]


def _moved(*order: int) -> bytes:
    """The second file with columns in another order."""
    rows = [line.split(";") for line in SECOND.decode().split("\r\n")[:-1]]
    return "".join(";".join(row[place] for place in order) + "\r\n" for row in rows).encode()


AMOUNT, SETTLED = ENGLISH.index("Original amount"), ENGLISH.index("Settled amount")
ALL = list(range(len(ENGLISH)))
SWAPPED = [SETTLED if n == AMOUNT else AMOUNT if n == SETTLED else n for n in ALL]


@pytest.mark.parametrize("between", [b"", BOM])
@pytest.mark.parametrize(
    "order", [SWAPPED, ALL[::-1], ALL[1:], ALL[:-1], ALL[3:] + ALL[:3], ALL[10:22]],
    ids=["swapped", "reversed", "one less", "last less", "turned", "few"],
)  # fmt: skip
def test_other_columns_further_down_are_refused_by_their_line(between: bytes, order: list[int]) -> None:
    with pytest.raises(JoinedFiles) as refused:
        read(FIRST + between + _moved(*order))
    assert refused.value.fields() == {"line": "4", "header_line": "1"}


@pytest.mark.parametrize("between", [b"", BOM])
def test_a_file_without_a_last_line_end_has_its_last_row_set_aside(between: bytes) -> None:
    found = read(FIRST.removesuffix(b"\r\n") + between + SECOND)
    assert found.lines["order"].tolist() == ["A1", "B1", "B2"]
    assert [(row.line, row.reason, row.settlement_id) for row in found.set_aside] == [(3, "glued", "123456")]
    assert not found.complete
    with pytest.raises(JoinedFiles):
        read(FIRST.removesuffix(b"\r\n") + between + _moved(*SWAPPED))
    short = b"\r\n".join([*FIRST.split(b"\r\n")[:2], FIRST.split(b"\r\n")[2].rstrip(b";")])
    with pytest.raises(JoinedFiles):
        read(short + between + SECOND)


def test_a_separator_said_to_a_spreadsheet_is_no_row() -> None:
    found = read(b"sep=;\r\n" + FIRST + BOM + b"sep=;\r\n" + SECOND)
    assert [(row.line, row.reason) for row in found.set_aside] == [
        (1, "preamble"),
        (5, "preamble"),
        (6, "header_again"),
    ]


def test_words_that_name_columns_among_the_cells_of_a_line_are_cells() -> None:
    strange = sale(Order="Order", Product_name="Client", Operation="Settlement", Reporting_data_1="Reference")
    assert len(read(write([strange, sale(Account_name="Compte")])).lines) == 2


def test_two_tables_in_one_sheet() -> None:
    from tests.support.workbooks import cells, xlsx

    same = xlsx([ENGLISH, cells(sale(Order="A1")), [], ENGLISH, cells(sale(Order="B1"))])
    assert read(same).lines["order"].tolist() == ["A1", "B1"]
    other = xlsx([ENGLISH, cells(sale(Order="A1")), ENGLISH[::-1], cells(sale(Order="B1"))[::-1]])
    with pytest.raises(JoinedFiles) as refused:
        read(other)
    assert refused.value.fields() == {"line": "3", "header_line": "1"}
    assert marks.NUMBER not in str(refused.value)


def test_a_legacy_encoding_behind_unicode_is_refused() -> None:
    with pytest.raises(SettlementFileError):
        read(BOM + FIRST + write([sale(Account_name="Café")], Style(encoding="cp1252")))
