"""Searches within a payout: an index leads to each, however many lines there are."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from services.desk import Desk
from services.payouts import difference, difference_loader
from services.store.payouts import order_searches, searches
from tests.support import postgres
from tests.support.desk import open_test_desk
from tests.support.many_lines import fill
from tests.support.stored_lines import every_line

pytestmark = pytest.mark.store
LINES = 24_000
KEY = ("demo", "EUR")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("many")
    desk = open_test_desk(folder)
    fill(desk, LINES)
    yield desk
    desk.close()


def payout(tx: Connection) -> searches.PayoutParts:
    found = searches.parts(tx, "demo", "1", "EUR")
    assert found is not None
    return found


SEARCHES: dict[str, Callable[[Connection, searches.PayoutParts], Any]] = {
    "every line": lambda tx, of: searches.every_line(tx, of.number, 20_000),
    "amounts": lambda tx, of: searches.lines_of_amounts(tx, of.number, KEY, (1_000_000, None), of.files, 9),
    "of others": lambda tx, of: searches.lines_of_amounts(
        tx, of.number, KEY, (1_000_000,), of.files, 9, of_payout=False
    ),
    "transactions": lambda tx, of: searches.lines_of_transactions(
        tx, of.number, "demo", ("800003000", "800003001"), 9, of_payout=True
    ),
    "orders' lines": lambda tx, of: searches.lines_of_orders(tx, of.number, (2500, 2501), 9),
    "withdrawn": lambda tx, of: searches.withdrawn_lines(tx, of.number, 9),
    "orders of an amount": lambda tx, of: order_searches.orders_of_amount(tx, "demo", 100_000, "EUR", 9),
    "orders named": lambda tx, of: order_searches.orders_named(tx, "demo", (2500,), ("800003000",), "EUR", 9),
}


@pytest.mark.skipif(bool(postgres.SERVER), reason="the plan is SQLite's")
@pytest.mark.parametrize("name", SEARCHES)
def test_an_index_leads_to_every_search(many: Desk, name: str) -> None:
    with many.store.read() as tx:
        of = payout(tx)
        asked: list[tuple[str, Any]] = []

        def note(*arguments: Any) -> None:
            asked.append((arguments[2], arguments[3]))

        event.listen(many.store.engine, "before_cursor_execute", note)
        SEARCHES[name](tx, of)
        event.remove(many.store.engine, "before_cursor_execute", note)
        steps = [
            row[3]
            for statement, values in asked
            for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    assert steps
    for step in steps:
        assert not step.startswith(("SCAN payout_lines", "SCAN order_positions", "SCAN orders")), steps
        assert "AUTOMATIC" not in step, steps
        if name != "every line":  # never all lines of the payout
            assert "(payout=?" not in step, steps


def test_amounts_are_found_as_by_hand(many: Desk) -> None:
    with many.store.read() as tx:
        of = payout(tx)
        lines = [
            line for line in every_line(tx) if (line.settlement_id, line.settlement_currency) == ("1", "EUR")
        ]
        counted = {line.settled_amount_units for line in lines}
        for amount in [*sorted(one for one in counted if one is not None)[::500], None]:
            found = searches.lines_of_amounts(tx, of.number, KEY, (amount,), of.files, 1_000)
            assert [line.id for line in found] == [
                line.id for line in lines if line.settled_amount_units == amount
            ]
        assert of.lines == len(lines) == len(searches.every_line(tx, of.number, 20_000))


def test_a_large_payout_is_explained_without_reading_its_lines(
    many: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(difference_loader, "MOST_LINES", 100)
    with many.store.read() as tx:
        tx.execute(text("SELECT 1"))
        of = payout(tx)
        some = searches.every_line(tx, of.number, 20_000)[10]
        assert some.units
        facts = difference_loader.read_facts(tx, "demo", "1", "EUR", some.units)
        assert facts is not None
        assert len(facts.lines) < 100 < facts.size
        assert some.id in {line for one in difference.explain(facts) for line in one.lines}
