"""Pages, filters and totals of payouts, over rows at random: each as the rows themselves have it."""

import random
from collections import defaultdict
from typing import Any

import pytest
from sqlalchemy import insert

from services.access import Actor
from services.desk import Desk
from services.payouts import states
from services.reconciliation.views import payout_list, payout_pages
from services.reconciliation.views.lists import Cursor
from services.reconciliation.views.payout_list import Payout
from services.reconciliation.views.payout_pages import PayoutFilter
from services.store.payouts.rows import STATES
from services.store.schema.payouts import payouts

MANY = 130


def row(dice: random.Random, number: int) -> dict[str, Any]:
    net, apart = dice.randrange(-3, 4) * 10_0000 + 7, dice.choice((0, 0, 5_0000))
    by = dice.choice(("settlement", "settlement", "deferred", ""))
    announced = {"": None, "deferred": 0}.get(by, dice.choice((net, net - apart, net + 1, -net)))
    worked = dice.choice((3, 3, 3, 2))
    return {
        "account": "demo",
        "settlement_id": f"S-{number:03}",
        "currency": dice.choice(("EUR", "GBP")),
        "version": 3,
        "worked_version": worked,
        "state": dice.choice((*STATES, "") if worked == 2 else STATES),
        "gross_units": net + 9,
        "fees_units": -6,
        "vat_units": -1,
        "chargebacks_units": -2,
        "net_units": net,
        "apart_units": apart,
        "announced_units": announced,
        "announced_by": by,
        "carried_units": dice.choice((net // 2, 4)) if by == "deferred" else None,
        "hipay_units": dice.choice((None, net)),
        "hipay_currency": dice.choice(("EUR", "GBP")),
        "lines": 4,
        "open_lines": dice.randrange(3),
        "last_day": dice.choice((20260930, 20261001, 20261031, 20261101)),
    }


@pytest.fixture
def listed(desk: Desk, finance: Actor) -> tuple[Payout, ...]:
    dice = random.Random(7)
    with desk.store.write() as tx:
        tx.execute(insert(payouts), [row(dice, number) for number in range(MANY)])
    return payout_list.list_payouts(desk, finance)


def test_those_to_do_come_first_then_the_newest_page_by_page(
    desk: Desk, finance: Actor, listed: tuple[Payout, ...]
) -> None:
    order = [
        (STATES.index(one.state) < STATES.index("being_worked_out"), one.row.last_day, one.row.id)
        for one in listed
    ]
    assert (len(listed), order) == (MANY, sorted(order, reverse=True))
    cursor: Cursor | None = None
    forth, pages = list[Payout](), list[tuple[Payout, ...]]()
    while True:
        page = payout_pages.page(desk, finance, PayoutFilter(), cursor).page
        pages.append(page.rows)
        forth += page.rows
        if page.after is None:
            break
        cursor = page.after
    assert (forth, page.total) == (list(listed), MANY)
    for before in reversed(pages[:-1]):
        assert page.before is not None
        page = payout_pages.page(desk, finance, PayoutFilter(), page.before).page
        assert page.rows == before
    assert page.before is None


@pytest.mark.parametrize(
    "chosen",
    [
        PayoutFilter(),
        PayoutFilter(month=202610),
        PayoutFilter(states=("tied", "being_worked_out")),
        PayoutFilter(number="s-01"),
        PayoutFilter(number="S_0"),
        PayoutFilter(number="10.0007", units=10_0007, states=("differs",)),
        PayoutFilter(number="0.0001", units=1),
    ],
    ids=repr,
)
def test_a_filter_lets_through_what_it_names_and_the_totals_are_exact(
    desk: Desk, finance: Actor, listed: tuple[Payout, ...], chosen: PayoutFilter
) -> None:
    wanted = [one for one in listed if fits(one, chosen)]
    assert list(payout_list.list_payouts(desk, finance, (), chosen)) == wanted
    found = payout_pages.page(desk, finance, chosen)
    assert (found.page.rows, found.page.total) == (tuple(wanted[:25]), len(wanted))
    of = defaultdict[str, list[Payout]](list)
    for one in wanted:
        of[one.currency].append(one)
    assert [one.currency for one in found.totals] == sorted(of)
    for total in found.totals:
        mine = of[total.currency]
        assert total.units == {
            name: sum(getattr(one, name) or 0 for one in mine if one.known or name != "net_units")
            for name in total.units
        }
        assert (total.payouts, total.known) == (len(mine), sum(one.known for one in mine))
        assert total.open_lines == sum(one.open_lines for one in mine)
        for name in ("announced", "hipay", "difference"):
            assert getattr(total, name) == sum(getattr(one, f"{name}_units") is not None for one in mine)


def fits(one: Payout, chosen: PayoutFilter) -> bool:
    sides = (one.announced_units, one.net_units, one.difference_units)
    amount = chosen.units is not None and any(abs(side) == chosen.units for side in sides if side is not None)
    return (
        (not chosen.states or one.state in chosen.states)
        and (not chosen.month or one.row.last_day // 100 == chosen.month)
        and (chosen.number.lower() in one.settlement_id.lower() or (amount and one.known))
    )


def test_states_and_differences_are_those_of_the_rows(
    desk: Desk, finance: Actor, listed: tuple[Payout, ...]
) -> None:
    assert {one.state for one in listed} >= {"tied", "being_worked_out", "differs"}
    found = payout_pages.page(desk, finance, PayoutFilter(states=("tied",), month=202610))
    of_month = [one for one in listed if one.row.last_day // 100 == 202610]
    assert found.states == {
        state: count for state in STATES if (count := sum(states.shown(one.row) == state for one in of_month))
    }
    assert found.months == (202611, 202610, 202609)


def test_a_name_leads_to_its_payout_alone(desk: Desk, finance: Actor, listed: tuple[Payout, ...]) -> None:
    for one in listed[:5]:
        assert payout_pages.named(desk, finance, payout_pages.name_of(one)) == one
    for name in ("", "demo", "demo:S-001", "demo:S-001:USD", "nobody:S-001:EUR", ":::"):
        assert payout_pages.named(desk, finance, name) is None
