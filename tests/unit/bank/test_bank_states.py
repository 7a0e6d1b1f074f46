"""Where a payout stands at the bank."""

from datetime import date

from services.bank.coverage import StatementPeriod, coverage
from services.bank.facts import ExpectedPayout, Group
from services.bank.matching import Matching
from services.bank.states import AtBank, states_of

FRIDAY = date(2026, 2, 6)  # due on Tuesday the 10th


def payout(number: int, units: int = 100) -> ExpectedPayout:
    return ExpectedPayout(
        id=number, account="shop", settlement_id=str(number), currency="EUR", units=units, transfer=FRIDAY
    )


def state(
    found: Matching, *, proved: frozenset[int] = frozenset(), last: int = 0, today: int = 20, units: int = 100
) -> AtBank:
    """``last``: until which day of the month a statement is there, 0 for none."""
    until = [
        coverage(
            [
                StatementPeriod(
                    id=1,
                    first=date(2026, 2, 1),
                    last=date(2026, 2, last or 1),
                    opening=0,
                    closing=0,
                    rolls=True,
                    information=False,
                    by_day={},
                )
            ]
        )
    ]
    return states_of(
        [payout(1, units)],
        found,
        proved=proved,
        coverages={("shop", "EUR"): until} if last else {},
        today=date(2026, 2, today),
    )[1]


def paid(*entries: int, payouts: tuple[int, ...] = (1,), difference: int = 0) -> Matching:
    group = Group(entries=entries, payouts=payouts, how="number", difference=difference)
    return Matching(groups=(group,), possible={}, returned={}, loose=frozenset())


UNPAID = Matching(groups=(), possible={}, returned={}, loose=frozenset())


def test_what_is_credited_is_reconciled_only_by_a_statement_that_proves_it() -> None:
    assert state(paid(1), proved=frozenset({1})) == "reconciled"
    assert state(paid(1)) == "not_checked"
    assert state(paid(1, 2), proved=frozenset({1})) == "not_checked"


def test_the_way_in_which_it_was_paid_is_named() -> None:
    proved = frozenset({1, 2})
    assert state(paid(1, 2), proved=proved) == "several_transfers"
    assert state(paid(1, payouts=(1, 2)), proved=proved) == "bundled"
    assert state(paid(1, difference=22), proved=proved) == "rounding"
    assert state(paid(1, difference=22)) == "not_checked"
    assert state(paid(1, difference=100), proved=proved) == "amount_differs"
    assert state(paid(1, difference=100)) == "amount_differs"


def test_what_is_not_there_is_late_only_where_statements_cover_the_days() -> None:
    assert state(UNPAID, today=10) == "expected"
    assert state(UNPAID, today=11, last=10) == "late"
    assert state(UNPAID, today=11, last=9) == "no_statement"
    assert state(UNPAID, today=11) == "no_statement"


def test_what_a_person_must_choose_went_back_or_is_nothing_is_said() -> None:
    found = Matching(groups=(), possible={1: (1, 2)}, returned={}, loose=frozenset())
    assert state(found) == "several_possible"
    assert state(Matching(groups=(), possible={}, returned={1: (1, 2)}, loose=frozenset())) == "returned"
    assert state(UNPAID, units=0) == "nothing_to_pay"
