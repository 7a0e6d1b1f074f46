"""What each effect of HiPay's statuses means in each place that asks for it: a new effect needs a row here, and so an answer."""

import pytest

from pages.components import order_words
from pages.payment_requests import timeline
from services.hipay.statuses import Effect
from services.notices import facts
from services.orders import bank_answers, bank_refusals, transactions

# of the money: waits, is over, says nothing; a later read with the same amounts confirms it; the operation of ours that it
# settles or refuses; takes collected money away again
MEANINGS: dict[Effect, tuple[str, bool, str, str, bool]] = {
    Effect.PENDING: ("waits", True, "", "", False),
    Effect.REVIEW: ("waits", True, "", "", False),
    Effect.AUTHORISED: ("waits", True, "", "", False),
    Effect.REFUSED: ("over", False, "", "", False),
    Effect.EXPIRED: ("over", False, "", "", False),
    Effect.CANCELLED: ("over", False, "", "", False),
    Effect.CAPTURE_REQUESTED: ("waits", True, "capture", "", False),
    Effect.CAPTURED: ("waits", True, "capture", "", False),
    Effect.CAPTURE_REFUSED: ("waits", False, "", "capture", False),
    Effect.REFUND_REQUESTED: ("", True, "refund", "", False),
    Effect.REFUNDED: ("", True, "refund", "", True),
    Effect.REFUND_REFUSED: ("", False, "", "refund", False),
    Effect.CHARGED_BACK: ("", False, "", "", True),
    Effect.CREDITED: ("", False, "", "", True),
    Effect.INFORMATION: ("silent", False, "", "", False),
    Effect.UNKNOWN: ("silent", False, "", "", False),
}


@pytest.mark.parametrize("effect", Effect)
def test_every_effect_means_in_each_place_what_this_table_says(effect: Effect) -> None:
    waits, over = effect in transactions._WAITING, effect in transactions._OVER
    silent = effect in transactions._SILENT
    assert (
        "waits" * waits + "over" * over + "silent" * silent,
        effect in timeline._PASSED_THROUGH,
        bank_answers._DONE.get(effect, ""),
        bank_refusals.REFUSALS.get(effect, ""),
        effect in facts._GONE_AGAIN,
    ) == MEANINGS[effect]


@pytest.mark.parametrize("effect", [one for one in Effect if MEANINGS[one][0] != "silent"])
def test_every_effect_on_the_money_has_words_on_the_timeline(effect: Effect) -> None:
    assert effect in order_words.PAYMENTS
