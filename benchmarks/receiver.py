"""The receiver under a burst: a thousand notifications from twenty connections, while somebody works on the dashboard.

    python -m benchmarks.receiver

Starts a whole installation as ``make run`` does, on SQLite in a temporary folder and on free ports. The notifications are
for two hundred requests, five each, as HiPay writes them; they come from a process of their own over kept connections, each
sent when the one before it was answered. Meanwhile the list of payment requests is run again and again over Streamlit's
WebSocket, and compared with the same runs before.
"""

import hashlib
import http.client
import statistics
import tempfile
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from sqlalchemy import func, select

from benchmarks.payment_requests import add_open_order
from benchmarks.screen import Screen, screen
from services import clock
from services.settings import Settings
from services.store import Store, open_store, schema
from tests.browser.installation import installation

ORDERS, CONNECTIONS, IDLE_RUNS = 200, 20, 40
STATUSES = (116, 117, 118, 124, 126)
PASSPHRASE = "sandbox-passphrase"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder)) as running:
        store = open_store(Settings(data_dir=Path(folder) / "data").database, demo=True)
        bodies = _fill(store)
        with screen(running.dashboard, "payment-requests") as shown:
            idle = [shown.rerun() for _ in range(IDLE_RUNS)][5:]
            with ProcessPoolExecutor(1, get_context("spawn")) as apart:
                burst = apart.submit(_burst, running.public, bodies)
                busy, after = _while_it_lasts(shown, burst, store)
            times, seconds = burst.result()
        print(
            f"{len(bodies):,} notifications from {CONNECTIONS} connections in {seconds:.1f} s, {_stored(store):,} stored"
        )
        print(
            f"answered: median {_ms(statistics.median(times))}, p99 {_ms(_p(times, 99))}, slowest {_ms(max(times))}"
        )
        print(
            f"rerun of the list, idle:             median {_ms(statistics.median(idle))}, p90 {_ms(_p(idle, 90))}"
        )
        for what, found in (("while they come in", busy), ("while they are worked off", after)):
            ratio = statistics.median(found) / statistics.median(idle)
            print(
                f"rerun of the list, {what:25}: median {_ms(statistics.median(found))} ({ratio:.2f} times), {len(found)} runs"
            )
        store.close()


def _while_it_lasts(shown: Screen, burst: "Future[Any]", store: Store) -> tuple[list[float], list[float]]:
    """Reruns while the notifications come in, and then until all are worked off."""
    while not _stored(store) and not burst.done():
        time.sleep(0.01)
    busy, after = list[float](), list[float]()
    while not burst.done():
        busy.append(shown.rerun())
    while _stored(store, "received") or not after:
        after.append(shown.rerun())
    return busy, after


def _burst(public: str, bodies: Sequence[bytes]) -> tuple[list[float], float]:
    """How long each answer took, and all together, in seconds."""
    parts = urlsplit(public)

    def send(mine: Sequence[bytes]) -> list[float]:
        times = []
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        for body in mine:
            headers = {
                "X-Allopass-Signature": hashlib.sha256(body + PASSPHRASE.encode()).hexdigest(),
                "Content-Type": "application/x-www-form-urlencoded",
            }
            begun = time.perf_counter()
            connection.request("POST", "/notify/demo", body, headers)
            answer = connection.getresponse()
            answer.read()
            times.append(time.perf_counter() - begun)
            assert answer.status == 202, answer.status
        connection.close()
        return times

    begun = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        times = [
            one
            for part in pool.map(send, [bodies[n::CONNECTIONS] for n in range(CONNECTIONS)])
            for one in part
        ]
    return times, time.perf_counter() - begun


def _fill(store: Store) -> list[bytes]:
    """Requests with an open page, and HiPay's notifications of each."""
    now, bodies = clock.now(), []
    with store.write() as tx:
        for number in range(ORDERS):
            name = f"B-{number}"
            add_open_order(tx, name, f"customer{number}@example.com")
            bodies += [
                notification(name, status, now.strftime("%Y-%m-%dT%H:%M:%S+0000")) for status in STATUSES
            ]
    return bodies


def notification(order: str, status: int, at: str) -> bytes:
    fields = {
        "state": "completed",
        "test": "true",
        "attempt_id": "1",
        "authorization_code": "123456789",
        "transaction_reference": f"8{order}",
        "date_created": at,
        "date_updated": at,
        "status": str(status),
        "authorized_amount": "100.00",
        "captured_amount": "100.00" if status >= 118 else "0.00",
        "refunded_amount": "30.00" if status == 126 else "0.00",
        "decimals": "2",
        "currency": "EUR",
        "ip_address": "127.0.0.1",
        "ip_country": "FR",
        "eci": "7",
        "payment_product": "visa",
        "payment_method[token]": uuid.uuid4().hex,
        "payment_method[pan]": "411111******1111",
        "order[id]": order,
        "order[amount]": "100.00",
        "order[currency]": "EUR",
        "order[language]": "fr_FR",
    }
    return urlencode(fields).encode()


def _stored(store: Store, state: str | None = None) -> int:
    table = schema.orders.notifications
    query = select(func.count()).select_from(table)
    with store.read() as tx:
        return int(tx.scalar(query.where(table.c.state == state) if state else query) or 0)


def _p(times: Sequence[float], percent: int) -> float:
    return statistics.quantiles(times, n=100)[percent - 1]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


if __name__ == "__main__":
    main()
