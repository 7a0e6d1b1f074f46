"""Sentences of refusals: an amount in them is written as the reader writes it, whoever raised the refusal."""

import pytest

from pages.wording import failure_words
from services.errors import DeskError
from services.hipay.errors import AmountTooSmall
from services.i18n import translator
from services.orders.errors import AmountBelowMinimum
from services.orders.operations import OperationOvertaken, OperationTooMuch
from services.refusals import sentence, stored_sentence


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
    assert failure_words(error.code, stored, french) == sentence(error, french)


def test_a_refusal_that_was_stored_with_a_text_is_still_shown() -> None:
    stored = {"most": "€60.00"}
    assert stored_sentence("operation_too_much", stored, translator("en")) == "At most €60.00 is left."
    assert failure_words("operation_too_much", stored, translator("en")) == "At most €60.00 is left."
