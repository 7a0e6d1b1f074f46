"""A currency that only a cell's format shows is read beside its number, and never dropped."""

import io
from decimal import Decimal

import pytest
import xlsxwriter

from services.spreadsheets.formats import sign_of
from tests.support.checked_rows import checked
from tests.support.settlement_reading import read
from tests.support.tables import HEADINGS, row
from tests.unit.settlements.writing import ENGLISH, sale


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ('#,##0.00\\ "€"', "€"),
        ('_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-', "€"),
        ("#,##0.00\\ [$€-40C]", "€"),
        ("[$$-409]#,##0.00", "$"),
        ('"$"#,##0.00_);[Red]\\("$"#,##0.00\\)', "$"),
        ("$#,##0.00", "$"),
        ("[$USD] #,##0.00", "USD"),
        ("[$CHF-fr-CH] #,##0.00", "CHF"),
        ("[$Fr.-807] #,##0.00", "Fr."),
        ("[$zł-415]0.00", "zł"),
        ("0.00", ""),
        ("#,##0.00_-", ""),
        ("[$-409]d\\-mmm\\-yy", ""),
        ('0 "pcs"', ""),
        ('"Total: "0.00', ""),
        ("0.00%", ""),
        ("[$" * 100_000, ""),  # no spreadsheet writes it, and it took minutes
        ("[$a-" * 50_000, ""),
    ],
    ids=lambda text: text[:40],
)
def test_the_sign_of_a_format(code: str, sign: str) -> None:
    assert sign_of(code) == sign


def workbook(
    rows: list[list[object]], headings: tuple[str, ...], formats: dict[tuple[int, int], str]
) -> bytes:
    """Cells of ``formats`` (row below the headings, column) in these."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False})
    sheet = book.add_worksheet()
    made = {code: book.add_format({"num_format": code}) for code in set(formats.values())}
    for line, cells in enumerate([list(headings), *rows]):
        for place, cell in enumerate(cells):
            kind = made.get(formats.get((line - 1, place), ""))
            if isinstance(cell, Decimal | int | float):
                sheet.write_number(line, place, cell, kind)
            elif cell:
                sheet.write_string(line, place, str(cell), kind)
    book.close()
    return out.getvalue()


def test_a_tables_number_in_a_currencys_format() -> None:
    rows = [row(n, Montant=12.5, Devise=None) for n in range(1, 6)]
    rows[4] = row(5, Montant=12.5, Devise="USD", **{"N° de commande": 4711})
    formats = {
        (0, 3): '#,##0.00\\ "€"',
        (1, 3): "[$$-409]#,##0.00",
        (2, 3): "[$USD] #,##0.00",
        (3, 3): "0.00",
        (4, 3): "[$$-409]#,##0.00",
        (4, 7): '0\\ "€"',
    }
    good, bad = checked(workbook(rows, HEADINGS, formats))
    assert [(one.line.number, one.accepted.amount, one.accepted.currency) for one in good] == [
        (2, 12_5000, "EUR"),
        (4, 12_5000, "USD"),
        (5, 12_5000, "EUR"),
        (6, 12_5000, "USD"),
    ]
    assert good[3].draft.order_id == "4711"
    [found] = bad[0].problems
    assert (bad[0].line.number, found.column, found.cell, found.error.code) == (
        3,
        "amount",
        "12.5 $",
        "amount_other_currency",
    )


def test_a_payouts_number_in_a_currencys_format() -> None:
    lines = [
        sale(Order=Decimal(n), amount=Decimal("-1250.50") if n == 2 else Decimal("1250.50")) for n in range(4)
    ]
    lines[2]["Operation"] = "Refund"
    rows = [[line[name] if name != "Date" else None for name in ENGLISH] for line in lines]
    amount, settled, order = (ENGLISH.index(name) for name in ("Original amount", "Settled amount", "Order"))
    euro, dollar = '#,##0.00\\ "€"', "[$$-409]#,##0.00"
    formats = {
        (0, amount): euro,
        (0, settled): euro,
        (0, order): euro,
        (1, settled): dollar,
        (2, settled): euro,
    }
    found = read(workbook(rows, tuple(ENGLISH), formats))
    assert found.lines["order"].tolist() == ["0", "2", "3"]
    assert found.lines["settled_amount_units"].tolist() == [1250_5000, -1250_5000, 1250_5000]
    assert [(one.line, one.reason, one.column, one.cell) for one in found.set_aside] == [
        (3, "amount_other_currency", "settled_amount", "1250.5 $")
    ]
