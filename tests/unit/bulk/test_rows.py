"""Rows become the requests that were meant, in whatever dialect; each mistake is named by its cell and its reason."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.bulk import cells, rows, table
from services.bulk.columns import REQUESTS
from services.bulk.rows import Rules
from services.money import to_units
from services.settings.account import Account
from tests.support.checked_rows import ACCOUNT, NOW, RULES, checked
from tests.support.tables import HEADINGS, as_csv, as_xlsx, row
from tests.support.workbooks_with_errors import WORKBOOKS, Error, Formula, xls


def problem(raw: bytes, rules: Rules = RULES) -> tuple[str, str, str]:
    """(column, where, code) of the one problem of the one bad row."""
    good, bad = checked(raw, rules)
    assert not good
    [found] = bad[0].problems
    return found.column, found.where, found.error.code


NAMES = st.text("abcdefgh éèÉçñßłø'-", min_size=1, max_size=30).filter(
    lambda text: text.strip() == text != ""
)
REQUEST = st.tuples(
    NAMES, NAMES, st.integers(0, 9999), st.integers(100, 99_999_99), st.text("A0-", max_size=5), NAMES
)


@settings(max_examples=40, deadline=None)
@given(
    wanted=st.lists(REQUEST, min_size=1, max_size=8),
    delimiter=st.sampled_from(";,\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    sign=st.sampled_from(",."),
    grouped=st.booleans(),
    reader=st.sampled_from(["fr", "en_GB"]),
)
def test_what_is_written_is_what_is_read(
    wanted: list[Any], delimiter: str, encoding: str, sign: str, grouped: bool, reader: str
) -> None:
    def amount(cents: int) -> str:
        whole = f"{cents // 100:,}".replace(",", " ") if grouped else str(cents // 100)
        return f"{whole}{sign}{cents % 100:02d}"

    lines = [
        [first, last, f"a{n}@example.com", amount(cents), "", text, reference, f"C-{place}"]
        for place, (first, last, n, cents, reference, text) in enumerate(wanted)
    ]
    good, bad = checked(as_csv(lines, delimiter=delimiter, encoding=encoding), Rules("de", 3, reader))
    assert not bad
    assert [
        (
            g.accepted.first_name,
            g.accepted.last_name,
            g.accepted.email,
            g.accepted.amount,
            g.accepted.references[0],
            g.accepted.description,
        )
        for g in good
    ] == [
        (first, last, f"a{n}@example.com", cents * 100, reference, text)
        for first, last, n, cents, reference, text in wanted
    ]
    assert {(g.accepted.currency, g.accepted.language) for g in good} == {("EUR", "de")}
    # What is kept for later gives the same request again.
    for g in good:
        assert rows.restored(rows.stored(g.draft), "x", NOW) == replace(g.draft, expires_at=NOW)


@settings(max_examples=100, deadline=None)
@given(st.decimals(Decimal("0.01"), Decimal("99999999.99"), places=2))
def test_a_spreadsheets_number_is_the_amount_to_the_cent(value: Decimal) -> None:
    read = table.Table(
        kind="sheet",
        head={},
        places={},
        unknown=(),
        lines=(
            table.Line(number=2, cells={"amount": format(float(value), ".15g")}, typed=frozenset({"amount"})),
        ),
    )
    assert cells.units(read.lines[0], ",", "EUR") == to_units(value)


def test_a_table_may_have_numbers_of_the_spreadsheet_and_texts_in_the_readers_notation() -> None:
    good, bad = checked(
        as_xlsx([row(1, Montant=1250.5), row(2, Montant="1 250,50"), row(3, Montant="12,50 €")])
    )
    assert not bad
    assert [g.accepted.amount for g in good] == [1250_5000, 1250_5000, 12_5000]


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({"Prénom": ""}, "first_name", "field_empty"),
        ({"Nom": "x" * 61}, "last_name", "field_too_long"),
        ({"Courriel": "a@b.fr, c@d.fr"}, "email", "address_several"),
        ({"Courriel": "Bob <evil@example.com>"}, "email", "address_with_name"),
        ({"Courriel": "nobody"}, "email", "address_malformed"),
        ({"Montant": ""}, "amount", "field_empty"),
        ({"Montant": "douze"}, "amount", "cell_amount_unreadable"),
        ({"Montant": "12,345"}, "amount", "amount_two_readings"),
        ({"Montant": "12,3450"}, "amount", "amount_too_many_decimals"),
        ({"Montant": "12,30", "Devise": "JPY"}, "amount", "amount_too_many_decimals"),
        ({"Montant": 12.345}, "amount", "amount_too_many_decimals"),
        ({"Montant": 12.5, "Devise": "JPY"}, "amount", "amount_too_many_decimals"),
        ({"Montant": "1,250", "Devise": "JPY"}, "amount", "amount_two_readings"),
        ({"Montant": "-3,00"}, "amount", "amount_not_positive"),
        ({"Montant": "0,00"}, "amount", "amount_not_positive"),
        ({"Montant": "1,5E+03"}, "amount", "cell_amount_unreadable"),
        ({"Montant": "999999999999,00"}, "amount", "amount_too_large"),
        ({"Devise": "XYZ"}, "currency", "currency_unknown"),
        ({"Devise": "$"}, "currency", "currency_unknown"),
        ({"Devise": "GBP", "Montant": "12,50 €"}, "amount", "amount_other_currency"),
        ({"Montant": "$12,50"}, "amount", "amount_other_currency"),
        ({"Montant": "¥1250"}, "amount", "amount_other_currency"),
        ({"Montant": "12,50 Fr."}, "amount", "amount_other_currency"),
        ({"Montant": "kr 100"}, "amount", "amount_other_currency"),
        ({"Montant": "€ 12,50 USD"}, "amount", "amount_other_currency"),
        ({"Montant": "12,50 TTC"}, "amount", "amount_other_currency"),
        ({"Montant": "12,50 net"}, "amount", "amount_other_currency"),
        ({"Montant": "12,50 each"}, "amount", "cell_amount_unreadable"),
        ({"Objet": "=?utf-8?q?x?="}, "description", "text_encoded_word"),
        ({"Objet": "two\nlines"}, "description", "text_line_break"),
        ({"N° de facture": "x" * 81}, "reference_1", "field_too_long"),
        ({"N° de commande": "a b/../?"}, "order_id", "order_id_malformed"),
        ({"N° de commande": "x" * 29}, "order_id", "field_too_long"),
    ],
)
def test_a_mistake_is_named_by_its_cell(changes: dict[str, Any], column: str, code: str) -> None:
    found, where, said = problem(as_xlsx([row(1, **changes)]), Rules("fr", 7, "fr", ","))
    place = next(
        number
        for number, heading in enumerate(HEADINGS)
        if heading in changes and (column != "currency" or heading == "Devise")
    )
    assert (found, said, where) == (column, code, f"{'ABCDEFGH'[place]}2")


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("31/02/2026", "cell_date_unreadable"),
        ("soon", "cell_date_unreadable"),
        ("2026-11-23", "expiry_too_soon"),
        ("2027-03-01", "expiry_too_late"),
    ],
)
def test_a_date_that_cannot_be_is_named(cell: str, code: str) -> None:
    raw = as_csv([[*row(1), cell]], [*HEADINGS, "Valable jusqu'au"])
    assert problem(raw) == ("expires_at", "2", code)


def test_a_day_is_valid_to_its_end_in_the_accounts_zone_and_none_means_the_lists_own_days() -> None:
    raw = as_csv(
        [[*row(1), "01/12/2026"], [*row(2), "01/12/2026 08:30"], [*row(3), ""]],
        [*HEADINGS, "Valable jusqu'au"],
    )
    first, second, third = checked(raw)[0]
    assert first.accepted.expires_at == datetime(2026, 12, 1, 22, 59, tzinfo=UTC)
    assert second.accepted.expires_at == datetime(2026, 12, 1, 7, 30, tzinfo=UTC)
    assert third.accepted.expires_at == NOW + timedelta(days=7)
    assert third.draft.expires_at is None


@pytest.mark.parametrize(
    ("cell", "language"),
    [
        ("fr", "fr"),
        ("EN", "en"),
        ("it-IT", "it"),
        ("allemand", "de"),
        ("Dutch", "nl"),
        ("polski", "pl"),
        ("", "es"),
    ],
)
def test_languages_by_code_and_by_name(cell: str, language: str) -> None:
    raw = as_csv([[*row(1), cell]], [*HEADINGS, "Langue"])
    assert checked(raw, Rules("es", 7, "fr"))[0][0].accepted.language == language


def test_an_unknown_language_is_named() -> None:
    assert problem(as_csv([[*row(1), "Klingon"]], [*HEADINGS, "Langue"])) == (
        "language",
        "2",
        "order_language_unknown",
    )


def test_the_same_order_id_twice_is_refused_at_the_second_row() -> None:
    good, bad = checked(as_csv([row(1), row(2, **{"N° de commande": "C-1"})]))
    assert [g.line.number for g in good] == [2]
    assert bad[0].problems[0].error.fields() == {"line": "2"}


def test_a_shifted_row_and_a_rounded_number_are_refused() -> None:
    assert problem(as_csv([[*row(1), "left over"]]))[2] == "row_shifted"
    assert problem(as_xlsx([row(1, **{"N° de commande": 1234567890123456789})]))[2] == "cell_digits_lost"


@pytest.mark.parametrize("cell", ["1.234", "1,234"])
def test_a_file_that_does_not_decide_its_decimal_sign_is_asked_about(cell: str) -> None:
    read = table.read(as_csv([row(1, Montant=cell)]), REQUESTS, 10)
    assert cells.decide(read, None).decimal is None
    assert cells.decide(read, ".").decimal == "."


@pytest.mark.parametrize(
    ("cell", "told", "amount", "code"),
    [
        ("12,50 €", None, 12_5000, "EUR"),
        ("€12,50", None, 12_5000, "EUR"),
        ("12,50 EUR", "EUR", 12_5000, "EUR"),
        ("12,50", "€", 12_5000, "EUR"),
        ("12,50", "Euro", 12_5000, "EUR"),
        ("USD12,50", None, 12_5000, "USD"),
        ("12,50usd", None, 12_5000, "USD"),
        ("US$ 12,50", None, 12_5000, "USD"),
        ("US$ 12,50", "$", 12_5000, "USD"),
        ("$12,50", "CAD", 12_5000, "CAD"),
        ("£12,50", None, 12_5000, "GBP"),
        ("100 zł", None, 100_0000, "PLN"),
        ("¥1250", "JPY", 1250_0000, "JPY"),
        ("kr 100", "DKK", 100_0000, "DKK"),
        ("12.50 Fr.", "CHF", 12_5000, "CHF"),
    ],
)
def test_a_sign_at_an_amount_decides_the_currency_or_must_agree_with_it(
    cell: str, told: str | None, amount: int, code: str
) -> None:
    good, bad = checked(as_csv([row(1, Montant=cell, Devise=told)]))
    assert not bad
    assert [(one.accepted.amount, one.accepted.currency) for one in good] == [(amount, code)]


def test_a_sign_of_several_currencies_means_the_accounts_where_it_can() -> None:
    read = table.read(as_csv([row(1, Montant="$12.50", Devise=None)]), REQUESTS, 10)
    dollars = replace_currency(ACCOUNT, "CAD")
    good, bad = rows.check_rows(read, dollars, RULES, ".", NOW)
    assert not bad
    assert good[0].accepted.currency == "CAD"


def replace_currency(account: Account, code: str) -> Account:
    return account.model_copy(update={"currency": code})


def test_a_thousand_next_to_a_decimal_comma_is_asked_about() -> None:
    """Never 1.25, nor 1250 in silence."""
    raw = as_csv([row(1, Montant="1,250"), row(2, Montant="99,9")])
    decision = cells.decide(table.read(raw, REQUESTS, 10), None)
    assert (decision.decimal, decision.cell) == (None, "1,250")
    good, bad = checked(raw, replace(RULES, decimal=","))
    assert [one.accepted.amount for one in good] == [99_9000]
    [found] = bad[0].problems
    assert found.error.fields() == {
        "text": "1,250",
        "currency": "EUR",
        "decimals": "2",
        "smaller_units": "12500",
        "larger_units": "12500000",
    }
    chosen, rest = checked(raw, replace(RULES, decimal="."))
    assert [one.accepted.amount for one in chosen] == [1250_0000]
    assert rest[0].problems[0].error.code == "cell_amount_unreadable"


def test_a_thousand_rows_are_checked_in_five_seconds() -> None:
    raw = as_csv([row(number) for number in range(1000)])
    began = time.process_time()  # its own: a machine that does other things, too, is slower by the clock
    good, bad = checked(raw)
    assert (len(good), len(bad)) == (1000, 0)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("heading", HEADINGS)
def test_an_error_or_a_formula_without_its_result_is_refused_in_every_column(heading: str) -> None:
    column = {"Montant": "D2", "N° de commande": "H2"}
    for make in WORKBOOKS:
        for cell, code in ((Error("#N/A"), "cell_error"), (Formula(), "cell_formula")):
            if make is xls and code == "cell_formula":  # it may as well come to an empty text
                continue
            _, where, found = problem(make([HEADINGS, _typed(row(1, **{heading: cell}))]))
            assert found == code
            assert where == column.get(heading, where)
    assert problem(as_csv([row(1, **{heading: "#NOM?"})]))[2] == "cell_error"


@pytest.mark.parametrize("make", WORKBOOKS)
def test_an_amount_that_was_never_computed_is_not_zero(make: Any) -> None:
    assert problem(make([HEADINGS, _typed(row(1, Montant=Formula()))]))[0] == "amount"
    good, bad = checked(make([HEADINGS, _typed(row(1, Montant=Formula(result="12.5")))]))
    assert ([one.accepted.amount for one in good], bad) == ([12_5000], [])


def _typed(cells: list[Any]) -> list[Any]:
    return [cell if isinstance(cell, Error | Formula | Decimal) else str(cell) for cell in cells]
