"""``python -m services.public`` as an operator starts it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx

from tests.support.public import body, signed

ROOT = Path(__file__).resolve().parents[3]


def start(tmp_path: Path, **settings: str) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ETERMINAL_")}
    own = {
        "ETERMINAL_DATA_DIR": str(tmp_path),
        "ETERMINAL_SECRETS": str(tmp_path / "none.toml"),
        "ETERMINAL_SANDBOX_URL": "http://127.0.0.1:9",
        "ETERMINAL_PUBLIC_PORT": "0",
        **settings,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "services.public"],
        cwd=ROOT,
        env={**inherited, **own},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_the_process_prints_its_address_serves_and_ends_orderly(tmp_path: Path) -> None:
    process = start(tmp_path)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("public ready http=127.0.0.1:")
        with httpx.Client(
            base_url=f"http://{line.strip().removeprefix('public ready http=')}", timeout=30
        ) as client:
            assert client.get("/health").json() == {"status": "ok"}
            raw = body()
            assert client.post("/notify/demo?secret=1", content=raw, headers=signed(raw)).status_code == 202
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert "POST notify demo 202" in err
    assert "secret" not in out + err


def test_a_taken_port_and_wrong_settings_are_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = start(tmp_path, ETERMINAL_PUBLIC_PORT=port)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in err
    assert "Traceback" not in err
    for setting, words in (
        ({"ETERMINAL_PUBLIC_URL": "nonsense"}, "public_url"),
        ({"ETERMINAL_DATABASE_URL": f"sqlite:///{tmp_path}"}, "The database cannot be used"),
    ):
        process = start(tmp_path, **setting)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 1
        assert words in err
        assert "Traceback" not in err


def test_the_public_application_knows_nothing_of_the_dashboard() -> None:
    program = "import sys, services.public.__main__; print([m for m in sys.modules if m.split('.')[0] in ('streamlit', 'pages', 'pandas')])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, text=True, capture_output=True, check=True
    )
    assert done.stdout.strip() == "[]"
