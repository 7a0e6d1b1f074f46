"""What whoever starts a program is told: the database's own words, wrong settings, where it is and who works."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from services.entrypoints.dashboard_lifespan import ready_message, refuse_other_address
from services.entrypoints.programs import dashboard, public, taken_ports
from services.settings import Settings, read
from services.settings.sources import ROOT, SettingsError
from services.store import DatabaseRefused, open_store
from tests.support import postgres
from tests.support.desk import settings_for
from tests.support.servers import free_ports

ACCOUNT = {
    "name": "Shop",
    "environment": "production",
    "login": "l",
    "password": "p",
    "passphrase": "long enough, I hope",
}


@pytest.mark.parametrize("program", ["services.worker", "services.public"])
def test_every_program_says_what_is_wrong_in_words(tmp_path: Path, program: str) -> None:
    [port] = free_ports(1)
    done = subprocess.run(
        [sys.executable, "-m", program],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
        env={
            "ETERMINAL_DATA_DIR": str(tmp_path),
            "ETERMINAL_SECRETS": str(tmp_path / "none.toml"),
            "ETERMINAL_DATABASE_URL": f"postgresql://desk:canary-1@127.0.0.1:{port}/desk",
            "ETERMINAL_SMPT_URL": "canary-2",
        },
    )
    assert done.returncode == 1
    assert "ETERMINAL_SMPT_URL is not a setting of E-Terminal Desk" in done.stderr
    assert f'connection to server at "127.0.0.1", port {port} failed: Connection refused' in done.stderr
    assert "ETERMINAL_DATABASE_URL" in done.stderr
    assert f"ETERMINAL_SECRETS names {tmp_path / 'none.toml'}, which is not there" in done.stderr
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stderr + done.stdout


@pytest.mark.skipif(not postgres.SERVER, reason="needs a PostgreSQL server")
def test_postgresqls_own_words_are_said() -> None:
    server = make_url(postgres.SERVER)
    for url, words in (
        (server.set(database="no_such_database"), 'database "no_such_database" does not exist'),
        (server.set(username="nobody_at_all", password="canary-3"), 'for user "nobody_at_all"'),
    ):
        with pytest.raises(DatabaseRefused) as refused:
            open_store(url.render_as_string(hide_password=False))
        assert words in refused.value.detail
        assert "canary" not in refused.value.detail


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseRefused) as refused:
        open_store(f"sqlite:///{tmp_path / 'file' / 'inner' / 'desk.db'}")
    assert (refused.value.reason, refused.value.detail.split(":")[0]) == ("unreachable", "Not a directory")


@pytest.mark.parametrize(
    ("address", "port", "said"),
    [
        ("127.0.0.1", 8501, ""),
        ("localhost", 8501, ""),
        ("127.0.0.1", 9000, "give --server.port 8501, or set ETERMINAL_DASHBOARD_PORT=9000"),
        (None, 8501, "give --server.address 127.0.0.1, or set ETERMINAL_DASHBOARD_HOST=0.0.0.0"),
        ("10.0.0.7", 8501, "give --server.address 127.0.0.1, or set ETERMINAL_DASHBOARD_HOST=10.0.0.7"),
    ],
)
def test_another_address_than_the_settings_is_refused(
    tmp_path: Path, address: str | None, port: int, said: str
) -> None:
    settings = settings_for(tmp_path)
    if said:
        with pytest.raises(SettingsError, match=said):
            refuse_other_address(settings, address, port)
    else:
        refuse_other_address(settings, address, port)


def test_a_port_that_cannot_be_had_is_said_with_the_reason(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        [said] = taken_ports((dashboard(settings_for(tmp_path, dashboard_port=port)),))
    assert "Address already in use" in said
    assert "ETERMINAL_DASHBOARD_HOST and _PORT" in said
    [said] = taken_ports((public(settings_for(tmp_path, public_host="203.0.113.1")),))  # another machine's
    assert "Cannot assign requested address" in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ACCOUNTS", "accounts: is no JSON: write ETERMINAL_ACCOUNTS as one JSON object"),
        ("ALLOWED_HOSTS", "allowed_hosts: is no JSON: write ETERMINAL_ALLOWED_HOSTS as one JSON list"),
    ],
)
def test_what_is_no_json_is_named(monkeypatch: pytest.MonkeyPatch, name: str, said: str) -> None:
    monkeypatch.setenv(f"ETERMINAL_{name}", "desk.example.com")
    with pytest.raises(SettingsError) as refused:
        read()
    assert refused.value.problems == (said,)


def test_a_secrets_file_that_cannot_be_read_is_not_taken_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETERMINAL_SECRETS", str(tmp_path))  # a folder: no user can read it as a file
    with pytest.raises(SettingsError, match="cannot be read by this user: Is a directory"):
        read()


def test_the_start_message(tmp_path: Path) -> None:
    def message(**values: object) -> str:
        settings: Settings = settings_for(tmp_path, **values)
        return ready_message(settings, [("Dashboard", settings.dashboard_url)])

    sandbox = message()
    assert "http://127.0.0.1:8501" in sandbox
    assert "this is the sandbox, no money moves" in sandbox
    assert "A worker runs inside the dashboard." in sandbox
    real = message(accounts={"shop": ACCOUNT}, worker=False, dashboard_url="https://desk.example.com")
    assert "https://desk.example.com" in real
    assert "Real accounts: Shop (production)." in real
    assert "No worker runs inside" in real
