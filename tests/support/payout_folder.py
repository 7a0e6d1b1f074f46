"""What lies in the watched folder of payout files, and the watch that takes it."""

import io
import zipfile

from services.desk import Desk
from services.imports import background
from services.imports.received.folder import Watch
from tests.support.payouts import HEAD


def content(order: str = "A-1") -> bytes:
    return f"{HEAD}\n1;77;T-{order};{order};10.00;EUR;;;;;Sale;10.00;EUR;F-1;2026-11-20\n".encode()


def look(desk: Desk, times: int = 2) -> None:
    """Look as often as it takes to find a file still, and then again."""
    watch = Watch(desk, still=0)
    for _ in range(times + 1):
        watch.poll()
        background.work_off(desk)


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content(name))
    return out.getvalue()
