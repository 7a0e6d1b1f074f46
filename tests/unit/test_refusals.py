"""Sentences of refusals: an amount in them is written as the reader writes it, whoever raised the refusal."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from pages.components.alarm_words import WORDS, alarm_words
from services.checklist.guidance import GUIDANCE
from services.error_messages import sentence, stored_sentence
from services.error_messages.sentences import CODES, SENTENCES, UNKNOWN
from services.errors import DeskError
from services.hipay.errors import AmountTooSmall, Refused, UntrustedUrl
from services.i18n import fill, format_ago, translator
from services.orders.errors import AmountBelowMinimum
from services.orders.maintenance_operations import OperationOvertaken, OperationTooMuch


@pytest.mark.parametrize(
    "error",
    [
        OperationTooMuch(1060_0000, "EUR"),
        OperationOvertaken(1060_0000, "EUR"),
        AmountBelowMinimum(1060_0000, "EUR"),
        AmountTooSmall(1060_0000, "EUR"),
    ],
)
def test_an_amount_is_written_as_its_reader_writes_it(error: DeskError) -> None:
    french, english = translator("fr"), translator("en")
    assert "1\u202f060,00\u00a0€" in sentence(error, french)
    assert "€1,060.00" in sentence(error, english)
    stored = error.fields()
    assert stored_sentence(error.code, stored, french) == sentence(error, french)
    assert stored_sentence(error.code, stored, french) == sentence(error, french)


def test_a_refusal_that_was_stored_with_a_text_is_still_shown() -> None:
    stored = {"most": "€60.00"}
    assert stored_sentence("operation_too_much", stored, translator("en")) == "At most €60.00 is left."
    assert stored_sentence("operation_too_much", stored, translator("en")) == "At most €60.00 is left."


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_sentence_has_a_hole_where_a_value_is_not_there(language: str) -> None:
    t = translator(language)
    texts = [stored_sentence(code, {}, t) for code in SENTENCES]
    texts += [fill(t.gettext(one.means), {}, "x") for one in GUIDANCE.values()]
    texts += [
        words for kind in WORDS for words in alarm_words(kind, {"reason": "hipay_refused"}, NOW, NOW, t)[:2]
    ]
    holes = re.compile(
        r"\(\s*\)|\(\s*,|,\s*\)|[ \u00a0\u202f]\.|: ?\.|\{|[ (]None\b|“”|«[\s\u00a0]*»|:\s*$|  "
    )
    assert [text for text in texts if holes.search(text)] == []


NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "english"),
    [
        (Refused(7, None, "No"), "HiPay refuses (code 7): No"), (Refused(7, "email", ""), "HiPay refuses (code 7, field email)."),
        (Refused(7, None, ""), "HiPay refuses (code 7)."),
        (UntrustedUrl(""), "The payment page given is not on one of HiPay's hosts: it was not sent to anybody. Tell HiPay."),
    ],
)  # fmt: skip
def test_what_nobody_said_is_left_out_of_the_sentence(error: DeskError, english: str) -> None:
    assert sentence(error, translator("en")) == english
    assert "None" not in sentence(error, translator("fr"))


def test_what_an_earlier_version_stored_is_read_too() -> None:
    stored = {"hipay_code": "7", "field": "None", "message": "No"}
    assert stored_sentence("hipay_refused", stored, translator("en")) == "HiPay refuses (code 7): No"
    assert "champ" not in stored_sentence("hipay_refused", stored, translator("fr"))


def test_a_code_is_never_shown_raw() -> None:
    for language in ("en", "fr"):
        t = translator(language)
        assert stored_sentence("code_of_another_version", {}, t) == t.gettext(UNKNOWN)
        for (code, name), words in CODES.items():
            for value in words:
                said = stored_sentence(code, {"host": "api.example.com", name: value}, t)
                assert t(words[value]) in said
    assert stored_sentence("hipay_refused", {}, translator("en")) == "HiPay refuses."


@pytest.mark.parametrize("seconds", [0, 0.4, -0.4])
def test_what_is_just_now_is_not_to_come(seconds: float) -> None:
    moment = NOW + timedelta(seconds=seconds)
    assert (format_ago(moment, NOW, "en"), format_ago(moment, NOW, "fr")) == (
        "1 second ago",
        "il y a 1 seconde",
    )
    assert format_ago(NOW + timedelta(minutes=3), NOW, "en") == "in 3 minutes"
