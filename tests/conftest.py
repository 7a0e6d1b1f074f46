"""What every test may use: a real sandbox, one for each worker, that forgets everything before each test."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support import postgres
from tests.support.sandbox import RunningSandbox, start_sandbox

# A slow machine is no fault, and a run that was right is right again. `--hypothesis-profile explore` looks further.
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", settings.get_profile("explore"), derandomize=True)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[RunningSandbox]:
    running = start_sandbox()
    yield running
    running.stop()


@pytest.fixture
def sandbox(running_sandbox: RunningSandbox) -> RunningSandbox:
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture(autouse=True)
def _databases() -> Iterator[None]:
    of_others = postgres.made()  # of fixtures that outlive the test
    yield
    postgres.forget(postgres.made() - of_others)


# A browser, a process or a socket on a machine that does other things, too, may be waited for in vain: such a test is tried
# once more, and named. Whatever else fails has failed: a second try would hide what goes wrong now and then.
_IN_VAIN = (r"^TimeoutError: ", r"^subprocess\.TimeoutExpired: ", r"^AssertionError: (Locator|Page|waited)\b")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that are about the other database are not of this run; what a test waits for may be waited for once more."""
    for item in items:
        item.add_marker(pytest.mark.flaky(reruns=1, reruns_delay=1, only_rerun=list(_IN_VAIN)))
    other = "sqlite" if postgres.SERVER else "postgres"
    foreign = [item for item in items if item.get_closest_marker(other)]
    config.hook.pytest_deselected(items=foreign)
    items[:] = [item for item in items if item not in foreign]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Why a test had to be tried again: without this only its name is told."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.section(f"tried again: {report.nodeid}", sep="_")
        terminalreporter.line(report.longreprtext)
