"""Payouts as the sandbox issues them in a year, each with one known fault or a difference by chance."""

import random
from collections import Counter
from decimal import Decimal

import pytest

from sandbox.settlements import CONTROLS, Settlement
from services.payouts.difference import explain
from services.payouts.difference_facts import Facts, Line
from services.settlements.settlement_operations import operation
from tests.support import payout_year

_IDS = ("Transaction ID", "Merchant operation ID")


def lines_of(settlement: Settlement) -> tuple[Line, ...]:
    """The lines that make the payout's sum."""
    found = []
    for place, row in enumerate(settlement.rows):
        if row["Operation"] not in CONTROLS:
            known = operation(str(row["Operation"]))
            found.append(
                Line(
                    id=place + 1,
                    code=known.code if known else "",
                    kind=known.kind if known else "unknown",
                    units=int(Decimal(str(row["Settled amount"])) * 10_000),
                    transaction=str(row["Transaction ID"] or ""),
                    cells=tuple(str(row[name]) for name in row if name not in _IDS),
                )
            )
    return tuple(found)


@pytest.fixture(scope="module")
def payouts() -> list[tuple[str, tuple[Line, ...]]]:
    """Currency and lines of those with a few sales."""
    found = [(one.currency, lines_of(one)) for week in payout_year.year() for one in week]
    return [(code, lines) for code, lines in found if sum(line.kind == "sale" for line in lines) > 3]


def test_a_removed_sale_is_named_first_by_its_fees(payouts: list[tuple[str, tuple[Line, ...]]]) -> None:
    chance, named = random.Random(3), 0
    for currency, lines in payouts:
        gone = chance.choice([line for line in lines if line.kind == "sale"])
        rest = tuple(line for line in lines if line is not gone)
        asked = Facts(units=-(gone.units or 0), currency=currency, size=len(rest), lines=rest, whole=True)
        first = explain(asked)[0]
        transactions = {line.transaction for line in rest if line.id in first.lines}
        named += first.kind == "fees_without_sale" and transactions == {gone.transaction}
    assert named == len(payouts) > 40


def test_a_difference_by_chance_is_called_likely_by_nothing(
    payouts: list[tuple[str, tuple[Line, ...]]],
) -> None:
    chance, found = random.Random(4), Counter[str]()
    for currency, lines in payouts:
        smallest = 10_000 if currency == "JPY" else 100
        for _ in range(20):
            units = chance.choice((-1, 1)) * chance.randint(1, 90_000) * smallest
            asked = Facts(units=units, currency=currency, size=len(lines), lines=lines, whole=True)
            found.update(one.sure for one in explain(asked))
    assert found["certain"] == 0
    assert found["likely"] <= len(payouts) * 20 // 100  # one in a hundred meets an amount that is there
