"""The health addresses for a load balancer or a monitor, on either port and without a sign-in.

``/healthz`` answers 200 while the process's event loop runs. ``/readyz`` answers 503 when this process cannot do its work:
when nothing can be stored, the tables are another version's, or no worker is alive. However often it is asked, the store is
probed once in ten seconds, in a thread of its own.
"""

import asyncio
import threading
import time
from concurrent.futures import Future

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.desk import Desk
from services.heartbeats import WorkerWatch
from services.store import StoreError, probe

EVERY_SECONDS = 10.0
PATIENCE_SECONDS = 2.0
FINE = "ok"
_NO_CACHE = {"cache-control": "no-store"}


def routes(desk: Desk) -> list[Route]:
    """``/healthz`` and ``/readyz`` over the desk, for GET and HEAD."""
    store = StoreProbe(desk)

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "alive"}, headers=_NO_CACHE)

    async def readyz(_request: Request) -> Response:
        checks = {**await store.checks(), "worker": _worker(desk.worker_watch)}
        ready = all(check == FINE for check in checks.values())
        answer = {"status": "ready" if ready else "not ready", "checks": checks}
        return JSONResponse(answer, 200 if ready else 503, headers=_NO_CACHE)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


def _worker(watch: WorkerWatch) -> str:
    if watch.alive:
        return FINE
    still = watch.standstill
    if still is None:
        return "no worker has given a sign of life yet"
    since = still.since.isoformat(timespec="seconds")
    if still.whole:
        return f"no worker has given a sign of life since {since}"
    return f"part of the worker has stood still since {since}: {', '.join(lane for lane, _ in still.lanes)}"


class StoreProbe:
    """Probes the store at most once in ``every`` seconds; without an answer after ``patience`` seconds it is not ready."""

    def __init__(
        self, desk: Desk, *, every: float = EVERY_SECONDS, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._desk, self._every, self._patience = desk, every, patience
        self._began = 0.0
        self._probe: Future[dict[str, str]] | None = None

    async def checks(self) -> dict[str, str]:
        """{"database", "tables"}: FINE, or what is wrong. To be called in one event loop."""
        now = time.monotonic()
        if self._probe is None or (self._probe.done() and now - self._began >= self._every):
            self._began, self._probe = now, Future()
            threading.Thread(target=self._run, args=(self._probe,), name="probe", daemon=True).start()
        running, left = self._probe, self._patience - (now - self._began)
        if not running.done() and left > 0:
            await asyncio.wait([asyncio.wrap_future(running)], timeout=left)
        if running.done():
            return running.result()
        seconds = time.monotonic() - self._began
        return {"database": f"it has not answered for {seconds:.0f} seconds", "tables": "not known"}

    def _run(self, answer: "Future[dict[str, str]]") -> None:
        try:
            probe.write(self._desk.store)
            fit = probe.tables_fit(self._desk.store)
        except StoreError as error:  # the store logs it
            answer.set_result(
                {"database": f"nothing can be stored: {probe.why(error)}", "tables": "not known"}
            )
        except BaseException as error:
            answer.set_result(
                {"database": f"nothing can be stored: {type(error).__name__}", "tables": "not known"}
            )
            raise
        else:
            answer.set_result(
                {"database": FINE, "tables": FINE if fit else "they are of another version than this program"}
            )
