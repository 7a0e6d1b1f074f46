"""What a dashboard does when it starts and stops: the desk, the sandbox's world around it, the worker."""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

from services import logs, processes, versions
from services.desk import Desk
from services.entrypoints import programs
from services.heartbeats import watching_workers
from services.hosts import LOOPBACK_NAMES, is_loopback
from services.processes import Child
from services.settings import Settings
from services.settings.sources import SettingsError

log = logging.getLogger(__name__)
_WORKER_STOPS = 20.0  # seconds that the worker's current step gets to end
_ANSWERS_FIRST = (
    0.5  # seconds from now until a worker inside begins: what it loads takes a quarter of the start
)
# Seconds that a thread may compute before another one gets its turn. Streamlit writes to a socket for each element, and a thread
# waits for its turn after each write: with Python's 5 ms a few screens at once take ten times as long.
TURN = 0.0005


def refuse_open_door(settings: Settings) -> None:
    """Without an identity provider the dashboard is one named person's, so only this machine may reach it. Raises SettingsError."""
    if settings.auth is not None:
        return
    reached = {
        settings.dashboard_host,
        urlsplit(settings.dashboard_url).hostname or "",
        *settings.allowed_hosts,
    }
    if strangers := sorted(host for host in reached if not is_loopback(host)):
        raise SettingsError(
            (
                f"no identity provider is configured, so the dashboard may be reached from this machine only, not as "
                f"{', '.join(strangers)}: add [auth] (docs/operator.md), or remove the address",
            )
        )


def refuse_other_address(settings: Settings, address: str | None, port: int) -> None:
    """Links and the sign-in follow the settings, so ``streamlit run`` must listen where they say. Raises SettingsError.

    ``address``: None for every address of this machine.
    """
    host, here = settings.dashboard_host, address or "0.0.0.0"  # noqa: S104 what Streamlit does without one
    same = host == here or {host, here} <= LOOPBACK_NAMES
    wrong = [] if same else [("address", "HOST", host, here)]
    if port != settings.dashboard_port:
        wrong.append(("port", "PORT", str(settings.dashboard_port), str(port)))
    if wrong:
        raise SettingsError(
            tuple(
                f"streamlit run would listen on the {flag} {found}, and ETERMINAL_DASHBOARD_{name} is {wanted}: give "
                f"--server.{flag} {wanted}, or set ETERMINAL_DASHBOARD_{name}={found}, or start python app.py, which "
                "follows the setting"
                for flag, name, wanted, found in wrong
            )
        )


def ready_message(settings: Settings, addresses: Sequence[tuple[str, str]]) -> str:
    """The message once everything runs: the sandbox or real accounts, where the worker runs, and the addresses."""
    if settings.demo:
        world = "No account is configured: this is the sandbox, no money moves."
    else:
        accounts = ", ".join(f"{one.name} ({one.environment})" for one in settings.accounts.values())
        world = f"Real accounts: {accounts}."
    if settings.worker:
        worker = "A worker runs inside the dashboard."
    else:
        worker = "No worker runs inside (ETERMINAL_WORKER=false): start one with python -m services.worker."
    width = max(len(name) for name, _ in addresses)
    text = "\n".join(f"  {name:<{width}}  {address}" for name, address in addresses)
    return f"\nE-Terminal Desk is ready. {world}\n{worker}\n\n{text}\n\n"


@contextmanager
def running(desk: Desk) -> Iterator[None]:
    """The dashboard's surroundings while the block runs. Raises NotStarted.

    In the sandbox's world the sandbox and the public application are started where nothing answers on their ports, so
    that ``streamlit run app.py`` alone is the whole loop. Everything started here is stopped at the end.
    """
    logs.set_up(desk.settings)
    versions.log_warnings(desk.store)
    turn = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    children: list[Child] = []
    worker = None
    try:
        children += [
            programs.start(needed) for needed in programs.demo_world(desk.settings) if not needed.answers()
        ]
        if desk.settings.demo:
            from services.demo import sample_state
            from services.demo.prepare import prepare_demo

            prepare_demo(desk)
            sample_state.reset_clock(desk)
        if desk.settings.worker:
            from services.entrypoints.worker import start

            worker = start(desk, after=_ANSWERS_FIRST)
        with watching_workers(desk.worker_watch, partial(_note_stopped_workers, desk)):
            yield
    finally:
        sys.setswitchinterval(turn)
        if worker:
            worker.stop(_WORKER_STOPS)
        processes.stop(children)


def _note_stopped_workers(desk: Desk) -> None:
    if desk.worker_watch.alive or desk.worker_watch.standstill:
        from services.alarms import (
            stopped_workers,  # not above: alarms know the imports, which are long to load
        )

        stopped_workers.note(desk)
