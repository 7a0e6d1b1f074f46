"""Every route of the dashboard's port has somebody who decided who may reach it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.web.routes import Reach, reach
from tests.support.servers import ROOT

# What Streamlit and app.py serve, and who may reach it. A route that appears here for the first time needs a row in
# services/web/routes.py and a line in docs/operator.md before it needs one below.
SERVED = {
    "/healthz": Reach.EVERYBODY,
    "/readyz": Reach.EVERYBODY,
    "/phone-return/{kind}/{token}": Reach.VISITORS,
    "/_stcore/health": Reach.EVERYBODY,
    "/_stcore/metrics": Reach.MACHINE,
    "/_stcore/host-config": Reach.VISITORS,
    "/media/{file_id:path}": Reach.OWNERS,
    "/_stcore/upload_file/{session_id}/{file_id}": Reach.UPLOADERS,
    "/component/{path:path}": Reach.VISITORS,
    "/_stcore/bidi-components/{path:path}": Reach.VISITORS,
    "/_stcore/stream": Reach.VISITORS,
    "/auth/login": Reach.VISITORS,
    "/auth/logout": Reach.VISITORS,
    "/oauth2callback": Reach.VISITORS,
    "/_stcore/agent/interact": Reach.NOBODY,
    "/_stcore/agent/openapi.json": Reach.NOBODY,
    "/_stcore/agent/mcp": Reach.NOBODY,
    "/": Reach.VISITORS,  # Streamlit's page and scripts
}
LIST = "import json, app; print(json.dumps([route.path or '/' for route in app.app._build_starlette_app().routes]))"


def test_every_route_is_known_and_only_as_open_as_was_decided(tmp_path: Path) -> None:
    told = run(tmp_path, "-c", LIST)
    assert {path: reach(path) for path in json.loads(told.stdout)} == SERVED


def test_no_header_of_a_request_says_who_it_comes_from(tmp_path: Path) -> None:
    told = run(
        tmp_path, "-m", "streamlit", "run", "app.py", "--server.trustedUserHeaders", '{"X-User": "sub"}'
    )
    assert told.returncode != 0
    assert "server.trustedUserHeaders lets any request say" in told.stderr


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("ETERMINAL_", "STREAMLIT_"))
    }
    own = {"ETERMINAL_DATA_DIR": str(tmp_path), "ETERMINAL_SECRETS": str(tmp_path / "none")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=clean | own,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("/_stcore/upload_file/a/b", Reach.UPLOADERS), ("/_stcore/upload_file", Reach.NOBODY), ("/media/a.csv", Reach.OWNERS),
        ("/_stcore/script-health-check", Reach.NOBODY), ("/_stcore/health/", Reach.NOBODY), ("/reconciliation", Reach.VISITORS),
        ("", Reach.NOBODY), ("*", Reach.NOBODY),
    ],
)  # fmt: skip
def test_what_no_row_opens_stays_shut(path: str, who: Reach) -> None:
    assert reach(path) == who
