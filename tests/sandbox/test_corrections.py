"""A settlement issued again: what changes, that it still adds up, and what the finance API says of it."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest

from sandbox.corrections import CHANGES, issue_again
from sandbox.settlements import CONTROLS, Row, Settlement, settle
from tests.sandbox.asking import act, page
from tests.sandbox.settling import AT, movement, run
from tests.support.sandbox import RunningSandbox

SCENARIOS = ("plain", "split", "negative", "converted")


def made(scenario: str = "plain") -> Settlement:
    movements = [
        movement(),
        movement(transaction="800006445364", amount="55.00", reporting=("", "", "", "", "")),
        movement("refund", "30.00"),
    ]
    found: Settlement = run(movements, scenario=scenario)[0]
    return found


def moved(settlement: Settlement) -> Decimal:
    """The sum of the lines that are no totals."""
    rows = (row for row in settlement.rows if row["Operation"] not in CONTROLS)
    return sum((Decimal(str(row["Settled amount"])) for row in rows), Decimal(0))


def differing(before: Settlement, after: Settlement) -> list[tuple[Row, set[str]]]:
    """The lines that are other ones, each with the columns that differ; of settlements with as many lines."""
    return [
        (new, {column for column in new if new[column] != old[column]})
        for old, new in zip(before.rows, after.rows, strict=True)
        if new != old
    ]


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("change", sorted(set(CHANGES) - {"short"}))
def test_one_issued_again_adds_up(change: str, scenario: str) -> None:
    before = made(scenario)
    after = issue_again(before, change)
    assert after != before or (change, scenario) in {("split", "split"), ("split", "negative")}
    assert moved(after) == after.amount == Decimal(str(after.summary["amount"]))
    figures = ("sales", "refunds", "fees", "chargeback", "deferred", "rolling", "other")
    assert sum(Decimal(str(after.summary[name])) for name in figures) == after.amount
    totals = {
        operation: sum(
            (Decimal(str(row["Settled amount"])) for row in after.rows if row["Operation"] == operation),
            Decimal(0),
        )
        for operation in CONTROLS
    }
    paid = totals["Settlement"] or totals["Splitting settlement"]
    assert paid == after.amount
    assert totals["Split settlement"] == totals["Splitting settlement"]
    assert after.id == before.id
    assert after.date_value == before.date_value


def test_a_corrected_reference_is_that_of_the_sale_and_its_fees() -> None:
    found = differing(made(), issue_again(made(), "reference"))
    assert [row["Operation"] for row, _ in found] == ["Sale", "Fixed fee", "Variable", "Refund"]
    assert all(columns == {"Reporting data 1"} for _, columns in found)
    assert found[0][0]["Reporting data 1"] == "INV-2026-001-B"


def test_another_amount_is_that_of_one_sale() -> None:
    before, after = made(), issue_again(made(), "amount")
    assert [row["Operation"] for row, _ in differing(before, after)] == ["Sale", "Settlement"]
    assert after.amount - before.amount == 1
    assert Decimal(str(after.summary["sales"])) - Decimal(str(before.summary["sales"])) == 1


def test_a_dropped_sale_leaves_its_fees() -> None:
    before, after = made(), issue_again(made(), "dropped")
    assert len(after.rows) == len(before.rows) - 1
    left = [row["Operation"] for row in after.rows if row["Transaction ID"] == "800006445364"]
    assert left == ["Fixed fee", "Variable"]
    assert before.amount - after.amount == Decimal("55.00")


def test_a_short_file_is_not_what_it_announces() -> None:
    before, after = made(), issue_again(made(), "short")
    assert after.amount - moved(after) == Decimal("55.00")
    assert after.summary == before.summary


def test_a_column_is_newly_filled() -> None:
    found = differing(made(), issue_again(made(), "column"))
    assert len(found) == 7
    assert all(columns == {"Reporting data 5"} for _, columns in found)


def test_an_unknown_change_and_one_that_finds_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown change 'colour'"):
        issue_again(made(), "colour")
    (released,) = settle(
        [], first_id=2, at=AT, account="1", account_name="A", reserve_release=True, history=(made(),)
    )
    with pytest.raises(ValueError, match="no Sale"):
        issue_again(released, "dropped")


def test_the_control_page_issues_again_and_the_finance_api_lists_the_new_figures(
    sandbox: RunningSandbox,
) -> None:
    settlement = settled(sandbox)
    number = settlement["id"]
    shown = sandbox.client.get("/control").text
    assert all(f'<option value="{change}"' in shown for change in CHANGES)
    answer = sandbox.client.post("/control/correct-settlement", data={"id": number, "change": "amount"})
    assert answer.status_code in (200, 303)
    listed = sandbox.api("GET", f"/v1/settlement/{number}").json()
    assert Decimal(str(listed["amount"])) == Decimal(settlement["amount"]) + 1
    refused = sandbox.client.post("/control/correct-settlement", json={"id": number, "change": "colour"})
    assert refused.status_code == 400


def test_the_files_of_one_in_parts_are_the_file_of_the_whole(sandbox: RunningSandbox) -> None:
    number = settled(sandbox)["id"]
    again = sandbox.control("correct-settlement", {"id": number, "change": "parts"})
    files = [url for url in again["files"] if url.endswith(".csv")]
    assert [url.rsplit("/", 1)[1] for url in files] == ["part1.csv", "part2.csv"]
    parts = [table(sandbox.client.get(url).text) for url in files]
    whole = table(sandbox.api("GET", f"/v1/settlement/{number}/raw.csv").text)
    assert [*parts[0], *parts[1][1:]] == whole
    assert sandbox.client.get(files[0].replace("part1", "part3")).status_code == 404


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text), delimiter=";"))


def settled(sandbox: RunningSandbox) -> dict[str, Any]:
    act(sandbox, page(sandbox), "accept", payment_product="visa")
    [settlement] = sandbox.control("settlements", {})["settlements"]
    return dict(settlement)
