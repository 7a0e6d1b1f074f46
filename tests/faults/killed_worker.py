"""A worker that kills itself at the n-th point of its work: run as a process by ``test_killed_while_sending``.

Points lie before and after every commit, and before and after every call to HiPay and to the mail server. Prints
``done`` when it ran out of work before the n-th point.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services import clock, worker
from services.hipay.client import HiPay
from services.hipay.sandbox import clock_source
from services.orders import mailing
from services.store import Connection, Store
from tests.support.desk import open_test_desk

_left = 0


def point() -> None:
    global _left
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def around(call: Callable[..., Any]) -> Callable[..., Any]:
    def called(*args: Any, **more: Any) -> Any:
        point()
        answer = call(*args, **more)
        point()
        return answer

    return called


def main(folder: str, sandbox_url: str, smtp_port: str, at: str) -> None:
    global _left
    desk = open_test_desk(Path(folder), sandbox_url=sandbox_url, sandbox_smtp_port=int(smtp_port))
    clock.use(clock_source(sandbox_url, ttl=0))
    write = Store.write

    @contextmanager
    def killing_write(store: Store) -> Iterator[Connection]:
        with write(store) as tx:
            yield tx
            point()
        point()

    Store.write = killing_write  # type: ignore[method-assign,assignment]
    HiPay.create_page = around(HiPay.create_page)  # type: ignore[method-assign]
    mailing.deliver = around(mailing.deliver)
    _left = int(at)
    worker.drain(desk)
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
