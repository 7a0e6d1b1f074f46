"""A sign of a currency beside an amount agrees with its row or sets it aside; a minus is one however it is drawn."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.settlements import amounts
from services.settlements.dialect import Chosen
from services.settlements.words import SET_ASIDE
from services.text import currency_signs
from tests.support.settlement_reading import detect, read
from tests.unit.settlements.writing import Style, sale, write

MINUS = "-\u2010\u2011\u2012\u2013\u2014\u2212\ufe58\ufe63\uff0d"
SIGNS = (
    "€",
    "EUR",
    "eur",
    "Euros",
    "$",
    "US$",
    "£",
    "zł",
    "kr",
    "kr.",
    "Fr.",
    "CHF",
    "¥",
    "R$",
    "F\u202fCFA",
    "руб.",
)


@pytest.mark.parametrize(
    ("text", "units", "means"),
    [
        ("10,00 €", 10_0000, "EUR"),
        ("10,00\u00a0€", 10_0000, "EUR"),
        ("EUR 10,00", 10_0000, "EUR"),
        ("EUR10,00", 10_0000, "EUR"),
        ("($5,00)", -5_0000, "USD"),
        ("$(5,00)", -5_0000, "USD"),
        ("-€5", -5_0000, "EUR"),
        ("€-5,00", -5_0000, "EUR"),
        ("5,00-€", -5_0000, "EUR"),
        ("5,00 €-", -5_0000, "EUR"),
        ("+5,00 €", 5_0000, "EUR"),
        ("1.250,00 €", 1250_0000, "EUR"),
        ("€ 1.250,00 EUR", 1250_0000, "EUR"),
        *((f"{minus}5,00", -5_0000, "") for minus in MINUS),
        *((f"5,00{minus}", -5_0000, "") for minus in MINUS),
        *((f"{minus} 5,00 €", -5_0000, "EUR") for minus in MINUS),
    ],
)
def test_an_amount_is_read_beside_its_sign(text: str, units: int, means: str) -> None:
    assert amounts.to_units(text, ",", None) == units
    assert amounts.negative(text) == (units < 0)
    found = amounts.currencies(text)
    assert (means in found) if found is not None else not means


@pytest.mark.parametrize(
    "text",
    [
        "5,-",
        "1.000,-",
        "-(5,00)",
        "-€-5",
        "5 €€",
        "5 quid",
        "€ 5 quid",
        "5€5",
        "\u200b5,00",
        "5,00 (EUR)",
        "€",
    ],
)
def test_what_is_no_amount_with_a_sign_is_refused(text: str) -> None:
    with pytest.raises(amounts.Unreadable) as refused:
        amounts.to_units(text, ",", None)
    assert refused.value.reason == "amount_unreadable"


@given(
    cents=st.integers(0, 10**9),
    sign=st.sampled_from(SIGNS),
    blank=st.sampled_from(["", " ", "\u00a0", "\u202f"]),
    minus=st.sampled_from(["", *MINUS]),
    place=st.sampled_from(["front", "inside", "behind"]),
    style=st.sampled_from([(".", ""), (",", ""), (",", "."), (",", " "), (".", ","), (".", "'")]),
)
def test_a_sign_and_a_minus_stand_anywhere(
    cents: int, sign: str, blank: str, minus: str, place: str, style: tuple[str, str]
) -> None:
    decimal, group = style
    bare = f"{Decimal(cents) / 100:,.2f}".translate({ord(","): group, ord("."): decimal})
    text = {
        "front": f"{minus}{sign}{blank}{bare}",
        "inside": f"{sign}{blank}{minus}{bare}",
        "behind": f"{minus}{bare}{blank}{sign}",
    }[place]
    assert amounts.to_units(text, decimal, None) == cents * 100 * (-1 if minus else 1)
    assert amounts.currencies(text) == currency_signs.meanings(sign) != frozenset()
    assert amounts.hint(text) == amounts.hint(bare)


def signed_file() -> bytes:
    """Sales of 100.00 in rows 2 to 8, what stands beside the amounts of each replaced by hand."""
    rows = write([sale(Order=f"A{n}") for n in range(7)], Style(decimal=",")).decode().split("\r\n")
    rows[1] = rows[1].replace("100,00", "100,00 €")
    rows[2] = rows[2].replace("100,00", "€ 100,00")
    rows[3] = (
        rows[3].replace("Sale;100,00", "Refund;\u2212EUR100,00").replace("100,00;EUR;;", "(€100,00);EUR;;", 1)
    )
    rows[4] = rows[4].replace("100,00;EUR;;", "100,00 $;EUR;;", 1)
    rows[5] = rows[5].replace("Sale;100,00", "Sale;£100,00")
    rows[6] = rows[6].replace("Sale;100,00;EUR", "Sale;100,00 €;")
    return "\r\n".join(rows).encode()


def test_a_sign_agrees_with_the_currency_of_its_row_or_the_row_is_set_aside() -> None:
    found = read(signed_file())
    assert found.dialect.decimal == ","
    assert found.lines["order"].tolist() == ["A0", "A1", "A2", "A6"]
    assert found.lines["settled_amount_units"].tolist() == [100_0000, 100_0000, -100_0000, 100_0000]
    assert [(row.line, row.reason, row.column, row.cell) for row in found.set_aside] == [
        (5, "amount_other_currency", "original_amount", "100,00 $"),
        (6, "amount_other_currency", "settled_amount", "£100,00"),
        (7, "currency_missing", "settlement_currency", ""),
    ]
    assert all(row.blocking and row.reason in SET_ASIDE for row in found.set_aside)


def test_a_dollar_is_the_rows_own() -> None:
    raw = write([sale(Original_currency="CAD", Settlement_currency="USD", amount=Decimal("12.50"))])
    found = read(raw.replace(b"12.50", b"$12.50"))
    assert found.lines["settled_amount_units"].tolist() == [12_5000]
    assert not found.set_aside


@pytest.mark.parametrize("columns", [("tax_amount", "Tax_amount")])
def test_the_tax_columns_are_held_to_their_own_currency(columns: tuple[str, str]) -> None:
    column, name = columns
    raw = write([sale(**{name: "$1.00"})])
    assert [(row.reason, row.column) for row in read(raw).set_aside] == [("amount_other_currency", column)]
    assert not read(write([sale(**{name: "€1.00"})])).set_aside


def test_a_thousand_beside_another_decimal_is_asked_about() -> None:
    raw = write([sale(amount="1,250"), sale(amount="99,9")])
    dialect = detect(raw)
    why = dialect.why("decimal")
    assert (dialect.decimal, why.code, why.cell, why.line) == (None, "open", "1,250", 2)
    comma = read(raw, detect(raw, Chosen(decimal=",")))
    assert comma.lines["settled_amount_units"].tolist() == [1_2500, 99_9000]
    point = read(raw, detect(raw, Chosen(decimal=".")))
    assert point.lines["settled_amount_units"].tolist() == [1250_0000]
    assert [row.cell for row in point.set_aside] == ["99,9"]


@pytest.mark.parametrize(
    "cells", [["2839,000", "1,250"], ["0,125", "1,250"], ["1.234,5678", "1,250"], ["1,250", "12.00"]]
)
def test_three_decimals_that_stand_elsewhere_too_are_no_question(cells: list[str]) -> None:
    assert amounts.decide(cells).decimal == ("." if "12.00" in cells else ",")
