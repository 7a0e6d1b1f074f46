"""The tables of statuses and reasons."""

import pytest

from services.hipay import reasons, statuses
from services.hipay.statuses import Effect


def test_statuses() -> None:
    notified = {
        109,
        110,
        111,
        112,
        113,
        114,
        115,
        116,
        117,
        118,
        119,
        124,
        125,
        126,
        129,
        131,
        132,
        142,
        143,
        165,
        166,
        173,
        200,
    }
    assert {code for code, known in statuses.STATUSES.items() if known.notified} == notified
    assert statuses.status(118).effect is Effect.CAPTURED
    assert (statuses.status(999).effect, statuses.status(999).name) == (Effect.UNKNOWN, "unknown_999")
    assert len({known.name for known in statuses.STATUSES.values()}) == len(statuses.STATUSES)


@pytest.mark.parametrize(
    ("short", "full"),
    [(16, 116), (18, 118), (65, 165), (30, 200), (54, 173), (55, 163), (73, 173), (116, 116), (200, 200)],
)
def test_the_consultation_apis_short_statuses(short: int, full: int) -> None:
    assert statuses.three_digits(short) == full


def test_reasons() -> None:
    assert reasons.reason_text(4010204) == "The card has expired."
    assert reasons.reason_text(4010399) == "The customer's bank refused the payment."
    assert reasons.reason_text(4000099) == "The acquirer refused the payment."
    assert reasons.reason_text(42) is None
    known = reasons.reason(4010103)
    assert known is not None
    assert known.name == "card_insufficient_funds"
    assert len({entry.name for entry in reasons.REASONS.values()}) == len(reasons.REASONS)
    assert {reasons.reason_text(code) for code in reasons.REASONS} < set(reasons.sentences())
    for family in (
        range(4000001, 4000013),
        range(3020101, 3020112),
        range(3020201, 3020213),
        range(3010001, 3010009),
    ):
        assert all(code in reasons.REASONS for code in family)
