"""Card numbers are found within text however they are written; what else has many digits is not taken for one."""

import random
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.text.card_numbers import found, masked

# The public test numbers of the schemes and of payment platforms.
CARDS = (
    "4111 1111 1111 1111", "4012888888881881", "4000 0025 0000 3155", "5555-5555-5555-4444",
    "5105.1051.0510.5100", "2223 0000 4841 0010", "2720 9999 9999 9996", "3782 822463 10005", "371449635398431",
    "6011 1111 1111 1117", "6445 6445 6445 6445", "3056 930902 5904", "36227206271667", "3530 1113 3330 0000", "6200000000000005",
    "6759 6498 2643 8453", "6703 4444 4444 4449", "67034200554565015", "5018 0000 0009",
)  # fmt: skip
WORDS = ("", "Card ", "Carte n°", "exp 12/26 ", "CB:", "(", "12 ", "04/26 - ", "é")
AFTER = ("", " 12/26", ", merci", ")", " 123", " cvv 123", ".", " 2026-11-30")


@pytest.mark.parametrize("card", CARDS)
def test_each_scheme_is_found_within_text(card: str) -> None:
    for before in WORDS:
        for after in AFTER:
            assert found(f"{before}{card}{after}"), (before, after)


@given(st.sampled_from(CARDS), st.sampled_from(" .-\u00a0\u202f\u2011–"), st.sampled_from((1, 2, 4, 8)))
def test_whatever_stands_between_the_digits(card: str, between: str, size: int) -> None:
    digits = "".join(sign for sign in card if sign.isdigit())
    assert found(between.join(digits[place : place + size] for place in range(0, len(digits), size)))


@pytest.mark.parametrize("zero", "0٠०０𝟎")
def test_digits_of_other_scripts(zero: str) -> None:
    card = "".join(chr(ord(zero) + int(sign)) if sign.isdigit() else sign for sign in "4111 1111 1111 1111")
    assert found(f"x {card} x")
    assert "4111" not in masked(card)
    assert found("4111\u200b111111111111")


@given(st.sampled_from(CARDS), st.integers(0, 30))
def test_another_check_digit_or_a_digit_more_is_none(card: str, place: int) -> None:
    digits = [sign for sign in card if sign.isdigit()]
    place %= len(digits) - 6
    digits[place + 6] = str((int(digits[place + 6]) + 1) % 10)
    assert not found("".join(digits))
    assert not found(f"{'1' * 20}{card.replace(' ', '')}")


PHONES = (
    "+33 6 ## ## ## ##", "0033 6 ## ## ## ##", "06 ## ## ## ##", "06.##.##.##.##", "06-##-##-##-##", "+336########", "+49 15## #######",
    "+44 20 #### ####", "+1 (415) 555-####", "1-415-555-####", "+57 3## ### ####", "+86 1## #### ####", "+62 8## #### ####", "+55 11 9#### ####",
    "(+49) 151 ########", "06 ## ## ## ## / 07 ## ## ## ##", "01 ## ## ## ##, 06 ## ## ## ##", "+36 1 ### ####", "00 39 3## #######",
)  # fmt: skip


@given(st.sampled_from(PHONES), st.randoms(use_true_random=False))
def test_no_telephone_number_is_taken_for_one(form: str, chance: random.Random) -> None:
    assert not found("Tel. " + "".join(str(chance.randrange(10)) if sign == "#" else sign for sign in form))


def iban(country: str, body: str) -> str:
    number = int("".join(str(int(sign, 36)) for sign in f"{body}{country}00"))
    return f"{country}{98 - number % 97:02d}{body}"


@given(
    st.sampled_from((("FR", 23), ("DE", 18), ("BE", 12), ("IT", 23), ("ES", 20), ("NL", 14), ("PL", 24))),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_no_iban_is_taken_for_one(country: tuple[str, int], chance: random.Random, grouped: bool) -> None:
    code = iban(country[0], "".join(str(chance.randrange(10)) for _ in range(country[1])))
    text = " ".join(code[place : place + 4] for place in range(0, len(code), 4)) if grouped else code
    assert not found(f"IBAN {text}, merci")
    assert not found(text)


@given(
    st.integers(8 * 10**11, 9 * 10**11 - 2),
    st.dates(date(1990, 1, 1), date(2100, 1, 1)),
)
def test_no_reference_of_hipays_and_no_date_is(reference: int, day: date) -> None:
    assert not found(f"HiPay {reference}")
    assert not found(f"{reference} {reference + 1}")
    for form in ("%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d %m %Y", "%Y%m%d%H%M%S", "%d/%m/%Y %H:%M:%S"):
        moment = datetime(day.year, day.month, day.day, 12, 45, 30).strftime(form)  # noqa: DTZ001 (a text)
        assert not found(f"{moment} {reference}")


@given(st.decimals("0.01", "999999999.99", places=2), st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_no_amount_is(amount: object, day: date) -> None:
    for text in (
        f"{amount}",
        f"{amount:,}",
        f"{amount:,}".replace(",", " "),
        f"{amount:,}".replace(",", "\u00a0"),
    ):
        assert not found(f"{text} EUR")
        assert not found(f"{day:%d-%m-%Y} {text}")
        assert not found(f"{day:%Y-%m-%d} {text} {text}")


def test_no_siret_is_taken_for_one() -> None:
    """They have the length, the check digit and often the first digits of a Diners Club card."""
    for text in (
        "362 521 879 00034",
        "SIRET : 36252187900034",
        "Siret n° 362.521.879.00034",
        "362521879 00034",
    ):
        assert not found(f"Maison Élan, {text}, RCS Paris")


def test_a_name_is_masked_and_nothing_else_of_it() -> None:
    assert masked("payout 4111 1111 1111 1111 v2.csv") == "payout •••• •••• •••• •••• v2.csv"
    assert masked("settlement-77 é.csv") == "settlement-77 é.csv"
