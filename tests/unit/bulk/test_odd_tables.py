"""Tables that a spreadsheet or a program has changed on the way: named cell by cell, sent by nobody."""

from datetime import date
from decimal import Decimal

import pytest

from services.bulk import cells, table
from services.bulk.columns import EXPECTED
from services.bulk.errors import (
    DigitsLost,
    MadeDate,
    RowShifted,
    RowsSwallowed,
    TablesJoined,
)
from tests.support.workbooks import ods, xls, xlsx

HEAD = ["Order id", "Amount", "Date", "Invoice number", "Reference 2"]
NAMES = ("order_id", "reference_1", "reference_2")


@pytest.mark.parametrize("make", [xlsx, xls, ods])
def test_a_text_of_which_a_spreadsheet_made_a_date_is_named(make) -> None:  # type: ignore[no-untyped-def]
    day = date(2026, 11, 1)
    [line, other, third] = table.read(
        make(
            [
                HEAD,
                ["A-1", Decimal("12.5"), day, day, "x"],
                [day, "9", day, "F-2", day],
                ["A-3", day, day, "F-3", ""],
            ]
        ),
        EXPECTED,
        10,
    ).lines
    assert {name: type(one) for name, one in cells.damaged(line, NAMES).items()} == {"reference_1": MadeDate}
    assert set(cells.damaged(other, NAMES)) == {"order_id", "reference_2"}
    assert set(cells.damaged(third, NAMES)) == {"amount"}
    assert "date" in line.dates  # where a date stands, it is one


def test_a_number_that_was_rounded_is_named_as_before() -> None:
    [line] = table.read(xls([HEAD, [12345678901234567890.0, "9", None, "", ""]]), EXPECTED, 10).lines
    assert {name: type(one) for name, one in cells.damaged(line, NAMES).items()} == {"order_id": DigitsLost}


def text(*rows: str) -> bytes:
    return ("\n".join((";".join(HEAD), *rows)) + "\n").encode()


def test_rows_between_two_quotation_marks_are_named_by_their_lines() -> None:
    raw = text("A-1;9;;F-1;x", 'A-2;9;;"F-2;x', 'A-3;9;;F-3";x', "A-4;9;;F-4;x")
    first, odd, last = table.read(raw, EXPECTED, 10).lines
    assert (cells.of_row(first), cells.of_row(last)) == ({}, {})
    problem = cells.of_row(odd)[""]
    assert isinstance(problem, RowsSwallowed)
    assert problem.fields() == {"line": "3", "last": "4"}
    [long] = table.read(text('A-1;9;;"F-1;\nb";x'), EXPECTED, 10).lines
    assert cells.of_row(long) == {}
    [shifted] = table.read(text("A-1;9;;F-1;x;y"), EXPECTED, 10).lines
    assert isinstance(cells.of_row(shifted)[""], RowShifted)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_table_behind_a_table(mark: str) -> None:
    same = text("A-1;9;;F-1;x") + mark.encode() + text("A-2;9;;F-2;x")
    assert [line.cells["order_id"] for line in table.read(same, EXPECTED, 10).lines] == ["A-1", "A-2"]
    spelled = (
        text("A-1;9;;F-1;x")
        + f"{mark}N° de commande;Montant;Date;N° de facture;Référence 2\nA-2;9;;F-2;x\n".encode()
    )
    assert [line.cells["order_id"] for line in table.read(spelled, EXPECTED, 10).lines] == ["A-1", "A-2"]
    turned = (
        text("A-1;9;;F-1;x")
        + f"{mark}Order id;Amount;Date;Reference 2;Invoice number\nA-2;9;;x;F-2\n".encode()
    )
    with pytest.raises(TablesJoined) as refused:
        table.read(turned, EXPECTED, 10)
    assert refused.value.fields() == {"line": "3", "first": "1"}
