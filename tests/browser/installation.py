"""A whole private installation on free ports, as `make run` starts it, with a data folder of its own."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from services import clock
from services.desk import Desk
from services.orders import create
from services.store import open_store
from tests.support.desk import person, settings_for
from tests.support.drafts import draft
from tests.support.sandbox import clock_of
from tests.support.servers import free_ports, server, until


@dataclass(frozen=True)
class Installation:
    """Where everything is; ``sandbox`` speaks to the sandbox's control API and its mailbox, ``data`` holds the database."""

    dashboard: str
    public: str
    sandbox: httpx.Client
    data: Path

    @property
    def sandbox_url(self) -> str:
        return str(self.sandbox.base_url).rstrip("/")

    def mails(self, to: str) -> list[dict[str, Any]]:
        """The mails that reached this address, newest first."""
        return [mail for mail in self.sandbox.get("/mailbox/messages").json() if to in mail["to"]]

    def orders(self, email: str) -> list[dict[str, Any]]:
        """What HiPay was asked for with this customer's address: one for each order."""
        found = self.sandbox.get("/control/orders").json()
        return [order for order in found if order["fields"].get("email") == email]

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """The services over its database, by its clock, as a process beside its own."""
        settings = settings_for(self.data, sandbox_url=self.sandbox_url, public_url=self.public)
        opened = Desk(settings, open_store(settings.database, demo=True))
        clock.use(clock_of(self.sandbox))
        try:
            yield opened
        finally:
            clock.use(None)
            opened.close()

    def send(self, *, lasts: timedelta = timedelta(days=7), **changes: Any) -> tuple[int, str]:
        """A request made by a colleague, its e-mail arrived: its number on screen, and the link that it carries."""
        with self.desk() as desk:
            wanted = draft(expires_at=clock.now() + lasts, **changes)
            order = create.create(desk, person(desk, "manager"), wanted, create.new_form_key())
        until(lambda: self.mails(wanted.email), 60, "the e-mail")
        [mail] = self.mails(wanted.email)
        text = self.sandbox.get(f"/mailbox/messages/{mail['id']}").json()["text"]
        link = re.search(rf"{re.escape(self.public)}/p/\S+", text)
        assert link, text
        return order, link[0]


@contextmanager
def installation(folder: Path) -> Iterator[Installation]:
    """Everything is up when the block begins, and gone when it ends; ``folder`` keeps the data and ``run.log``."""
    dashboard, sandbox, public, smtp = free_ports(4)
    environment = {
        "ETERMINAL_DASHBOARD_PORT": str(dashboard),
        "ETERMINAL_SANDBOX_URL": f"http://127.0.0.1:{sandbox}",
        "ETERMINAL_PUBLIC_PORT": str(public),
        "ETERMINAL_SANDBOX_SMTP_PORT": str(smtp),
        "ETERMINAL_DATA_DIR": str(folder / "data"),
        "ETERMINAL_SECRETS": str(folder / "none.toml"),
    }
    log = folder / "run.log"
    with (
        server(["-m", "services.run"], dashboard, log, path="/_stcore/health", environment=environment),
        # trust_env off: no proxy stands between two processes of one machine.
        httpx.Client(base_url=f"http://127.0.0.1:{sandbox}", trust_env=False, timeout=60) as client,
    ):
        until(lambda: "Ctrl-C stops everything" in log.read_text(), 60, "the addresses")
        yield Installation(
            f"http://127.0.0.1:{dashboard}", f"http://127.0.0.1:{public}", client, folder / "data"
        )
