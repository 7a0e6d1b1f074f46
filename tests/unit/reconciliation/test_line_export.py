"""What a spreadsheet makes of the exported file."""

import csv
import io
import re

import pandas as pd
import pytest

from services.spreadsheets.write import to_csv


def cells(frame: pd.DataFrame, **style: str) -> list[list[str]]:
    raw = to_csv(frame, {name: name for name in frame.columns}, **style)
    text = raw.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=style.get("delimiter", ";")))[1:]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_text_that_starts_a_formula_is_text(start: str) -> None:
    [[cell]] = cells(pd.DataFrame({"order_id": [start + "1+cmd|' /C calc'!A0"]}))
    assert cell == "'" + start + "1+cmd|' /C calc'!A0"


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("text", ["a;=1+1;b", "a,=1+1,b", "a\t=1+1", 'a;"=1+1";b', "a|@SUM(1)", "a;-1;b"])
def test_a_spreadsheet_of_another_country_finds_no_formula_either(text: str, delimiter: str) -> None:
    """English writes commas; a French Excel opens the same file by semicolons, whatever the quotes meant."""
    raw = to_csv(
        pd.DataFrame({"a": ["x"], "b": [text], "c": ["y"]}),
        {name: name for name in "abc"},
        delimiter=delimiter,
    )
    lines = raw.decode("utf-8-sig").splitlines()[1:]
    pieces = [piece.strip('"') for line in lines for piece in re.split(r"[;,\t|]", line)]
    assert not [piece for piece in pieces if piece.startswith(("=", "+", "-", "@"))]


def test_a_heading_is_a_text_too() -> None:
    assert b"'=x" in to_csv(pd.DataFrame({"a": [1]}), {"a": "=x"})


def test_negative_numbers_stay_numbers() -> None:
    frame = pd.DataFrame(
        {"net_units": pd.array([-123_456, -1, 1_000_000, None], dtype="Int64"), "n": [-1, 0, 1, 2]}
    )
    assert cells(frame) == [["-12,3456", "-1"], ["-0,0001", "0"], ["100,00", "1"], ["", "2"]]
    assert cells(frame, decimal=".", delimiter=",")[0] == ["-12.3456", "-1"]


def test_separators_quotes_and_line_ends_stay_in_their_cell() -> None:
    texts = ["a;b", 'say "hi"', "two\nlines", "Été €", ""]
    assert [row[0] for row in cells(pd.DataFrame({"x": texts, "y": ["z"] * 5}))] == texts


def test_ids_are_written_with_every_digit_and_blanks_stay_blank() -> None:
    frame = pd.DataFrame({"id": ["000800006445363", None], "order": pd.array([7, None], dtype="Int64")})
    assert cells(frame) == [["000800006445363", "7"], ["", ""]]


def test_the_bytes_are_what_a_spreadsheet_expects() -> None:
    raw = to_csv(pd.DataFrame({"b": ["é"], "a": ["x"]}), {"a": "First", "b": "Second"})
    assert raw == "\ufeffFirst;Second\r\nx;é\r\n".encode()
