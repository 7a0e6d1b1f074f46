"""What statements of a bank account cover, and which prove something."""

from datetime import date, timedelta
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.bank.coverage import StatementPeriod, coverage


def day(number: int) -> date:
    return date(2026, 1, 1) + timedelta(days=number - 1)


def statement(
    number: int,
    first: int,
    last: int,
    opening: int | None,
    closing: int | None,
    *,
    rolls: bool = True,
    information: bool = False,
    **by_day: int,
) -> StatementPeriod:
    return StatementPeriod(
        id=number,
        first=day(first),
        last=day(last),
        opening=opening,
        closing=closing,
        rolls=rolls and opening is not None,
        information=information,
        by_day={day(int(name[1:])): units for name, units in by_day.items()},
    )


def kinds(*statements: StatementPeriod) -> list[tuple[str, int, int, int]]:
    return [(one.kind, one.before, one.after, one.units) for one in coverage(statements).breaks]


def test_a_statement_that_opens_with_the_closing_of_the_former_leaves_nothing_to_say() -> None:
    jan, feb = statement(1, 1, 31, 0, 100), statement(2, 32, 59, 100, 70)
    assert kinds(feb, jan) == []
    assert coverage([jan, feb]).proved == {1, 2}
    assert coverage([jan, feb]).covers(day(1), day(59))


def test_an_old_balance_that_carries_the_day_of_the_former_closing_follows_it() -> None:
    assert kinds(statement(1, 1, 3, 0, 100), statement(2, 3, 5, 100, 120)) == []


def test_days_without_a_statement_are_a_gap_by_how_much_the_balance_moved() -> None:
    jan, march = statement(1, 1, 31, 0, 100), statement(2, 60, 90, 150, 70)
    assert kinds(jan, march) == [("gap", 1, 2, 50)]
    found = coverage([jan, march])
    assert found.proved == {1, 2}
    assert (found.breaks[0].first, found.breaks[0].last) == (day(32), day(59))
    assert not found.covers(day(30), day(33))
    assert kinds(jan, statement(2, 60, 90, 100, 70)) == [("quiet_gap", 1, 2, 0)]


def test_statements_that_touch_and_do_not_agree_prove_nothing() -> None:
    found = coverage([statement(1, 1, 31, 0, 100), statement(2, 32, 59, 90, 70)])
    assert [(one.kind, one.units) for one in found.breaks] == [("jump", -10)]
    assert found.proved == frozenset()


def test_an_overlap_is_named_and_checked_by_its_entries() -> None:
    longer = statement(1, 1, 10, 0, 100, d2=60, d8=40)
    assert kinds(longer, statement(2, 5, 15, 60, 130, d8=40, d12=30)) == [("overlap", 1, 2, 0)]
    assert kinds(longer, statement(2, 5, 15, 70, 140, d8=40, d12=30)) == [("conflict", 1, 2, 10)]


def test_two_statements_of_the_same_days_that_book_something_else_prove_nothing() -> None:
    longer = statement(1, 1, 10, 0, 100, d2=60, d8=40)
    for other in (
        statement(2, 5, 15, 60, 130, d9=40, d12=30),
        statement(2, 5, 15, 60, 90, d12=30),
        statement(2, 5, 9, 60, 60),
    ):
        assert [(one.kind, one.units) for one in coverage([longer, other]).breaks] == [("conflict", 0)]
        assert coverage([longer, other]).proved == frozenset()


def test_a_copy_and_a_part_of_a_statement_are_no_break() -> None:
    whole = statement(1, 1, 10, 0, 100, d2=60, d8=40)
    assert kinds(whole, statement(2, 1, 10, 0, 100, d2=60, d8=40), statement(3, 5, 9, 60, 100, d8=40)) == []


def test_what_does_not_roll_has_no_balances_or_informs_only_proves_nothing() -> None:
    found = coverage(
        [
            statement(1, 1, 10, 0, 100, rolls=False),
            statement(2, 11, 20, None, None),
            statement(3, 21, 30, 5, 6, information=True),
        ]
    )
    assert found.proved == frozenset()
    assert found.covers(day(11), day(20))  # it may tell that a credit is late, not that one came
    assert not found.covers(day(10), day(10))
    assert not found.covers(day(21), day(21))


@given(st.data())
def test_a_month_cut_at_whole_days_in_any_order_and_overlapping_is_one_month(data: st.DataObject) -> None:
    units = data.draw(st.lists(st.integers(-50, 50), min_size=6, max_size=12))
    balances = [7, *accumulate(units, initial=7)][1:]
    cuts = sorted({0, len(units), *data.draw(st.lists(st.integers(1, len(units) - 1), max_size=4))})
    spans = list(pairwise(cuts)) + [
        (start, end) for start, end in pairwise(cuts[::2]) if data.draw(st.booleans())
    ]
    found = coverage(
        data.draw(
            st.permutations(
                [
                    StatementPeriod(
                        id=number,
                        first=day(start + 1),
                        last=day(end),
                        opening=balances[start],
                        closing=balances[end],
                        rolls=True,
                        information=False,
                        by_day={day(one + 1): units[one] for one in range(start, end)},
                    )
                    for number, (start, end) in enumerate(spans)
                ]
            )
        )
    )
    assert {one.kind for one in found.breaks} <= {"overlap"}
    assert found.proved == set(range(len(spans)))
    assert found.covers(day(1), day(len(units)))
