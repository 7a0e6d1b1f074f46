"""Rows that could not be read stand in the way of a payout's proof until a person has dealt with them."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, Table, create_engine, select, text

from services.access import Actor, NotAllowed
from services.desk import Desk
from services.reconciliation.decisions import set_aside_rows
from services.reconciliation.decisions.errors import AlreadyUndone, ConflictingDecision, ReasonMissing
from services.reconciliation.decisions.set_aside_rows import REST, RowNotDealtWith, RowUnknown
from services.reconciliation.views import payout_list
from services.settlements import findings
from services.store.engine import MIGRATIONS
from services.store.schema.people import audit
from tests.support.desk import person
from tests.support.payouts import csv, import_file


def sale(order: str, amount: str = "10.00", settlement: str = "77") -> str:
    return f";{settlement};T-{order};{order};{amount};EUR;;;;;Sale;{amount};EUR;F-{order};2026-11-20"


PAYOUT = ";77;;;30.00;EUR;;;;;Settlement;30.00;EUR;;2026-11-21"


def state(desk: Desk, actor: Actor, settlement: str = "77") -> tuple[str, int]:
    [found] = [one for one in payout_list.list_payouts(desk, actor) if one.settlement_id == settlement]
    return found.state, found.rows_set_aside


@pytest.fixture
def october(desk: Desk, finance: Actor) -> int:
    """Three sales and their payout; two sales cannot be read. A remark above, a total below."""
    raw = b"October\r\n" + csv(
        sale("A-1"),
        sale("A-2", "1O.00"),
        sale("A-3", "1o.00"),
        PAYOUT,
        "Total;;;;30.00",
        sale("B-1", settlement="78"),
    )
    return import_file(desk, finance, "demo", "october.csv", raw)


def test_a_payout_is_proved_once_its_rows_are_corrected_and_dealt_with(
    desk: Desk, finance: Actor, october: int
) -> None:
    assert state(desk, finance) == ("differs", 2)
    assert state(desk, finance, "78") == ("no_payout_line", 0)
    [payout] = [one for one in payout_list.list_payouts(desk, finance) if one.settlement_id == "77"]
    assert payout_list.files_with_rows_set_aside(desk, finance, payout) == ((october, "october.csv"),)
    import_file(desk, finance, "demo", "corrected.csv", csv(sale("A-2"), sale("A-3")))
    assert state(desk, finance) == ("rows_not_read", 2)
    set_aside_rows.deal(desk, finance, october, [4], "Corrected in corrected.csv")
    assert state(desk, finance) == ("rows_not_read", 1)
    set_aside_rows.deal(
        desk, finance, october, [4, 5], "Corrected in corrected.csv"
    )  # the first is dealt with already
    assert state(desk, finance) == ("tied", 0)

    found = set_aside_rows.of_file(desk, finance, october)
    assert [(row.line, row.reason) for row in found.rows] == [
        (1, "preamble"),
        (4, "amount_unreadable"),
        (5, "amount_unreadable"),
        (7, "total"),
    ]
    act = found.dealt(5)
    assert act is not None
    assert (act.reason, act.who) == ("Corrected in corrected.csv", finance.name)


def test_what_was_dealt_with_can_be_undone_and_dealt_with_again(
    desk: Desk, finance: Actor, october: int
) -> None:
    set_aside_rows.deal(desk, finance, october, [4, 5], "No payments")
    set_aside_rows.undo(desk, finance, october, [5], "They are")
    set_aside_rows.undo(desk, finance, october, [5], "They are")  # a second press
    assert state(desk, finance) == ("differs", 1)
    with pytest.raises(AlreadyUndone):
        set_aside_rows.undo(desk, finance, october, [5], "Another reason")
    with pytest.raises(RowNotDealtWith):
        set_aside_rows.undo(desk, finance, october, [99], "Nothing")
    set_aside_rows.deal(desk, finance, october, [5], "Corrected since")
    assert state(desk, finance)[1] == 0
    acts = set_aside_rows.of_file(desk, finance, october).acts[5]
    assert [(act.reason, act.undo_reason, act.undoer) for act in acts] == [
        ("No payments", "They are", finance.name),
        ("Corrected since", "", ""),
    ]
    with desk.store.read() as tx:
        told = tx.execute(select(audit.c.action, audit.c.detail).where(audit.c.action.like("aside.%")))
        assert [(row.action, row.detail["rows"]) for row in told] == [
            ("aside.dealt_with", 2),
            ("aside.undone", 1),
            ("aside.dealt_with", 1),
        ]


def test_an_act_that_was_not_seen_is_not_undone(desk: Desk, finance: Actor, october: int) -> None:
    set_aside_rows.deal(desk, finance, october, [5], "Mine")
    seen = set_aside_rows.of_file(desk, finance, october).dealt(5)
    assert seen is not None
    colleague = person(desk, "finance", name="Robin Petit")
    set_aside_rows.undo(desk, colleague, october, [5], "No")
    set_aside_rows.deal(desk, colleague, october, [5], "Theirs")
    with pytest.raises(ConflictingDecision) as refused:
        set_aside_rows.undo(desk, finance, october, [5], "By mistake", acts=[seen.id])
    assert refused.value.who == "Robin Petit"
    now = set_aside_rows.of_file(desk, finance, october).dealt(5)
    assert now is not None
    set_aside_rows.undo(desk, finance, october, [5], "Having seen it", acts=[now.id])
    assert set_aside_rows.of_file(desk, finance, october).dealt(5) is None


def test_who_may_and_what_can_be_dealt_with(desk: Desk, finance: Actor, october: int) -> None:
    manager, other = person(desk, "manager"), person(desk, "finance")
    with pytest.raises(NotAllowed):
        set_aside_rows.deal(desk, manager, october, [4], "Mine")
    with pytest.raises(NotAllowed):
        set_aside_rows.undo(desk, manager, october, [4], "Mine")
    with pytest.raises(NotAllowed):
        set_aside_rows.of_file(desk, manager, october)
    with pytest.raises(ReasonMissing):
        set_aside_rows.deal(desk, finance, october, [4], "  ")
    for lines in (
        [],
        [1],
        [7],
        [99],
        [REST],
    ):  # none, a remark, a total, no such row, none beyond those that are kept
        with pytest.raises(RowUnknown):
            set_aside_rows.deal(desk, finance, october, lines, "No payments")
    with pytest.raises(RowUnknown):
        set_aside_rows.deal(desk, finance, october + 1, [4], "No payments")
    set_aside_rows.deal(desk, finance, october, [4], "No payment")
    with pytest.raises(ConflictingDecision):
        set_aside_rows.deal(desk, other, october, [4, 5], "Corrected")
    assert state(desk, finance) == ("differs", 1)


def test_rows_that_may_hold_money_are_kept_before_others_and_the_rest_is_dealt_with_as_one(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "SHOWN", 3)
    remarks = b"October\r\n" * 5
    rows = [sale(f"A-{n}", "1O.00") for n in range(4)]
    file = import_file(
        desk,
        finance,
        "demo",
        "long.csv",
        remarks + csv(*rows, sale("B-1", "x", "78"), sale("A-9"), sale("B-9", settlement="78")),
    )
    found = set_aside_rows.of_file(desk, finance, file)
    assert ([row.line for row in found.rows], found.rest) == ([7, 8, 9], 2)
    set_aside_rows.deal(desk, finance, file, [7, 8, 9], "No payments")
    assert (state(desk, finance)[1], state(desk, finance, "78")[1]) == (1, 1)
    set_aside_rows.deal(desk, finance, file, [REST], "No payments either")
    assert (state(desk, finance)[1], state(desk, finance, "78")[1]) == (0, 0)
    set_aside_rows.undo(desk, finance, file, [REST, 7], "They are")
    assert (state(desk, finance)[1], state(desk, finance, "78")[1]) == (2, 1)


def test_a_row_that_names_no_payout_stands_in_the_way_of_each(desk: Desk, finance: Actor) -> None:
    raw = csv(sale("A-1"), sale("B-1", settlement="78"), "broken")
    file = import_file(desk, finance, "demo", "broken.csv", raw)
    assert (state(desk, finance), state(desk, finance, "78")) == (("rows_not_read", 1), ("rows_not_read", 1))
    set_aside_rows.deal(desk, finance, file, [4], "A remark")
    assert (state(desk, finance)[1], state(desk, finance, "78")[1]) == (0, 0)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("kept", "blocking", "named", "left"),
    [
        (
            [("preamble", ""), ("wrong_width", ""), ("amount_unreadable", "77")],
            2,
            ["", "77"],
            {"": 1, "77": 1},
        ),
        ([("total", "")], 3, ["77", "78"], {"77": 2, "78": 1}),  # of more than were kept
        ([("preamble", "")], 0, [], {}),
    ],
)
def test_a_file_of_before_says_which_of_its_rows_stand_in_the_way(
    tmp_path: Path, kept: list[tuple[str, str]], blocking: int, named: list[str], left: dict[str, int]
) -> None:
    engine, config = create_engine(f"sqlite:///{tmp_path / 'before.db'}"), Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, "0004")
        table = Table("settlement_files", MetaData(), autoload_with=tx)
        rows = [{"line": 1, "reason": reason, "settlement_id": name} for reason, name in kept]
        texts = {column.name: "" for column in table.c if not column.nullable and column.name != "id"}
        found = {
            **texts,
            **dict.fromkeys(("chosen", "reading", "failure_detail"), "{}"),
            "settlements": "[]",
            "state": "complete",
            "aside": json.dumps(rows),
            "aside_blocking": blocking,
            "aside_settlements": json.dumps(named),
            **{
                name: 0
                for name in texts
                if name in ("size", "tries", "lines_done", "bytes_done", "lines", "others")
            },
            **{name: datetime(2026, 11, 1) for name in ("uploaded_at", "alive_at")},  # noqa: DTZ001 - as it is stored
        }
        tx.execute(table.insert(), [found])
        command.upgrade(config, "0005")
        assert json.loads(str(tx.scalar(text("SELECT aside_open FROM settlement_files")))) == left
    engine.dispose()
