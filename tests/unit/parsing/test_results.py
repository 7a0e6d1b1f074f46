"""What crosses from a child comes back as it was; nothing that would be called does."""

import datetime
import errno
import pickle
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from services.parsing import results
from services.settlements.blocks import Block, read_blocks
from services.settlements.dialect import detect_file
from services.settlements.errors import MissingColumns, NotASettlementFile, SwallowedRows
from services.settlements.source import open_source
from tests.support.readers import Hostile

FILE = (
    "Settlement ID;Date;Original amount;Original currency;Operation;Settled amount;Settlement currency\r\n"
    "77;2026-11-01;1250.50;EUR;Sale;1250.50;EUR\r\n;2026-11-01;;;Fixed fee;-1.00;EUR\r\n"
)


@pytest.mark.parametrize(
    "value",
    [
        None, 7, -(1 << 70), 1.5, "é\x00", b"\xff", (1, [2], {"a": {3}}), frozenset("ab"), Counter("aab"), Decimal("1.10"),
        datetime.date(2026, 11, 30), datetime.datetime(2026, 11, 30, 1, 2, tzinfo=datetime.UTC), Path("/tmp/x"),
    ],
)  # fmt: skip
def test_plain_data_comes_back_as_it_was(value: Any) -> None:
    back = results.unpack(results.pack(value))
    assert back == value
    assert type(back) is type(value)


def test_a_file_s_blocks_come_back_with_their_types() -> None:
    with open_source(FILE.encode()) as source:
        found = detect_file(source)
        [block] = read_blocks(source, found.dialect)
    assert results.unpack(results.pack(found)) == found
    back: Block = results.unpack(results.pack(block))
    assert back.lines.equals(block.lines)
    assert back.lines.schema == block.lines.schema
    assert (back.set_aside, back.damaged, back.bytes_done) == (
        block.set_aside,
        block.damaged,
        block.bytes_done,
    )


@pytest.mark.parametrize(
    "refusal",
    [NotASettlementFile("pdf"), SwallowedRows(1, 2, 3), MissingColumns(("operation",), (("a", None),))],
)
def test_a_refusal_comes_back_with_its_fields(refusal: Any) -> None:
    back = results.unpack(results.pack(refusal))
    assert type(back) is type(refusal)
    assert vars(back) == vars(refusal)
    assert str(back) == str(refusal)


def test_what_the_machine_lacks_comes_back_as_what_it_is() -> None:
    back = results.unpack(results.pack(OSError(errno.ENOSPC, "No space left on device")))
    assert isinstance(back, OSError)
    assert back.errno == errno.ENOSPC


@pytest.mark.parametrize(
    "raw",
    [
        pickle.dumps(Hostile("true")), pickle.dumps(eval), pickle.dumps(pickle.loads), pickle.dumps(pd.read_pickle),
        b"cservices.reconciliation.process\nos.system\n.", b"cservices.settlements.blocks\npa\n.", b"cservices.parsing.calls\nrun\n.",
        b"cservices.settings.sources\nROOT\n.", b"cservices.spreadsheets.texts\nUnfolded\n.", b"cpathlib\nPosixPath\n.", b"", b"no pickle", pickle.dumps("x" * 1000)[:-5],
    ],
)  # fmt: skip
def test_what_would_be_called_or_changed_does_not_cross(raw: bytes) -> None:
    with pytest.raises(pickle.UnpicklingError):
        results.unpack(raw)


@pytest.mark.parametrize(
    ("module", "name", "values"),
    [
        ("services.imports.previews.preview_process", "PreviewJob", {}),  # makes a folder
        ("services.settlements.sheet", "SetAsideRow", {"line": 1}),
        ("services.spreadsheets.texts", "CalamineWorkbook", {}),
        ("os", "system", {}),
    ],
)
def test_only_data_of_ours_is_made_and_whole(module: str, name: str, values: dict[str, Any]) -> None:
    raw = pickle.dumps(_Made(module, name, values))
    with pytest.raises(pickle.UnpicklingError):
        results.unpack(raw)


class _Made:
    def __init__(self, *what: Any) -> None:
        self._what = what

    def __reduce__(self) -> Any:
        module, name, values = self._what
        return results.made, (module, name, (), values)
