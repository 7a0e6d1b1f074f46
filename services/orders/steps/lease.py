"""How long a step is one worker's, and its renewal before each further call of those that need several."""

from datetime import timedelta

from services import clock
from services.desk import Desk
from services.store.orders import steps
from services.store.orders.steps import Step

LEASE = timedelta(
    seconds=150
)  # longer than a call: 60 s to HiPay and as much in another way, 90 s to the mail server


def kept(desk: Desk, step: Step) -> Step:
    """The step for another call; where a tenth of its time is over, with a whole lease again. Raises LeaseLost."""
    now = clock.now()
    if now < step.leased_until - 0.9 * LEASE:
        return step
    with desk.store.write() as tx:
        return steps.renew(tx, step, now + LEASE)
