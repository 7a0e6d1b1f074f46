"""The step that makes HiPay's page for an order."""

from services import clock
from services.access import WORKER
from services.accounts.configuration import configuration
from services.desk import Desk
from services.errors import DeskError
from services.hipay import errors
from services.hipay.readings import CreatedPage
from services.mail.compose import Composed, compose
from services.mail.errors import MailError
from services.mail.message import new_message_id
from services.mail.settings import EmailSettings, missing
from services.orders.ask_page import KnownOrder, ask_page, write_created, write_fault, write_lost, write_taken
from services.orders.errors import AccountNotReady
from services.orders.letter import letter_of, queue_mail
from services.orders.pages import add_page, next_number, page_request
from services.orders.payment_link import address
from services.orders.record import record
from services.orders.retry import PAUSED_GAP, backoff, hopeless
from services.orders.steps.lease import renewed
from services.store import Connection
from services.store.orders import orders, steps
from services.store.orders.records import Order, Page
from services.store.orders.steps import Step


def run(desk: Desk, step: Step) -> None:
    """Ask HiPay for the page; write its URL and the message, or what went wrong and when it is tried again."""
    with desk.store.write() as tx:
        steps.lock_step(tx, step)
        order = orders.order(tx, step.order)
        assert order is not None
        page = None if order.link_token else orders.pages_of(tx, step.order)[-1]
        if steps.paused(tx, step.account, "gateway"):
            steps.again(tx, step, clock.now() + PAUSED_GAP, counts=False)
            return
        if order.expires_at <= clock.now():
            _fail(tx, step, order, page, "expired_before_page", {})
            return
        config = configuration(tx, step.account)
        letter = config.email.resolve(order.language)
        if order.channel == "link" and missing(letter):
            # The e-mail settings were emptied since: a page made now could not be mailed.
            orders.change_order(tx, order.id, failure=AccountNotReady.code, failure_detail={})
            steps.again(tx, step, clock.now() + PAUSED_GAP, counts=False)
            return
        if page is None:
            _own_link(desk, tx, step, order, letter)
            return
        record(
            tx,
            order.id,
            "page_requested",
            WORKER,
            page=page.id,
            hipay_order_id=page.hipay_order_id,
            number=step.tries,
        )
    try:
        request = page_request(desk, order, page, config)
        with desk.hipay(step.account) as client:
            # A renewal leaves the fence as it is, so the result is still written under ``step``.
            answer = ask_page(client, order, page, request, before_read=lambda: renewed(desk, step))
        if isinstance(answer, CreatedPage):
            composed = compose(letter_of(desk.account(order.account), order), letter, url=answer.forward_url)
    except DeskError as error:
        _refused(desk, step, order, page, error)
        return
    if isinstance(answer, CreatedPage):
        _opened(desk, step, order, page, answer, composed, letter)
    else:
        _known(desk, step, order, page, answer)


def _own_link(desk: Desk, tx: Connection, step: Step, order: Order, letter: EmailSettings) -> None:
    """Queue the message at once: HiPay is not asked. The step that is run again after a refusal mails nothing twice."""
    if orders.message(tx, order.id, "link") is None:
        try:
            composed = compose(
                letter_of(desk.account(order.account), order), letter, url=address(desk, order, None)
            )
        except MailError as error:
            _fail(tx, step, order, None, error.code, error.fields())
            return
        queue_mail(
            tx, order, None, "link", order.email, composed, letter, new_message_id(letter.sender_address)
        )
        steps.schedule(tx, order.id, "mail", order.account, clock.now())
    orders.change_order(tx, order.id, failure="", failure_detail={})
    record(tx, order.id, "link_ready", WORKER)
    steps.finish(tx, step)
    desk.wake.set()


def _opened(
    desk: Desk,
    step: Step,
    order: Order,
    page: Page,
    created: CreatedPage,
    composed: Composed,
    settings: EmailSettings,
) -> None:
    """Commit the URL together with the message that contains it: from here on it is the page's only URL."""
    with desk.store.write() as tx:
        steps.lock_step(tx, step)
        write_created(tx, order, page, created, state="open", expires_at=order.expires_at)
        if order.channel == "link":
            queue_mail(
                tx,
                order,
                page.id,
                "link",
                order.email,
                composed,
                settings,
                new_message_id(settings.sender_address),
            )
            steps.schedule(tx, order.id, "mail", order.account, clock.now())
        steps.finish(tx, step)
    desk.wake.set()


def _refused(desk: Desk, step: Step, order: Order, page: Page, error: DeskError) -> None:
    now = clock.now()
    with desk.store.write() as tx:
        steps.lock_step(tx, step)
        write_fault(tx, order, page, error)
        if isinstance(error, errors.NotAuthorised):
            # The account's credentials are wrong, not the order: all its steps wait until an administrator has corrected them.
            orders.change_order(tx, order.id, failure=error.code, failure_detail=error.fields())
            steps.again(tx, step, now + PAUSED_GAP, counts=False)
            return
        if getattr(error, "retry", False) and not hopeless(step.tries, step.first_due_at, now):
            later = now + backoff(step.tries)
            orders.change_order(tx, order.id, failure=error.code, failure_detail=error.fields())
            record(
                tx,
                order.id,
                "page_retry",
                WORKER,
                page=page.id,
                error=error.code,
                fields=error.fields(),
                again_at=later.isoformat(),
            )
            steps.again(tx, step, later)
            return
        _fail(tx, step, order, page, error.code, error.fields())


def _known(desk: Desk, step: Step, order: Order, page: Page, known: KnownOrder) -> None:
    """HiPay has this order id already: another page follows, or the payment on this one is read, or the step has failed."""
    with desk.store.write() as tx:
        steps.lock_step(tx, step)
        number = next_number(tx, order, page.number) if known.finding == "replace" else None
        if number:
            write_lost(tx, order, page)
            add_page(tx, order, number=number)
            steps.again(tx, step, clock.now())
        elif known.finding == "taken" or (known.finding == "replace" and known.read is not None):
            write_taken(tx, order, page)
            steps.finish(tx, step)
        else:
            error = known.error
            _fail(tx, step, order, page, error.code, {"order_id": page.hipay_order_id, **error.fields()})
    desk.wake.set()


def stop(tx: Connection, step: Step, code: str) -> None:
    """Give the page up."""
    order = orders.order(tx, step.order)
    assert order is not None
    page = None if order.link_token else orders.pages_of(tx, step.order)[-1]
    _fail(tx, step, order, page, code, {})


def _fail(
    tx: Connection, step: Step, order: Order, page: Page | None, code: str, fields: dict[str, str]
) -> None:
    orders.change_order(tx, order.id, failure=code, failure_detail=fields)
    record(tx, order.id, "page_failed", WORKER, page=page.id if page else None, error=code, fields=fields)
    steps.finish(tx, step)
