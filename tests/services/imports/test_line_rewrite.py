"""Former lines are moved in steps; if the tables differ in the end both stay, and somebody is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from services import retention
from services.alarms.sweep import sweep
from services.desk import Desk
from services.imports import background
from services.imports.loading import rewrite
from services.orders import history
from services.reconciliation.views import lists
from services.store import line_rewrite, open_store
from services.store.line_rewrite import LinesBeingRewritten, LinesUnequal
from services.store.settlements.lines.line_filter import LineFilter
from tests.support import postgres
from tests.support.desk import person, settings_for
from tests.support.first_version import as_left_at
from tests.support.open_alarms import open_alarms
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line
from tests.support.stored_join import assert_join_is_current, join_contents


@pytest.fixture
def former(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk on a database whose three lines are in the former table."""
    store_paid_order(desk, "A-1")
    import_lines(desk, line("A-1", "40.00"), line("A-1", "-40.00", operation="Refund"), line("WEB-1"))
    url = postgres.empty("former") if postgres.SERVER else f"sqlite:///{tmp_path / 'former.db'}"
    as_left_at(desk, url, "0014").dispose()
    settings = desk.settings.model_copy(
        update={"database_url": settings_for(tmp_path, database_url=url).database_url}
    )
    monkeypatch.setattr(rewrite, "AT_ONCE", 2)
    opened = Desk(settings, open_store(url, demo=True))
    yield opened
    opened.close()


def test_they_come_to_the_same(desk: Desk, former: Desk) -> None:
    assert background.work_off(former)
    assert not inspect(former.store.engine).has_table("settlement_lines")
    assert join_contents(former) == join_contents(desk)
    assert_join_is_current(former)
    with former.store.read() as tx:
        assert line_rewrite.under_way(tx) is None


def test_meanwhile_no_part_is_read_and_the_rest_goes_on(former: Desk) -> None:
    finance = person(former, "finance")
    with pytest.raises(LinesBeingRewritten) as refused:
        lists.lines(former, finance, LineFilter())
    assert refused.value.fields() == {"moved": "0", "lines": "3"}
    sweep(former)
    retention.sweep(former)
    found = history.detail(former, finance, 1)
    assert (found.settled, type(found.no_lines)) == ((), LinesBeingRewritten)


def test_a_difference_stops_it_and_both_tables_stay(former: Desk) -> None:
    finance = person(former, "finance")
    on_table = "" if former.store.sqlite else " ON settlement_lines"
    trigger = "settlement_lines_no_update" if former.store.sqlite else "settlement_lines_frozen"
    with former.store.write() as tx:
        tx.execute(text(f"DROP TRIGGER {trigger}{on_table}"))
    moved = rewrite.former_lines.write

    def change_one(tx: object, lines: object) -> None:
        moved(tx, lines)  # type: ignore[arg-type]
        tx.execute(text("UPDATE settlement_lines SET settled_amount_units = 1 WHERE id = 1"))  # type: ignore[attr-defined]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rewrite.former_lines, "write", change_one)
        background.work_off(former)
    assert inspect(former.store.engine).has_table("settlement_lines")
    with pytest.raises(LinesUnequal):
        lists.lines(former, finance, LineFilter())
    assert not background.work_off(former)
    admin = person(former, "admin", email="admin@example.com")
    assert "lines_unequal" in [one.kind for one in open_alarms(former, admin)]
