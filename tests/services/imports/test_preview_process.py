"""A large file is looked at by a process of its own; what comes of it is what a small one comes to."""

import time
from pathlib import Path

import pytest

from services.access import Actor, NotAllowed
from services.desk import Desk
from services.imports.previews import preview_process
from services.imports.previews.preview import Preview
from services.imports.previews.preview_process import PreviewJob, PreviewRefused
from services.settlements.dialect import Chosen
from services.settlements.untrusted_file import UntrustedFile
from tests.support.desk import person
from tests.support.previews import preview_of

HEAD = "Settlement ID;Original amount;Original currency;Operation;Settled amount;Settlement currency\r\n"
FILE = HEAD + "77;1250.50;EUR;Sale;1250.50;EUR\r\n" * 40
PATIENCE = 120.0  # seconds


@pytest.fixture(autouse=True)
def _every_file_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview_process, "AT_ONCE", 0)


def begin(desk: Desk, actor: Actor, folder: Path, content: str, chosen: Chosen | None = None) -> PreviewJob:
    file = folder / "payout.csv"
    file.write_text(content)
    found = preview_process.begin(
        desk, actor, "demo", UntrustedFile(file, folder / "sheets"), chosen or Chosen()
    )
    assert isinstance(found, PreviewJob)
    return found


def ended(looking: PreviewJob) -> Preview | PreviewRefused:
    until = time.monotonic() + PATIENCE
    while (found := preview_process.poll(looking)) is None:
        assert time.monotonic() < until, "the process does not end"
        time.sleep(0.05)
    return found


def test_it_comes_to_the_same_as_here_and_now(desk: Desk, finance: Actor, tmp_path: Path) -> None:
    beside = ended(begin(desk, finance, tmp_path, FILE))
    here = preview_of(desk, finance, "demo", tmp_path / "payout.csv")
    assert isinstance(beside, Preview)
    assert (beside.lines, beside.new, beside.dialect) == (40, 40, here.dialect)
    assert beside.totals.equals(here.totals)


def test_a_refusal_crosses_with_its_fields(desk: Desk, finance: Actor, tmp_path: Path) -> None:
    found = ended(begin(desk, finance, tmp_path, "%PDF-1.7 …"))
    assert found == PreviewRefused(code="settlement_file_other_type", fields={"looks_like": "pdf"})


def test_questions_are_told_and_answers_heard(desk: Desk, finance: Actor, tmp_path: Path) -> None:
    content = FILE.replace("1250.50", "1.250")
    asked = ended(begin(desk, finance, tmp_path, content))
    assert isinstance(asked, PreviewRefused)
    assert asked.questions == ("decimal",)
    answered = ended(begin(desk, finance, tmp_path, content, Chosen(decimal=",")))
    assert isinstance(answered, Preview)
    assert int(answered.totals["settled_units"].sum()) == 40 * 1250_0000


def test_columns_in_doubt_are_told_with_what_they_hold(desk: Desk, finance: Actor, tmp_path: Path) -> None:
    head, *lines = FILE.replace("Settled amount;", "Payout amount;").splitlines()
    content = "\n".join([f"Settlement amount;{head}", *(f"1.00;{line}" for line in lines), ""])
    asked = ended(begin(desk, finance, tmp_path, content))
    assert isinstance(asked, PreviewRefused)
    assert asked.doubts == (
        ("settled_amount", (("Settlement amount", "1.00"), ("Payout amount", "1250.50"))),
    )
    told = Chosen(columns=(("Payout amount", "settled_amount"),))
    assert isinstance(ended(begin(desk, finance, tmp_path, content, told)), Preview)


def test_too_little_memory_is_a_sentence_and_the_next_file_is_read(
    desk: Desk, finance: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as little:
        little.setattr(preview_process, "MEMORY_BYTES", 1 << 20)
        for _ in range(3):  # more than there are places: each was given back
            found = ended(begin(desk, finance, tmp_path, FILE))
            assert isinstance(found, PreviewRefused)
            assert found.code in ("import_too_heavy", "parsing_died")  # whoever was refused it
    assert isinstance(ended(begin(desk, finance, tmp_path, FILE)), Preview)


def test_one_that_nobody_waits_for_gives_its_place_and_its_folder_back(
    desk: Desk, finance: Actor, tmp_path: Path
) -> None:
    first, second = (begin(desk, finance, tmp_path, FILE) for _ in range(2))
    third = begin(desk, finance, tmp_path, FILE)
    assert third.process is None  # it waits
    folder = first.folder.path
    first.stop()
    del first
    assert not folder.exists()
    assert isinstance(ended(third), Preview)
    assert isinstance(ended(second), Preview)


def test_who_may_not_reconcile_may_not_look(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(NotAllowed):
        begin(desk, person(desk, "manager"), tmp_path, FILE)
