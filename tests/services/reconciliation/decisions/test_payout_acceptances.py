"""The difference of a payout is accepted for its figures alone, as what it is, with a reason, and that is undone."""

from datetime import date, timedelta
from typing import Any

import pytest

from services import clock
from services.access import Actor, NotAllowed
from services.accounts import payout_limits
from services.accounts.errors import DaysOutOfRange, WriteOffOutOfRange
from services.desk import Desk
from services.reconciliation.decisions import payout_acceptances
from services.reconciliation.decisions.errors import AlreadyUndone, ConflictingDecision, ReasonMissing
from services.reconciliation.decisions.payout_acceptances import (
    ClaimDay,
    ClaimWithoutReference,
    NothingToAccept,
    PayoutFiguresChanged,
    WriteOffTooLarge,
    figures,
)
from services.reconciliation.decisions.payout_comments import PayoutUnknown
from services.reconciliation.views import payout_history
from services.store.payouts import rows
from tests.support.decisions import Books, audited
from tests.support.desk import person
from tests.support.payout_lines import import_lines, line, payout_id


def settled(*amounts: str, announced: str) -> list[str]:
    """The rows of payout 77: a sale of each amount, and its payout line."""
    sales = [line(f"S-{number}-{amount}", amount) for number, amount in enumerate(amounts)]
    return [*sales, line("", announced, operation="Settlement", transaction="")]


def state(desk: Desk, settlement: str) -> str:
    with desk.store.read() as tx:
        [row] = rows.named(tx, "demo", settlement)
    assert not row.behind
    return row.worked_state


def shown(desk: Desk, settlement: str = "88") -> dict[str, Any]:
    with desk.store.read() as tx:
        [row] = rows.named(tx, "demo", settlement)
    return figures(row)


@pytest.fixture
def payout(desk: Desk, orders: Books) -> int:
    """Payout 88, whose lines are 30.00 and whose payout line is 27.00."""
    import_lines(
        desk, *(one.replace("1;77;", "1;88;") for one in settled("10.00", "20.00", announced="27.00"))
    )
    assert state(desk, "88") == "differs"
    return payout_id(desk, "88")


def accept(desk: Desk, actor: Actor, payout: int, kind: Any, key: str = "k1", **more: Any) -> None:
    given = {"shown": shown(desk), "reason": "HiPay was told", **more}
    payout_acceptances.accept(
        desk, actor, payout, kind, given.pop("shown"), given.pop("reason"), key, **given
    )


def test_a_claim_is_accepted_once_with_its_reference_and_day_and_undone(
    desk: Desk, finance: Actor, colleague: Actor, payout: int
) -> None:
    today = clock.now().date()
    for more in ({"day": today}, {"reference": " ", "day": today}):
        with pytest.raises(ClaimWithoutReference):
            accept(desk, finance, payout, "claim", **more)
    for day in (None, today + timedelta(days=2)):
        with pytest.raises(ClaimDay):
            accept(desk, finance, payout, "claim", reference="C-1", day=day)
    for _ in range(2):  # a second press
        accept(desk, finance, payout, "claim", reference=" C-1 ", day=date(2026, 11, 20))
    assert state(desk, "88") == "accepted"
    [one] = payout_acceptances.of_payout(desk, finance, payout)
    assert (one.kind, one.reference, one.day, one.who) == ("claim", "C-1", 20261120, "Camille Martin")
    found = payout_history.of_payout(desk, finance, payout)
    assert (found.state, found.applies, found.acceptable, found.amount) == ("accepted", True, False, 3_0000)

    with pytest.raises(ConflictingDecision):
        payout_acceptances.undo(desk, colleague, payout, "no", shown=one.id + 1)
    for _ in range(2):
        payout_acceptances.undo(desk, colleague, payout, "HiPay refuses", shown=one.id)
    with pytest.raises(AlreadyUndone):
        payout_acceptances.undo(desk, finance, payout, "other words", shown=one.id)
    assert state(desk, "88") == "differs"
    told = payout_history.of_payout(desk, finance, payout)
    assert [(entry.kind, entry.text, entry.who) for entry in told.entries] == [
        ("accepted", "HiPay was told", "Camille Martin"),
        ("undone", "HiPay refuses", "Robin Petit"),
    ]
    assert [one.action for one in reversed(audited(desk, finance, "payout."))] == [
        "payout.accepted",
        "payout.acceptance_undone",
    ]


def test_with_other_figures_it_no_longer_applies(desk: Desk, finance: Actor, payout: int) -> None:
    before = shown(desk)
    accept(desk, finance, payout, "timing")
    assert state(desk, "88") == "accepted"
    import_lines(desk, line("S-9", "1.00").replace("1;77;", "1;88;"))
    assert state(desk, "88") == "differs"
    found = payout_history.of_payout(desk, finance, payout)
    assert (found.applies, found.acceptable, found.acceptance is not None) == (False, True, True)
    with pytest.raises(PayoutFiguresChanged):
        accept(desk, finance, payout, "timing", "k2", shown=before)
    accept(desk, finance, payout, "our_error", "k3")
    assert state(desk, "88") == "accepted"
    assert [one.undone_at is None for one in payout_acceptances.of_payout(desk, finance, payout)] == [
        False,
        True,
    ]


def test_a_write_off_has_a_limit_that_an_administrator_sets(
    desk: Desk, finance: Actor, admin: Actor, payout: int
) -> None:
    payout_limits.save(desk, admin, "demo", 10, 2)
    with pytest.raises(WriteOffTooLarge) as refusal:
        accept(desk, finance, payout, "write_off")
    assert refusal.value.fields() == {"difference_units": "30000", "most_units": "20000", "currency": "EUR"}
    assert payout_limits.save(desk, admin, "demo", 10, 3)
    assert not payout_limits.save(desk, admin, "demo", 10, 3)
    accept(desk, finance, payout, "write_off")
    assert state(desk, "88") == "accepted"
    with pytest.raises(NotAllowed):
        payout_limits.save(desk, finance, "demo", 10, 1000)
    with pytest.raises(DaysOutOfRange):
        payout_limits.save(desk, admin, "demo", 0, 3)
    with pytest.raises(WriteOffOutOfRange):
        payout_limits.save(desk, admin, "demo", 10, -1)


def test_who_may_not_and_what_cannot(desk: Desk, finance: Actor, payout: int) -> None:
    for role in ("manager", "admin"):
        with pytest.raises(NotAllowed):
            accept(desk, person(desk, role), payout, "timing")
    with pytest.raises(ReasonMissing):
        accept(desk, finance, payout, "timing", reason=" ")
    with pytest.raises(PayoutUnknown):
        accept(desk, finance, 10**6, "timing")
    import_lines(desk, *(one.replace("1;77;", "1;99;") for one in settled("5.00", announced="5.00")))
    assert state(desk, "99") == "tied"
    with pytest.raises(NothingToAccept):
        accept(desk, finance, payout_id(desk, "99"), "timing", shown=shown(desk, "99"))
