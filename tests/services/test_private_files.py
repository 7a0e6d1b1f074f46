"""Nobody but the service's user reads its files: what is made, what was left open, and what cannot be mended."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services import private_files
from services.desk import open_desk
from tests.support.desk import settings_for
from tests.support.servers import ROOT, until


def modes(folder: Path) -> dict[str, str]:
    return {path.name: f"{path.stat().st_mode & 0o777:o}" for path in sorted(folder.rglob("*"))}


@pytest.fixture
def others_may(tmp_path: Path) -> Path:
    """A data folder as earlier versions left it, with its database, and a file of nobody's."""
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o755)
    for name in (
        "eterminal.db",
        "eterminal.db-wal",
        "eterminal.db-shm",
        "eterminal.epoch",
        "sandbox-hipay.db",
    ):
        (folder / name).touch()
        (folder / name).chmod(0o644)
    return folder


def test_what_others_could_read_is_mended(others_may: Path, caplog: pytest.LogCaptureFixture) -> None:
    private_files.repair(others_may, others_may / "eterminal.db", others_may / "none")
    assert set(modes(others_may).values()) == {"600"}
    assert others_may.stat().st_mode & 0o777 == 0o700
    assert caplog.messages == []


def test_a_database_elsewhere_is_mended_and_a_folder_of_others_is_named(
    others_may: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    for name in ("books.sqlite", "books.sqlite-wal", "letters"):
        (shared / name).touch()
        (shared / name).chmod(0o664)
    private_files.repair(others_may, shared / "books.sqlite", others_may / "none")
    assert modes(shared) == {"books.sqlite": "600", "books.sqlite-wal": "600", "letters": "664"}
    assert shared.stat().st_mode & 0o777 == 0o755
    [said] = caplog.messages
    assert f"{shared}" in said


def test_a_folder_for_everybody_stays_one(others_may: Path, caplog: pytest.LogCaptureFixture) -> None:
    others_may.chmod(0o1777)
    private_files.repair(others_may, None, others_may / "none")
    assert others_may.stat().st_mode & 0o7777 == 0o1777
    assert [f"{others_may}" in said for said in caplog.messages] == [True]


def test_a_link_that_somebody_laid_there_reaches_no_other_file(others_may: Path, tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    (tmp_path / "other").chmod(0o644)
    (others_may / "eterminal-link").symlink_to(tmp_path / "other")
    private_files.repair(others_may, None, others_may / "none")
    assert (tmp_path / "other").stat().st_mode & 0o777 == 0o644


def test_what_may_not_be_changed_is_named(
    others_may: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(path: Path, _mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)  # the tests may run as root, to whom nothing is refused
    private_files.repair(others_may, others_may / "eterminal.db", others_may / "none")
    assert len(caplog.messages) == 6
    assert all("Operation not permitted" in said for said in caplog.messages)


@pytest.mark.parametrize(("mode", "named"), [(0o644, True), (0o604, True), (0o640, False), (0o600, False)])
def test_a_secrets_file_that_everybody_may_read_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, named: bool
) -> None:
    (tmp_path / "secrets.toml").touch()
    (tmp_path / "secrets.toml").chmod(mode)
    private_files.repair(tmp_path / "none", None, tmp_path / "secrets.toml")
    assert any("secrets.toml" in said for said in caplog.messages) == named


@pytest.mark.sqlite
@pytest.mark.parametrize("module", ["services.worker", "sandbox"])
def test_a_program_that_is_started_by_itself_begins_so(tmp_path: Path, module: str) -> None:
    """The dashboard and all that it starts: tests/faults/test_make_run.py."""
    data = tmp_path / "data"
    shop = {
        "name": "Shop",
        "environment": "stage",
        "login": "l",
        "password": "p",
        "passphrase": "a-long-pass-phrase",
    }
    environment = os.environ | {
        "ETERMINAL_DATA_DIR": str(data),
        "ETERMINAL_SECRETS": str(tmp_path / "none"),
        "ETERMINAL_ACCOUNTS": json.dumps({"shop": shop}),
    }
    more = (
        ("--port", "0", "--smtp-port", "0", "--data", f"{data / 'sandbox-hipay.db'}")
        if module == "sandbox"
        else ()
    )
    process = subprocess.Popen([sys.executable, "-m", module, *more], cwd=ROOT, env=environment, umask=0o022)
    try:
        until(lambda: "Umask:\t0077" in Path(f"/proc/{process.pid}/status").read_text(), 60, "its umask")
        until(lambda: list(data.glob("*.db-wal")), 60, "its database")
    finally:
        process.kill()
        process.wait()
    assert {mode[-2:] for mode in modes(data).values()} == {"00"}


@pytest.mark.sqlite
def test_every_program_makes_and_mends_private_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ETERMINAL_SECRETS", str(tmp_path / "none"))
    settings = settings_for(tmp_path / "data", sandbox=True)
    before = os.umask(0o022)
    try:
        open_desk(settings).close()
        assert settings.data_dir.stat().st_mode & 0o777 == 0o700
        private_files.set_umask()
        (settings.data_dir / "later").touch()
    finally:
        os.umask(before)
    assert set(modes(settings.data_dir).values()) == {"600"}
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
