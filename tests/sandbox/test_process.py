"""The sandbox as a process: start, end, and what outlives a kill."""

import ast
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.sandbox.asking import act, ask, page, transaction
from tests.support.sandbox import ROOT, start_sandbox, wait_for


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_health_and_clean_end() -> None:
    running = start_sandbox()
    assert running.client.get("/health").json() == {"status": "ok"}
    port = int(running.url.rsplit(":", 1)[1])
    assert listening(running.smtp_port)
    assert running.complaints() == ""
    assert running.stop() == 0
    assert not listening(port)
    assert not listening(running.smtp_port)


def test_ctrl_c_ends_it_in_the_middle_of_a_slow_answer() -> None:
    running = start_sandbox()
    running.control("faults", {"kind": "slow", "delay_ms": 60_000})
    with socket.create_connection(
        (running.url.split("/")[2].split(":")[0], int(running.url.rsplit(":", 1)[1]))
    ) as held:
        held.sendall(b"GET /v2/security-settings HTTP/1.1\r\nHost: x\r\n\r\n")
        started = time.monotonic()
        running.process.send_signal(signal.SIGINT)
        assert running.stop() == 0
        assert time.monotonic() - started < 30


def test_taken_port_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for arguments in (
            ["--port", str(port), "--smtp-port", "0"],
            ["--port", "0", "--smtp-port", str(port)],
        ):
            done = subprocess.run(
                [sys.executable, "-m", "sandbox", *arguments],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=20,
                check=False,
            )
            assert done.returncode == 1
            assert done.stdout == ""
            assert done.stderr.count("\n") == 1
            assert str(port) in done.stderr


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a database, only a text that is long enough to be looked at" * 20)
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--port",
        "0",
        "--smtp-port",
        "0",
        "--data",
        str(tmp_path / "state"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_everything_answered_survives_a_kill(tmp_path: Path) -> None:
    data = tmp_path / "deep" / "state.db"
    first = start_sandbox(data=data)
    first.control("clock", {"advance_seconds": 86_400})
    first.control("settings", {"duplicate_order": "refuse", "hash_algorithm": "SHA512"})
    url = page(first, notify_url="http://127.0.0.1:9/closed", custom_data='{"_reporting_data_1":"F-1"}')
    with smtplib.SMTP("127.0.0.1", first.smtp_port, timeout=60) as smtp:
        smtp.sendmail("a@x.example", ["b@y.example"], b"Subject: kept\r\n\r\nhello\xe9\r\n")
    act(first, url, "accept")
    (settled,) = first.control("settlements", {})["settlements"]
    file = first.client.get(settled["files"][0]).content
    seen = {
        "orders": first.control("orders")[0]["transactions"],
        "transaction": transaction(first),
        "mails": first.mails(),
        "settings": first.control("settings"),
        "offset": first.control("clock")["offset_seconds"],
    }
    first.kill()
    second = start_sandbox(data=data)
    try:
        assert seen == {
            "orders": second.control("orders")[0]["transactions"],
            "transaction": transaction(second),
            "mails": second.mails(),
            "settings": second.control("settings"),
            "offset": second.control("clock")["offset_seconds"],
        }
        assert second.client.get(f"/control/settlements/{settled['id']}/raw.csv").content == file
        assert second.control("settlements", {})["settlements"] == []
        told = wait_for(
            lambda: [n for n in second.control("notifications") if n["attempts"]], "a try after the kill"
        )
        assert told[0]["waiting"]
        assert ask(second).json()["code"] == 3010004
        assert page(second, "A2") != url
        second.control("pay", {"orderids": ["A2"]})
        assert transaction(second, "A2")["transactionReference"] > seen["transaction"]["transactionReference"]
    finally:
        assert second.stop() == 0


def test_it_does_not_outlive_whoever_started_it(tmp_path: Path) -> None:
    starter = (
        "import subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-m', 'sandbox', '--port', '0', '--smtp-port', '0'], "
        "stdout=subprocess.PIPE, text=True)\n"
        "print(p.stdout.readline(), end='', flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starter],
        cwd=ROOT,
        env={**os.environ, "SANDBOX_DIE_WITH_PARENT": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout
        port = int(parent.stdout.readline().split("http=")[1].split()[0].rsplit(":", 1)[1])
        assert listening(port)
        parent.kill()
    wait_for(lambda: not listening(port), "its end")


@pytest.mark.parametrize("file", sorted((ROOT / "sandbox").rglob("*.py")), ids=lambda path: path.name)
def test_imports_nothing_of_the_product(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {name.split(".")[0] for name in names} & {"services", "pages", "app", "tests", "streamlit"}
