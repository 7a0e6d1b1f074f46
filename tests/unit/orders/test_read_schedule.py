"""When the payment is read next."""

from datetime import UTC, datetime, timedelta

import pytest

from services.orders.retry import UNCONFIRMED_GAP, UNDER_WAY, next_read

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OVER, OPEN = NOW - timedelta(days=30), NOW + timedelta(days=3)


@pytest.mark.parametrize("payment", ["unpaid", "unconfirmed", "captured"])
@pytest.mark.parametrize("since", [timedelta(0), timedelta(hours=3), timedelta(days=400)])
def test_an_awaited_payment_is_read_soon_whatever_the_links_end(payment: str, since: timedelta) -> None:
    later = next_read(payment, NOW - since, OVER, NOW, awaited=True)
    assert later is not None
    assert timedelta(seconds=20) <= later - NOW <= UNCONFIRMED_GAP


def test_what_hipay_does_not_show_is_asked_for_daily_and_not_for_ever() -> None:
    assert next_read("unconfirmed", NOW - timedelta(hours=1), OVER, NOW) == NOW + timedelta(days=1)
    assert next_read("unconfirmed", NOW - UNDER_WAY, OVER, NOW) is None


@pytest.mark.parametrize("payment", ["unpaid", "refused", "cancelled"])
def test_an_unpaid_link_is_last_asked_for_an_hour_after_its_end(payment: str) -> None:
    assert next_read(payment, NOW - timedelta(days=1), OVER, NOW) is None
    assert next_read(payment, NOW - timedelta(days=9), OPEN, NOW) == NOW + timedelta(hours=6)
    ended = NOW - timedelta(minutes=50)
    assert next_read(payment, NOW - timedelta(days=9), ended, NOW) == ended + timedelta(hours=1)
