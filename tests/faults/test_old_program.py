"""An older program beside the new schema, as in an upgrade of several machines: it mails and stores notifications, and imports,
decides and folds nothing.

``former_program/program-36cc795.tar.xz`` is the code of that commit (services, locales), which knows nothing of a newer schema;
``former_program/program-36cc795.py`` is started with it.
"""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import func, select

from services import clock
from services.access import Actor
from services.demo.drain import drain
from services.desk import Desk
from services.imports import files
from services.orders import create, history
from services.store import open_store
from services.store.orders import orders
from services.store.schema.orders import notifications, steps
from services.store.schema.reconciliation import line_decisions
from services.store.settlements.files import settlement_files
from tests.support import postgres
from tests.support.desk import settings_for
from tests.support.drafts import draft
from tests.support.first_version import as_left_at
from tests.support.payouts import csv, import_file
from tests.support.sandbox import RunningSandbox, clock_of, wait_for
from tests.support.servers import free_ports, server

pytestmark = [pytest.mark.faults, pytest.mark.desk(sandbox=True)]
HERE = Path(__file__).parent
ITS_MIGRATION = "0005"
LINE = "1;{payout};T-{payout};;10.00;EUR;;;;EUR;Sales;9.80;EUR;;2026-11-01"


@pytest.fixture(scope="module")
def old_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("older")
    with tarfile.open(HERE / "former_program" / "program-36cc795.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


class OldProgram:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, what: str, number: int = 0) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{what} {number}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@contextmanager
def old_program(code: Path, environment: dict[str, str], log: Path) -> Iterator[OldProgram]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ETERMINAL_")}
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, HERE / "former_program" / "program-36cc795.py"],
            cwd=code,
            env=clean | environment | {"PYTHONPATH": str(code)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n", log.read_text()
            yield OldProgram(process)
        finally:
            process.kill()


def test_it_mails_and_stores_notifications_and_leaves_the_rest(
    desk: Desk, manager: Actor, finance: Actor, sandbox: RunningSandbox, old_code: Path, tmp_path: Path
) -> None:
    clock.use(clock_of(sandbox.client, ttl=0.1))
    import_file(desk, finance, "demo", "before.csv", csv(LINE.format(payout="S1")))
    [port] = free_ports(1)
    url = postgres.empty("old") if postgres.SERVER else f"sqlite:///{tmp_path / 'old.db'}"
    as_left_at(desk, url, ITS_MIGRATION).dispose()
    environment = {
        "ETERMINAL_DATA_DIR": str(tmp_path / "data"),
        "ETERMINAL_DATABASE_URL": url,
        "ETERMINAL_SANDBOX_URL": sandbox.url,
        "ETERMINAL_SANDBOX_SMTP_PORT": str(sandbox.smtp_port),
        "ETERMINAL_PUBLIC_PORT": str(port),
        "ETERMINAL_SECRETS": str(tmp_path / "none.toml"),
    }
    public = server(
        ["-m", "services.public"],
        port,
        tmp_path / "public.log",
        path="/healthz",
        environment=environment,
        cwd=old_code,
    )
    with old_program(old_code, environment, tmp_path / "worker.log") as old, public:
        settings = settings_for(
            tmp_path,
            database_url=url,
            public_port=port,
            sandbox_url=sandbox.url,
            sandbox_smtp_port=sandbox.smtp_port,
        )
        new = Desk(settings, open_store(url, demo=True))  # the upgrade
        try:
            _beside(new, old, manager, finance, sandbox)
        finally:
            new.close()


def _beside(new: Desk, old: OldProgram, manager: Actor, finance: Actor, sandbox: RunningSandbox) -> None:
    order = create.create(new, manager, draft(order_id="ORDER-1"), create.new_form_key())
    wait_for(sandbox.mails, "the old worker mails")
    sandbox.control("pay", {"orderids": ["ORDER-1"], "outcome": "accept"})
    wait_for(lambda: _count(new, notifications) > 0, "the old public application stores the notification")
    history.check_now(new, manager, [order])
    reads = _count(new, steps)
    file = files.receive(new, finance, "demo", "after.csv", BytesIO(csv(LINE.format(payout="S2"))))

    assert old.ask("notifications") == "0"
    assert old.ask("fold", order)  # it may, but the columns stay
    assert old.ask("import") == "False"
    assert old.ask("decide", 1).startswith("refused")
    with new.store.read() as tx:
        stored = orders.order(tx, order)
        waiting = settlement_files.get(tx, file)
        assert stored is not None
        assert waiting is not None
        assert (stored.payment, stored.captured, stored.delivery) == ("unpaid", 0, "sent")
        assert (waiting.state, waiting.tries) == ("waiting", 0)
        assert set(tx.scalars(select(notifications.c.state))) == {"received"}
        assert tx.scalar(select(func.count()).select_from(line_decisions)) == 0
    assert _count(new, steps) == reads

    drain(new)
    with new.store.read() as tx:
        stored, imported = orders.order(tx, order), settlement_files.get(tx, file)
        assert stored is not None
        assert imported is not None
        assert (stored.payment, imported.state, imported.failure) == ("captured", "complete", "")
    assert old.ask("fold", order)
    with new.store.read() as tx:
        again = orders.order(tx, order)
    assert again is not None
    assert (again.payment, again.captured) == (stored.payment, stored.captured)


def _count(desk: Desk, table: object) -> int:
    with desk.store.read() as tx:
        return tx.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]
