"""What a dashboard does when it starts and stops: the desk, the sandbox's world around it, the worker."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

from services import desk as desks
from services import logs, processes, programs, versions
from services.alarms import standstill
from services.desk import Desk
from services.hosts import is_loopback
from services.i18n import translator
from services.life import watching
from services.processes import Child
from services.refusals import sentence
from services.settings import Settings, SettingsError, load, unknown_names
from services.store import DatabaseRefused

log = logging.getLogger(__name__)
_WORKER_STOPS = 20.0  # seconds that the worker's current step gets to end


def settings_or_exit() -> Settings:
    """This process's settings, checked; else a sentence for each problem on the error stream, and exit 1."""
    try:
        settings = load()
        refuse_open_door(settings)
    except SettingsError as error:
        sys.exit(str(error))
    return settings


def desk_or_exit() -> Desk:
    """This process's desk; else one sentence on the error stream, and exit 1."""
    settings_or_exit()
    try:
        return desks.current()
    except SettingsError as error:
        sys.exit(str(error))
    except DatabaseRefused as error:
        sys.exit(sentence(error, translator("en")))


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


@contextmanager
def running(desk: Desk) -> Iterator[None]:
    """The dashboard's surroundings while the block runs. Raises NotStarted.

    In the sandbox's world the sandbox and the public application are started where nothing answers on their ports, so
    that ``streamlit run app.py`` alone is the whole loop. Everything started here is stopped at the end.
    """
    logs.set_up(desk.settings)
    versions.say(desk.store)
    for name in unknown_names():
        log.warning("%s is not a setting of E-Terminal Desk, and nothing reads it: check its spelling", name)
    children: list[Child] = []
    worker = None
    try:
        children += [
            programs.start(needed) for needed in programs.demo_world(desk.settings) if not needed.answers()
        ]
        if desk.settings.demo:
            from services import sample
            from services.accounts.demo import prepare_demo

            prepare_demo(desk)
            sample.put_back(desk)
        if desk.settings.worker:
            from services import worker as workers

            worker = workers.start(desk)
        with watching(desk.watch, partial(standstill.note, desk)):
            yield
    finally:
        if worker:
            worker.stop(_WORKER_STOPS)
        processes.stop(children)
