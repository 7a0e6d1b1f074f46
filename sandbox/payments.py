"""What the customer does on the payment page, and the result of the attempt."""

from typing import Literal, get_args

from sandbox import operations
from sandbox.context import Sandbox
from sandbox.model import Page, Transaction, first_number
from sandbox.notify import queue
from sandbox.statuses import DEFAULT_REASON, REASONS, TECHNICAL_PROBLEM

Outcome = Literal["accept", "decline", "pending", "review", "cancel", "error"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
# The redirect page that each outcome leads to.
REDIRECTS: dict[Outcome, str] = {
    "accept": "accept_url",
    "decline": "decline_url",
    "pending": "pending_url",
    "review": "pending_url",
    "cancel": "cancel_url",
    "error": "exception_url",
}


def attempt(
    box: Sandbox,
    page: Page,
    outcome: Outcome,
    *,
    product: str,
    reason: str = DEFAULT_REASON,
    card_holder: str = "",
    ip: str = "127.0.0.1",
) -> Transaction | None:
    """One attempt on the page with that outcome; None for "cancel", which leaves no transaction at HiPay.

    The caller has checked that the page may be paid, and `product` and `reason` against their lists.
    """
    if outcome == "cancel":
        return None
    now = box.now()
    order = box.store.orders[page.orderid]
    transaction = Transaction(
        id=str(box.store.next_id(Transaction, first_number(800_000_000_000))),
        orderid=page.orderid,
        page=page.id,
        attempt=len(order.transactions) + 1,
        product=product,
        eci=page.eci,
        amount=page.amount,
        currency=page.currency,
        card_holder=card_holder or holder(page),
        ip=ip,
        created_at=now,
        updated_at=now,
        history=[(101, now)],
    )
    with box.store.change():
        order.transactions.append(transaction.id)
        box.store.save(order, transaction)
        if outcome == "pending" or outcome == "review":  # noqa: PLR1714 - narrows the type
            transaction.moves_to(112 if outcome == "review" else 142, now)
            box.store.save(transaction)
            queue(box, transaction, transaction.status)
        else:
            conclude(box, transaction, outcome, reason)
    return transaction


def conclude(
    box: Sandbox,
    transaction: Transaction,
    outcome: Literal["accept", "decline", "error"],
    reason: str = DEFAULT_REASON,
) -> None:
    """The acquirer's answer to an attempt: authorised (and captured, for a Sale), refused, or in error."""
    now = box.now()
    with box.store.change():
        if outcome == "accept":
            transaction.state = "completed"
            transaction.authorization_code = f"{int(transaction.id) * 7919 % 10**9:09d}"
            transaction.authorized_at = now
            transaction.authorized = transaction.amount
            transaction.moves_to(116, now)
            box.store.save(transaction)
            queue(box, transaction, 116)
            if box.store.pages[transaction.page].captures_at_once:
                operations.collect(box, transaction, transaction.amount)
            return
        transaction.state = "declined" if outcome == "decline" else "error"
        status, message = REASONS[reason]
        if outcome == "error":
            status, (reason, message) = 113, TECHNICAL_PROBLEM
        transaction.reason, transaction.reason_message = reason, message
        transaction.moves_to(status, now)
        box.store.save(transaction)
        queue(box, transaction, status)


def deny(box: Sandbox, transaction: Transaction) -> None:
    """The merchant refuses a payment held for review (maintenance `denyChallenge`)."""
    transaction.state = "declined"
    transaction.moves_to(111, box.now())
    with box.store.change():
        box.store.save(transaction)
        queue(box, transaction, 111)


def holder(page: Page) -> str:
    """The customer's name, which fills in the card holder."""
    return f"{page.fields.get('firstname', '')} {page.fields.get('lastname', '')}".strip()
