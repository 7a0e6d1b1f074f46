"""Files cut off, put together, or with stray quotation marks: nothing of them becomes a proof by itself."""

from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import Row

from services.access import Actor
from services.desk import Desk
from services.imports import background, files
from services.imports.previews import preview_process
from services.imports.previews.preview import Preview
from services.imports.previews.preview_process import PreviewRefused
from services.reconciliation.views import payout_list
from services.settlements.dialect import Chosen
from services.settlements.errors import TruncatedFile
from services.settlements.untrusted_file import UntrustedFile
from services.store.settlements.files import settlement_files
from tests.support.payouts import HEAD, Failed, csv, import_file, lines_of
from tests.support.previews import preview_of


def row(
    order: str,
    amount: str = "10.00",
    *,
    operation: str = "Sale",
    payout: str = "77",
    date: str = "2026-11-20",
) -> str:
    return f";{payout};T-{order};{order};{amount};EUR;;;;;{operation};{amount};EUR;F-{order};{date}"


PAID = row("", "20.00", operation="Settlement")


def unclosed(*rows: str) -> bytes:
    return csv(*rows).removesuffix(b"\r\n")


def kept(desk: Desk, file: int) -> Row[object]:
    with desk.store.read() as tx:
        found = settlement_files.get(tx, file)
    assert found is not None
    return found


# A last row without a line end


def test_a_whole_file_without_a_line_end_is_whole_where_its_payout_adds_up(
    desk: Desk, finance: Actor
) -> None:
    wholes = (
        unclosed(row("A"), row("B"), PAID),
        unclosed(PAID, row("C"), row("D")).replace(b";77;", b";78;"),
    )
    for number, raw in enumerate(wholes):
        assert preview_of(desk, finance, "demo", raw).findings.open_end == 0
        import_file(desk, finance, "demo", f"{number}.csv", raw)
    assert {one.state for one in payout_list.list_payouts(desk, finance)} == {"tied"}


@pytest.mark.parametrize(
    "raw",
    [
        unclosed(
            row("X", payout="76"), row("", "10.00", operation="Settlement", payout="76"), row("A"), row("B")
        ),
        csv(PAID, row("A"), row("B")).replace(b";20.00;", b";25.00;").removesuffix(b"\r\n"),
    ],
    ids=["its payout line is lost, another has its own", "differs"],
)
def test_a_file_cut_in_its_last_row_is_truncated_and_nothing_of_it_is_imported(
    desk: Desk, finance: Actor, raw: bytes
) -> None:
    with pytest.raises(TruncatedFile):
        preview_of(desk, finance, "demo", raw)
    with pytest.raises(Failed) as failed:
        import_file(desk, finance, "demo", "cut.csv", raw)
    assert failed.value.failure == "settlement_file_truncated"
    assert lines_of(desk).empty
    assert payout_list.list_payouts(desk, finance) == ()


def test_closed_by_a_line_end_the_same_file_is_shown_as_it_is(desk: Desk, finance: Actor) -> None:
    import_file(desk, finance, "demo", "a.csv", csv(PAID, row("A"), row("B", "9.00")))
    assert [one.state for one in payout_list.list_payouts(desk, finance)] == ["differs"]


def test_every_place_at_which_a_file_may_be_cut(desk: Desk, finance: Actor) -> None:
    """Whatever is missing at the end, it is refused, or names what it does not know: never a payout that adds up."""
    whole = csv(PAID, row("A"), row("B"))
    begins = whole.rindex(b";77;") + 2
    for end in range(begins, len(whole) - 2):
        if end <= whole.rindex(b";2026"):
            with pytest.raises(TruncatedFile) as refused:
                preview_of(desk, finance, "demo", whole[:end])
            assert refused.value.line == 4
        else:  # its last cell is short: the date, by which its row is set aside; or it is not there, and all money is
            found = preview_of(desk, finance, "demo", whole[:end])
            there = not whole[:end].endswith(b";")
            assert (found.set_aside_blocking, found.findings.open_end) == ((1, 4) if there else (0, 0))


def test_a_file_that_announces_no_payout_says_that_nothing_shows_its_end(desk: Desk, finance: Actor) -> None:
    raw = unclosed(row("A"), row("B"))
    assert preview_of(desk, finance, "demo", raw).findings.open_end == 3
    file = import_file(desk, finance, "demo", "a.csv", raw)
    assert kept(desk, file).reading["found"]["open_end"] == 3
    assert [one.state for one in payout_list.list_payouts(desk, finance)] == ["no_payout_line"]
    assert preview_of(desk, finance, "demo", raw + b"\r\n").findings.open_end == 0
    assert preview_of(desk, finance, "demo", raw + b"\r\nTotal;;;20.00").findings.open_end == 0


def test_rows_set_aside_leave_the_end_open_and_the_payout_unproved(desk: Desk, finance: Actor) -> None:
    raw = unclosed(PAID, row("A", "1O.00"), row("B"))
    assert preview_of(desk, finance, "demo", raw).findings.open_end == 4
    import_file(desk, finance, "demo", "a.csv", raw)
    assert [one.state for one in payout_list.list_payouts(desk, finance)] == ["differs"]


# Stray quotation marks


SWALLOWED = csv(row("A"), row("B").replace(";F-B", ';"F-B'), row("C").replace(";F-C", ';F-C"'), row("D"))


def look(
    desk: Desk, actor: Actor, folder: Path, raw: bytes, chosen: Chosen | None = None
) -> Preview | PreviewRefused:
    path = folder / "given.csv"
    path.write_bytes(raw)
    found = preview_process.begin(desk, actor, "demo", UntrustedFile(path, folder / "sheets"), chosen)
    assert isinstance(found, Preview | PreviewRefused)
    return found


def test_rows_between_two_quotation_marks_wait_for_a_person(
    desk: Desk, finance: Actor, tmp_path: Path
) -> None:
    asked = look(desk, finance, tmp_path, SWALLOWED)
    assert isinstance(asked, PreviewRefused)
    assert (asked.code, asked.questions) == ("settlement_file_swallowed_rows", ("quotes",))
    assert asked.fields == {"line": "3", "last": "4", "rows": "2"}
    shown = look(desk, finance, tmp_path, SWALLOWED, Chosen(quotes="rows"))
    assert isinstance(shown, Preview)
    assert (shown.lines, shown.set_aside) == (4, ())

    file = files.receive(desk, finance, "demo", "by_itself.csv", BytesIO(SWALLOWED))
    background.work_off(desk)
    assert (kept(desk, file).state, kept(desk, file).failure) == ("failed", "settlement_file_swallowed_rows")
    assert lines_of(desk).empty
    files.retry(desk, finance, file, Chosen(quotes="rows"))
    background.work_off(desk)
    assert kept(desk, file).reading["quotes"] == "rows"
    assert lines_of(desk)["file_order"].tolist() == ["A", "B", "C", "D"]
    assert lines_of(desk)["reporting_data_1"].tolist() == ["F-A", "F-B", "F-C", "F-D"]


# Files put together


def test_a_file_put_together_of_two_kinds_is_refused_by_its_line(desk: Desk, finance: Actor) -> None:
    other = HEAD.split(";")
    other[4], other[11] = other[11], other[4]
    raw = (
        csv(row("A"))
        + "\ufeff".encode()
        + (";".join(other) + "\r\n").encode()
        + csv(row("B")).split(b"\r\n", 1)[1]
    )
    with pytest.raises(Failed) as failed:
        import_file(desk, finance, "demo", "joined.csv", raw)
    assert failed.value.failure == "settlement_file_joined"
    assert lines_of(desk).empty
    import_file(desk, finance, "demo", "same.csv", csv(row("A")) + "\ufeff".encode() + csv(row("B")))
    assert lines_of(desk)["file_order"].tolist() == ["A", "B"]


# Dates beside that of the collection


def test_a_date_beside_the_collections_that_is_none_is_named_and_its_money_counts(
    desk: Desk, finance: Actor
) -> None:
    head = f"{HEAD};Date value;Operation date;Transfer"
    rows = [
        row("A") + ";31/02/2026;2026-11-20;VIR 2026-11",
        row("B") + ";2026-11-21;soon;2026-02-31",
        PAID + ";;;",
    ]
    raw = "\r\n".join((head, *rows, "")).encode()
    found = preview_of(desk, finance, "demo", raw)
    named = [(cell.line, cell.column, cell.cell) for cell in found.findings.undated]
    assert named == [
        (2, "date_value", "31/02/2026"),
        (3, "operation_date", "soon"),
        (3, "transfer", "2026-02-31"),
    ]
    assert (found.findings.undated_count, found.set_aside, found.lines) == (3, (), 3)
    file = import_file(desk, finance, "demo", "a.csv", raw)
    assert len(kept(desk, file).reading["found"]["undated"]) == 3
    assert [(one.state, one.lines_units) for one in payout_list.list_payouts(desk, finance)] == [
        ("tied", 20_0000)
    ]
    assert lines_of(desk)["date_value"].tolist() == ["31/02/2026", "2026-11-21", ""]


def test_the_date_of_the_collection_makes_the_month_and_sets_its_row_aside(
    desk: Desk, finance: Actor
) -> None:
    found = preview_of(desk, finance, "demo", csv(row("A", date="31/02/2026"), row("B")))
    assert [(one.line, one.column, one.reason) for one in found.set_aside] == [(2, "date", "date_unreadable")]
