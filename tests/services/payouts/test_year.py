"""A year of payouts, imported: each row's figures and state are those of an oracle in csv and Decimal."""

from decimal import Decimal

import pytest

from services.desk import Desk
from services.payouts import work_out
from services.store.payouts import rows
from services.store.payouts.rows import PayoutRow
from tests.support import payout_oracle, payout_year
from tests.support.desk import person
from tests.support.payout_oracle import FIGURES, Payout
from tests.support.payouts import import_file

pytestmark = pytest.mark.store


def units(amount: Decimal) -> int:
    found = amount * 10_000
    assert found == int(found)
    return int(found)


def by_product(row: PayoutRow) -> dict[str, object]:
    return {
        **{name: getattr(row, f"{name}_units") for name in (*FIGURES, "net", "apart", "announced")},
        "lines": row.lines,
        "unknown": row.other_lines,
        "state": row.worked_state,
    }


def by_oracle(payout: Payout) -> dict[str, object]:
    announced = payout.announced
    return {
        **{name: units(Decimal(payout.legs[name])) for name in FIGURES},
        "net": units(payout.net),
        "apart": units(payout.apart),
        "announced": None if announced is None else units(announced),
        "lines": payout.lines,
        "unknown": payout.unknown,
        "state": payout.state,
    }


def test_every_payout_of_a_year_is_as_the_oracle_has_it(desk: Desk) -> None:
    files = payout_year.files(payout_year.year())
    for number, text in enumerate(files):
        import_file(desk, person(desk, "finance"), "demo", f"{number}.csv", text.encode())
    # the same lines again, in another cut: nothing counts twice
    import_file(desk, person(desk, "finance"), "demo", "again.csv", payout_year.again(files).encode())
    work_out.catch_up(desk.store)
    with desk.store.read() as tx:
        found = {(row.settlement_id, row.currency): by_product(row) for row in rows.listed(tx, None)}
    expected = {key: by_oracle(payout) for key, payout in payout_oracle.read(files).items()}
    assert found == expected
    states = [one["state"] for one in expected.values()]
    assert {"tied", "carried_forward", "differs", "no_payout_line"} == set(states)
    assert all(any(one[name] for one in expected.values()) for name in (*FIGURES, "apart"))
