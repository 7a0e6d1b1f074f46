"""Each process that opens the desk on a database put back from a backup holds it before it does anything else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services import restore_guard
from services.desk import open_desk
from services.restore_guard import Marker, marker_path, read_marker, write_marker
from services.settings.sources import ROOT
from tests.support.desk import settings_for
from tests.support.servers import free_ports, until

SHOP = {
    "name": "Shop",
    "environment": "stage",
    "login": "l",
    "password": "p",
    "passphrase": "a-long-pass-phrase",
}
PROGRAMS = {
    "dashboard": ("streamlit", "run", "app.py", "--server.address", "127.0.0.1", "--server.port"),
    "worker": ("services.worker",),
    "public": ("services.public",),
}


@pytest.mark.sqlite
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_process_that_opens_a_restored_backup_holds_it(tmp_path: Path, program: str) -> None:
    settings = settings_for(tmp_path / "data", accounts={"shop": SHOP})
    desk = open_desk(settings)
    restore_guard.hold_if_restored(desk.store, settings)
    marker = read_marker(marker_path(settings))
    assert marker is not None
    assert restore_guard.current_hold(desk.store) is None
    # What this machine saw last is not in the database: it was put back from before.
    write_marker(marker_path(settings), Marker(marker.id, marker.release, marker.event + 1))

    dashboard_port, public_port = map(str, free_ports(2))
    environment = os.environ | {
        "ETERMINAL_DATA_DIR": str(settings.data_dir),
        "ETERMINAL_SECRETS": str(tmp_path / "none"),
        "ETERMINAL_ACCOUNTS": json.dumps({"shop": SHOP}),
        "ETERMINAL_DASHBOARD_PORT": dashboard_port,
        "ETERMINAL_PUBLIC_PORT": public_port,
        "ETERMINAL_WORKER": "false",  # the worker inside would hold it, too
    }
    more = (dashboard_port,) if program == "dashboard" else ()
    process = subprocess.Popen(
        [sys.executable, "-m", *PROGRAMS[program], *more],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        until(lambda: restore_guard.current_hold(desk.store) is not None, 60, "the database to be held")
    finally:
        process.kill()
        process.wait()
        desk.close()
