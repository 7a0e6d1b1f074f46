"""What an operator hears at start of the versions that the product runs on."""

import logging
from pathlib import Path

import pytest

from services import processes, versions
from services.entrypoints import dashboard_lifespan
from tests.support.desk import open_test_desk


@pytest.mark.parametrize(
    ("python", "sqlite", "said"),
    [
        ((3, 11, 2), "3.40.1", ["SQLite 3.40.1", "Python 3.11.2"]),
        ((3, 11, 15), "3.40.1", ["SQLite 3.40.1"]),
        ((3, 12, 12), "3.51.3", ["Python 3.12.12"]),
        ((3, 13, 0), "3.50.7", []),
    ],
)
@pytest.mark.sqlite
def test_it_is_said_at_start(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    python: tuple[int, ...],
    sqlite: str,
    said: list[str],
) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version", sqlite)
    monkeypatch.setattr("sqlite3.sqlite_version_info", tuple(map(int, sqlite.split("."))))
    monkeypatch.setattr(versions.sys, "version_info", (*python, "final", 0))
    monkeypatch.setattr(processes, "stop", lambda _children: None)
    monkeypatch.setattr(dashboard_lifespan.logs, "set_up", lambda _settings: None)
    monkeypatch.setattr(dashboard_lifespan.programs, "demo_world", lambda _settings: [])
    desk = open_test_desk(tmp_path, worker=False)
    try:
        with caplog.at_level(logging.WARNING, "services.versions"), dashboard_lifespan.running(desk):
            pass
    finally:
        desk.close()
    found = [
        " ".join(record.getMessage().split()[:2])
        for record in caplog.records
        if record.name == "services.versions"
    ]
    assert found == said
