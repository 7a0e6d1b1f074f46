"""What every test may use: a desk, the people who work at it, and a real sandbox.

    pytestmark = pytest.mark.desk(sandbox=True)

    @pytest.mark.desk(own_links=True)
    def test_something(desk, manager):
        ...

- ``desk`` is a desk of its own on an empty database in ``tmp_path``, in the sandbox's world, with nothing listening anywhere.
- ``@pytest.mark.desk`` says how it differs; a mark on a test adds to the marks of its class and of its module:
  ``prepared=True``: the account is ready to send;
  ``sandbox=True``: prepared, and connected with the running sandbox, whose clock it follows;
  whatever else ``open_test_desk`` takes (``own_links``, ``accounts``, ``auth`` …). ``settlements_folder`` is made in ``tmp_path``.
- ``manager``, ``finance`` and ``admin`` are people with that role on all accounts; ``tests.support.desk.person`` makes others.
- ``sandbox`` is one process for each worker, which forgets everything before each test.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from services import clock
from services.access import Actor
from services.demo.prepare import prepare_demo
from services.desk import Desk
from tests.support import postgres, postgres_server
from tests.support.desk import open_test_desk, person
from tests.support.sandbox import RunningSandbox, start_sandbox

# A slow machine is no fault, and a run that was right is right again. `--hypothesis-profile explore` looks further.
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", settings.get_profile("explore"), derandomize=True)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres",
        action="store_true",
        help="the tests marked store, on the PostgreSQL server that ETERMINAL_TEST_POSTGRES_URL names, else on one of their own",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start the PostgreSQL server, once for all workers, which inherit its name."""
    if config.getoption("postgres") and not postgres.SERVER:
        own = ExitStack()
        config.add_cleanup(own.close)
        try:
            postgres.use(own.enter_context(postgres_server.running()))
        except postgres_server.NoServer as error:
            raise pytest.UsageError(str(error)) from None


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[RunningSandbox]:
    running = start_sandbox()
    yield running
    running.stop()


@pytest.fixture
def sandbox(running_sandbox: RunningSandbox) -> RunningSandbox:
    running_sandbox.reset()
    return running_sandbox


def _desk_options(item: pytest.Item) -> dict[str, Any]:
    """What the marks ``desk`` of the module, the class and the test say together."""
    options: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers("desk"))):
        assert not mark.args, "the mark desk takes names: desk(own_links=True)"
        options |= mark.kwargs
    return options


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    options = _desk_options(request.node)
    connected = options.pop("sandbox", False)
    prepared = options.pop("prepared", connected)
    if "settlements_folder" in options:
        options["settlements_folder"] = tmp_path / options["settlements_folder"]
        options["settlements_folder"].mkdir()
    sandbox: RunningSandbox | None = request.getfixturevalue("sandbox") if connected else None
    if sandbox:
        options |= {"sandbox_url": sandbox.url, "sandbox_smtp_port": sandbox.smtp_port}
    opened = open_test_desk(tmp_path, **options)
    if prepared:
        prepare_demo(opened)
    if sandbox:
        clock.use(sandbox.clock)
    yield opened
    clock.use(None)
    opened.close()


@pytest.fixture
def manager(desk: Desk) -> Actor:
    return person(desk, "manager")


@pytest.fixture
def finance(desk: Desk) -> Actor:
    return person(desk, "finance")


@pytest.fixture
def admin(desk: Desk) -> Actor:
    return person(desk, "admin")


@pytest.fixture(scope="session", autouse=True)
def _server() -> Iterator[None]:
    yield
    postgres.leave()


@pytest.fixture(autouse=True)
def _databases() -> Iterator[None]:
    of_others = postgres.made()  # of fixtures that outlive the test
    yield
    postgres.forget(postgres.made() - of_others)


# A browser, a process or a socket on a machine that does other things, too, may be waited for in vain: such a test is tried
# once more, and named. Whatever else fails has failed: a second try would hide what goes wrong now and then.
_IN_VAIN = (r"^TimeoutError: ", r"^subprocess\.TimeoutExpired: ", r"^AssertionError: (Locator|Page|waited)\b")


# What is marked ``store``: tests of queries, locks, leases, limits or errors of the database, or of whole ways through many of
# them. The rest asks the same of the store as these do: screens, settings, letters, answers of HiPay, mail servers.
_TESTS = Path(__file__).parent
_ON_BOTH = (
    "faults",
    *(
        f"services/{name}"
        for name in (
            "alarms", "bank", "bulk", "demo", "imports", "notices", "reconciliation", "store", "access/test_grants.py",
            "accounts/test_passphrases.py", "entrypoints/test_start.py", "orders/test_account_rights.py",
            "orders/test_bounces.py", "orders/test_history_export.py",
            "orders/test_link_actions.py", "orders/test_maintenance_operations.py", "orders/test_notifications.py",
            "orders/test_operation_notifications.py", "orders/test_reminders.py", "orders/test_searching.py",
            "orders/test_steps.py", "orders/test_unconfirmed.py", "public/test_public_notify.py",
            "public/test_public_notify_finance.py", "public/test_write_batcher.py", "test_health.py",
            "test_outside_transactions.py", "test_restore_guard.py", "test_retention.py",
        )
    ),
)  # fmt: skip
# But not these of there: how files and tables are read, and which processes read them.
_READING = (
    "faults/test_canaries.py", "services/bulk/test_table_columns.py", "services/imports/test_dates_with_time.py",
    "services/imports/test_doubtful_files.py", "services/imports/test_payout_columns.py",
    "services/imports/test_preview_process.py",
)  # fmt: skip


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that are about the other database are not of this run; what a test waits for may be waited for once more."""
    on_both, reading = (tuple(str(_TESTS / name) for name in names) for names in (_ON_BOTH, _READING))
    for item in items:
        if str(item.path).startswith(on_both) and not str(item.path).startswith(reading):
            item.add_marker("store")
        elif item.get_closest_marker("store") or item.get_closest_marker("postgres"):
            assert item.path.is_relative_to(_TESTS / "services") or item.path.is_relative_to(
                _TESTS / "faults"
            ), (
                f"make test collects for PostgreSQL in tests/services and tests/faults alone, not {item.nodeid}"
            )
        item.add_marker(pytest.mark.flaky(reruns=1, reruns_delay=1, only_rerun=list(_IN_VAIN)))
    other = "sqlite" if postgres.SERVER else "postgres"
    foreign = [item for item in items if item.get_closest_marker(other)]
    config.hook.pytest_deselected(items=foreign)
    items[:] = [item for item in items if item not in foreign]


_MAIN = sys.modules["__main__"]


def pytest_runtest_setup() -> None:
    """A page's test leaves its script as the main module, which every process that a later test begins would run."""
    sys.modules["__main__"] = _MAIN


gc.disable()  # until all is loaded


def pytest_collection_finish() -> None:
    """What all tests share is garbage for none of them: looking for garbage less often, and not in it, is a tenth of the time."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(50_000, 20, 50)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Why a test had to be tried again: without this only its name is told."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.section(f"tried again: {report.nodeid}", sep="_")
        terminalreporter.line(report.longreprtext)
