"""The step that asks HiPay for a maintenance operation once; where the answer is lost it looks the operation up, and never
asks again.

``GET /v3/transactions/opid/…`` shows what HiPay knows under our operation id. An unknown id is no proof that nothing was
done: it is looked up for a day, and an alarm asks a person until it is found. Where the account has no such call, a read
of the order may show the outcome, or a person decides.
"""

from services import clock
from services.access import WORKER
from services.desk import Desk
from services.errors import DeskError
from services.hipay import errors
from services.hipay.observations import Observation
from services.orders.bank_answers import record_read
from services.orders.bank_refusals import UNCLEAR
from services.orders.record import alarm, operation_done, record
from services.orders.retry import PAUSED_GAP, backoff, hopeless
from services.orders.steps.lease import renewed
from services.store import Connection
from services.store.orders import maintenance_operations, orders, steps
from services.store.orders.records import AskedOperation
from services.store.orders.steps import Step


def run(desk: Desk, step: Step) -> None:
    """Ask HiPay for the order's operation, or look up those whose answer was lost."""
    with desk.store.write() as tx:
        steps.lock_step(tx, step)
        unsettled = maintenance_operations.unsettled(tx, step.order)
        asked = next((one for one in unsettled if one.state == "requested"), None)
        if not unsettled:
            steps.finish(tx, step)
            return
        if steps.paused(tx, step.account, "gateway", reads=asked is None):
            gap = PAUSED_GAP if asked is None else backoff(4)
            steps.again(tx, step, clock.now() + gap, counts=False)
            return
        if asked is not None:
            # From here on a crash leaves it unknown: a person is asked rather than money sent twice.
            maintenance_operations.change(tx, asked.id, state="unknown")
    if asked is None:
        _look_up(desk, step, unsettled)
    else:
        _ask(desk, step, asked)


def _ask(desk: Desk, step: Step, asked: AskedOperation) -> None:
    try:
        with desk.hipay(step.account) as client:
            client.maintain(
                asked.reference,
                asked.kind,
                amount_units=asked.amount,
                currency=asked.currency,
                operation_id=asked.operation_id,
            )
    except errors.Unreachable as error:
        if not error.retry or hopeless(step.tries, step.first_due_at, clock.now()):
            _refused(desk, step, asked, error)
            return
        with desk.store.write() as tx:
            steps.lock_step(tx, step)
            maintenance_operations.change(
                tx, asked.id, state="requested", failure=error.code, failure_detail=error.fields()
            )
            steps.again(tx, step, clock.now() + backoff(step.tries))
    except (errors.OutcomeUnknown, errors.Unavailable, errors.BadAnswer, errors.AnswerTooLarge) as error:
        with desk.store.write() as tx:
            steps.lock_step(tx, step)
            _lost(tx, asked, error.code, error.fields())
            steps.finish(tx, step)
            steps.schedule(tx, step.order, "operation", step.account, clock.now())
        desk.wake.set()
    except DeskError as error:
        _refused(desk, step, asked, error)
    else:
        with desk.store.write() as tx:
            steps.lock_step(tx, step)
            operation_done(tx, step.order, asked, WORKER)
            steps.finish(tx, step)
            steps.schedule(tx, step.order, "read", step.account, clock.now())
        desk.wake.set()


def _refused(desk: Desk, step: Step, asked: AskedOperation, error: DeskError) -> None:
    with desk.store.write() as tx:
        steps.lock_step(tx, step)
        maintenance_operations.change(
            tx, asked.id, state="refused", failure=error.code, failure_detail=error.fields()
        )
        record(
            tx,
            step.order,
            "operation_refused",
            WORKER,
            operation=asked.kind,
            error=error.code,
            fields=error.fields(),
        )
        steps.finish(tx, step)


def _lost(tx: Connection, asked: AskedOperation, code: str, fields: dict[str, str]) -> None:
    """Set the operation to unknown: nobody knows yet whether it was done."""
    maintenance_operations.change(tx, asked.id, state="unknown", failure=code, failure_detail=fields)
    record(tx, asked.order, "operation_unknown", WORKER, error=code, fields=fields)


def _look_up(desk: Desk, step: Step, lost: list[AskedOperation]) -> None:
    """Record what HiPay knows of the lost operations; open an alarm for those that it does not know, and look them up again."""
    found: list[tuple[AskedOperation, tuple[Observation, ...]]] = []
    may_ask = True
    try:
        with desk.hipay(step.account) as client:
            for one in lost:
                step = renewed(desk, step)
                found.append((one, client.read_operation(one.operation_id)))
    except DeskError as error:
        may_ask = not isinstance(error, errors.NotAuthorised)
    with desk.store.write() as tx:
        steps.lock_step(tx, step)
        for one in lost:
            if not one.failure:  # the worker that asked died before it got the answer
                _lost(tx, one, errors.OutcomeUnknown.code, {})
        pages = {page.hipay_order_id: page.id for page in orders.pages_of(tx, step.order)}
        for one, transactions in found:
            for seen in transactions:
                if seen.reference == one.reference and seen.order_id in pages:
                    record_read(tx, desk, step.order, pages[seen.order_id], seen)
        still = {one.id for one in maintenance_operations.unsettled(tx, step.order)}
        for one, transactions in found:
            if one.id in still and not transactions:
                record(
                    tx,
                    step.order,
                    "operation_not_found",
                    WORKER,
                    identity=f"operation_not_found:{one.id}",
                    operation_id=one.operation_id,
                )
        _open_alarms(tx, step, [one for one in lost if one.id in still])
        later = clock.now() + backoff(step.tries, first=20)
        if still and may_ask and not hopeless(step.tries, step.first_due_at, clock.now()):
            steps.again(tx, step, later)
        else:
            steps.finish(tx, step)
        steps.schedule(tx, step.order, "read", step.account, clock.now())
    desk.wake.set()


def stop(tx: Connection, step: Step, code: str) -> None:
    """Ask HiPay no more: a person must look up whether anything was done."""
    unsettled = maintenance_operations.unsettled(tx, step.order)
    for one in unsettled:
        _lost(tx, one, code, {})
    _open_alarms(tx, step, unsettled)
    steps.finish(tx, step)


def _open_alarms(tx: Connection, step: Step, unknown: list[AskedOperation]) -> None:
    order = orders.order(tx, step.order)
    assert order is not None
    for one in unknown:
        if one.failure != UNCLEAR:  # that has an alarm of its own
            alarm(tx, order, f"operation_unknown:{one.id}", "operation_unknown", operation=one.id)
