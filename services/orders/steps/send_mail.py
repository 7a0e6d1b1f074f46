"""The steps that hand an order's e-mail, and the sender's copy of it, to the mail server.

The message is stored as it leaves, with its Message-ID, so that a second try sends the same message. ``tries`` counts the
hand-overs whose outcome is unknown: after two of them a person must decide.
"""

from typing import Any

from services import clock
from services.access import WORKER
from services.accounts.configuration import email_settings
from services.accounts.pauses import pause
from services.desk import Desk
from services.mail import errors
from services.mail.compose import compose
from services.mail.deliver import deliver
from services.mail.message import new_message_id
from services.orders.letter import letter_of, queue_mail
from services.orders.payment_link import address, link_state
from services.orders.record import record
from services.orders.retry import PAUSED_GAP, backoff, hopeless
from services.orders.steps.reminder_checks import not_before, still_wanted
from services.store import Connection
from services.store.order_states import EVENT_KINDS, MessageKind, MessageState
from services.store.orders import orders, steps
from services.store.orders.records import Message, Order
from services.store.orders.steps import Step

MOST_UNKNOWN = 2


def run(desk: Desk, step: Step) -> None:
    """Mail the link."""
    _run(desk, step, "link")


def run_copy(desk: Desk, step: Step) -> None:
    """Mail the sender's own copy."""
    _run(desk, step, "copy")


def _run(desk: Desk, step: Step, kind: MessageKind) -> None:
    with desk.store.write() as tx:
        steps.lock_step(tx, step)
        order, message = orders.order(tx, step.order), orders.message(tx, step.order, kind)
        assert order is not None
        assert message is not None
        if message.state in ("sent", "failed", "expired", "withdrawn"):
            steps.finish(tx, step)
            return
        if message.tries >= MOST_UNKNOWN:
            _close(tx, step, message, kind, "uncertain", "mail_uncertain", message_id=message.message_id)
            return
        request = link_state(order, clock.now())
        if request == "confirming":  # neither sent nor withdrawn before HiPay was asked
            steps.again(tx, step, clock.now() + PAUSED_GAP, counts=False)
            return
        if request != "open":
            may_have_left = (
                message.tries > 0
            )  # a worker died while it sent it, or the server's answer was lost
            ended: MessageState = "expired" if request == "expired" else "withdrawn"
            state: MessageState = "uncertain" if may_have_left else ended
            _close(tx, step, message, kind, state, f"mail_{state}", message_id=message.message_id)
            return
        if message.reminder and message.tries == 0:
            if not still_wanted(tx, order, message):
                _close(tx, step, message, kind, "withdrawn", "reminder_dropped")
                return
            if (later := not_before(tx, desk, order, message)) is not None:
                steps.again(tx, step, later, counts=False)
                return
        if steps.paused(tx, step.account, "mail"):
            steps.again(tx, step, clock.now() + PAUSED_GAP, counts=False)
            return
        # From here on a crash means that the message may have left.
        orders.change_message(tx, message.id, state="sending", tries=message.tries + 1)
        sender = (
            desk.settings.return_path
            or email_settings(tx, order.account).resolve(order.language).sender_address
        )
    try:
        if not desk.settings.smtp:
            raise errors.SmtpUrlInvalid("host")
        accepted = deliver(
            message.body, smtp_url=desk.settings.smtp, sender=sender, recipients=[message.recipient]
        )
    except errors.DeliveryUnknown as error:
        with desk.store.write() as tx:
            steps.lock_step(tx, step)
            if message.tries + 1 < MOST_UNKNOWN:
                _event(tx, order, kind, "mail_retry", error=error.code, fields=error.fields())
            steps.again(tx, step, clock.now() + backoff(step.tries))
    except errors.MailError as error:
        _not_accepted(desk, step, order, message, kind, error)
    else:
        _accepted(desk, step, order, message, kind, accepted.answer)


def stop(tx: Connection, step: Step, code: str) -> None:
    """Give the message up: it has certainly not left, or its outcome is unknown."""
    kind: MessageKind = "copy" if step.kind == "copy" else "link"
    message, order = orders.message(tx, step.order, kind), orders.order(tx, step.order)
    assert message is not None
    assert order is not None
    state: MessageState = "uncertain" if message.tries else "failed"
    _failed(tx, order, kind, code, {})
    _close(tx, step, message, kind, state, f"mail_{state}", error=code, fields={})


def _accepted(desk: Desk, step: Step, order: Order, message: Message, kind: MessageKind, answer: str) -> None:
    with desk.store.write() as tx:
        steps.lock_step(tx, step)
        _failed(tx, order, kind, "", {})
        orders.change_message(tx, message.id, answer=answer, sent_at=clock.now())
        _close(tx, step, message, kind, "sent", "mail_sent", answer=answer, again=message.tries > 0)
        if kind == "link" and order.copy_to and message.number == 1:
            try:
                _queue_copy(desk, tx, order, message)
            except errors.MailError as error:  # the settings have changed: the link was mailed all the same
                _event(tx, order, "copy", "mail_failed", error=error.code, fields=error.fields())
    desk.wake.set()


def _queue_copy(desk: Desk, tx: Connection, order: Order, message: Message) -> None:
    page = next(reversed(orders.pages_of(tx, order.id)), None)
    settings = email_settings(tx, order.account).resolve(order.language)
    composed = compose(
        letter_of(desk.account(order.account), order), settings, url=address(desk, order, page), copy=True
    )
    queue_mail(
        tx,
        order,
        message.page,
        "copy",
        order.copy_to,
        composed,
        settings,
        new_message_id(settings.sender_address),
    )
    steps.schedule(tx, order.id, "copy", order.account, clock.now())


def _not_accepted(
    desk: Desk, step: Step, order: Order, message: Message, kind: MessageKind, error: errors.MailError
) -> None:
    """The server certainly did not take the message: this try does not count among the unknown ones."""
    now = clock.now()
    with desk.store.write() as tx:
        steps.lock_step(tx, step)
        orders.change_message(tx, message.id, state="queued", tries=message.tries)
        _failed(tx, order, kind, error.code, error.fields())
        if isinstance(error, errors.SessionRefused | errors.SmtpUrlInvalid):
            pause(tx, order.account, "mail", error.code)
            steps.again(tx, step, now + PAUSED_GAP, counts=False)
        elif isinstance(error, errors.Retryable) and not hopeless(step.tries, step.first_due_at, now):
            later = now + backoff(step.tries)
            _event(
                tx,
                order,
                kind,
                "mail_retry",
                error=error.code,
                fields=error.fields(),
                again_at=later.isoformat(),
            )
            steps.again(tx, step, later)
        else:
            _close(tx, step, message, kind, "failed", "mail_failed", error=error.code, fields=error.fields())


def _close(
    tx: Connection,
    step: Step,
    message: Message,
    kind: MessageKind,
    state: MessageState,
    event: str,
    **data: Any,
) -> None:
    orders.change_message(tx, message.id, state=state)
    order = orders.order(tx, step.order)
    assert order is not None
    _event(tx, order, kind, event, number=message.number, **data)
    steps.finish(tx, step)


def _failed(tx: Connection, order: Order, kind: MessageKind, code: str, fields: dict[str, str]) -> None:
    if kind == "link":
        orders.change_order(tx, order.id, failure=code, failure_detail=fields)


def _event(tx: Connection, order: Order, kind: MessageKind, event: str, **data: Any) -> None:
    """Record the event of the message; events of a copy have kinds of their own, which do not change the order's delivery."""
    record(tx, order.id, EVENT_KINDS[event if kind == "link" else f"copy_{event}"], WORKER, **data)
