"""ZIPs of settlement files: each member a file of its own, whatever is harmful refused in words."""

import io
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from services.settlements import archive
from services.settlements.archive import members
from services.settlements.blocks import read_blocks
from services.settlements.dialect import detect_file
from services.settlements.errors import (
    NotASettlementFile,
    SettlementFileError,
    ZipEmpty,
    ZipLocked,
    ZipNames,
    ZipNested,
    ZipOthers,
    ZipTooLarge,
    ZipUnreadable,
)
from services.settlements.source import open_source
from tests.support.workbooks import cells, xlsx
from tests.unit.settlements.writing import ENGLISH, Style, sale, write

CSV = write([sale()])


def zipped(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, content in entries:
            made.writestr(name, content)
    return file.getvalue()


def orders(path: Path, name: str = "payouts.zip") -> dict[str, list[str]]:
    found = {}
    with members(path, name) as parts:
        for member in parts:
            with open_source(member.path) as source:
                dialect = detect_file(source).dialect
                lines = [block.frame() for block in read_blocks(source, dialect)]
                found[member.name] = [order for frame in lines for order in frame["order"]]
    return found


def given(tmp_path: Path, raw: bytes) -> Path:
    path = tmp_path / "given"
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_each_member_is_read_under_its_own_name_and_in_its_own_dialect(tmp_path: Path, method: int) -> None:
    raw = zipped(
        ("2024/march.csv", write([sale(Order="A1")])),
        ("2024/april.txt", write([sale(Order="A2")], Style(delimiter="\t", encoding="utf-16", decimal=","))),
        ("may.xlsx", xlsx([ENGLISH, cells(sale(Order="A3"))])),
        ("__MACOSX/2024/._march.csv", b"\x00\x05\x16\x07"),
        ("2024/.DS_Store", b"\x00\x00\x00\x01Bud1"),
        ("empty folder/", b""),
        method=method,
    )
    assert orders(given(tmp_path, raw)) == {"march.csv": ["A1"], "april.txt": ["A2"], "may.xlsx": ["A3"]}


def test_what_is_no_zip_is_its_own_only_member(tmp_path: Path) -> None:
    assert orders(given(tmp_path, CSV), "march.csv") == {"march.csv": ["A1"]}
    assert orders(given(tmp_path, xlsx([ENGLISH, cells(sale())])), "march.xlsx") == {"march.xlsx": ["A1"]}


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with members(given(tmp_path, zipped(("a.csv", CSV))), "x.zip") as (member,):
        path = member.path
        assert path.exists()
    assert not path.exists()


def test_a_zip_is_never_read_as_one_file(tmp_path: Path) -> None:
    with pytest.raises(NotASettlementFile) as refused, open_source(given(tmp_path, zipped(("a.csv", CSV)))):
        pass
    assert refused.value.looks_like == "zip"


def locked() -> bytes:
    raw = bytearray(zipped(("a.csv", CSV)))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + place] |= 1
    return bytes(raw)


def with_wrong_checksum() -> bytes:
    raw = bytearray(zipped(("a.csv", CSV), method=zipfile.ZIP_STORED))
    raw[raw.index(b"Caf")] ^= 1
    return bytes(raw)


def that_lies_about_its_size() -> bytes:
    """The directory says ten bytes, the stream unpacks to a megabyte."""
    raw = bytearray(zipped(("a.csv", b"a" * (1 << 20))))
    for signature, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", raw, raw.index(signature) + place, 10)
    return bytes(raw)


@pytest.mark.parametrize(
    ("make", "refusal"),
    [
        (zipped, ZipEmpty),
        (lambda: zipped(("folder/", b"")), ZipEmpty),
        (locked, ZipLocked),
        (lambda: zipped(("a.csv", CSV), ("inner.zip", zipped(("b.csv", CSV)))), ZipNested),
        (lambda: zipped(("a.csv", CSV), ("inner.csv", zipped(("b.csv", CSV)))), ZipNested),
        (lambda: zipped(("../../etc/cron.d/a.csv", CSV)), ZipNames),
        (lambda: zipped(("/etc/a.csv", CSV)), ZipNames),
        (lambda: zipped(("..\\a.csv", CSV)), ZipNames),
        (lambda: zipped(("invoice.pdf", b"%PDF-1.7\n"), ("Thumbs.db", b"x")), ZipOthers),
        (lambda: zipped(*[(f"{n}.csv", b"x") for n in range(201)]), ZipTooLarge),
        (lambda: zipped(*[(f"{n}/", b"") for n in range(2001)]), ZipTooLarge),
        (lambda: zipped(("a.csv", CSV))[:-30], ZipUnreadable),
        (lambda: zipped(("a.csv", CSV), method=zipfile.ZIP_LZMA), ZipUnreadable),
        (with_wrong_checksum, ZipUnreadable),
        (that_lies_about_its_size, ZipUnreadable),
        (lambda: b"PK\x03\x04" + b"x" * 500, ZipUnreadable),
    ],
)
def test_what_could_do_harm_is_refused_and_nothing_is_unpacked_from_it(
    tmp_path: Path, make: Callable[[], bytes], refusal: type[SettlementFileError]
) -> None:
    with pytest.raises(refusal), members(given(tmp_path, make()), "x.zip"):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["given"]


def test_members_together_stay_below_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_UNPACKED", 3 * len(CSV) - 1)
    with members(given(tmp_path, zipped(("a.csv", CSV), ("b.csv", CSV))), "x.zip") as found:
        assert len(found) == 2
    with (
        pytest.raises(ZipTooLarge),
        members(given(tmp_path, zipped(*[(name, CSV) for name in "abc"])), "x.zip"),
    ):
        pass


@pytest.mark.faults
def test_a_bomb_is_refused_by_its_directory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made, made.open("a.csv", "w") as member:
        for _ in range(300):
            member.write(b"0" * (1 << 20))
    began = time.monotonic()
    with pytest.raises(ZipTooLarge), members(path, "bomb.zip"):
        pass
    assert time.monotonic() - began < 20


LITTER = (
    "._x.csv", "a/._x.csv", "__MACOSX/._x.csv", "__MACOSX/x.csv", "Thumbs.db", "sub/THUMBS.DB", "desktop.ini", ".DS_Store",
    "~$x.xlsx", ".~lock.x.csv#", "$RECYCLE.BIN/x.csv",
)  # fmt: skip


def test_what_systems_leave_is_no_matter_and_what_is_no_payout_file_is_named(tmp_path: Path) -> None:
    others = (
        ("Facture 12.pdf", b"%PDF-1.7\n"),
        ("logo.png", b"\x89PNG\r\n\x1a\n"),
        ("old.csv.gz", b"\x1f\x8b\x08\x00"),
    )
    raw = zipped(*((name, b"\x00\x05\x16\x07") for name in LITTER), *others, ("a.csv", CSV))
    with members(given(tmp_path, raw), "x.zip") as found:
        assert [(one.name, one.other) for one in found] == [
            ("Facture 12.pdf", "pdf"),
            ("logo.png", "image"),
            ("old.csv.gz", "gzip"),
            ("a.csv", ""),
        ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Payout 12:30.csv", "Payout 12:30.csv"), ("C:\\temp\\a.csv", "a.csv"), ("C:a.csv", "C:a.csv"), ("sub\\b.csv", "b.csv"),
        ("a\n\u202eb.csv", "a\ufffd\ufffdb.csv"), ("été.csv", "été.csv"), (f"{'x' * 300}.csv", "x" * 100),
    ],
)  # fmt: skip
def test_a_name_is_for_the_eye_and_leads_nowhere(tmp_path: Path, name: str, shown: str) -> None:
    with members(given(tmp_path, zipped((name, CSV))), "x.zip") as (member,):
        assert member.name == shown
        assert member.path.name == "0"
        assert member.path.read_bytes() == CSV


def test_a_name_that_is_no_unicode(tmp_path: Path) -> None:
    raw = zipped(("aXb.csv", CSV)).replace(b"aXb.csv", b"a\x82b.csv")
    with members(given(tmp_path, raw), "x.zip") as (member,):
        assert member.name == "aéb.csv"


def test_a_zip_of_others_says_what_it_holds() -> None:
    refused = ZipOthers(("a.pdf", "b.pdf"), "pdf")
    assert refused.fields() == {"names": "a.pdf, b.pdf", "looks_like": "pdf"}
