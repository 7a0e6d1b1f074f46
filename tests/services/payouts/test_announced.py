"""What payout lines prove: in the sign of their account, once, and as the sum of their parts."""

from io import BytesIO

import pytest

from services import clock
from services.access import Actor
from services.desk import Desk
from services.imports import background, files
from services.reconciliation.decisions import decide
from services.reconciliation.decisions.decide import Shown
from services.store.settlements import matching_rules
from services.store.settlements.files import hipay_list
from tests.support.worked_payouts import FULL, bring, payouts, row, states_of, stored_line

pytestmark = pytest.mark.store


def test_a_payout_line_in_another_sign_than_the_accounts_proves_nothing(desk: Desk, finance: Actor) -> None:
    for number in ("70", "71", "72"):
        bring(
            desk, finance,
            row("Sale", "10.00", payout=number), row("Settlement", "10.00", payout=number), name=f"{number}.csv",
        )  # fmt: skip
    bring(
        desk, finance, row("Refund", "-50.00", payout="74"), row("Settlement", "50.00", payout="74"), name="74.csv"
    )  # fmt: skip
    bring(
        desk, finance, row("Sale", "100.00", payout="73"), row("Settlement", "-100.00", payout="73"), name="73.csv"
    )  # fmt: skip
    assert states_of(desk) == {"70": "tied", "71": "tied", "72": "tied", "73": "differs", "74": "differs"}


def test_where_as_many_payouts_show_one_sign_as_the_other_none_ties(desk: Desk, finance: Actor) -> None:
    bring(
        desk, finance, row("Sale", "9.00", payout="70"), row("Settlement", "-9.00", payout="70"), name="70.csv"
    )  # fmt: skip
    assert states_of(desk) == {"70": "tied"}
    bring(
        desk, finance, row("Refund", "-30.00", payout="71"), row("Settlement", "-30.00", payout="71"), name="71.csv"
    )  # fmt: skip
    assert states_of(desk) == {"70": "differs", "71": "differs"}
    bring(
        desk, finance, row("Sale", "8.00", payout="72"), row("Settlement", "-8.00", payout="72"), name="72.csv"
    )  # fmt: skip
    assert states_of(desk) == {"70": "tied", "71": "differs", "72": "tied"}
    with desk.store.read() as tx:
        found = matching_rules.matching(tx, "demo")
    assert found is not None
    assert found.payout_sign == -1


@pytest.mark.parametrize(
    ("first", "second"), [(("50.00",), ("30.00", "20.00")), (("45.00", "5.00"), ("22.00",))]
)
def test_payout_lines_of_two_files_are_not_added_up_to_a_proof(
    desk: Desk, finance: Actor, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    for number, amounts in enumerate((first, second)):
        sales = [row("Sale", amount, f"{number}-{amount}") for amount in amounts]
        total = f"{sum(map(float, amounts)):.2f}"
        line = row("Settlement", total, reference=f"issue {number}")
        raw = "\r\n".join((FULL, *sales, line, "")).encode()
        files.receive(desk, finance, "demo", f"{number}.csv", BytesIO(raw), others=True)
        background.work_off(desk)
    assert states_of(desk) == {"77": "several_payout_lines"}
    one = payouts(desk)["77"]
    assert (one.announced_lines, one.announced_units) == (2, one.net_units)
    with desk.store.write() as tx:
        hipay_list.list_settlement(
            tx, {"account": "demo", "settlement_id": "77"}, recent=True, at=clock.now(), amount=one.net_units, currency="EUR",
            date_value="2026-11-23", figures={"sales": one.net_units}, iban="", bic="",
        )  # fmt: skip
    background.work_off(desk)
    assert states_of(desk) == {"77": "tied"}


def test_two_payout_lines_of_one_file_prove_nothing_until_one_is_taken_out(
    desk: Desk, finance: Actor
) -> None:
    bring(
        desk, finance, row("Sale", "10.00", "A"), row("Sale", "10.00", "B"), row("Settlement", "10.00"),
        row("Settlement", "10.00"),
    )  # fmt: skip
    assert states_of(desk) == {"77": "several_payout_lines"}
    decide.twice(desk, finance, [Shown(line=stored_line(desk, "77", "settlement"))], "One is enough", "k1")
    assert states_of(desk) == {"77": "differs"}


def test_the_parts_are_compared_with_a_payout_line_too(desk: Desk, finance: Actor) -> None:
    for number, part in (("77", "4.00"), ("78", "4.01")):
        bring(
            desk, finance, row("Sale", "10.00", payout=number), row("Settlement", "10.00", payout=number),
            row("Split settlement", "6.00", payout=number), row("Split settlement", part, payout=number), name=f"{number}.csv",
        )  # fmt: skip
    assert states_of(desk) == {"77": "tied", "78": "differs"}
