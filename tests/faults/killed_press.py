"""A press of our own link's button that kills its process at the n-th point: run by ``test_killed_while_pressing``.

Points lie before and after every commit and every call to HiPay. Prints ``done`` when it ended before the n-th.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services import clock
from services.hipay.client import HiPay
from services.hipay.sandbox import clock_source
from services.orders import pressing
from services.store import Connection, Store
from tests.faults import killed_worker
from tests.support.desk import open_test_desk


def main(folder: str, sandbox_url: str, smtp_port: str, at: str, token: str) -> None:
    desk = open_test_desk(
        Path(folder), own_links=True, sandbox_url=sandbox_url, sandbox_smtp_port=int(smtp_port)
    )
    clock.use(clock_source(sandbox_url, ttl=0))
    write = Store.write

    @contextmanager
    def killing_write(store: Store) -> Iterator[Connection]:
        with write(store) as tx:
            yield tx
            killed_worker.point()
        killed_worker.point()

    Store.write = killing_write  # type: ignore[method-assign,assignment]
    HiPay.create_page = killed_worker.around(HiPay.create_page)  # type: ignore[method-assign]
    killed_worker._left = int(at)
    pressing.press(desk, token)
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
