"""How long a worker leases a step, and the renewal of the lease before each further call of a step that makes several."""

from datetime import timedelta

from services import clock
from services.desk import Desk
from services.store.orders import steps
from services.store.orders.steps import Step

# Longer than a call: 60 s to HiPay and as much to its older API, 90 s to the mail server.
LEASE = timedelta(seconds=150)


def renewed(desk: Desk, step: Step) -> Step:
    """The step for another call, with a whole lease where a tenth of it is over. Raises LeaseLost."""
    now = clock.now()
    if now < step.leased_until - 0.9 * LEASE:
        return step
    with desk.store.write() as tx:
        return steps.renew(tx, step, now + LEASE)
