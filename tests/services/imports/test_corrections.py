"""What a file corrects is shown before and after; what its reading found is kept with it, whoever looked at it."""

from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from services import error_messages
from services.access import WORKER, Actor
from services.desk import Desk
from services.i18n import translator
from services.imports import background, files, reading
from services.imports.corrections import corrections
from services.imports.corrections.corrections import ShownCorrection
from services.imports.previews import preview_process
from services.imports.previews.preview import Preview, preview
from services.reconciliation.views import details
from services.settlements.dialect import Chosen
from services.settlements.errors import NotASettlementFile
from services.settlements.findings import findings_from_json
from services.settlements.untrusted_file import UntrustedFile
from services.store.settlements.files import settlement_files
from tests.support.payouts import csv, import_file, lines_of
from tests.support.previews import preview_of
from tests.support.workbooks import cells, xlsx
from tests.unit.settlements.writing import ENGLISH, sale, write


def line(order: str, amount: str = "10.00", day: str = "2026-11-20") -> str:
    return f";77;T-{order};{order};{amount};EUR;;;;;Sale;{amount};EUR;;{day}"


def told(found: tuple[ShownCorrection, ...]) -> list[tuple[int, dict[str, tuple[Any, Any]]]]:
    return [(one.line, {name: (one.before[name], one.after[name]) for name in one.differs}) for one in found]


def import_unattended(desk: Desk, raw: bytes) -> Row[Any]:
    """A file of the watched folder, which nobody has previewed."""
    file = files.receive(desk, WORKER, "demo", "payout.csv", BytesIO(raw), source="folder")
    background.work_off(desk)
    with desk.store.read() as tx:
        found = settlement_files.get(tx, file)
    assert found is not None
    return found


def test_corrections_are_shown_before_a_file_is_imported_and_after(desk: Desk, finance: Actor) -> None:
    import_file(desk, finance, "demo", "a.csv", csv(line("A"), line("B"), line("C"), line("C", "5.00")))
    new = csv(line("C", "6.00"), line("A"), line("B", day="2026-11-21"), line("C"), line("D"))
    before = preview_of(desk, finance, "demo", new)
    assert (before.new, before.known, before.changed) == (1, 2, 2)
    wanted = [
        (4, {"date": ("2026-11-20", "2026-11-21")}),
        (2, {"original_amount": (5_0000, 6_0000), "settled_amount": (5_0000, 6_0000)}),
    ]
    [issue] = before.issues
    assert told(issue.effects["newest"].corrected) == wanted
    file = import_file(desk, finance, "demo", "b.csv", new)
    assert told(corrections.of_file(desk, finance, file)) == wanted
    assert corrections.of_file(desk, finance, file - 1) == ()


def workbook() -> bytes:
    odd = cells(
        sale(Order="A-2", Account="", Operation="Loyalty bonus", Date="01/02/2024", Transaction_ID="")
    )
    odd[ENGLISH.index("Transaction ID")] = 12345678901234567
    first = [*ENGLISH[:-2], "Remark"]
    plain = cells(sale(Order="A-1", Account="", Date="03/02/2024", amount=Decimal("12.50")))
    return xlsx([first, plain[:-2]], [["Notes"]], [["Part two"], ENGLISH, odd], [["x"]], hidden=3)


def test_what_the_reading_found_is_kept_with_a_file_that_nobody_looked_at(desk: Desk, finance: Actor) -> None:
    file = import_unattended(desk, workbook())
    found = findings_from_json(file.reading["found"])
    assert found == preview_of(desk, finance, "demo", workbook()).findings
    assert (found.left_out, found.hidden) == (("Sheet2",), ("Sheet4",))
    assert (found.missing, found.extra) == (("transfer", "operation_date"), ("Remark",))
    assert found.unknown_operations == ("Loyalty bonus",)
    assert [(one.column, one.line) for one in found.damaged] == [("transaction_id", 5)]
    assert (found.set_aside, found.assumed and found.assumed.cell) == (1, "01/02/2024")
    [line_id] = lines_of(desk).query("file_order == 'A-2'")["id"]
    detail = details.line(desk, finance, int(line_id))
    assert detail.readings[file.id]["sheets"] == [["Sheet1", 1, 0], ["Sheet3", 2, 2]]
    assert detail.line.lost == "transaction_id"


def unknown_columns() -> bytes:
    raw = write([sale(Account="", Order="A-1", Reporting_data_1="INV-1")])
    return raw.replace(b"Settled amount;", b"Received;").replace(b"Reporting data 1;", b"Our reference;")


NAMED = (("Received", "settled_amount"), ("Our reference", "reporting_data_1"))


def test_columns_that_a_person_named_are_remembered_for_files_that_come_by_themselves(
    desk: Desk, finance: Actor
) -> None:
    waits = import_unattended(desk, unknown_columns())
    assert waits.failure == "settlement_file_missing_columns"
    reading.remember(desk, finance, "demo", Chosen(columns=NAMED, sheets=("Sheet1",)))
    assert reading.remembered_reading(desk, finance, "demo") == Chosen(
        columns=NAMED
    )  # which sheets is of one file
    background.work_off(desk)  # the file that waits for these names is tried again by itself
    with desk.store.read() as tx:
        assert settlement_files.get(tx, waits.id).state == "complete"  # type: ignore[union-attr]
    [stored] = lines_of(desk).to_dict("records")
    assert (stored["settled_amount_units"], stored["reporting_data_1"]) == (100_0000, "INV-1")
    optional = write(
        [sale(Account="", Order="A-2", Settlement_ID="124", Transaction_ID="81", Reporting_data_1="INV-2")]
    ).replace(b"Reporting data 1;", b"Our reference;")
    assert (
        import_unattended(desk, optional).state == "complete"
    )  # nothing was missing, and still the name is known
    assert lines_of(desk)["reporting_data_1"].tolist() == ["INV-1", "INV-2"]


def test_what_a_refused_file_names_crosses_from_the_process_that_looked(
    desk: Desk, finance: Actor, tmp_path: Path
) -> None:
    file = tmp_path / "unknown.csv"
    file.write_bytes(unknown_columns())
    given = UntrustedFile(file, tmp_path / "sheets")
    refused = preview_process.begin(desk, finance, "demo", given, Chosen())
    assert isinstance(refused, preview_process.PreviewRefused)
    assert [name for name, column in refused.header if column is None] == ["Received", "Our reference"]
    named = preview_process.begin(desk, finance, "demo", given, Chosen(columns=NAMED))
    assert isinstance(named, Preview)
    assert named.new == 1


def test_both_passes_over_a_file_count_as_progress(desk: Desk, tmp_path: Path) -> None:
    said: list[float] = []
    raw = write([sale(Account="", Order=f"A-{n}") for n in range(50)])
    preview(desk.store, ["demo"], "demo", UntrustedFile(raw, tmp_path / "sheets"), None, said.append)
    assert said == sorted(said)
    assert (min(said), max(said)) == (0.5, 1.0)  # one piece each


def test_kinds_of_file_and_columns_are_said_in_words() -> None:
    t = translator("en")
    assert "(it looks like: PDF)" in error_messages.sentence(NotASettlementFile("pdf"), t)
    said = error_messages.stored_sentence(
        "settlement_file_missing_columns", {"columns": "operation, settled_amount"}, t
    )
    assert "missing: Operation, Settled amount." in said
