"""One worker of several on one database: run in processes of their own by ``test_many_workers``."""

import threading
from pathlib import Path

import httpx

from services import clock
from services.entrypoints import worker
from tests.support.desk import open_test_desk
from tests.support.sandbox import clock_of


def work(folder: Path, database_url: str, sandbox_url: str, smtp_port: int) -> None:
    """Work until killed."""
    desk = open_test_desk(
        folder, database_url=database_url, sandbox_url=sandbox_url, sandbox_smtp_port=smtp_port
    )
    clock.use(clock_of(httpx.Client(base_url=sandbox_url, trust_env=False, timeout=60), ttl=0.1))
    worker.run(desk, threading.Event())
