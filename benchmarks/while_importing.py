"""How much slower screens are while a settlement file is imported, and whether a payment link still leaves.

    python -m benchmarks.while_importing FILE DATABASE

The database must know the orders' keys (as ``benchmarks.reconciliation`` leaves one in its folder) and may hold lines. With
a sandbox and a worker of their own, which imports as it always does, this process is a dashboard: it draws two pages again
and again (what their service functions ask), and now and then sends a payment link; first at rest, then while the file is
received and imported. Prints the 95th percentiles, their ratios, and how long the links took until their mail had left.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from benchmarks.payment_requests import filled_form
from benchmarks.people import finance
from benchmarks.settlement_shapes import Year
from services.access import Actor
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.imports import file_accounts, files
from services.orders import create, history
from services.reconciliation.views import lists
from services.settings import Settings
from services.store import open_store
from services.store.orders.orders import Filter
from services.store.schema.orders import orders
from services.store.schema.settlement_files import settlement_files
from services.store.settlements.lines.line_filter import LineFilter

PAUSE, RERUNS, LINK_EVERY, PATIENCE = 0.1, 150, 15.0, 120.0  # seconds, but for the reruns at rest
_READY = re.compile(r"sandbox ready http=\S+:(\d+) smtp=\S+:(\d+)")


@dataclass
class Felt:
    """Seconds that each rerun and each link took."""

    reruns: dict[str, list[float]] = field(default_factory=dict)
    links: list[float] = field(default_factory=list)

    def p95(self, page: str) -> float:
        return statistics.quantiles(self.reruns[page], n=20)[-1]


def main(file: Path, database: Path) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=database.parent)))
        copy = folder / "copy.db"
        shutil.copy(database, copy)
        port, smtp = _sandbox(stack)
        url = f"sqlite:///{copy}"
        environment = {
            "ETERMINAL_DATABASE_URL": url,
            "ETERMINAL_SANDBOX_URL": f"http://127.0.0.1:{port}",
            "ETERMINAL_SANDBOX_SMTP_PORT": str(smtp),
            "ETERMINAL_DATA_DIR": str(folder),
        }
        settings = Settings(
            database_url=url, sandbox_url=f"http://127.0.0.1:{port}", sandbox_smtp_port=smtp, data_dir=folder
        )
        desk = Desk(settings, open_store(settings.database, demo=True))
        stack.callback(desk.close)
        prepare_demo(desk)
        actor = finance(desk)
        file_accounts.assign(desk, actor, Year.number, "demo")
        worker = subprocess.Popen([sys.executable, "-m", "services.worker"], env=os.environ | environment)
        stack.callback(_end, worker)

        _send(desk, actor)  # the first one finds everything cold
        rest = _feel(desk, actor, lambda count: count < RERUNS)
        receiving = threading.Thread(target=_receive, args=(desk, actor, file))
        begun = time.perf_counter()
        receiving.start()
        busy = _feel(desk, actor, lambda _: receiving.is_alive() or _importing(desk))
        print(
            f"imported in {time.perf_counter() - begun:.0f} s beside {len(busy.links)} links and many reruns"
        )
        for page in rest.reruns:
            before, during = rest.p95(page), busy.p95(page)
            print(
                f"{page:22} p95 at rest {before * 1e3:6.1f} ms, importing {during * 1e3:6.1f} ms: {during / before:.2f}"
            )
        print(f"links left after {_range(rest.links)} s at rest, {_range(busy.links)} s while importing")


def _feel(desk: Desk, actor: Actor, going_on: Callable[[int], bool]) -> Felt:
    felt, count, next_link = Felt(), 0, time.perf_counter()
    pages: dict[str, Callable[[], object]] = {
        "payment requests": lambda: history.find(desk, actor, Filter()),
        "reconciliation": lambda: (lists.figures(desk, actor), lists.lines(desk, actor, LineFilter())),
    }
    while going_on(count):
        for name, draw in pages.items():
            begun = time.perf_counter()
            draw()
            felt.reruns.setdefault(name, []).append(time.perf_counter() - begun)
        count += 1
        if time.perf_counter() > next_link:
            felt.links.append(_send(desk, actor))
            next_link = time.perf_counter() + LINK_EVERY
        time.sleep(PAUSE)
    return felt


def _send(desk: Desk, actor: Actor) -> float:
    """Send a payment link; seconds until its mail has left."""
    begun, draft = time.perf_counter(), filled_form(f"N-{uuid.uuid4().hex[:12]}")
    number = create.create(desk, actor, draft, uuid.uuid4().hex)
    while time.perf_counter() - begun < PATIENCE:
        with desk.store.read() as tx:
            if tx.scalar(select(orders.c.delivery).where(orders.c.id == number)) == "sent":
                return time.perf_counter() - begun
        time.sleep(PAUSE)
    raise SystemExit(f"a payment link had not left after {PATIENCE:.0f} s")


def _receive(desk: Desk, actor: Actor, file: Path) -> None:
    with file.open("rb") as stream:
        files.receive(desk, actor, "demo", file.name, stream, source="folder")


def _importing(desk: Desk) -> bool:
    with desk.store.read() as tx:
        states = set(tx.execute(select(settlement_files.c.state, settlement_files.c.follow_up)))
    if any(state == "failed" for state, _ in states):
        raise SystemExit("the import failed")
    return any(state != "complete" or follow_up is not None for state, follow_up in states)


def _sandbox(stack: ExitStack) -> tuple[int, int]:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--smtp-port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    stack.callback(_end, process)
    assert process.stdout
    ready = _READY.match(process.stdout.readline())
    if ready is None:
        raise SystemExit("the sandbox did not start")
    return int(ready[1]), int(ready[2])


def _end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()
    if process.stdout:
        process.stdout.close()


def _range(seconds: list[float]) -> str:
    return f"{min(seconds):.1f} to {max(seconds):.1f}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
