"""Services against a real sandbox: a desk that is ready to send, and a person who may do everything."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services import clock
from services.access import Actor
from services.demo.prepare import prepare_demo
from services.desk import Desk
from tests.support.desk import open_test_desk, person
from tests.support.sandbox import RunningSandbox


@pytest.fixture
def desk(sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Desk]:
    opened = open_test_desk(tmp_path, sandbox_url=sandbox.url, sandbox_smtp_port=sandbox.smtp_port)
    prepare_demo(opened)
    clock.use(sandbox.clock)
    yield opened
    clock.use(None)
    opened.close()


@pytest.fixture
def manager(desk: Desk) -> Actor:
    return person(desk, "manager")
