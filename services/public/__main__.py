"""``python -m services.public``: the public application on the address of the settings, until SIGTERM."""

import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette

from services import logs, private_files, versions
from services.heartbeats import watching_workers
from services.opening import desk_or_exit
from services.public.app import application
from services.public.slow_clients import HEAD_SECONDS, slow_head_protocol


def main() -> int:
    """Serve. Returns 0 at an orderly end, 1 with a sentence when the settings, the database or the port refuse."""
    private_files.set_umask()
    desk = desk_or_exit()
    logs.set_up(desk.settings)
    versions.log_warnings(desk.store)
    host, port = desk.settings.public_host, desk.settings.public_port
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        return _refuse(
            f"The public application cannot listen on {host}:{port} ({error.strerror}): "
            "end what uses it, or choose another port with ETERMINAL_PUBLIC_PORT."
        )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        sys.stdout.write(f"public ready http={host}:{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        with watching_workers(desk.worker_watch):
            yield
        desk.close()

    # The server handles these signals, finishes what is under way, and raises them again: then nothing is left to do.
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda _signal, _frame: None)
    server = uvicorn.Server(server_config(application(desk, lifespan=lifespan)))
    server.run(sockets=[listening])
    return 0


def server_config(app: object, *, head_seconds: float = HEAD_SECONDS) -> uvicorn.Config:
    """The server's configuration: no access log (its lines have query strings), no trust in a proxy's headers."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        http=slow_head_protocol(head_seconds),
        limit_concurrency=512,
        timeout_graceful_shutdown=10,
    )


def _refuse(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
