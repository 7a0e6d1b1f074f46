"""Which entries of the bank are which payouts."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bank.facts import BankEntry, ByHand, ExpectedPayout, named
from services.bank.matching import Matching, match
from services.bank.proposals import proposals

FRIDAY = date(2026, 2, 6)
NOTHING = ByHand()


def entry(
    number: int,
    units: int,
    *texts: str,
    booked: date = FRIDAY,
    returned: bool = False,
    account: str = "shop",
    currency: str = "EUR",
) -> BankEntry:
    return BankEntry(
        id=number,
        bank_account=1,
        account=account,
        currency=currency,
        units=units,
        booked=booked,
        texts=texts,
        searched="".join("".join(texts).split()).upper(),
        returned=returned,
    )


def payout(
    number: int, units: int, settlement: str = "", *, transfer: date = FRIDAY, account: str = "shop"
) -> ExpectedPayout:
    return ExpectedPayout(
        id=number,
        account=account,
        settlement_id=settlement or str(700100 + number),
        currency="EUR",
        units=units,
        transfer=transfer,
    )


def groups(found: Matching) -> set[tuple[tuple[int, ...], tuple[int, ...], str]]:
    return {(one.entries, one.payouts, one.how) for one in found.groups}


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (("HIPAY PAYOUT 700103",), True),
        (("HIPAY PAYOUT 7001", "03 ATELIER"), True),
        (("EREF+HP-700103SVWZ+HIPAY",), True),
        (("HIPAY 0700103",), True),
        (("20260206 700103",), True),
        (("HIPAY 1700103",), False),
        (("HIPAY 7001030",), False),
        ((), False),
    ],
)
def test_a_payout_is_named_by_its_number_alone(texts: tuple[str, ...], found: bool) -> None:
    one = entry(1, 1, *texts)
    assert named(one.texts, one.searched, "700103") is found


def test_the_number_decides_within_45_days_whatever_else_has_the_same_amount() -> None:
    found = match(
        [entry(1, 2500000, "PAYOUT 700102", booked=date(2026, 3, 20)), entry(2, 2500000)],
        [payout(1, 2500000), payout(2, 2500000)],
        NOTHING,
    )
    assert groups(found) == {((1,), (2,), "number"), ((2,), (1,), "amount")}
    late = match(
        [entry(1, 2500000, "PAYOUT 700102", booked=date(2026, 3, 24))], [payout(2, 2500000)], NOTHING
    )
    assert groups(late) == set()


def test_the_amount_alone_tells_from_one_bank_day_before_transfer_to_five_after() -> None:
    def fits(booked: date) -> bool:
        return bool(match([entry(1, 100, booked=booked)], [payout(1, 100)], NOTHING).groups)

    assert [fits(date(2026, 2, one)) for one in (4, 5, 13)] == [False, True, True]
    assert not fits(date(2026, 2, 16))


def test_two_that_fit_are_told_and_never_chosen_between() -> None:
    two_entries = match([entry(1, 100), entry(2, 100, booked=date(2026, 2, 9))], [payout(1, 100)], NOTHING)
    assert (two_entries.groups, two_entries.possible) == ((), {1: (1, 2)})
    two_payouts = match([entry(1, 100)], [payout(1, 100), payout(2, 100)], NOTHING)
    assert (two_payouts.groups, two_payouts.possible) == ((), {1: (1,), 2: (1,)})


def test_the_nearest_amount_is_none() -> None:
    found = match([entry(1, 2499900)], [payout(1, 2500000)], NOTHING)
    assert (found.groups, found.possible, found.loose) == ((), {}, frozenset({1}))


def test_an_amount_below_the_smallest_unit_of_the_bank_is_named() -> None:
    (group,) = match([entry(1, 12345700)], [payout(1, 12345678)], NOTHING).groups
    assert (group.how, group.difference) == ("amount", 22)


def test_an_entry_that_names_the_payout_and_differs_is_shown_with_the_difference() -> None:
    (group,) = match([entry(1, 2400000, "HIPAY 700101")], [payout(1, 2500000)], NOTHING).groups
    assert (group.entries, group.difference) == ((1,), -100000)


def test_a_payout_in_parts_and_payouts_in_one_transfer_are_told_by_their_numbers() -> None:
    parts = match([entry(1, 6000, "700101"), entry(2, 4000, "700101")], [payout(1, 10000)], NOTHING)
    assert groups(parts) == {((1, 2), (1,), "number")}
    bundle = match([entry(1, 10000, "700101 700102")], [payout(1, 6000), payout(2, 4000)], NOTHING)
    assert groups(bundle) == {((1,), (1, 2), "number")}


def test_what_is_paid_twice_under_one_number_is_for_a_person() -> None:
    found = match([entry(1, 100, "700101"), entry(2, 100, "700101")], [payout(1, 100)], NOTHING)
    assert (found.groups, found.possible) == ((), {1: (1, 2)})


def test_a_debit_is_matched_to_a_payout_below_nothing_and_to_no_other() -> None:
    assert groups(match([entry(1, -100)], [payout(1, -100), payout(2, 100)], NOTHING)) == {
        ((1,), (1,), "amount")
    }


def test_another_account_or_currency_is_no_candidate() -> None:
    wrong = [entry(1, 100, "700101", account="outlet"), entry(2, 100, "700101", currency="USD")]
    assert match(wrong, [payout(1, 100)], NOTHING).groups == ()
    assert match([entry(1, 100, account="")], [payout(1, 100)], NOTHING).groups


def test_a_returned_credit_reopens_its_payout_until_it_is_paid_again() -> None:
    credit = entry(1, 100, "HIPAY 700101")
    back = entry(2, -100, "RETURN 700101", booked=date(2026, 2, 9), returned=True)
    again = entry(3, 100, "HIPAY 700101", booked=date(2026, 2, 12))
    found = match([credit, back], [payout(1, 100)], NOTHING)
    assert (found.groups, found.returned, found.loose) == ((), {1: (1, 2)}, frozenset())
    found = match([credit, back, again], [payout(1, 100)], NOTHING)
    assert (groups(found), found.returned) == ({((3,), (1,), "number")}, {})


def test_a_return_that_may_be_of_either_payment_leaves_neither_sure() -> None:
    found = match(
        [
            entry(1, 100, "700101"),
            entry(2, 100, "700102"),
            entry(3, -100, booked=date(2026, 2, 9), returned=True),
        ],
        [payout(1, 100), payout(2, 100)],
        NOTHING,
    )
    assert (found.groups, found.possible) == ((), {1: (1,), 2: (2,)})


def test_a_return_of_what_a_person_linked_reopens_it_too() -> None:
    found = match(
        [entry(1, 100), entry(2, -100, booked=date(2026, 2, 9), returned=True)],
        [payout(1, 100)],
        ByHand(linked=frozenset({(1, 1)})),
    )
    assert (found.groups, found.returned) == ((), {1: (1, 2)})


def test_what_a_person_decided_stands() -> None:
    entries, payouts = [entry(1, 10000, "700101"), entry(2, 7000)], [payout(1, 10000), payout(2, 17000)]
    apart = match(entries, payouts, ByHand(apart=frozenset({(1, 1)})))
    assert groups(apart) == set()
    linked = match(entries, payouts, ByHand(linked=frozenset({(1, 2), (2, 2)})))
    assert groups(linked) == {((1, 2), (2,), "hand")}
    assert match(entries, payouts, ByHand(not_hipays=frozenset({1, 2}))).loose == frozenset()


def test_parts_are_proposed_only_where_one_sum_fits() -> None:
    entries = [entry(1, 6000), entry(2, 4000), entry(3, 2500)]
    payouts = [payout(1, 10000)]
    found = match(entries, payouts, NOTHING)
    assert [(one.entries, one.payouts) for one in proposals(entries, payouts, found)] == [((1, 2), (1,))]
    entries += [entry(4, 4000)]
    assert proposals(entries, payouts, match(entries, payouts, NOTHING)) == ()


_AMOUNTS = st.sampled_from([100, 200, 300, -100])


@given(st.data())
def test_an_entry_and_a_payout_have_one_place_in_whatever_order_they_come(data: st.DataObject) -> None:
    payouts = [payout(number, data.draw(_AMOUNTS)) for number in range(1, data.draw(st.integers(1, 5)) + 1)]
    text = st.sampled_from(["", *(one.settlement_id for one in payouts), "700101 700102"])
    entries = [
        entry(number, data.draw(_AMOUNTS), data.draw(text), returned=data.draw(st.booleans()))
        for number in range(1, data.draw(st.integers(1, 6)) + 1)
    ]
    found = match(entries, payouts, NOTHING)
    again = match(data.draw(st.permutations(entries)), data.draw(st.permutations(payouts)), NOTHING)
    assert groups(found) == groups(again)
    assert (found.possible.keys(), found.loose) == (again.possible.keys(), again.loose)
    in_groups = [one for group in found.groups for one in group.entries]
    paid = [one for group in found.groups for one in group.payouts]
    assert len(in_groups) == len(set(in_groups))
    assert len(paid) == len(set(paid))
    assert not set(paid) & (found.possible.keys() | found.returned.keys())
    assert not set(in_groups) & found.loose
    for group in found.groups:
        if group.how == "amount":
            assert group.difference == 0
