"""A balance is taken up once, by a later payout, and by a line that can."""

import pytest

from services.access import Actor
from services.desk import Desk
from services.reconciliation.views import payout_list
from tests.support.worked_payouts import bring, row

pytestmark = pytest.mark.store


def ties(desk: Desk, actor: Actor) -> dict[str, bool]:
    return {one.settlement_id: one.ties for one in payout_list.list_payouts(desk, actor)}


def carry(desk: Desk, actor: Actor, payout: str) -> None:
    lines = (row("Refund", "-50.00", payout=payout), row("Deferred settlement", "50.00", payout=payout))
    bring(desk, actor, *lines, name=f"{payout}.csv")


def take_up(payout: str, operation: str = "Asset settlement", origin: str = "") -> tuple[str, ...]:
    return (
        row("Sale", "80.00", payout=payout),
        row(operation, "-50.00", payout=payout, origin=origin),
        row("Settlement", "30.00", payout=payout),
    )


def test_a_line_is_taken_once(desk: Desk, finance: Actor) -> None:
    carry(desk, finance, "75")
    bring(desk, finance, *take_up("78"), name="78.csv")
    assert ties(desk, finance) == {"75": True, "78": True}
    carry(desk, finance, "76")
    assert ties(desk, finance) == {"75": False, "76": False, "78": True}
    # it names one of them, and so it is not the other's
    bring(desk, finance, *take_up("79", origin="76"), name="79.csv")
    assert ties(desk, finance) == {"75": True, "76": True, "78": True, "79": True}


@pytest.mark.parametrize("operation", ["Invoice payment", "Already settled", "Offsetting entry"])
@pytest.mark.parametrize("origin", ["", "75"])
def test_only_what_settles_a_balance_takes_it_up(
    desk: Desk, finance: Actor, operation: str, origin: str
) -> None:
    carry(desk, finance, "75")
    bring(desk, finance, *take_up("78", operation, origin), name="78.csv")
    assert ties(desk, finance) == {"75": False, "78": True}


def test_a_payout_of_before_takes_no_balance_up(desk: Desk, finance: Actor) -> None:
    carry(desk, finance, "77")
    early = [one.replace("2026-11", "2026-09") for one in take_up("60", origin="77")]
    bring(desk, finance, *early, name="60.csv")
    assert ties(desk, finance) == {"77": False, "60": True}


def test_what_another_payout_carries_over_takes_nothing_up(desk: Desk, finance: Actor) -> None:
    carry(desk, finance, "75")
    other = (row("Sale", "50.00", payout="76"), row("Deferred settlement", "-50.00", payout="76"))
    bring(desk, finance, *other, name="76.csv")
    taken = (
        row("Asset settlement", "50.00", payout="78", origin="76"),
        row("Settlement", "50.00", payout="78"),
    )
    bring(desk, finance, *taken, name="78.csv")
    assert ties(desk, finance) == {"75": False, "76": True, "78": True}
