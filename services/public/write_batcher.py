"""Writes that wait while a transaction commits are made together by the next: a burst costs a few commits, not one each."""

import asyncio
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread

from services.desk import Desk
from services.store import Connection, StoreError

Work = Callable[[Connection], Any]
MOST = 100  # of one transaction: others wait for the database, too


class WriteBatcher:
    """``await together(work)``: what ``work`` returns, once it is committed. Raises what it raises, or StoreError.

    Whoever stops waiting does not stop the work.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._limiter = anyio.CapacityLimiter(1)
        self._waiting: list[tuple[Work, asyncio.Future[Any]]] = []
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, work: Work) -> Any:
        told = asyncio.get_running_loop().create_future()
        self._waiting.append((work, told))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await told

    async def _run(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            works = [work for work, _ in taken]
            results = await anyio.to_thread.run_sync(_commit, self._desk, works, limiter=self._limiter)
            self._desk.wake.set()
            for (_, told), result in zip(taken, results, strict=True):
                if told.done():
                    continue
                if isinstance(result, Exception):
                    told.set_exception(result)
                else:
                    told.set_result(result)


def _commit(desk: Desk, works: list[Work]) -> list[Any]:
    """The results, or what was raised. One that fails by itself does not spoil the others."""
    try:
        with desk.store.write() as tx:
            return [work(tx) for work in works]
    except StoreError as error:
        return [error] * len(works)
    except Exception as error:  # noqa: BLE001 whoever waits for it is told
        return [error] if len(works) == 1 else [_commit(desk, [work])[0] for work in works]
