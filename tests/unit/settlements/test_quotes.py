"""Two stray quotation marks that make one cell of whole rows: asked, never read as one row in silence."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.settlements.dialect import Chosen
from services.settlements.errors import SwallowedRows
from services.settlements.quotes import unfolded
from tests.support.settlement_reading import SettlementFile, detect, read
from tests.unit.settlements.writing import ENGLISH, Style, sale, write

ROWS = write(
    [sale(Order=f"A{n}", Reporting_data_1=f"F-{n}", Customer_ID=f"C-{n}") for n in range(1, 7)]
).decode()


def stray(text: str, *places: tuple[int, str]) -> bytes:
    """A mark before the cell (`<cell`), or behind it (`cell>`), of these lines of the file."""
    lines = text.split("\r\n")
    for line, cell in places:
        marked = f'"{cell[1:]}' if cell.startswith("<") else f'{cell[:-1]}"'
        assert cell.strip("<>") in lines[line - 1]
        lines[line - 1] = lines[line - 1].replace(cell.strip("<>"), marked)
    return "\r\n".join(lines).encode()


def orders(found: SettlementFile) -> list[tuple[int, str, str]]:
    return list(zip(found.lines["line"], found.lines["order"], found.lines["reporting_data_1"], strict=True))


@pytest.mark.parametrize(
    ("opening", "closing", "last", "rows"),
    [
        ((3, "<F-2"), (4, "F-3>"), 4, 2),  # in one column, the row after
        ((3, "<F-2"), (6, "F-5>"), 6, 4),
        ((3, "<A2"), (5, "F-4>"), 5, 3),  # closed further right
        ((3, "<F-2"), (5, "A4>"), 5, 3),  # and further left
    ],
)
def test_rows_between_two_marks_are_asked_by_their_lines_and_read_as_a_person_says(
    opening: tuple[int, str], closing: tuple[int, str], last: int, rows: int
) -> None:
    raw = stray(ROWS, opening, closing)
    with pytest.raises(SwallowedRows) as asked:
        detect(raw)
    assert asked.value.fields() == {"line": "3", "last": str(last), "rows": str(rows)}
    found = read(raw, detect(raw, Chosen(quotes="rows")))
    assert orders(found) == orders(read(ROWS.encode()))
    assert not found.set_aside
    one = read(raw, detect(raw, Chosen(quotes="text")))
    assert len(one.lines) + len(one.set_aside) == 6 - rows + 1


def test_a_text_of_several_lines_is_no_row() -> None:
    table = [
        sale(Product_name="Two lamps;\nred", Order="A1"),
        sale(Product_name="one\ntwo\nthree", Order="A2"),
    ]
    found = read(write(table))
    assert found.lines["order"].tolist() == ["A1", "A2"]
    assert found.lines["line"].tolist() == [2, 4]
    assert detect(write(table)).quotes is None


def test_each_of_several_such_cells_is_unfolded_and_what_is_odd_in_it_is_named() -> None:
    raw = stray(ROWS, (2, "<F-1"), (3, "F-2>"), (5, "<F-4"), (6, "F-5>")).replace(b"A5", b"A5;surplus")
    found = read(raw, detect(raw, Chosen(quotes="rows")))
    assert [line for line, *_ in orders(found)] == [2, 3, 4, 5, 7]
    assert [(row.line, row.reason) for row in found.set_aside] == [(6, "currency_unknown")]


def test_the_answer_is_of_one_file_and_stands_in_its_dialect() -> None:
    raw = stray(ROWS, (3, "<F-2"), (4, "F-3>"))
    dialect = detect(raw, Chosen(quotes="rows"))
    assert (dialect.quotes, dialect.why("quotes").code) == ("rows", "chosen")


def test_a_workbooks_cell_is_a_cell() -> None:
    from tests.support.workbooks import cells, xlsx

    text = "\n".join(ROWS.split("\r\n")[1:3])
    raw = xlsx([ENGLISH, cells(sale(Product_name=text))])
    assert len(read(raw).lines) == 1


WORDS = st.text("ab1 ", max_size=3)


@given(st.lists(st.lists(WORDS, min_size=6, max_size=6), min_size=2, max_size=5), st.data())
def test_what_two_marks_have_made_one_is_taken_apart_again(
    rows: list[list[str]], data: st.DataObject
) -> None:
    first, last = data.draw(st.integers(0, 5)), data.draw(st.integers(0, 5))
    text = "\n".join(";".join(row) for row in rows).split(";")
    one = [
        *text[:first],
        ";".join(text[first : (len(rows) - 1) * 5 + last + 1]),
        *text[(len(rows) - 1) * 5 + last + 1 :],
    ]
    if one[first].count("\n") == len(rows) - 1 and one[first].count(";") * 2 >= 5 * (len(rows) - 1):
        assert unfolded(one, ";", 6) == list(enumerate(rows))


def test_a_row_of_very_many_such_cells_is_taken_apart() -> None:
    whole = ["A\nB", *["1\n;;;;;2"] * 5_000, "C"]
    rows = unfolded(whole, ";", 6)
    assert rows[0] == (0, ["A\nB", "1"])
    assert rows[1] == (2, ["", "", "", "", "", "2", "1"])
    assert [at for at, _ in rows] == [0, *range(2, 5_002)]
    assert rows[-1][1] == ["", "", "", "", "", "2", "C"]


def test_a_delimiter_of_another_kind() -> None:
    text = write(
        [sale(Order=f"A{n}", Reporting_data_1=f"F-{n}") for n in range(1, 4)], Style(delimiter="\t")
    ).decode()
    raw = stray(text, (2, "<F-1"), (3, "F-2>"))
    with pytest.raises(SwallowedRows):
        detect(raw)
    assert read(raw, detect(raw, Chosen(quotes="rows"))).lines["order"].tolist() == ["A1", "A2", "A3"]
    assert io.StringIO(text).readline()
