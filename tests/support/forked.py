"""Processes that have imported everything before they begin: forked from a server, each is at work within milliseconds.

A fork of the test's own process would take its threads' locks along; a process started anew imports for seconds.
"""

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_ctx = multiprocessing.get_context("forkserver")
_ctx.set_forkserver_preload(["tests.support.preloaded"])


def begin(work: Callable[..., object], *arguments: object, log: Path | None = None) -> ForkServerProcess:
    """A process that does ``work(*arguments)``, both of them picklable; what it says goes to ``log``."""
    process = _ctx.Process(target=_logged, args=(log, work, arguments), daemon=True)
    process.start()
    return process


def _logged(log: Path | None, work: Callable[..., object], arguments: tuple[object, ...]) -> None:
    if log:
        with log.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
    work(*arguments)
