"""What a file decides, with its evidence, and what it leaves to a person."""

from datetime import date
from decimal import Decimal

import pytest

from services.settlements import amounts, dates
from services.settlements.dialect import Chosen
from services.settlements.errors import UndecidedReading
from services.settlements.words import EVIDENCE
from tests.support.settlement_reading import detect, read
from tests.unit.settlements.writing import FRENCH, Style, sale, write


@pytest.mark.parametrize(
    ("cells", "decimal", "thousands"),
    [
        (["12.50"], ".", ""),
        (["12,5"], ",", ""),
        (["1 234,56"], ",", " "),
        (["1\u202f234,56", "-3,00"], ",", " "),
        (["1.234,56"], ",", "."),
        (["1,234.56"], ".", ","),
        (["1’234.56"], ".", "'"),
        (["1.234.567"], ",", "."),
        (["1,234,567"], ".", ","),
        (["0.900"], ".", ""),
        (["2839.000", "90.040"], ".", ""),  # three decimals of HiPay's own sample: 2839 is no group of three
        (["1 234.567"], ".", " "),
        (["1.234", "12,50"], ",", "."),  # one cell decides for all
        (["12", "100"], ".", ""),
        (["12.3456"], ".", ""),
        (["(12,50)", "12,50-"], ",", ""),
    ],
)
def test_the_decimal_sign_of_a_file(cells: list[str], decimal: str, thousands: str) -> None:
    decision = amounts.decide(cells)
    assert (decision.decimal, decision.thousands) == (decimal, thousands)


@pytest.mark.parametrize("cells", [["1.234"], ["1,234", "12"], ["12.50", "12,50"], ["1.234,50", "1,234.50"]])
def test_a_file_that_does_not_decide_is_asked_about(cells: list[str]) -> None:
    assert amounts.decide(cells).decimal is None


def test_a_stray_cell_does_not_change_the_decision_and_is_set_aside() -> None:
    lines = [sale(amount=Decimal(cents) / 100) for cents in range(101, 161)]
    raw = write([*lines, sale(Order="odd")]).replace(
        b"100.00;EUR;;;;EUR;Sale;100.00", b"100,05;EUR;;;;EUR;Sale;100.00"
    )
    found = read(raw)
    assert found.dialect.decimal == "."
    assert [(row.line, row.column, row.cell, row.reason) for row in found.set_aside] == [
        (62, "original_amount", "100,05", "amount_unreadable")
    ]
    assert len(found.lines) == 60


def test_the_question_is_asked_with_its_cell_and_answered_either_way() -> None:
    raw = write([sale(amount=Decimal("1.234"))])
    dialect = detect(raw)
    assert dialect.questions == ("decimal",)
    assert (dialect.why("decimal").code, dialect.why("decimal").cell, dialect.why("decimal").line) == (
        "open",
        "1.234",
        2,
    )
    with pytest.raises(UndecidedReading) as asked:
        read(raw)
    assert asked.value.fields() == {"questions": "decimal"}

    point = read(raw, detect(raw, Chosen(decimal="."))).lines
    comma = read(raw, detect(raw, Chosen(decimal=","))).lines
    assert point["settled_amount_units"].tolist() == [12_340]
    assert comma["settled_amount_units"].tolist() == [12_340_000]


@pytest.mark.parametrize(
    ("text", "decimal", "units"),
    [
        ("-0.01", ".", -100),
        ("+3", ".", 30_000),
        (".5", ".", 5_000),
        ("12.", ".", 120_000),
        ("−7,10", ",", -71_000),
        ("0012.50", ".", 125_000),
        ("1.23450000", ".", 12_345),
        ("99999999999.9999", ".", 999_999_999_999_999),
    ],
)
def test_exact_amounts(text: str, decimal: str, units: int) -> None:
    assert amounts.to_units(text, decimal, "") == units


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("12.5", "amount_unreadable"),  # with a decimal comma: a point must group by three
        ("1.2345,00", "amount_unreadable"),
        ("1.234 567,00", "amount_unreadable"),
        ("٣", "amount_unreadable"),
        ("1_000", "amount_unreadable"),
        ("NaN", "amount_unreadable"),
        ("--5", "amount_unreadable"),
        ("(5", "amount_unreadable"),
        (",", "amount_unreadable"),
        ("8,00006E+11", "amount_digits_lost"),
        ("1e400", "amount_digits_lost"),
        ("1,00001", "amount_too_precise"),
        ("123456789012", "amount_too_large"),
    ],
)
def test_what_is_no_amount_is_refused_not_repaired(text: str, reason: str) -> None:
    with pytest.raises(amounts.Unreadable) as refused:
        amounts.to_units(text, ",", None)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("style", "encoding"),
    [
        (Style(encoding="utf-8"), "utf-8"),
        (Style(encoding="utf-8-sig"), "utf-8-sig"),
        (Style(encoding="utf-16"), "utf-16"),
        (Style(encoding="utf-16-le"), "utf-16-le"),
        (Style(encoding="utf-16-be"), "utf-16-be"),
        (Style(encoding="utf-32"), "utf-32"),
        (Style(encoding="cp1252"), "cp1252"),
        (Style(encoding="mac_roman", headers=FRENCH), "mac_roman"),
        (Style(encoding="cp850", headers=FRENCH), "cp850"),
    ],
)
def test_encodings(style: Style, encoding: str) -> None:
    found = read(write([sale()], style))
    assert found.dialect.encoding == encoding
    assert found.lines["account_name"].tolist() == ["Café Été"]


def test_the_header_is_found_under_a_preamble_that_is_set_aside() -> None:
    above = 'sep=;\r\n"Settlement\r\nreport";123456\r\n\r\nAmount;100.00;EUR\r\n'
    found = read(write([sale()], Style(above=above)))
    assert found.dialect.header_line == 6
    assert [(row.line, row.reason, row.blocking) for row in found.set_aside] == [
        (1, "preamble", False),
        (2, "preamble", False),
        (5, "preamble", False),
    ]
    assert found.lines["line"].tolist() == [7]
    assert found.complete


def test_lines_are_numbered_where_their_row_begins() -> None:
    found = read(write([sale(Reporting_data_1="two\nlines"), sale(Order="A2")]))
    assert found.lines[["line", "order"]].to_numpy().tolist() == [[2, "A1"], [4, "A2"]]


@pytest.mark.parametrize(
    ("cells", "form", "decided"),
    [
        (["2024-03-25"], "iso", True),
        (["25/03/2024", "01/02/2024"], "dmy", True),
        (["01/02/2024"], "dmy", False),
        (["01/02/2024", "03/25/2024"], "mdy", True),
    ],
)
def test_the_form_of_dates(cells: list[str], form: str, decided: bool) -> None:
    assert dates.decide(cells)[::2] == (form, decided)


@pytest.mark.parametrize(
    ("text", "form", "iso"),
    [
        ("25/03/2024", "dmy", "2024-03-25"),
        ("3/25/24", "mdy", "2024-03-25"),
        ("2024/03/25", "dmy", "2024-03-25"),
        ("20240325", "iso", "2024-03-25"),
        ("2024-03-31 02:30", "iso", "2024-03-31T02:30"),  # no such hour in Paris: kept, not shifted
        ("25/03/2024 9:05:07", "dmy", "2024-03-25T09:05:07"),
        ("2024-03-25T23:30:00+02:00", "iso", "2024-03-25T23:30:00+02:00"),
        ("0000-00-00", "iso", ""),
        ("", "iso", ""),
        ("2024-02-30", "iso", None),
        ("31/04/2024", "dmy", None),
        ("45321", "dmy", None),
    ],
)
def test_dates_are_never_shifted(text: str, form: dates.Form, iso: str | None) -> None:
    assert dates.to_iso(text, form) == iso


SALE = sale(amount=Decimal("100.00"))
REFUND = sale(amount=Decimal("-40.00"), Operation="Refund")
FEE = sale(amount=Decimal("-0.35"), Operation="Fixed fee")
RESERVE = sale(amount=Decimal("5.00"), Operation="Rolling reserve release")


@pytest.mark.parametrize(
    ("style", "code"), [(Style(signed=True), "negative"), (Style(signed=False), "positive")]
)
def test_credits_are_positive_whatever_the_sign_of_debits(style: Style, code: str) -> None:
    found = read(write([SALE, REFUND, FEE, RESERVE], style))
    assert found.dialect.why("debits").code == code
    assert found.lines["settled_amount_units"].tolist() == [1_000_000, -400_000, -3_500, 50_000]
    assert found.lines["original_amount_units"].tolist() == [1_000_000, -400_000, -3_500, 50_000]


def test_a_file_from_the_other_side_of_the_ledger_is_turned_round() -> None:
    turned = [
        line | {name: -line[name] for name in ("Original amount", "Settled amount")}
        for line in (SALE, REFUND, FEE)
    ]
    found = read(write(turned))
    assert found.dialect.why("debits").code == "inverted"
    assert found.lines["settled_amount_units"].tolist() == [1_000_000, -400_000, -3_500]


def test_one_column_may_be_unsigned_where_another_is_signed() -> None:
    found = read(write([SALE, REFUND | {"Original amount": Decimal("40.00")}]))
    assert found.lines["original_amount_units"].tolist() == [1_000_000, -400_000]
    assert found.lines["settled_amount_units"].tolist() == [1_000_000, -400_000]


def test_debits_that_contradict_themselves_are_asked_about() -> None:
    raw = write([SALE, REFUND, FEE | {"Settled amount": Decimal("0.35")}])
    dialect = detect(raw)
    assert dialect.questions == ("debits",)
    assert dialect.why("debits").line == 4
    answered = read(raw, detect(raw, Chosen(debits="positive"))).lines
    assert answered["settled_amount_units"].tolist() == [1_000_000, -400_000, -3_500]
    as_written = read(raw, detect(raw, Chosen(debits="negative"))).lines
    assert as_written["settled_amount_units"].tolist() == [1_000_000, -400_000, 3_500]


def test_an_answer_holds_for_the_settled_amounts_and_not_for_a_column_that_says_otherwise() -> None:
    unsigned = {"Original amount": Decimal("40.00")}
    raw = write(
        [SALE, REFUND | unsigned, FEE | {"Original amount": Decimal(0), "Settled amount": Decimal("0.35")}]
    )
    assert detect(raw).questions == ("debits",)
    answered = read(raw, detect(raw, Chosen(debits="negative"))).lines
    assert answered["settled_amount_units"].tolist() == [1_000_000, -400_000, 3_500]
    assert answered["original_amount_units"].tolist() == [
        1_000_000,
        -400_000,
        0,
    ]  # a refund never counts as a sale


def test_a_fee_given_back_among_fees_stays_a_credit() -> None:
    found = read(write([SALE, FEE, FEE | {"Settled amount": Decimal("0.35")}]))
    assert found.lines["settled_amount_units"].tolist() == [1_000_000, -3_500, 3_500]


def test_every_choice_can_be_made_by_a_person() -> None:
    chosen = Chosen(
        encoding="cp1252",
        delimiter=",",
        header_line=1,
        decimal=",",
        date="mdy",
        debits="positive",
        quotes="text",
    )
    raw = write(
        [sale(Date=date(2024, 4, 3))], Style(delimiter=",", decimal=",", dates="%m/%d/%Y", encoding="cp1252")
    )
    dialect = detect(raw, chosen)
    assert {evidence.code for evidence in dialect.evidence} == {"chosen"}
    assert read(raw, dialect).lines["date"].tolist() == ["2024-04-03"]


def test_every_piece_of_evidence_has_its_sentence() -> None:
    raws = [
        write([SALE, REFUND]),
        write([SALE], Style(decimal=",", dates="%d/%m/%Y", encoding="cp1252", headers=FRENCH)),
    ]
    for raw in raws:
        for found in detect(raw).evidence:
            EVIDENCE[found.choice, found.code].format(line=1, column="", cell="", count=1)
