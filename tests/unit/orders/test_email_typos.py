"""Which addresses look mistyped, against a plain edit distance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.email_typos import one_slip, suggestion

few = st.text(alphabet="abc.", max_size=6)


def distance(one: str, other: str) -> int:
    """Edits with neighbours changed over (optimal string alignment), by the textbook's table."""
    table = [[i + j if i * j == 0 else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            table[i][j] = min(
                table[i - 1][j] + 1,
                table[i][j - 1] + 1,
                table[i - 1][j - 1] + (one[i - 1] != other[j - 1]),
            )
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@given(few, few)
def test_one_slip_is_distance_one(one: str, other: str) -> None:
    assert one_slip(one, other) == (distance(one, other) == 1)


@given(few, few)
def test_it_is_the_same_both_ways(one: str, other: str) -> None:
    assert one_slip(one, other) == one_slip(other, one)
    assert not one_slip(one, one)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a@gmial.com", "a@gmail.com"),
        ("a@gmail.con", "a@gmail.com"),
        ("a@gmail.co", "a@gmail.com"),
        ("a@GMAI.COM", "a@gmail.com"),
        ("a@hotmial.fr", "a@hotmail.fr"),
        ("a@yaho.fr", "a@yahoo.fr"),
        ("a.b+c@ornage.fr", "a.b+c@orange.fr"),
        ("a@laposte.ne", "a@laposte.net"),
    ],
)
def test_slips_are_seen(typed: str, meant: str) -> None:
    assert suggestion(typed) == meant


@pytest.mark.parametrize(
    "right",
    ["a@gmail.com", "a@Gmail.com", "a@mail.com", "a@ymail.com", "a@hotmail.be", "a@example.com", "a@love.com",
     "a@free.fr", "a@sfr.fr", "", "gmial.com", "a@xn--mller-kva.de"],
)  # fmt: skip
def test_what_is_right_is_left_alone(right: str) -> None:
    assert suggestion(right) is None
