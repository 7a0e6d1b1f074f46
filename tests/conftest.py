"""What every test may use: a real sandbox, one for each worker, that forgets everything before each test."""

from collections.abc import Iterator

import pytest

from tests.support.sandbox import RunningSandbox, start_sandbox


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[RunningSandbox]:
    running = start_sandbox()
    yield running
    running.stop()


@pytest.fixture
def sandbox(running_sandbox: RunningSandbox) -> RunningSandbox:
    running_sandbox.reset()
    return running_sandbox
