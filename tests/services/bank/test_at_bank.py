"""Where the payouts stand at the bank, from stored files and statements."""

from datetime import date, timedelta

import pytest

from services import clock
from services.access import NotAllowed
from services.bank import at_bank
from services.desk import Desk
from tests.support.bank import entry, statement, store
from tests.support.desk import person
from tests.support.worked_payouts import bring, payouts, row

FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)  # the payouts' Transfer is the Monday
MONTH = (date(2026, 11, 1), date(2026, 11, 30))


@pytest.fixture(autouse=True)
def _december(monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.now().replace(year=2026, month=12, day=1)
    monkeypatch.setattr("services.clock.now", lambda: later)


def states(desk: Desk) -> dict[str, str]:
    finance = person(desk, "finance")
    found = at_bank.of_payouts(desk, finance)
    return {name: found[one.id] for name, one in payouts(desk).items() if one.id in found}


def two_payouts(desk: Desk) -> None:
    for number, amount in (("700101", "250.00"), ("700102", "80.00")):
        bring(
            desk,
            person(desk, "finance"),
            row("Sale", amount, payout=number, transaction=number),
            row("Settlement", amount, payout=number),
            name=f"{number}.csv",
        )


def test_without_a_statement_nothing_is_said(desk: Desk) -> None:
    two_payouts(desk)
    assert states(desk) == {}


def test_a_month_that_rolls_reconciles_what_it_credits_and_tells_what_is_late(desk: Desk) -> None:
    two_payouts(desk)
    store(
        desk,
        person(desk, "finance"),
        statement(*MONTH, "10.00", entry("250.00", MONDAY, "HIPAY 7001", "01 ATELIER")),
    )
    assert states(desk) == {"700101": "reconciled", "700102": "late"}


def test_statements_without_balances_or_that_contradict_prove_nothing(desk: Desk) -> None:
    two_payouts(desk)
    finance = person(desk, "finance")
    credit = entry("250.00", MONDAY, "HIPAY 700101")
    store(desk, finance, statement(*MONTH, None, credit, format="ofx"))
    assert states(desk)["700101"] == "not_checked"
    wrong = statement(MONDAY, MONDAY, "10.00", entry("80.00", MONDAY, "HIPAY 700102"), closing="95.00")
    store(desk, finance, wrong)
    assert states(desk) == {"700101": "not_checked", "700102": "not_checked"}


def test_a_statement_that_touches_another_and_does_not_agree_reconciles_nothing(desk: Desk) -> None:
    two_payouts(desk)
    finance = person(desk, "finance")
    store(desk, finance, statement(MONDAY, MONDAY, "10.00", entry("250.00", MONDAY, "HIPAY 700101")))
    assert states(desk)["700101"] == "reconciled"
    store(desk, finance, statement(MONDAY + timedelta(days=1), MONTH[1], "300.00"))
    assert states(desk)["700101"] == "not_checked"


def test_a_report_of_the_day_counts_only_until_the_statement_is_there(desk: Desk) -> None:
    two_payouts(desk)
    finance = person(desk, "finance")
    store(
        desk,
        finance,
        statement(MONDAY, MONDAY, None, entry("250.00", MONDAY, "HIPAY 700101"), format="camt.052"),
    )
    assert states(desk) == {"700101": "not_checked", "700102": "no_statement"}
    store(desk, finance, statement(*MONTH, "0", entry("250.00", MONDAY, "HIPAY 700101", reference="B-9")))
    assert states(desk) == {"700101": "reconciled", "700102": "late"}


def test_a_returned_credit_reopens_its_payout(desk: Desk) -> None:
    two_payouts(desk)
    store(
        desk,
        person(desk, "finance"),
        statement(
            *MONTH,
            "0",
            entry("250.00", MONDAY, "HIPAY 700101"),
            entry("-250.00", MONDAY + timedelta(days=1), "RETURN 700101", returned=True),
        ),
    )
    assert states(desk)["700101"] == "returned"


def test_what_belongs_to_no_payout_is_shown_to_who_has_the_right_bank(desk: Desk) -> None:
    two_payouts(desk)
    store(desk, person(desk, "finance"), statement(*MONTH, "0", entry("33.00", FRIDAY, "HIPAY SAS")))
    found = at_bank.bank(desk, person(desk, "finance"))
    assert [found.entries[one].units for one in found.matching.loose] == [330000]
    for role in ("manager", "admin"):
        with pytest.raises(NotAllowed):
            at_bank.bank(desk, person(desk, role))
