"""The watched folder, with real files: taken once, moved when the import has ended, never followed out of itself."""

import io
import os
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services import parsing
from services.access import WORKER
from services.accounts.readiness import readiness
from services.checklist.payout_checks import findings, folder_state
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.imports import file_accounts, files
from services.imports.received import folder
from services.imports.received.folder import Watch
from services.store.schema.fetching import folder_files
from services.store.schema.settlement_files import settlement_files
from tests.support import readers
from tests.support.desk import person
from tests.support.payout_folder import content, look, zipped
from tests.support.sandbox import wait_for

pytestmark = pytest.mark.desk(settlements_folder="hipay")

ONE_ACCOUNT = {"name": "Shop", "environment": "sandbox", "login": "l", "password": "p", "passphrase": "x"}
TWO_ACCOUNTS = pytest.mark.desk(accounts={"shop": ONE_ACCOUNT, "outlet": ONE_ACCOUNT})


@pytest.fixture
def place(desk: Desk) -> Path:
    """The folder that is watched."""
    folder = desk.settings.settlements_folder
    assert folder is not None
    return folder


def imported(desk: Desk) -> list[Any]:
    with desk.store.read() as tx:
        return list(tx.execute(select(settlement_files).order_by(settlement_files.c.id)))


def there(place: Path) -> set[str]:
    return {
        str(path.relative_to(place)) for path in place.rglob("*") if not path.is_dir() or path.is_symlink()
    }


def test_a_file_is_taken_and_moved(desk: Desk, place: Path) -> None:
    (place / "July 2026.csv").write_bytes(content())
    look(desk)
    [file] = imported(desk)
    assert (file.account, file.name, file.source) == ("demo", "July 2026.csv", "folder")
    assert there(place) == {"done/July 2026.csv"}
    assert (place / "done" / "July 2026.csv").read_bytes() == content()


@pytest.mark.parametrize("mode", [0o770, 0o755, 0o700])
def test_whoever_sees_the_folder_sees_what_became_of_a_file(desk: Desk, place: Path, mode: int) -> None:
    place.chmod(mode)
    before = os.umask(0o077)  # as our programs run
    try:
        (place / "notes.txt").write_bytes(b"no payout file")
        look(desk)
    finally:
        os.umask(before)
    note = place / "refused" / "notes.txt.txt"
    assert note.parent.stat().st_mode & 0o777 == mode
    assert note.stat().st_mode & 0o777 == 0o600 | mode & 0o044


@TWO_ACCOUNTS
def test_an_account_has_its_own_folder(desk: Desk, place: Path) -> None:
    for name in ("shop", "outlet", "elsewhere"):
        (place / name).mkdir()
        (place / name / "a.csv").write_bytes(content(name))
    (place / "loose.csv").write_bytes(content("loose"))
    look(desk)
    assert {file.account for file in imported(desk)} == {"shop", "outlet"}
    assert there(place) == {
        "shop/done/a.csv",
        "outlet/done/a.csv",
        "elsewhere/a.csv",
        "refused/loose.csv",
        "refused/loose.csv.txt",
    }
    said = (place / "refused" / "loose.csv.txt").read_text(encoding="utf-8")
    assert "shop, outlet" in said
    assert "Impossible de savoir" in said


def test_a_file_that_still_grows_is_left(desk: Desk, place: Path) -> None:
    watch, path = Watch(desk, still=0), place / "a.csv"
    path.write_bytes(content()[:100])
    watch.poll()
    for size in (110, 120, 130):
        path.write_bytes(content()[:size])
        watch.poll()
        assert imported(desk) == []
    path.write_bytes(content())
    watch.poll()
    watch.poll()
    assert [file.size for file in imported(desk)] == [len(content())]


def test_it_must_stand_still_for_a_while(desk: Desk, place: Path) -> None:
    (place / "a.csv").write_bytes(content())
    watch = Watch(desk, still=3600)
    for _ in range(5):
        watch.poll()
    assert imported(desk) == []


@pytest.mark.parametrize("name", [".a.csv", "a.csv.part", "a.csv.filepart", "~$a.csv", "A.CSV.TMP"])
def test_what_is_still_coming_or_hidden_is_left(desk: Desk, place: Path, name: str) -> None:
    (place / name).write_bytes(content())
    look(desk)
    assert (imported(desk), there(place)) == ([], {name})


def test_a_file_that_is_none_is_refused_with_the_reason(desk: Desk, place: Path) -> None:
    (place / "a.csv").write_bytes(b"%PDF-1.7 nothing else")
    (place / "b.csv").write_bytes(content())
    look(desk)
    assert there(place) == {"refused/a.csv", "refused/a.csv.txt", "done/b.csv"}
    french, english = (place / "refused" / "a.csv.txt").read_text(encoding="utf-8").strip().split("\n\n")
    assert "PDF" in french
    assert "PDF" in english
    assert french != english


def test_the_same_content_is_taken_once(desk: Desk, place: Path) -> None:
    (place / "a.csv").write_bytes(content())
    look(desk)
    (place / "b.csv").write_bytes(content())
    (place / "a.csv").write_bytes(content())
    look(desk)
    assert len(imported(desk)) == 1
    assert there(place) == {"done/a.csv", "done/a (2).csv", "done/b.csv", "done/b.csv.txt"}
    assert "a.csv was imported before" in (place / "done" / "b.csv.txt").read_text(encoding="utf-8")


def test_links_and_special_files_are_refused_unopened(desk: Desk, place: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_bytes(content())
    (place / "link.csv").symlink_to(outside)
    (place / "loop.csv").symlink_to("loop.csv")
    os.mkfifo(place / "pipe.csv")
    look(desk)
    assert imported(desk) == []
    assert there(place) == {
        f"refused/{name}{end}" for name in ("link.csv", "loop.csv", "pipe.csv") for end in ("", ".txt")
    }
    assert outside.read_bytes() == content()


@pytest.mark.parametrize("inner", ["demo", "done"])
def test_a_folder_that_is_a_link_is_not_followed(desk: Desk, place: Path, tmp_path: Path, inner: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_bytes(content("secret"))
    (place / inner).symlink_to(outside, target_is_directory=True)
    (place / "a.csv").write_bytes(content())
    look(desk, 4)
    assert [file.name for file in imported(desk)] == ["a.csv"]
    assert [path.name for path in outside.iterdir()] == ["secret.csv"]


@pytest.mark.parametrize(
    "name",
    ["..csv", "-rf.csv", "a\nb.csv", "a;b'\"&.csv", "é" * 100 + ".csv", "x.csv.txt", "=1+1.csv", "noend"],
)
def test_odd_names_are_only_names(desk: Desk, place: Path, name: str) -> None:
    (place / name).write_bytes(content())
    look(desk)
    if name.startswith("."):
        assert imported(desk) == []
        return
    assert len(imported(desk)) == 1
    assert there(place) == {f"done/{name}"}
    assert imported(desk)[0].name.isprintable()


def test_a_name_that_is_no_text(desk: Desk, place: Path) -> None:
    with open(os.fsencode(place) + b"/\xff\xfe.csv", "wb") as file:
        file.write(content())
    look(desk)
    assert len(imported(desk)) == 1


def test_where_nothing_can_be_moved_it_stays_and_is_taken_once(
    desk: Desk, place: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mkdir = os.mkdir

    def refused(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    def none_there(path: Any, *rest: Any, **more: Any) -> None:
        if more.get("dir_fd") is not None:
            refused()
        mkdir(path, *rest, **more)

    # A read-only folder stops everybody but root, as whom tests may well run.
    monkeypatch.setattr(folder.os, "mkdir", none_there)
    monkeypatch.setattr(folder.os, "rename", refused)
    (place / "a.csv").write_bytes(content())
    (place / "b.csv").write_bytes(b"%PDF-1.7")
    look(desk, 5)
    look(desk, 5)  # another process, or the next start
    assert there(place) == {"a.csv", "b.csv"}
    assert [file.name for file in imported(desk) if file.state == "complete"] == ["a.csv"]
    with desk.store.read() as tx:
        assert len(list(tx.execute(select(folder_files)))) == 2
    assert caplog.text.count("cannot be moved") == 4  # once for each file in each process


def test_a_file_that_may_not_be_read_is_refused(
    desk: Desk, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = place / "a.csv"
    path.write_bytes(content())
    path.chmod(0)
    if os.geteuid() == 0:  # who may read everything
        real = os.open

        def open_it(name: Any, flags: int, *rest: Any, **more: Any) -> int:
            if name == "a.csv":
                raise PermissionError(13, "Permission denied")
            return real(name, flags, *rest, **more)

        monkeypatch.setattr(folder.os, "open", open_it)
    look(desk)
    assert there(place) == {"refused/a.csv", "refused/a.csv.txt"}
    assert imported(desk) == []


def test_a_folder_that_is_not_there_harms_nobody(desk: Desk, place: Path) -> None:
    place.rmdir()
    look(desk)
    place.mkdir()
    (place / "a.csv").write_bytes(content())
    look(desk)
    assert len(imported(desk)) == 1


def test_two_workers_at_once_take_each_file_once(desk: Desk, place: Path) -> None:
    names = [f"{number}.csv" for number in range(8)]
    for name in names:
        (place / name).write_bytes(content(name))
    barrier = threading.Barrier(3)

    def work() -> None:
        watch = Watch(desk, still=0)
        barrier.wait(30)
        for _ in range(6):
            watch.poll()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    look(desk)
    assert sorted(file.name for file in imported(desk)) == names
    assert there(place) == {f"done/{name}" for name in names}


def test_a_worker_that_died_with_a_file_is_followed_by_another(
    desk: Desk, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "a.csv").write_bytes(content())

    def die(*_: Any, **__: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(folder, "ingest", die)
        with pytest.raises(RuntimeError):
            look(desk)
    look(desk)
    assert imported(desk) == []  # its lease still runs
    with desk.store.write() as tx:
        tx.execute(folder_files.update().values(leased_until=None))
    look(desk)
    assert there(place) == {"done/a.csv"}


def test_a_large_file_is_read_in_pieces(desk: Desk, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 0
    real: Callable[..., Any] = folder.os.fdopen

    class Counting:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __enter__(self) -> "Counting":
            return self

        def __exit__(self, *_: object) -> None:
            self._inner.close()

        def fileno(self) -> int:
            return int(self._inner.fileno())

        def seek(self, place: int) -> int:
            return int(self._inner.seek(place))

        def read(self, size: int = -1) -> bytes:
            nonlocal most
            found: bytes = self._inner.read(size)
            most = max(most, len(found))
            return found

    monkeypatch.setattr(
        folder.os,
        "fdopen",
        lambda *given, **more: Counting(real(*given, **more)) if "b" in given[1] else real(*given, **more),
    )
    head, _, line = content().partition(b"\n")
    with (place / "a.csv").open("wb") as file:
        file.write(head + b"\n")
        for number in range(200_000):
            file.write(line.replace(b"T-A-1", b"T-%d" % number))
    size = (place / "a.csv").stat().st_size
    watch = Watch(desk, still=0)
    for _ in range(2):
        watch.poll()
    assert 0 < most <= 4 << 20 < size // 2
    assert [(file.state, file.size) for file in imported(desk)] == [("waiting", size)]


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        (lambda place: None, ("ok", "")),
        (lambda place: place.rmdir(), ("warning", "missing")),
    ],
)
def test_the_check_list_says_how_the_folder_stands(
    desk: Desk, place: Path, prepare: Callable[[Path], None], expected: tuple[str, str]
) -> None:
    prepare(place)
    assert state(desk, "demo") == expected


@TWO_ACCOUNTS
def test_the_check_list_names_a_folder_that_is_missing(desk: Desk, place: Path) -> None:
    (place / "shop").mkdir()
    assert state(desk, "shop") == ("ok", "")
    assert state(desk, "outlet") == ("warning", "no_folder")
    (place / "shop" / "a.csv").write_bytes(content())
    look(desk)
    assert state(desk, "shop") == ("ok", "taken")


def state(desk: Desk, account: str) -> tuple[str, str]:
    folder = folder_state(desk, account)
    with desk.store.read() as tx:
        status, reason, _ = dict(findings(tx, desk, account, folder))["settlements_folder"]
    return status, reason


def test_a_share_that_hangs_is_told_and_holds_up_neither_the_check_list_nor_an_order(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    monkeypatch.setattr("services.checklist.payout_checks.os.access", lambda *_: answers.wait(60))
    assert folder_state(desk, "demo", seconds=0.05) == ("warning", "hung", {})
    begun = time.monotonic()
    for _ in range(40):  # told at once from now on, and no further thread hangs
        assert folder_state(desk, "demo", seconds=0.05) == ("warning", "hung", {})
    assert time.monotonic() - begun < 1
    assert [thread.name for thread in threading.enumerate()].count("folder-probe") == 1
    prepare_demo(desk)
    assert readiness(desk, "demo", "link").ready  # asks the folder nothing
    answers.set()
    wait_for(lambda: state(desk, "demo") == ("ok", ""), "the share")


def test_a_file_that_was_uploaded_before_is_known(desk: Desk, place: Path) -> None:
    first = files.receive(desk, WORKER, "demo", "by hand.csv", io.BytesIO(content()))
    (place / "a.csv").write_bytes(content())
    look(desk)
    assert [file.id for file in imported(desk)] == [first]
    assert there(place) == {"done/a.csv"}


def test_a_zip_is_as_many_files_as_it_holds(desk: Desk, place: Path) -> None:
    (place / "both.zip").write_bytes(zipped("one.csv", "inner/two.csv"))
    (place / "bad.zip").write_bytes(zipped("../three.csv"))
    pdf = io.BytesIO()
    with zipfile.ZipFile(pdf, "w") as archive:
        archive.writestr("invoice.pdf", b"%PDF-1.7")
    (place / "pdf.zip").write_bytes(pdf.getvalue())
    with zipfile.ZipFile(place / "both.zip", "a") as archive:
        archive.writestr("invoice.pdf", b"%PDF-1.7")
        archive.writestr("desktop.ini", b"x")
    look(desk)
    assert [file.name for file in imported(desk)] == ["one.csv", "two.csv"]
    refused = {"refused/bad.zip", "refused/bad.zip.txt", "refused/pdf.zip", "refused/pdf.zip.txt"}
    assert there(place) == {"done/both.zip", *refused}
    assert "invoice.pdf" in (place / "refused" / "pdf.zip.txt").read_text()


@pytest.mark.parametrize(("reader", "again"), [(readers.killed, True), (readers.fault, False)])
def test_a_zip_whose_reader_the_machine_ended_is_taken_apart_later(
    desk: Desk, place: Path, monkeypatch: pytest.MonkeyPatch, reader: Any, again: bool
) -> None:
    (place / "a.zip").write_bytes(zipped("one.csv"))
    with monkeypatch.context() as patched:
        patched.setattr(folder, "ingest", lambda *_, **__: parsing.run(reader, size=0))
        look(desk)
    assert there(place) == ({"a.zip"} if again else {"refused/a.zip", "refused/a.zip.txt"})
    with desk.store.write() as tx:
        tx.execute(folder_files.update().values(leased_until=None))
    look(desk)
    assert [file.name for file in imported(desk)] == (["one.csv"] if again else [])


def test_what_was_refused_is_taken_again_once_it_is_put_there_again(desk: Desk, place: Path) -> None:
    """Its reason was put right meanwhile: here, whose the Account is was said."""
    finance, raw = person(desk, "finance"), content().replace(b"\n1;", b"\n900;")
    (place / "a.csv").write_bytes(raw)
    look(desk)
    assert there(place) == {"refused/a.csv", "refused/a.csv.txt"}
    files.cancel(desk, finance, 1)
    file_accounts.assign(desk, finance, "900", "demo")
    (place / "again.csv").write_bytes(raw)
    look(desk)
    assert there(place) == {"refused/a.csv", "refused/a.csv.txt", "done/again.csv"}
    assert [file.state for file in imported(desk)] == ["cancelled", "complete"]
    bad = zipped("../three.csv")
    for name in ("bad.zip", "worse.zip"):
        (place / name).write_bytes(bad)
        look(desk)
    assert {"refused/bad.zip", "refused/worse.zip"} <= there(place)


def test_what_cannot_be_moved_is_not_taken_again(
    desk: Desk, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folder.os, "rename", refused)
    (place / "a.csv").write_bytes(b"%PDF-1.7")
    for _ in range(3):  # as many starts
        look(desk)
    assert [file.state for file in imported(desk)] == ["failed"]
