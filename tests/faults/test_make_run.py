"""`make run` from a copy of the working tree, the other ways to start, and that nothing is ever left running."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.store import open_store
from tests.support.servers import ROOT, answers, free_ports, stop, until

pytestmark = [pytest.mark.faults, pytest.mark.sqlite]
ENVIRONMENT = Path(sys.prefix)  # the environment that the tests run in serves the copy too


@dataclass(frozen=True)
class Place:
    """Free ports and an empty data folder for one installation."""

    dashboard: int
    sandbox: int
    public: int
    smtp: int
    data: Path

    @property
    def environment(self) -> dict[str, str]:
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ETERMINAL_", "STREAMLIT_"))
        }
        return clean | {
            "ETERMINAL_DASHBOARD_PORT": str(self.dashboard),
            "ETERMINAL_SANDBOX_URL": f"http://127.0.0.1:{self.sandbox}",
            "ETERMINAL_PUBLIC_PORT": str(self.public),
            "ETERMINAL_SANDBOX_SMTP_PORT": str(self.smtp),
            "ETERMINAL_DATA_DIR": str(self.data),
            "ETERMINAL_SECRETS": str(self.data / "none.toml"),
        }

    def everything_answers(self) -> bool:
        return (
            answers(self.dashboard, "/_stcore/health")
            and answers(self.sandbox, "/health")
            and answers(self.public, "/health")
        )

    def nothing_answers(self) -> bool:
        return not any(answers(port) for port in (self.dashboard, self.sandbox, self.public))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(*free_ports(4), data=tmp_path / "data")


@contextmanager
def running(
    command: list[str], place: Place, log: Path, cwd: Path = ROOT
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=place.environment,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        stop(process)


def wait_for_everything(process: subprocess.Popen[bytes], place: Place, log: Path) -> None:
    until(lambda: place.everything_answers() or process.poll() is not None, 90, "every program to answer")
    assert process.poll() is None, log.read_text()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for pid in (process.pid, *children):
        assert "Umask:\t0077" in Path(f"/proc/{pid}/status").read_text(), pid
    readable = [path for path in (place.data, *place.data.rglob("*")) if path.stat().st_mode & 0o077]
    assert readable == [], "other users of the machine may read them"


def check_the_door(place: Place) -> None:
    """Ask the running dashboard what only the whole of it can answer."""
    back, headers = asked(place.dashboard, "/phone-return/accept/no-such-token?hash=canary-1", "127.0.0.1")
    assert (back, headers["location"], headers["referrer-policy"]) == (
        303,
        "/payment-requests",
        "no-referrer",
    )
    assert asked(place.dashboard, "/", "evil.example")[0] == 403
    status, headers = asked(place.dashboard, "/", "localhost")
    assert status == 200
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def asked(port: int, path: str, host: str, **headers: str) -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Host": host, **headers})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}
    finally:
        connection.close()


def said(command: list[str], place: Place, cwd: Path = ROOT, **environment: str) -> tuple[int, str]:
    """Exit code and output of a command that is expected to refuse."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=place.environment | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_make_run_from_a_copy_of_the_tree(place: Place, tmp_path: Path) -> None:
    copy, log = tmp_path / "copy", tmp_path / "run.log"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    with running(["make", "run", f"VENV={ENVIRONMENT}"], place, log, copy) as make:
        until(
            lambda: "Ctrl-C stops everything" in log.read_text() or make.poll() is not None,
            120,
            "the addresses",
        )
        assert make.poll() is None, log.read_text()
        for name, address in (
            ("Dashboard", f"http://127.0.0.1:{place.dashboard}"),
            ("Mailbox", f"http://127.0.0.1:{place.sandbox}/mailbox"),
            ("HiPay sandbox", f"http://127.0.0.1:{place.sandbox}/control"),
            ("For HiPay and customers", f"http://127.0.0.1:{place.public}"),
        ):
            assert re.search(rf"{name} +{re.escape(address)}\n", log.read_text())
        assert place.everything_answers()
        assert answers(place.sandbox, "/mailbox")
        os.killpg(make.pid, signal.SIGINT)  # what Ctrl-C does
        make.wait(30)
    assert place.nothing_answers()
    assert "Traceback" not in log.read_text()
    assert sorted(path.name for path in place.data.glob("*.db")) == ["sandbox-hipay.db", "sandbox.db"]
    assert not (copy / "data").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_however_it_ends(place: Place, tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "run.log"
    with running([sys.executable, "-m", "services.run"], place, log) as supervisor:
        wait_for_everything(supervisor, place, log)
        supervisor.send_signal(number)
        assert supervisor.wait(30) == (-signal.SIGKILL if number == signal.SIGKILL else 0)
        until(place.nothing_answers, 30, "every port to be free")


def test_when_one_program_ends_the_others_are_stopped_and_it_is_named(place: Place, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    with running([sys.executable, "-m", "services.run"], place, log) as supervisor:
        wait_for_everything(supervisor, place, log)
        children = Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children").read_text().split()
        [public] = [
            int(pid) for pid in children if b"services.public" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        os.kill(public, signal.SIGKILL)
        assert supervisor.wait(30) == 1
    assert "The public application ended by itself (code -9)" in log.read_text()
    assert place.nothing_answers()


@pytest.mark.parametrize(
    ("command", "ending"),
    [
        (["-m", "streamlit", "run", "app.py", "--server.port", "{port}"], signal.SIGKILL),
        (["app.py"], signal.SIGTERM),
        (["-m", "uvicorn", "app:app", "--port", "{port}"], signal.SIGKILL),
    ],
    ids=["streamlit", "python", "uvicorn"],
)
def test_the_dashboard_alone_brings_its_world_and_takes_it_along(
    place: Place, tmp_path: Path, command: list[str], ending: signal.Signals
) -> None:
    log = tmp_path / "run.log"
    with running(
        [sys.executable, *(part.format(port=place.dashboard) for part in command)], place, log
    ) as dashboard:
        wait_for_everything(dashboard, place, log)
        check_the_door(place)
        assert "canary" not in log.read_text()
        assert re.search(
            rf"E-Terminal Desk is ready\.[^$]*  Dashboard  http://127\.0\.0\.1:{place.dashboard}\n",
            log.read_text(),
        )
        assert asked(place.dashboard, "/healthz", "localhost")[0] == 200
        until(
            lambda: asked(place.dashboard, "/readyz", "localhost")[0] == 200,
            30,
            "the worker inside to be seen",
        )
        dashboard.send_signal(ending)
        assert dashboard.wait(30) == (0 if ending == signal.SIGTERM else -signal.SIGKILL)
        until(place.nothing_answers, 30, "every port to be free")


def test_with_accounts_and_no_provider_the_start_prints_a_link_and_only_that_opens(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = {
        "name": "Shop",
        "environment": "stage",
        "login": "l",
        "password": "p",
        "passphrase": "a-long-pass-phrase",
    }
    monkeypatch.setattr(
        Place,
        "environment",
        place.environment | {"ETERMINAL_ACCOUNTS": json.dumps({"shop": shop}), "ETERMINAL_WORKER": "false"},
    )
    log = tmp_path / "run.log"
    with running([sys.executable, "-m", "services.run"], place, log):
        until(lambda: "Ctrl-C stops everything" in log.read_text(), 90, "the addresses")
        [link] = re.findall(rf"http://127.0.0.1:{place.dashboard}(/\?desk-token=\S+)\n", log.read_text())
        assert asked(place.dashboard, "/", "localhost")[0] == 403
        assert asked(place.dashboard, "/_stcore/health", "localhost")[0] == 200
        status, headers = asked(place.dashboard, link, "localhost")
        assert (status, headers["location"]) == (303, "/")
        cookie = headers["set-cookie"].split(";")[0]
        assert asked(place.dashboard, "/", "localhost", cookie=cookie)[0] == 200
    assert log.read_text().count("desk-token") == 1


def test_a_taken_port_gives_a_sentence_with_its_setting(place: Place) -> None:
    with socket.create_server(("127.0.0.1", place.public)):
        code, text = said([sys.executable, "-m", "services.run"], place)
    assert code == 1
    refused = (
        f"The public application cannot listen on port {place.public} of 127.0.0.1 (Address already in use)"
    )
    assert refused in text
    assert "ETERMINAL_PUBLIC_HOST and _PORT" in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    "command",
    [["-m", "services.run"], ["-m", "streamlit", "run", "app.py"], ["app.py"]],
    ids=["run", "streamlit", "python"],
)
def test_wrong_settings_give_a_sentence_each_and_no_traceback(place: Place, command: list[str]) -> None:
    code, text = said(
        [sys.executable, *command],
        place,
        ETERMINAL_ACCOUNTS='{"shop": {"environment": "moon", "password": "canary-9"}}',
    )
    assert code == 1
    assert "accounts → shop → environment" in text
    assert "accounts → shop → login: is missing" in text
    assert "Traceback" not in text
    assert "canary-9" not in text


def test_streamlit_run_listens_where_the_settings_say_or_not_at_all(place: Place) -> None:
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", "8999"]
    code, text = said(command, place)
    assert (code, "Traceback" in text) == (1, False)
    assert f"give --server.port {place.dashboard}, or set ETERMINAL_DASHBOARD_PORT=8999" in text


def test_a_database_of_the_other_world_is_refused_in_words(place: Place) -> None:
    account = (
        '{"shop": {"name": "Shop", "environment": "stage", "login": "u", "password": "p", "passphrase": "s"}}'
    )
    database = f"sqlite:///{place.data / 'one.db'}"
    place.data.mkdir()
    open_store(database, demo=True).close()
    code, text = said(
        [sys.executable, "-m", "services.run"],
        place,
        ETERMINAL_ACCOUNTS=account,
        ETERMINAL_DATABASE_URL=database,
    )
    assert (code, "Traceback" in text) == (1, False)
    assert "The database cannot be used" in text


def test_a_published_dashboard_without_a_provider_is_refused(place: Place) -> None:
    code, text = said([sys.executable, "-m", "services.run"], place, ETERMINAL_DASHBOARD_HOST="0.0.0.0")
    assert (code, "no identity provider is configured" in text) == (1, True)


@pytest.fixture
def fake_python(tmp_path: Path) -> Path:
    """A Python 3.11 without the part that Debian packs apart (python3-venv)."""
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"\n')
    script.chmod(0o755)
    return script


def test_a_missing_venv_module_gives_a_sentence(place: Place, tmp_path: Path, fake_python: Path) -> None:
    code, text = said(["make", "run", f"VENV={tmp_path / 'venv'}", f"PYTHON={fake_python}"], place)
    assert code != 0
    assert re.search(r"sudo apt install python3\.\d+-venv,", text), text
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize("python", ["", "/nowhere/python3", "{old}"], ids=["none", "unusable", "old"])
def test_a_missing_or_old_python_gives_a_sentence(place: Place, tmp_path: Path, python: str) -> None:
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\nexit 1\n")  # it says that it is older than asked for
    old.chmod(0o755)
    code, text = said(["make", "run", f"VENV={tmp_path / 'venv'}", f"PYTHON={python.format(old=old)}"], place)
    assert code != 0
    assert "Python 3.11 or newer is needed" in text


def test_ci_runs_what_the_readme_says() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == "exec make test"
