"""How far the month of samples is (``services.demo.sample_month``, which is long to load): what each start and each screen asks."""

from services.desk import Desk
from services.hipay.sandbox import SandboxControl
from services.store import meta
from services.store.remembered import remembered


def reset_clock(desk: Desk) -> None:
    """After an interrupted attempt, reset the sandbox's clock and allow another attempt. Raises HiPayError."""
    with desk.store.read() as tx:
        if not desk.settings.demo or not meta.task_under_way(tx, "sample"):
            return
    with SandboxControl(desk.settings.sandbox_url) as sandbox:
        sandbox.move_clock()
    with desk.store.write() as tx:
        meta.release_task(tx, "sample")


def made(desk: Desk) -> bool:
    """Whether the month has been made; it is made once."""
    with desk.store.read() as tx:
        return remembered(tx, ("month of samples",), lambda: meta.task_done(tx, "sample"))
