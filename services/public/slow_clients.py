"""Closes connections that take too long to send a request.

uvicorn waits for a request's head without limit, and refuses everybody once it has as many connections as it serves: a few
hundred silent ones would block HiPay's notifications.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEAD_SECONDS = 10.0


def slow_head_protocol(seconds: float = HEAD_SECONDS) -> type[asyncio.Protocol]:
    """uvicorn's protocol, which also closes a connection whose request's head is not complete after ``seconds``."""

    class LimitedHead(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        _limit: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if self._limit:
                self._limit.cancel()

        def _asks_nothing(self) -> bool:
            return self.cycle is None or self.cycle.response_complete

        def _watch(self) -> None:
            """The limit runs from the first byte to the complete head; further bytes do not extend it."""
            if not self._asks_nothing():
                if self._limit:
                    self._limit.cancel()
                self._limit = None
            elif self._limit is None:
                self._limit = self.loop.call_later(seconds, self._give_up)

        def _give_up(self) -> None:
            self._limit = None
            if self._asks_nothing() and not self.transport.is_closing():
                self.transport.close()

    return LimitedHead
