"""One sandbox a worker, forgetting everything before each test."""

from collections.abc import Iterator

import pytest

from tests.support.sandbox import RunningSandbox, start_sandbox


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[RunningSandbox]:
    running = start_sandbox()
    yield running
    complaints = running.complaints()
    assert running.stop() == 0
    # Whatever the tests asked of it, no traceback.
    assert complaints == ""


@pytest.fixture
def sandbox(running_sandbox: RunningSandbox) -> RunningSandbox:
    running_sandbox.reset()
    return running_sandbox
