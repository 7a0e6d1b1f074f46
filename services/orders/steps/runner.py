"""The steps of an order, one outside call each: make HiPay's page, mail its link, read the payment.

A step is leased, its call is made outside any transaction, and its result is written under the lease's fence together
with the next step. The page's URL is committed before any mail leaves, and only one URL per page is ever committed: two
different URLs are never mailed, whatever is lost or repeated.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

from services import clock
from services.desk import Desk
from services.orders.retry import backoff, hopeless
from services.orders.steps import (
    create_page,
    lease,
    read_payment,
    request_operation,
    send_mail,
)
from services.store import STORE_AWAY, Connection
from services.store.lease import LeaseLost
from services.store.order_states import StepKind
from services.store.orders import steps
from services.store.orders.steps import Step

log = logging.getLogger(__name__)

RUN: dict[StepKind, Callable[[Desk, Step], None]] = {
    "page": create_page.run, "mail": send_mail.run, "copy": send_mail.run_copy, "read": read_payment.run, "operation": request_operation.run,
}  # fmt: skip


STOP: dict[StepKind, Callable[[Connection, Step, str], None]] = {
    "page": create_page.stop, "mail": send_mail.stop, "copy": send_mail.stop, "read": read_payment.stop, "operation": request_operation.stop,
}  # fmt: skip


def run_next(desk: Desk, owner: str) -> bool:
    """Lease one due step and run it. False when none is due.

    The steps of an account that the settings no longer name wait until they name it again.
    """
    step = take(desk, owner, dict.fromkeys(RUN, desk.settings.all_accounts))
    if step is not None:
        run(desk, step)
    return step is not None


def take(desk: Desk, owner: str, free: Mapping[StepKind, Collection[str]]) -> Step | None:
    """Lease one due step of these kinds and accounts; None when none is due."""
    with desk.store.write() as tx:
        return steps.take(tx, owner, clock.now(), lease.LEASE, free)


def run(desk: Desk, step: Step) -> None:
    """Run a leased step."""
    try:
        RUN[step.kind](desk, step)
    except LeaseLost:
        log.warning("step %s of order %s was finished by another worker", step.kind, step.order)
    except Exception as error:
        # A fault of ours must not stop the queue: the step is tried again for a day, and the log says why.
        now, ours = clock.now(), not isinstance(error, STORE_AWAY)
        if ours:
            log.exception("step %s of order %s failed", step.kind, step.order)
        with suppress(LeaseLost), desk.store.write() as tx:
            steps.lock_step(tx, step)
            if ours and hopeless(step.tries, step.first_due_at, now):
                STOP[step.kind](tx, step, "step_failed")
            else:
                steps.again(tx, step, now + backoff(step.tries))
