"""The part of the sandbox's control API that demo mode needs. Never used with a real account."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from services.hipay.answers import Answer, content
from services.hipay.errors import BadAnswer, HiPayError

_MOST_BYTES = 10_000  # of the answer with the time
_PAUSE_SECONDS = 2.0  # after a failure, so that a stopped sandbox does not slow every page down


class SandboxControl:
    """Calls of the control API at ``url``; a context manager. Every method raises HiPayError."""

    def __init__(self, url: str, *, seconds: float = 30.0) -> None:
        from services.hipay.http import Http  # not above: httpx is loaded where the sandbox is called

        self._root, self._seconds, self._http = url.rstrip("/"), seconds, Http()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def clock_offset(self) -> timedelta:
        """How far the sandbox's clock is ahead of the machine's."""
        return _offset(self._call("GET", "/control/clock"))

    def move_clock(self, *, advance: timedelta | None = None, to: datetime | None = None) -> timedelta:
        """Advance the sandbox's clock, or set it, or with neither reset it. Returns the new offset."""
        body: dict[str, Any] = {"reset": True}
        if advance is not None:
            body = {"advance_seconds": advance.total_seconds()}
        elif to is not None:
            body = {"set": to.astimezone(UTC).isoformat()}
        return _offset(self._call("POST", "/control/clock", body))

    def pay(
        self,
        order_ids: Sequence[str] | None = None,
        *,
        outcome: Literal["accept", "decline", "pending", "cancel", "error"] = "accept",
        reason: int | None = None,
        payment_product: str | None = None,
    ) -> list[dict[str, Any]]:
        """Pay (or decline …) orders as their customers would; without ids every open one. Returns a result for each."""
        body: dict[str, Any] = {"outcome": outcome}
        body |= {"all_open": True} if order_ids is None else {"orderids": list(order_ids)}
        body |= {"reason": str(reason)} if reason else {}
        body |= {"payment_product": payment_product} if payment_product else {}
        return list(self._call("POST", "/control/pay", body)["results"])

    def chargeback(self, order_id: str, amount: str | None = None) -> None:
        """A chargeback of an order, in full or of ``amount`` (``12.00``)."""
        body = {"orderid": order_id} | ({"amount": amount} if amount else {})
        self._call("POST", "/control/chargeback", body)

    def settle(self, scenario: str | None = None, *, reserve_release: bool = False) -> list[dict[str, Any]]:
        """Settle what is not yet settled. Returns the settlements made, each with ``id``, ``currency``, ``amount``, ``files``."""
        body: dict[str, Any] = {"scenario": scenario} if scenario else {}
        body |= {"reserve_release": True} if reserve_release else {}
        return list(self._call("POST", "/control/settlements", body)["settlements"])

    def settings(self, **changes: Any) -> dict[str, Any]:
        """The sandbox's settings, after ``changes`` where there are any."""
        return (
            self._call("POST", "/control/settings", changes)
            if changes
            else self._call("GET", "/control/settings")
        )

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._http.send(method, self._root + path, seconds=self._seconds, json=body)
        value = content(answer)
        if not isinstance(value, dict):
            raise BadAnswer("not_an_object", answer.status)
        return value


def clock_source(url: str, ttl: float = 0.25, *, seconds: float = 1.0) -> Callable[[], timedelta]:
    """The sandbox's offset for ``clock.use``: asked again after ``ttl`` seconds, by one thread at a time.

    Never raises: while the sandbox does not answer within ``seconds``, the last offset is used (zero at first). Other
    threads do not wait.
    """
    asking = threading.Lock()
    offset, stale_at = timedelta(0), 0.0

    def source() -> timedelta:
        nonlocal offset, stale_at
        if time.monotonic() >= stale_at and asking.acquire(blocking=stale_at == 0.0):
            try:
                if time.monotonic() >= stale_at:
                    stale_at = time.monotonic() + _PAUSE_SECONDS
                    offset = _clock_offset(url, seconds)
                    stale_at = time.monotonic() + ttl
            except (HiPayError, OSError, HTTPException, KeyError, TypeError, ValueError, OverflowError):
                pass
            finally:
                asking.release()
        return offset

    return source


def _clock_offset(url: str, seconds: float) -> timedelta:
    """``SandboxControl.clock_offset`` without httpx, which is long to load: each program asks for the time as it starts."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/control/clock")
        response = connection.getresponse()
        return _offset(content(Answer(response.status, response.read(_MOST_BYTES))))
    finally:
        connection.close()


def _offset(value: dict[str, Any]) -> timedelta:
    return timedelta(seconds=float(value["offset_seconds"]))
