"""The state is a fold: what reads of HiPay have shown, the newest of each transaction; what is only told counts nothing."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs import draw_states
from services.hipay.statuses import STATUSES
from services.orders import states
from services.orders.states import BADGES, Event, State, badge, fold
from tests.support.servers import ROOT

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
AMOUNT = 100_0000


def seen(status: int, reference: str = "T1", **amounts: Any) -> Event:
    """What a read has shown."""
    return Event("payment", NOW, {"reference": reference, "status": status, "source": "read", **amounts})


def told(status: int, reference: str = "T1", **amounts: Any) -> Event:
    return Event("payment_told", NOW, {"reference": reference, "status": status, **amounts})


def former(status: int, reference: str = "T1", **amounts: Any) -> Event:
    """Recorded before it was noted whether it was told or read."""
    return Event("payment", NOW, {"reference": reference, "status": status, **amounts})


def moment(hour: int) -> str:
    return f"2026-11-24T{hour:02}:00:00+00:00"


AUTHORISED = seen(116, authorised=AMOUNT, at=moment(1))
CAPTURED = seen(118, authorised=AMOUNT, captured=AMOUNT, at=moment(2))
HOLD = seen(116, authorised=AMOUNT)


def payment(*events: Event) -> str:
    return fold("link", AMOUNT, events).payment


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), "unpaid"),
        ((seen(113),), "refused"),
        ((seen(200),), "pending"),
        ((seen(200), seen(113)), "refused"),
        ((AUTHORISED,), "authorised"),
        ((HOLD, seen(115)), "cancelled"),
        ((HOLD, seen(114)), "cancelled"),
        (
            (HOLD, seen(115), seen(175)),
            "cancelled",
        ),  # a status that says nothing of the money changes nothing
        (
            (HOLD, seen(118, captured=AMOUNT), seen(173, captured=0)),
            "authorised",
        ),  # the bank refused the capture
        ((HOLD, seen(117), seen(173)), "authorised"),
        ((CAPTURED,), "captured"),
        ((seen(119, authorised=AMOUNT, captured=40_0000),), "partly_captured"),
        ((CAPTURED, seen(126, captured=AMOUNT, refunded=5_0000)), "partly_refunded"),
        ((CAPTURED, seen(126, refunded=5_0000), seen(126, refunded=9_0000)), "partly_refunded"),
        ((CAPTURED, seen(125, captured=AMOUNT, refunded=AMOUNT)), "refunded"),
        ((CAPTURED, seen(129, captured=AMOUNT)), "charged_back"),
        (
            (seen(112, authorised=AMOUNT), seen(111)),
            "refused",
        ),  # denied after the review: nothing is held any more
        ((seen(113), seen(118, "T2", captured=AMOUNT)), "captured"),
        # paid twice, and one of the two given back: the order is paid
        (
            (CAPTURED, seen(118, "T2", captured=AMOUNT), seen(125, "T2", captured=AMOUNT, refunded=AMOUNT)),
            "captured",
        ),
        (
            (
                CAPTURED,
                seen(118, "T2", captured=AMOUNT),
                seen(126, "T2", refunded=AMOUNT),
                seen(126, refunded=5_0000),
            ),
            "partly_refunded",
        ),
        (
            (
                CAPTURED,
                seen(118, "T2", captured=AMOUNT),
                seen(125, "T2", refunded=AMOUNT),
                seen(125, refunded=AMOUNT),
            ),
            "refunded",
        ),
        ((CAPTURED, seen(165, captured=AMOUNT)), "captured"),  # a refused refund changes nothing
        (
            (CAPTURED, seen(125, refunded=AMOUNT), seen(165, refunded=0)),
            "captured",
        ),  # the bank refused it later
        ((CAPTURED, seen(126, refunded=9_0000), seen(126, refunded=5_0000)), "partly_refunded"),
        ((CAPTURED, seen(499, captured=AMOUNT)), "captured"),  # nor does a status that HiPay adds one day
    ],
)
def test_each_course_of_events_has_its_payment_state(events: tuple[Event, ...], expected: str) -> None:
    assert payment(*events) == expected


def test_a_late_authorisation_or_expiry_never_undoes_a_capture() -> None:
    assert payment(CAPTURED, AUTHORISED) == "captured"
    assert fold("link", AMOUNT, (CAPTURED, AUTHORISED)).captured == AMOUNT
    assert payment(CAPTURED, seen(114)) == "captured"
    assert payment(CAPTURED, seen(115)) == "captured"


def test_the_newest_amounts_count_not_the_largest() -> None:
    refused = seen(165, captured=AMOUNT, refunded=0, at=moment(4))
    refunded = seen(125, captured=AMOUNT, refunded=AMOUNT, at=moment(3))
    for events in ((CAPTURED, refunded, refused), (CAPTURED, refused, refunded)):
        assert fold("link", AMOUNT, events).refunded == 0
    assert fold("link", AMOUNT, (CAPTURED, refused, seen(125, refunded=AMOUNT))).refunded == AMOUNT


def test_what_an_observation_does_not_say_keeps_its_value() -> None:
    older_form = seen(118, captured=AMOUNT, authorised=None, refunded=None, charged_back=None)
    state = fold("link", AMOUNT, (CAPTURED, seen(126, refunded=5_0000, charged_back=2_0000), older_form))
    assert (state.authorised, state.refunded, state.charged_back) == (AMOUNT, 5_0000, 2_0000)


def test_a_payment_confirmed_by_hand_counts_until_a_read() -> None:
    by_hand = Event(
        "payment",
        NOW,
        {"reference": "T1", "status": 118, "captured": AMOUNT, "source": "by_hand", "at": None},
    )
    assert payment(told(118, captured=AMOUNT, at="2030-01-01T00:00:00+00:00"), by_hand) == "captured"
    assert payment(by_hand, seen(125, refunded=AMOUNT, at=moment(1))) == "refunded"


def test_each_capture_that_the_bank_has_not_refused_is_counted() -> None:
    parts = [seen(119, captured=30_0000), seen(119, captured=60_0000), seen(173, captured=30_0000)]
    for upto, captures in ((1, (30_0000,)), (2, (30_0000, 60_0000)), (3, (30_0000,))):
        [one] = fold("link", AMOUNT, parts[:upto]).transactions
        assert one.captures == captures


@pytest.mark.parametrize("code", [116, 118, 142, 200, 112, 129])
def test_a_notified_payment_is_unconfirmed(code: int) -> None:
    state = fold("link", AMOUNT, [told(code, captured=AMOUNT, authorised=AMOUNT)])
    assert (state.payment, state.captured, state.authorised, state.charged_back) == ("unconfirmed", 0, 0, 0)
    assert state.transactions == ()
    assert not state.paid_twice


@pytest.mark.parametrize("code", [113, 115, 114, 101, 199])
def test_a_notified_refusal_changes_nothing(code: int) -> None:
    assert payment(told(code)) == "unpaid"
    assert payment(told(116, authorised=AMOUNT), told(115)) == "unpaid"


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((told(118, captured=AMOUNT), CAPTURED), "captured"),
        ((CAPTURED, told(118, "T2", captured=AMOUNT)), "captured"),
        ((AUTHORISED, told(118, captured=AMOUNT)), "authorised"),
        ((CAPTURED, told(125, captured=AMOUNT, refunded=AMOUNT)), "captured"),
        ((CAPTURED, told(129, captured=AMOUNT, charged_back=AMOUNT)), "captured"),
        ((seen(142), told(118, captured=AMOUNT)), "pending"),
        ((seen(113), told(118, "T2", captured=AMOUNT)), "unconfirmed"),
        ((seen(113), told(118, captured=AMOUNT)), "unconfirmed"),
        ((seen(113), told(118, captured=AMOUNT), seen(113)), "refused"),  # HiPay was asked since
        ((seen(113, at=moment(3)), told(118, captured=AMOUNT, at=moment(2))), "refused"),  # older than the answer
        ((seen(113, at=moment(3)), told(118, captured=AMOUNT), seen(113, at=moment(2))), "unconfirmed"),  # a late answer
        ((told(118, captured=AMOUNT), Event("payment_dismissed", NOW, {"reference": "T1"})), "unpaid"),
        ((told(118, captured=AMOUNT), Event("payment_dismissed", NOW, {"reference": "T1"}), CAPTURED), "captured"),
        ((told(118, captured=AMOUNT), Event("payment_absent", NOW, {"reference": "T1"})), "unconfirmed"),
    ],
)  # fmt: skip
def test_a_read_decides(events: tuple[Event, ...], expected: str) -> None:
    assert payment(*events) == expected


def test_what_was_recorded_before_sources_were_noted_is_confirmed_until_a_read() -> None:
    before = [
        former(118, authorised=AMOUNT, captured=AMOUNT),
        former(116, authorised=AMOUNT),
        former(126, refunded=5_0000),
    ]
    for events in (before, before[::-1]):
        state = fold("link", AMOUNT, events)
        assert (state.payment, state.captured, state.refunded) == ("partly_refunded", AMOUNT, 5_0000)
    state = fold("link", AMOUNT, [*before, seen(165, captured=AMOUNT, refunded=0)])
    assert (state.payment, state.authorised, state.refunded) == ("captured", AMOUNT, 0)
    assert payment(former(116, authorised=AMOUNT), former(115)) == payment(
        former(115), former(116, authorised=AMOUNT)
    )


def test_a_total_charged_back_takes_the_place_of_what_was_only_claimed() -> None:
    def at(hour: int, status: int, **amounts: int) -> Event:
        return seen(status, captured=AMOUNT, at=f"2026-11-24T0{hour}:00:00+00:00", **amounts)

    def charged_back(*events: Event) -> int:
        return fold("link", AMOUNT, events).charged_back

    before, claim, total = at(1, 118, charged_back=0), at(2, 132), at(3, 180, charged_back=12_0000)
    won = at(4, 166, charged_back=0)
    assert charged_back(before, claim) == AMOUNT  # how much is not said: at worst, all of it
    assert charged_back(before, total, claim) == 12_0000
    assert charged_back(won, claim, total) == 0
    assert charged_back(total, at(4, 132, operation_amount=20_0000)) == 20_0000


def test_two_transactions_with_the_money_are_paid_twice() -> None:
    twice = fold("link", AMOUNT, [CAPTURED, seen(118, "T2", captured=AMOUNT)])
    assert twice.paid_twice
    assert twice.captured == 2 * AMOUNT
    assert not fold("link", AMOUNT, [AUTHORISED, seen(115), seen(118, "T2", captured=AMOUNT)]).paid_twice


def delivery(*events: tuple[str, int]) -> str:
    return fold("link", AMOUNT, [Event(kind, NOW, {"number": number}) for kind, number in events]).delivery


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((("mail_sent", 1),), "sent"),
        ((("mail_sent", 1), ("mail_bounced", 1)), "bounced"),
        ((("mail_bounced", 1), ("mail_sent", 1)), "bounced"),  # it came back before we wrote that it had left
        ((("mail_uncertain", 1), ("mail_bounced", 1)), "bounced"),
        ((("mail_sent", 1), ("mail_delayed", 1)), "sent"),  # the server keeps trying
        ((("mail_sent", 1), ("mail_bounced", 1), ("readdressed", 2)), "queued"),
        ((("mail_sent", 1), ("readdressed", 2), ("mail_sent", 2), ("mail_bounced", 1)), "sent"),
        ((("mail_sent", 1), ("resent", 2), ("mail_bounced", 1), ("mail_sent", 2), ("mail_bounced", 2)), "bounced"),
        ((("mail_sent", 1), ("reminded", 2), ("reminder_dropped", 2)), "sent"),
        ((("mail_sent", 1), ("reminded", 2), ("mail_bounced", 1), ("reminder_dropped", 2)), "bounced"),
        ((("mail_sent", 1), ("resent", 2), ("mail_withdrawn", 2)), "withdrawn"),
        ((("mail_failed", 1), ("mail_queued", 1)), "queued"),
        ((("mail_sent", 1), ("renewed", 0)), "queued"),  # with the new page another e-mail leaves
        ((("mail_sent", 1), ("renewed", 0), ("mail_sent", 2)), "sent"),
        ((("page_failed", 0), ("resent", 0), ("mail_sent", 1)), "sent"),  # the first was never written
    ],
)  # fmt: skip
def test_delivery_is_that_of_the_newest_mail(events: tuple[tuple[str, int], ...], expected: str) -> None:
    assert delivery(*events) == expected


def test_what_was_called_off_stays_so() -> None:
    """HiPay may answer a press after it."""
    for late in ("page_failed", "page_opened", "page_taken", "link_ready"):
        events = [Event("link_ready", NOW), Event("link_cancelled", NOW), Event(late, NOW)]
        assert fold("link", AMOUNT, events).availability == "cancelled"


def test_a_telephone_payment_has_no_mail() -> None:
    assert fold("phone", AMOUNT, [Event("page_failed", NOW), Event("renewed", NOW)]).delivery == "none"


def test_a_notified_chargeback_or_refund_is_no_second_payment() -> None:
    twice = fold("link", AMOUNT, [CAPTURED, told(118, "T2", captured=AMOUNT)])
    assert not twice.paid_twice
    assert [one.transaction.reference for one in twice.unconfirmed] == ["T2"]


units = st.integers(0, 4).map(lambda count: count * 25_0000)
observations = st.builds(
    lambda status, reference, captured, refunded, charged_back, hour: seen(
        status,
        reference,
        authorised=AMOUNT if status in (116, 117, 118, 119) else 0,
        captured=captured,
        refunded=refunded,
        charged_back=charged_back,
        at=moment(hour),
    ),
    st.sampled_from(sorted(STATUSES)),
    st.sampled_from(["T1", "T2"]),
    units,
    units,
    st.none() | units,
    st.integers(0, 23),
)
forgeries = st.builds(lambda event: Event("payment_told", NOW, {**event.data, "source": None}), observations)


def at_different_times(event: Event) -> Any:
    return event.data["at"]


@given(st.lists(observations, max_size=8, unique_by=at_different_times), st.randoms())
def test_order_and_repetition_change_nothing(events: list[Event], dice: Any) -> None:
    again = events + [event for event in events if dice.random() < 0.5]
    dice.shuffle(again)
    assert fold("link", AMOUNT, again) == fold("link", AMOUNT, events)


@given(st.lists(observations, max_size=6), st.lists(forgeries, max_size=6), st.randoms())
def test_notifications_never_change_amounts(events: list[Event], forged: list[Event], dice: Any) -> None:
    told_too = list(events)
    for one in forged:
        told_too.insert(dice.randint(0, len(told_too)), one)
    state, plain = fold("link", AMOUNT, told_too), fold("link", AMOUNT, events)
    assert state.transactions == plain.transactions
    for name in ("authorised", "captured", "refunded", "charged_back", "paid_twice"):
        assert getattr(state, name) == getattr(plain, name)
    if state.payment != plain.payment:
        assert (state.payment, plain.payment in states.UNPAID) == ("unconfirmed", True)


@given(st.lists(observations, max_size=6), observations)
def test_the_newest_read_has_the_last_word(events: list[Event], last: Event) -> None:
    newest = Event("payment", NOW, {**last.data, "at": "2026-11-25T00:00:00+00:00"})
    found = {one.reference: one for one in fold("link", AMOUNT, [*events, newest]).transactions}
    one = found[last.data["reference"]]
    assert (one.captured, one.refunded) == (last.data["captured"], last.data["refunded"])


STATES = st.builds(
    State,
    delivery=st.sampled_from(sorted(states.DELIVERY)),
    availability=st.sampled_from(sorted(states.AVAILABILITY)),
    payment=st.sampled_from(sorted(states.PAYMENT)),
)


@given(STATES, st.booleans())
def test_every_state_has_one_known_badge(state: State, over: bool) -> None:
    end = NOW - timedelta(seconds=1) if over else NOW + timedelta(days=1)
    assert badge(state.delivery, state.availability, state.payment, end, NOW) in BADGES


def test_the_picture_shows_every_value() -> None:
    picture = (ROOT / "docs" / "images" / "states.svg").read_text("utf-8")
    folds = re.split(r'font-size="18">(\w+)<', picture)
    drawn = {
        name: set(re.findall(r"<text[^>]*>(\w+)</text>", part))
        for name, part in zip(folds[1::2], folds[2::2], strict=True)
    }
    assert drawn == {
        "delivery": set(states.DELIVERY),
        "availability": set(states.AVAILABILITY),
        "payment": set(states.PAYMENT),
        "badge": set(states.BADGES),
    }
    assert draw_states.draw() == picture, "python docs/draw_states.py"


def test_every_value_that_a_fold_gives_is_defined() -> None:
    given_by_an_event = [
        set(states._DELIVERY.values()) | {"none", "queued", "bounced"},
        set(states._AVAILABILITY.values()) | {"none"},
    ]
    assert given_by_an_event == [set(states.DELIVERY), set(states.AVAILABILITY)]


@given(st.lists(observations, max_size=6))
def test_every_payment_is_defined(events: list[Event]) -> None:
    assert payment(*events) in states.PAYMENT
