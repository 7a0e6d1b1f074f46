"""Files made to keep the server busy: refused or read within bounds, while the caller's memory stays small."""

import io
import os
import resource
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from services import parsing
from services.bulk import table
from services.bulk.columns import EXPECTED
from services.bulk.errors import ColumnsMissing
from services.errors import DeskError
from services.settlements.archive import members
from services.settlements.errors import (
    HeaderOnly,
    NotASettlementFile,
    TooManyColumns,
    ZipTooLarge,
)
from services.settlements.untrusted_file import UntrustedFile
from services.spreadsheets import texts
from services.spreadsheets.unfold import unfolded
from tests.support.workbooks import cells, xlsx
from tests.unit.settlements.writing import ENGLISH, sale, write

NAMES = b"Settlement ID;Original amount;Original currency;Operation;Settled amount;Settlement currency;Order id;Amount"
LINE = b"\n77;1.00;EUR;Sale;1.00;EUR;A;1.00"


def peak() -> int:
    """The most memory that this process has had, in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def used() -> float:
    """Seconds of the processor, of this process alone."""
    return time.process_time()


@pytest.mark.parametrize(
    ("raw", "refusal", "of_table"),
    [
        (b";" * 60_000, NotASettlementFile, ColumnsMissing),
        (NAMES + b";a" * 29_000 + LINE, TooManyColumns, TooManyColumns),
        (NAMES + b"\n" + b";" * 2_000_000 + b"\n", HeaderOnly, DeskError),
        (NAMES + LINE + b"\n" + b"Operation;Date;x;y;" * 20_000 + b"\n", None, TooManyColumns),
    ],
    ids=["separators", "columns", "a row of separators", "names in a row"],
)
def test_cells_and_columns_without_end(
    raw: bytes, refusal: type[DeskError] | None, of_table: type[DeskError] | None, tmp_path: Path
) -> None:
    memory, processor = peak(), used()
    given = UntrustedFile(raw, tmp_path / "sheets")
    if refusal is None:
        found = given.detect()
        [block] = given.blocks(found.dialect)
        assert [row.reason for row in block.set_aside] == ["wrong_width"]
    else:
        with pytest.raises(refusal):
            given.detect()
    if of_table is not None:
        with pytest.raises(of_table):
            table.read(raw, EXPECTED, 10)
    assert used() - processor < 0.5
    assert peak() - memory < 64 << 10


def test_columns_that_hold_nothing_are_no_columns(tmp_path: Path) -> None:
    raw = NAMES + b";" * 16_000 + LINE + b";" * 16_000 + LINE + b"\n"
    given = UntrustedFile(raw, tmp_path / "sheets")
    found = given.detect()
    [block] = given.blocks(found.dialect)
    assert (found.lines, len(block.lines), block.set_aside) == (2, 2, ())


def bomb(parts: int, megabytes: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for number in range(parts):
            made.writestr(f"{number}.csv", b"a" * (megabytes << 20))
    return file.getvalue()


def test_a_zip_that_unpacks_to_a_thousandfold_is_not_unpacked(tmp_path: Path) -> None:
    path, memory = tmp_path / "given.zip", peak()
    path.write_bytes(bomb(4, 20))  # none by itself is large
    with pytest.raises(ZipTooLarge), members(path, "given.zip"):
        pass
    assert peak() - memory < 100 << 10


def test_a_workbook_is_unfolded_once_for_all_that_is_asked_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsing, "SMALL", 0)  # else it is read as it is detected
    given = UntrustedFile(xlsx([ENGLISH, *([cells(sale())] * 3)]), tmp_path / "sheets")
    first = given.detect()
    assert len(list(given.blocks(first.dialect))) == 1  # of the child that detected
    [text] = (tmp_path / "sheets" / "whole").glob("0")
    text.write_text(
        text.read_text().replace("Sale", "Refund")
    )  # seen only by whoever does not unfold it anew
    [block] = given.blocks(first.dialect)
    assert set(block.lines["operation"].to_pylist()) == {"Refund"}
    assert sorted(path.name for path in (tmp_path / "sheets").iterdir()) == ["whole"]


def test_a_small_file_is_read_by_the_child_that_detects_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = UntrustedFile(write([sale(), sale()]), tmp_path)
    found = given.detect()
    again = list(given.blocks(replace(found.dialect, debits={"settled_amount": "inverted"})))
    assert [len(block.lines) for block in again] == [2]  # by another dialect: by another child
    monkeypatch.setattr(parsing, "stream", None)
    [block] = given.blocks(found.dialect)
    assert len(block.lines) == 2


def test_one_that_was_killed_while_it_unfolded_leaves_nothing_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, folder = xlsx([ENGLISH, cells(sale())]), tmp_path / "sheets"
    with monkeypatch.context() as broken:
        broken.setattr(texts, "_write", _killed)
        process = os.fork()
        if process == 0:
            with unfolded(raw, folder):
                pass
        assert os.WEXITSTATUS(os.waitpid(process, 0)[1]) == 9
    assert UntrustedFile(raw, folder).detect().lines == 1


def _killed(*_: object) -> int:
    os._exit(9)


@pytest.mark.parametrize(
    "read",
    [lambda raw, folder: UntrustedFile(raw, folder).detect(), lambda raw, _: table.read(raw, EXPECTED, 10)],
    ids=["payout file", "table"],
)
def test_what_the_reader_says_is_what_is_raised(
    read: Callable[[bytes, Path], object], tmp_path: Path
) -> None:
    with pytest.raises(DeskError) as refused:
        read(b"%PDF-1.7 and so on", tmp_path / "sheets")
    assert refused.value.fields() == {"looks_like": "pdf"}


def test_a_small_file_is_looked_at_in_half_a_second(tmp_path: Path) -> None:
    given = UntrustedFile(write([sale()] * 50), tmp_path / "sheets")
    given.detect()  # the readers are loaded now
    took = []
    for _ in range(3):
        began = time.monotonic()
        list(given.blocks(given.detect().dialect))
        took.append(time.monotonic() - began)
    assert min(took) < 0.5
