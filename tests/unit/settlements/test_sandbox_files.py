"""The files that the sandbox offers, as CSV, TXT and XLS, read to the same lines, and to the settlement's own amounts."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.files import Dialect, render
from sandbox.settlements import SCENARIOS
from services.settlements.dialect import Chosen
from tests.sandbox.settling import dialects, movements, run
from tests.support.settlement_reading import SettlementFile, detect, read


def read_as(raw: bytes, dialect: Dialect) -> SettlementFile:
    debits = "negative" if dialect.debit_sign == "negative" else "positive"
    return read(raw, detect(raw, Chosen(decimal=dialect.decimal, date=dialect.date, debits=debits)))


@settings(max_examples=12, deadline=None)
@given(st.lists(movements(), min_size=1, max_size=4), st.sampled_from(SCENARIOS), dialects)
def test_the_three_forms_of_a_file_read_alike(moves: list, scenario: str, dialect: Dialect) -> None:
    for settlement in run(moves, scenario=scenario):
        text, tabs, workbook = (
            read_as(render(settlement, ext, dialect), dialect) for ext in (".csv", ".txt", ".xls")
        )
        money = [int(row["Settled amount"] * 10_000) for row in settlement.rows]
        for found in (text, tabs, workbook):
            assert [row for row in found.set_aside if row.blocking] == []
            assert found.lines["settled_amount_units"].tolist() == money
            assert found.lines["transaction_id"].tolist() == [
                row["Transaction ID"] or "" for row in settlement.rows
            ]
        assert text.lines.equals(tabs.lines)
        dates = ["date", "date_value", "transfer", "operation_date", "operation_code", "settlement_id"]
        assert text.lines[dates].equals(workbook.lines[dates])
