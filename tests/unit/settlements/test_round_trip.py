"""What is written in any dialect reads back to the same cents, the same ids and the same days."""

import csv
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from services.settlements.columns import AMOUNTS, COLUMNS
from services.settlements.dialect import Chosen, detect
from services.settlements.errors import UndecidedReading
from services.settlements.identity import identify
from services.settlements.read import SettlementFile, read
from tests.unit.settlements.writing import ENGLISH, FRENCH, Style, write

DEBITS = ("Refund", "Chargeback", "Fixed fee", "Variable", "Monthly fee", "Rolling reserve capture")
CREDITS = ("Sale", "Chargeback refund", "Rolling reserve release")
NAMES = dict(zip(ENGLISH, COLUMNS, strict=True))

amounts = st.one_of(
    st.integers(0, 10**9).map(lambda cents: Decimal(cents) / 100),
    st.integers(0, 10**10).map(lambda units: Decimal(units) / 1000),
    st.integers(0, 10**6).map(Decimal),
).map(lambda amount: amount.quantize(Decimal("0.001")) if amount.as_tuple().exponent == -3 else amount)
texts = st.text("abzAZ09 éàçÉü'\";,|-_/.\n", max_size=12).map(str.strip)
ids = st.text("0123456789", min_size=1, max_size=20)
days = st.dates(date(2015, 1, 1), date(2035, 12, 31))


@st.composite
def lines(draw: st.DrawFn) -> dict[str, object]:
    operation = draw(st.sampled_from(DEBITS + CREDITS))
    sign = -1 if operation in DEBITS else 1
    line: dict[str, object] = dict.fromkeys(ENGLISH)
    for name in ("Account", "Settlement ID", "Transaction ID", "Merchant operation ID"):
        line[name] = draw(ids)
    for name in ("Account name", "Order", "Customer ID", "Reporting data 1", "Reporting data 3"):
        line[name] = draw(texts)
    for name in ("Date", "Date value", "Operation date", "Transfer"):
        line[name] = draw(st.none() | days)
    for name in (
        "Original amount",
        "Amount (Excl. Tax)",
        "Tax amount",
        "Amount (Incl. Tax)",
        "Settled amount",
    ):
        line[name] = sign * draw(amounts)
    for name in ("Original currency", "Currency", "Settlement currency"):
        line[name] = draw(st.sampled_from(("EUR", "GBP", "JPY", "TND")))
    return line | {"Operation": operation}


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

    assert [row for row in found.aside if row.blocking] == []
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

    first = identify(read_as(write(rows, one), one).lines)
    second = identify(read_as(write(shuffled, other), other).lines)

    assert sorted(first["identity"]) == sorted(second["identity"])
    assert first["identity"].is_unique
