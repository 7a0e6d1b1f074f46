"""Payout files whose columns can be taken for one another: HiPay's own names win, what is in doubt waits for a person."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from services.access import WORKER, Actor
from services.alarms.handling import Alarm, close
from services.desk import Desk
from services.error_messages import stored_sentence
from services.i18n import translator
from services.imports import background, files, reading
from services.reconciliation.views import file_list
from services.settlements.dialect import Chosen
from services.settlements.findings import findings_from_json
from services.store.settlements.files import settlement_files
from tests.support.open_alarms import open_alarms
from tests.support.payout_folder import look
from tests.support.payouts import HEAD, Failed, import_file, lines_of
from tests.support.previews import preview_of
from tests.support.tables import as_xlsx

pytestmark = pytest.mark.desk(settlements_folder="hipay")

Write = Callable[[list[list[str]]], bytes]
SALE = "1;77;T-A;A;50.00;EUR;;;;;Sale;49.00;EUR;F-A;2026-11-20"
REFUND = "1;77;T-B;B;-8.00;EUR;;;;;Refund;-8.00;EUR;F-B;2026-11-20"


@pytest.fixture
def place(desk: Desk) -> Path:
    """The folder that is watched."""
    folder = desk.settings.settlements_folder
    assert folder is not None
    return folder


def rows(*before: tuple[str, str, str], **renamed: str) -> list[list[str]]:
    """A sale and a refund; further columns on the left: (name, cell of the sale, of the refund)."""
    head = [renamed.get(name.replace(" ", "_"), name) for name in HEAD.split(";")]
    table = [head, SALE.split(";"), REFUND.split(";")]
    return [[*(column[n] for column in before), *cells] for n, cells in enumerate(table)]


def as_csv(table: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(table)
    return text.getvalue().encode()


def as_sheet(table: list[list[str]]) -> bytes:
    return as_xlsx(table[1:], table[0])


def received(desk: Desk, raw: bytes, source: str = "hipay", name: str = "x.csv") -> int:
    number = files.receive(desk, WORKER, "demo", name, io.BytesIO(raw), source=source)
    background.work_off(desk)
    return number


def state(desk: Desk, file: int) -> str:
    with desk.store.read() as tx:
        found = settlement_files.get(tx, file)
    assert found is not None
    return str(found.state)


def columns(desk: Desk, finance: Actor) -> list[Alarm]:
    return [alarm for alarm in open_alarms(desk, finance) if alarm.kind == "payout_columns"]


@pytest.mark.parametrize("written", [as_csv, as_sheet])
@pytest.mark.parametrize(
    ("other", "cells", "column", "stored"),
    [
        ("Settlement amount", ("1.00", "2.00"), "settled_amount_units", [49_0000, -8_0000]),
        ("Operation type", ("Refund", "Sale"), "operation_code", ["sale", "refund"]),
        ("Payout", ("5", "6"), "settlement_id", ["77", "77"]),
        ("Order ID", ("X", "Y"), "file_order", ["A", "B"]),
        ("Settled currency", ("USD", "USD"), "settlement_currency", ["EUR", "EUR"]),
        ("Custom data 1", ("G-1", "G-2"), "reporting_data_1", ["F-A", "F-B"]),
    ],
)
def test_hipays_own_name_is_stored_wherever_another_stands(
    desk: Desk,
    finance: Actor,
    written: Write,
    other: str,
    cells: tuple[str, str],
    column: str,
    stored: list[object],
) -> None:
    raw = written(rows((other, *cells)))
    preview = preview_of(desk, finance, "demo", raw)
    [(name, _, _)] = preview.findings.unused
    assert name == other
    file = import_file(desk, finance, "demo", "x", raw)
    assert lines_of(desk)[column].tolist() == stored
    kept = file_list.file(desk, finance, file)
    assert kept is not None
    assert findings_from_json(kept.reading["found"]).unused == preview.findings.unused
    assert columns(desk, finance) == []  # a person has seen the preview


@pytest.mark.parametrize("written", [as_csv, as_sheet])
def test_two_columns_that_may_be_the_same_wait_until_a_person_says_which(
    desk: Desk, finance: Actor, written: Write
) -> None:
    raw = written(rows(("Settlement amount", "1.00", "2.00"), Settled_amount="Payout amount"))
    file = received(desk, raw)
    assert state(desk, file) == "failed"
    assert lines_of(desk).empty
    [alarm] = open_alarms(desk, finance)
    assert (alarm.kind, alarm.detail["file_id"]) == ("payout_file_failed", file)
    assert alarm.detail["failure_detail"] == {
        "columns": "settled_amount",
        "names": "Settlement amount, Payout amount",
    }
    files.retry(desk, finance, file, Chosen(columns=(("Payout amount", "settled_amount"),)))
    background.work_off(desk)
    assert lines_of(desk)["settled_amount_units"].tolist() == [49_0000, -8_0000]
    assert open_alarms(desk, finance) == []


def test_the_same_heading_twice_is_asked_and_either_can_be_named(desk: Desk, finance: Actor) -> None:
    raw = as_csv(rows(("Settled amount", "1.00", "2.00")))
    with pytest.raises(Failed) as failed:
        import_file(desk, finance, "demo", "x", raw)
    assert failed.value.failure == "settlement_file_doubtful_columns"
    import_file(desk, finance, "demo", "x", raw, Chosen(columns=(("Settled amount (2)", "settled_amount"),)))
    assert lines_of(desk)["settled_amount_units"].tolist() == [49_0000, -8_0000]


def test_columns_that_hold_the_same_in_every_row_are_not_asked(desk: Desk, finance: Actor) -> None:
    raw = as_csv(
        rows(
            ("Settled amount", "49.00", "-8.00"),
            ("Payment method", "visa", "visa"),
            ("Product", "visa", "visa"),
        )
    )
    import_file(desk, finance, "demo", "x", raw)
    assert lines_of(desk)["settled_amount_units"].tolist() == [49_0000, -8_0000]


def test_what_is_remembered_lets_the_files_go_on_that_wait_for_it(desk: Desk, finance: Actor) -> None:
    doubtful = {"Settled_amount": "Payout amount"}
    first = received(desk, as_csv(rows(("Settlement amount", "1.00", "2.00"), **doubtful)))
    other = received(desk, as_csv(rows(("Settlement amount", "3.00", "4.00"), **doubtful)) + b"\r\n")
    assert {state(desk, first), state(desk, other)} == {"failed"}
    reading.remember(desk, finance, "demo", Chosen(columns=(("Payout amount", "settled_amount"),)))
    background.work_off(desk)
    assert {state(desk, first), state(desk, other)} == {"complete"}
    assert lines_of(desk)["settled_amount_units"].tolist() == [49_0000, -8_0000]
    later = received(desk, as_csv(rows(("Settlement amount", "5.00", "6.00"), **doubtful)))
    assert state(desk, later) == "complete"


def test_a_file_of_the_folder_that_is_in_doubt_says_so_beside_it(desk: Desk, place: Path) -> None:
    raw = as_csv(rows(("Operation type", "Refund", "Sale"), Operation="Type opération"))
    (place / "november.csv").write_bytes(raw)
    look(desk)
    note = (place / "refused" / "november.csv.txt").read_text()
    assert "Several columns of the file may be “Operation”: Operation type, Type opération." in note
    assert "Plusieurs colonnes" in note


@pytest.mark.parametrize("source", ["hipay", "folder"])
def test_columns_that_were_left_out_of_a_file_that_nobody_saw_are_to_do_once(
    desk: Desk, finance: Actor, source: str
) -> None:
    more = (("Settlement amount", "1.00", "2.00"), ("Our reference", "R-1", "R-2"), ("Comment", "x", "y"))
    file = received(desk, as_csv(rows(*more)), source)
    [alarm] = columns(desk, finance)
    assert alarm.detail == {
        "file": "x.csv",
        "file_id": file,
        "columns": "Settlement amount, Our reference",
    }
    received(desk, as_csv(rows(*more)) + b"\r\n", source, "y.csv")
    assert len(columns(desk, finance)) == 1
    close(desk, finance, alarm.id, "known")
    received(desk, as_csv(rows(*reversed(more))), source, "z.csv")
    assert columns(desk, finance) == []


def test_nothing_is_to_do_for_a_file_as_hipay_writes_it_or_with_a_mere_comment(
    desk: Desk, finance: Actor
) -> None:
    received(desk, as_csv(rows()))
    received(desk, as_csv(rows(("Comment", "x", "y"))))
    assert open_alarms(desk, finance) == []


def test_the_refusal_is_a_sentence_in_either_language() -> None:
    said = {"columns": "settled_amount", "names": "Settlement amount, Payout amount"}
    sentences = [
        stored_sentence("settlement_file_doubtful_columns", said, translator(one)) for one in ("en", "fr")
    ]
    assert sentences[0].startswith(
        "Several columns of the file may be “Settled amount”: Settlement amount, Payout amount."
    )
    assert "« Montant" in sentences[1].replace("\u00a0", " ")


def test_what_is_remembered_against_hipays_own_name_is_followed_and_said(desk: Desk, finance: Actor) -> None:
    reading.remember(desk, finance, "demo", Chosen(columns=(("Payout amount", "settled_amount"),)))
    received(desk, as_csv(rows(("Payout amount", "1.00", "-2.00"))))
    assert lines_of(desk)["settled_amount_units"].tolist() == [1_0000, -2_0000]
    [alarm] = columns(desk, finance)
    assert alarm.detail["columns"] == "Settled amount"
