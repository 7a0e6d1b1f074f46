"""`python -m sandbox --port 8502 --smtp-port 8525`: one line when ready, until SIGINT or SIGTERM."""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path


class CannotStart(Exception):
    """The sentence says why."""


def main() -> int:
    os.umask(0o077)  # its state holds names and addresses: nobody else on this machine reads them
    options = _options()
    parent = os.getppid()
    try:
        with _bound(options.host, options.port) as http, _bound(options.host, options.smtp_port) as smtp:
            asyncio.run(_run(options.host, http, smtp, options.data, parent))
    except ModuleNotFoundError as missing:  # a server with accounts does without requirements-sandbox.txt
        print(  # noqa: T201
            f"The sandbox cannot start: {missing.name} is not installed; make run installs requirements-sandbox.txt.",
            file=sys.stderr,
        )
        return 1
    except CannotStart as why:
        print(f"The sandbox cannot start: {why}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A HiPay and a mailbox on this machine."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8502, help="HTTP port, 0 for a free one (8502)")
    parser.add_argument("--smtp-port", type=int, default=8525, help="SMTP port, 0 for a free one (8525)")
    parser.add_argument("--data", type=Path, help="file that keeps its state (in memory without it)")
    return parser.parse_args()


@contextlib.contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket, taken before anything else starts, so that a taken port is one sentence."""
    # With its protocol named, asyncio turns Nagle's delay off for every connection.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
            sock.listen(512)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise CannotStart(f"port {port} of {host} is not free ({reason}).") from None
        yield sock
    finally:
        sock.close()


async def _run(host: str, http: socket.socket, smtp: socket.socket, data: Path | None, parent: int) -> None:
    import uvicorn

    from sandbox import deliver, mailbox
    from sandbox.app import application
    from sandbox.context import Sandbox
    from sandbox.store import Store

    try:
        if data is not None:
            data.parent.mkdir(parents=True, exist_ok=True)
        store = Store(data)
    except (sqlite3.Error, OSError) as error:
        raise CannotStart(f"{data} cannot hold its state ({error}).") from None
    port, smtp_port = http.getsockname()[1], smtp.getsockname()[1]
    box = Sandbox(store, f"http://{host}:{port}")
    server = uvicorn.Server(
        uvicorn.Config(
            application(box),
            lifespan="off",
            log_config=None,
            access_log=False,
            ws="none",
            server_header=False,
            timeout_keep_alive=75,  # a client that was busy for some seconds may still use its connection
            timeout_graceful_shutdown=1,
        )
    )
    # uvicorn would raise the signal again once it is done, and the exit status would not be 0.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    mail = await mailbox.serve(box, smtp)
    background = [asyncio.create_task(deliver.run(box))]
    if os.environ.get("SANDBOX_DIE_WITH_PARENT") == "1":
        background.append(asyncio.create_task(_until_orphaned(server, parent)))
    serving = asyncio.create_task(server.serve([http]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.005)
    # The one line that whoever started us waits for.
    print(f"sandbox ready http={host}:{port} smtp={host}:{smtp_port}", flush=True)  # noqa: T201
    try:
        await serving
    finally:
        mail.close()
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        store.close()


async def _until_orphaned(server: object, parent: int) -> None:
    """End the server when its parent has ended, however it ended.

    Asked of the kernel four times a second: its own signal for this (PR_SET_PDEATHSIG) comes when the *thread*
    that started us ends, and a thread of a pool ends long before its process.
    """
    while os.getppid() == parent:
        await asyncio.sleep(0.25)
    server.should_exit = True  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
