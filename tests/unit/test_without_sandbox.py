"""A server with accounts has no package of requirements-sandbox.txt, and needs none."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WITHOUT = "import sys; sys.modules.update(aiosmtpd=None, xlwt=None); "  # importing them fails, as where they are not
# the screens are scripts; the import contract holds them
SERVICES = """
import importlib, pkgutil, services
for module in pkgutil.walk_packages(services.__path__, "services."):
    if not module.name.endswith("__main__") and ".migrations." not in module.name:
        importlib.import_module(module.name)
"""


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_service_is_there_without_the_sandboxs_packages() -> None:
    done = python(SERVICES)
    assert done.returncode == 0, done.stderr


def test_the_sandbox_says_what_is_missing() -> None:
    done = python(
        "sys.argv[1:] = ['--port', '0', '--smtp-port', '0']; import runpy; runpy.run_module('sandbox', run_name='__main__')"
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "is not installed; make run installs requirements-sandbox.txt." in done.stderr
    assert "Traceback" not in done.stderr


def test_the_servers_list_leaves_them_out() -> None:
    server, sandbox = (
        {
            line.split("==")[0]
            for line in (ROOT / name).read_text().splitlines()
            if "==" in line and line[0] not in "# "
        }
        for name in ("requirements.txt", "requirements-sandbox.txt")
    )
    assert {"aiosmtpd", "xlwt"} <= sandbox - server
