"""How much processor time a rerun of each screen costs, as a multiple of a bare Streamlit page's, and 100 sessions at once.

    python -m benchmarks.pages [--reruns 40] [--sessions 100]

A dashboard in the sandbox's world, without a worker, over 1,000 orders and 5,000 payout lines; beside it a bare application with
the same configuration, whose page has a title, a field and a table of 25 rows. Both are run again over Streamlit's WebSocket, in
turns; the dashboard also with a change of the database before each rerun, after which nothing that was read is remembered. With ``--sessions``: so many open screens, each run again five seconds after it was drawn, in one process.
"""

import argparse
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import processor
from benchmarks.people import finance
from benchmarks.product_import import run_process
from benchmarks.screen import Screen, screen
from benchmarks.settlement_files import write_year
from benchmarks.settlement_shapes import Year
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.imports import file_accounts, files
from services.reconciliation.matching.order_changes import catch_up
from services.settings import Settings
from services.store import Store, meta, open_store
from tests.support.sandbox import RunningSandbox, start_sandbox
from tests.support.servers import free_ports, server

LINES, WARM_UP, ROUNDS, THINK_SECONDS = 5_000, 5, 4, 5.0
# name, address, only the fragment of its table, bound
SCREENS = (
    ("payment requests, the list", "payment-requests", True, 2.5),
    ("payment requests", "payment-requests", False, None),
    ("overview", "overview", False, 4.0),
    ("reconciliation", "reconciliation", False, 4.0),
    ("payouts", "payouts", False, 4.0),
    ("new order", "new-order", False, None),
)


@dataclass(frozen=True)
class Server:
    url: str
    process: int


def main(reruns: int, sessions: int) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sandbox = start_sandbox()
        stack.callback(sandbox.stop)
        dashboard = stack.enter_context(_dashboard(folder, sandbox))
        if sessions:
            _together(dashboard, sessions)
        bare = stack.enter_context(_bare(folder))
        store = open_store(_settings(folder, sandbox).database, demo=True)
        stack.callback(store.close)
        heads = ("bare", "rerun", "times", "bound", "changed", "times")
        print(f"{'milliseconds of the processor':30}" + "".join(f"{head:>9}" for head in heads))
        with screen(bare.url, "") as plain:
            for name, page, fragment, bound in SCREENS:
                with screen(dashboard.url, page) as shown:
                    found = [
                        (
                            _cost(bare, plain, reruns // ROUNDS),
                            _cost(dashboard, shown, reruns // ROUNDS, fragment=fragment),
                            _cost(dashboard, shown, reruns // ROUNDS, fragment=fragment, change=store),
                        )
                        for _ in range(ROUNDS + 1)
                    ][1:]
                its, mine, changed = (statistics.median(one) * 1e3 for one in zip(*found, strict=True))
                print(
                    f"{name:30}{its:9.1f}{mine:9.1f}{mine / its:9.2f}{bound or '':>9}{changed:9.1f}{changed / its:9.2f}",
                    flush=True,
                )


def _cost(
    where: Server, shown: Screen, reruns: int, *, fragment: bool = False, change: Store | None = None
) -> float:
    """Seconds of a rerun; ``change``: a database that another process writes to before each."""
    before = processor.seconds(where.process)
    for number in range(reruns):
        if change:
            with change.write() as tx:
                meta.put_text(tx, "bench", str(number))
        shown.rerun(shown.table if fragment else "")
    return (processor.seconds(where.process) - before) / reruns


def _together(dashboard: Server, sessions: int) -> None:
    """Open screens, each drawn again after a pause; prints how long the drawing took."""
    times, ends = list[float](), time.monotonic() + 60
    opened = threading.Semaphore(4)  # they do not all come in the same second

    def work(number: int) -> None:
        address = SCREENS[1 + number % 4][1]
        with opened:
            mine = screen(dashboard.url, address)
            shown = mine.__enter__()
        think = random.Random(number)
        time.sleep(think.uniform(0, THINK_SECONDS))
        while time.monotonic() < ends:
            times.append(shown.rerun())
            time.sleep(THINK_SECONDS)
        mine.__exit__(None, None, None)

    people = [threading.Thread(target=work, args=(number,)) for number in range(sessions)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    p95 = statistics.quantiles(times, n=20)[-1]
    print(
        f"{sessions} sessions: {len(times)} reruns, p50 {statistics.median(times) * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms (bound 500)"
    )


@contextmanager
def _dashboard(folder: Path, sandbox: RunningSandbox) -> Iterator[Server]:
    settings = _settings(folder, sandbox)
    _fill(settings, folder)
    dashboard, public = free_ports(2)
    environment = {
        "ETERMINAL_DASHBOARD_PORT": str(dashboard),
        "ETERMINAL_PUBLIC_PORT": str(public),
        "ETERMINAL_SANDBOX_URL": sandbox.url,
        "ETERMINAL_SANDBOX_SMTP_PORT": str(sandbox.smtp_port),
        "ETERMINAL_DATA_DIR": str(settings.data_dir),
        "ETERMINAL_SECRETS": str(folder / "none.toml"),
        "ETERMINAL_WORKER": "false",
    }
    with _streamlit("app.py", dashboard, folder, environment) as running:
        yield running


def _settings(folder: Path, sandbox: RunningSandbox) -> Settings:
    return Settings(data_dir=folder / "data", sandbox_url=sandbox.url, sandbox_smtp_port=sandbox.smtp_port)


def _fill(settings: Settings, folder: Path) -> None:
    """Orders with payments, and an imported payout file."""
    desk = Desk(settings, open_store(settings.database, demo=True))
    prepare_demo(desk)
    year = Year(LINES)
    file = write_year(year, folder, database=settings.database)
    while catch_up(desk):
        pass
    actor = finance(desk)
    file_accounts.assign(desk, actor, Year.number, "demo")
    with file.open("rb") as stream:
        files.receive(desk, actor, "demo", file.name, stream, source="folder")
    assert desk.store.file
    run_process(desk.store.file)
    desk.close()


@contextmanager
def _bare(folder: Path) -> Iterator[Server]:
    [port] = free_ports(1)
    with _streamlit("benchmarks/bare/app.py", port, folder, {}) as running:
        yield running


@contextmanager
def _streamlit(script: str, port: int, folder: Path, environment: dict[str, str]) -> Iterator[Server]:
    arguments = ["-m", "streamlit", "run", script, "--server.port", str(port)]
    log = folder / f"{port}.log"
    with server(arguments, port, log, path="/_stcore/health", environment=environment) as process:
        yield Server(f"http://127.0.0.1:{port}", process.pid)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reruns", type=int, default=40)
    parser.add_argument("--sessions", type=int, default=0)
    given = parser.parse_args()
    main(given.reruns, given.sessions)
