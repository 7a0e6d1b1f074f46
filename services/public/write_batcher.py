"""Batches writes: those that wait while a transaction commits share the next one, so that a burst costs few commits."""

import asyncio
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread

from services.desk import Desk
from services.store import Connection, StoreError

Work = Callable[[Connection], Any]
MOST = 100  # in one transaction: other writers wait for the database, too


class WriteBatcher:
    """``await write_batcher(work)`` returns what ``work`` returns, once it is committed. Raises what ``work`` raises, or
    StoreError. A caller that stops waiting does not stop the work.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._limiter = anyio.CapacityLimiter(1)
        self._waiting: list[tuple[Work, asyncio.Future[Any]]] = []
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, work: Work) -> Any:
        committed = asyncio.get_running_loop().create_future()
        self._waiting.append((work, committed))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await committed

    async def _run(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            works = [work for work, _ in taken]
            results = await anyio.to_thread.run_sync(_commit, self._desk, works, limiter=self._limiter)
            self._desk.wake.set()
            for (_, committed), result in zip(taken, results, strict=True):
                if committed.done():
                    continue
                if isinstance(result, Exception):
                    committed.set_exception(result)
                else:
                    committed.set_result(result)


def _commit(desk: Desk, works: list[Work]) -> list[Any]:
    """The results, or the exceptions raised. When one fails, each runs in a transaction of its own."""
    try:
        with desk.store.write() as tx:
            return [work(tx) for work in works]
    except StoreError as error:
        return [error] * len(works)
    except Exception as error:  # noqa: BLE001 its caller gets it
        return [error] if len(works) == 1 else [_commit(desk, [work])[0] for work in works]
