"""A payout that is stored comes again in another rendition: nothing is doubled unless a person says that it is another."""

from io import BytesIO
from typing import Any

import pytest

from services.access import WORKER, Actor
from services.desk import Desk
from services.imports import background, files
from services.imports.duplicates import StoredPayout
from services.imports.issued_again.issue_answers import NOTHING_SAID
from services.settlements.dialect import Chosen
from services.store.settlements.files import settlement_files
from tests.support.payouts import NEWEST, Failed, import_file, lines_of
from tests.support.previews import preview_of

COLUMNS = (
    "Account", "Settlement ID", "Transaction ID", "Order", "Original amount", "Original currency", "Operation",
    "Settled amount", "Settlement currency", "Reporting data 1", "Reporting data 4", "Date",
)  # fmt: skip
Line = dict[str, str]


def line(number: int, operation: str = "Sale", amount: str = "10.00", **cells: str) -> Line:
    return {
        "Account": "1",
        "Settlement ID": "77",
        "Transaction ID": f"00{800 + number}",
        "Order": f"00{number}",
        "Original amount": amount,
        "Original currency": "EUR",
        "Operation": operation,
        "Settled amount": amount,
        "Settlement currency": "EUR",
        "Reporting data 1": f"F-{number}",
        "Reporting data 4": "web",
        "Date": "2026-11-20",
        **cells,
    }


def payout(*numbers: int) -> list[Line]:
    """Sales with their fees, and the total."""
    lines = [one for number in numbers for one in (line(number), line(number, "Fixed fee", "-0.30"))]
    total = line(
        0,
        "Settlement",
        f"{len(numbers) * 9.7:.2f}",
        **{"Transaction ID": "", "Order": "", "Original amount": ""},
    )
    return [*lines, total]


def csv(lines: list[Line], columns: tuple[str, ...] = COLUMNS, **change: Any) -> bytes:
    """``change``: what becomes of a cell of a column, its blanks as _."""
    rows = [";".join(columns)]
    for one in lines:
        rows.append(";".join(change.get(name.replace(" ", "_"), str)(one[name]) for name in columns))
    return "\r\n".join([*rows, ""]).encode()


def without_zeros(cell: str) -> str:
    return cell.lstrip("0")


def shortened(cell: str) -> str:
    return f"8.0{cell[-1]}E+11" if cell else ""


BY_A_SPREADSHEET = csv(payout(1, 2, 3), Transaction_ID=without_zeros, Order=without_zeros)
LOST_DIGITS = csv(payout(1, 2, 3), Transaction_ID=shortened, Order=without_zeros)
OLDER_EXPORT = csv(payout(1, 2, 3), tuple(name for name in COLUMNS if name != "Reporting data 4"))
ORIGINAL = csv(payout(1, 2, 3))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (ORIGINAL, BY_A_SPREADSHEET), (ORIGINAL, LOST_DIGITS), (LOST_DIGITS, ORIGINAL),
        (ORIGINAL, csv(payout(1, 2), Transaction_ID=without_zeros)),
    ],
    ids=["zeros", "digits", "whole", "excerpt"],
)  # fmt: skip
def test_another_rendition_waits_for_a_person(
    desk: Desk, finance: Actor, first: bytes, second: bytes
) -> None:
    import_file(desk, finance, "demo", "payout.csv", first)
    before = lines_of(desk)
    [stored] = preview_of(desk, finance, "demo", second).stored
    assert (stored.account, stored.settlement_id, stored.currency) == ("demo", "77", "EUR")
    assert (stored.lines, stored.units) == (7, 29_1000)
    with pytest.raises(Failed) as refused:
        import_file(desk, finance, "demo", "again.csv", second, answers=NOTHING_SAID)
    assert refused.value.failure == "import_payouts_stored"
    assert lines_of(desk).equals(before)
    files.retry(desk, finance, 2, others=True)
    background.work_off(desk)
    assert len(lines_of(desk)) > len(before)


@pytest.mark.parametrize(("first", "second"), [(ORIGINAL, OLDER_EXPORT), (OLDER_EXPORT, ORIGINAL)])
def test_a_column_that_one_export_has_and_the_other_lacks_is_a_correction_if_a_person_says_which_is_newer(
    desk: Desk, finance: Actor, first: bytes, second: bytes
) -> None:
    import_file(desk, finance, "demo", "payout.csv", first)
    before = lines_of(desk)
    [issue] = preview_of(desk, finance, "demo", second).issues
    assert issue.said == "ask"
    with pytest.raises(Failed) as refused:
        import_file(desk, finance, "demo", "again.csv", second, answers=NOTHING_SAID)
    assert refused.value.failure == "import_issue_undecided"
    assert lines_of(desk).equals(before)
    files.retry(desk, finance, 2, answers=NEWEST)
    background.work_off(desk)
    after = lines_of(desk)
    assert len(after) == len(before)
    assert set(after["reporting_data_4"]) == ({""} if second is OLDER_EXPORT else {"web"})


def test_what_stands_and_what_comes_is_said_by_payout_and_currency(desk: Desk, finance: Actor) -> None:
    import_file(desk, finance, "demo", "payout.csv", csv([*payout(1, 2), line(8, **{"Settlement ID": "78"})]))
    again = [*payout(1, 2), line(9, "Monthly fee", "-5.00"), line(9, **{"Settlement ID": "78"})]
    raw = csv(again, Order=without_zeros, Transaction_ID=without_zeros)
    shown = preview_of(desk, finance, "demo", raw)
    assert shown.stored == (
        StoredPayout(
            account="demo",
            settlement_id="77",
            currency="EUR",
            lines=5,
            units=19_4000,
            file_lines=6,
            file_units=14_4000,
        ),
    )


@pytest.mark.parametrize(
    "second",
    [
        csv(payout(4, 5, 6)),  # a part
        csv([*payout(1, 2, 3), line(4)]),  # issued again, with a line more
        csv([line(1), line(1), line(2), line(3)]),  # a twin more
        csv([line(1, amount="11.00"), line(2, amount="12.00"), line(3, amount="13.00")]),  # corrected
        csv(payout(1, 2, 3), Settlement_ID=lambda _: "78"),  # other payouts may be equal
    ],
    ids=["part", "more", "twin", "corrected", "other"],
)
def test_what_is_none_is_imported(desk: Desk, finance: Actor, second: bytes) -> None:
    import_file(desk, finance, "demo", "payout.csv", ORIGINAL)
    assert preview_of(desk, finance, "demo", second).stored == ()
    import_file(desk, finance, "demo", "again.csv", second)


def test_a_person_may_say_so_before_it_is_imported(desk: Desk, finance: Actor) -> None:
    import_file(desk, finance, "demo", "payout.csv", ORIGINAL)
    files.receive(desk, finance, "demo", "again.csv", BytesIO(BY_A_SPREADSHEET), Chosen(), others=True)
    background.work_off(desk)
    assert len(lines_of(desk)) == 13  # the payout itself is the same


def test_a_file_that_comes_by_itself_says_which_payouts(desk: Desk, finance: Actor) -> None:
    import_file(desk, finance, "demo", "payout.csv", ORIGINAL)
    number = files.receive(desk, WORKER, "demo", "again.csv", BytesIO(BY_A_SPREADSHEET), source="hipay")
    background.work_off(desk)
    with desk.store.read() as tx:
        found = settlement_files.get(tx, number)
    assert found is not None
    assert (found.state, found.failure, found.failure_detail) == (
        "failed",
        "import_payouts_stored",
        {"payouts": "77"},
    )
