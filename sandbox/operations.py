"""Money moving on a transaction after its authorisation: capture, refund, void, chargeback, expiry.

Each function checks what HiPay checks, in its order, raises its Refusal, and queues the notifications.
Amounts are minor units; None means all that is left.
"""

from collections.abc import Iterable
from datetime import timedelta

from sandbox.context import Sandbox
from sandbox.model import Operation, Transaction, first_number
from sandbox.notify import queue
from sandbox.refusals import Refusal

# HiPay: "typically within 7 days after authorization".
AUTHORIZATION_VALIDITY = timedelta(days=7)


def capture(box: Sandbox, transaction: Transaction, amount: int | None, merchant_reference: str = "") -> None:
    """Capture an authorised transaction, in one or several parts."""
    if transaction.status == 114:
        raise Refusal(3020001)
    if transaction.status in {115, 143}:
        raise Refusal(3020111)
    if not transaction.paid:
        raise Refusal(3020102)
    left = transaction.authorized - transaction.captured
    if left == 0:
        raise Refusal(3020106)
    amount = left if amount is None else amount
    if amount <= 0:
        raise Refusal(3020108, "amount")
    if amount > transaction.authorized:
        raise Refusal(3020109, "amount")
    if amount > left:
        raise Refusal(3020110, "amount")
    collect(box, transaction, amount, merchant_reference, asked=True)


def collect(
    box: Sandbox, transaction: Transaction, amount: int, merchant_reference: str = "", *, asked: bool = False
) -> None:
    """Capture without checks: what a Sale does at once. `asked`: a maintenance call did, so 117 is sent first."""
    with box.store.change():
        operation = _move(box, transaction, "CAPTURE", amount, merchant_reference)
        if asked:
            transaction.moves_to(117, box.now())
            queue(box, transaction, 117, operation)
        transaction.captured += amount
        whole = transaction.captured == transaction.authorized
        _reach(box, transaction, 118 if whole else 119, operation if asked else None)


def refund(box: Sandbox, transaction: Transaction, amount: int | None, merchant_reference: str = "") -> None:
    """Give a captured amount back, in one or several parts."""
    if transaction.captured == 0:
        raise Refusal(3020202)
    left = transaction.captured - transaction.refunded
    if left == 0:
        raise Refusal(3020206)
    if transaction.charged_back:
        raise Refusal(3020211)
    amount = left if amount is None else amount
    if amount <= 0:
        raise Refusal(3020208, "amount")
    if amount > transaction.captured:
        raise Refusal(3020209, "amount")
    if amount > left:
        raise Refusal(3020210, "amount")
    with box.store.change():
        operation = _move(box, transaction, "REFUND", amount, merchant_reference)
        transaction.moves_to(124, box.now())
        queue(box, transaction, 124, operation)
        transaction.refunded += amount
        whole = transaction.refunded == transaction.captured
        _reach(box, transaction, 125 if whole else 126, operation)


def void(box: Sandbox, transaction: Transaction) -> None:
    """Cancel an authorisation of which nothing is captured."""
    if transaction.status in {115, 143}:
        raise Refusal(3020403)
    if transaction.status != 116:
        raise Refusal(3020401)
    with box.store.change():
        transaction.moves_to(143, box.now())
        queue(box, transaction, 143)
        _reach(box, transaction, 115, None)


def chargeback(box: Sandbox, transaction: Transaction, amount: int | None) -> None:
    """The cardholder's bank takes money back: 129, then 131 (all of it) or 132 (a part)."""
    left = transaction.captured - transaction.refunded - transaction.charged_back
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        raise Refusal(3020210, "amount")
    with box.store.change():
        operation = _move(box, transaction, "CHGBCK", amount)
        transaction.charged_back += amount
        transaction.moves_to(129, box.now())
        queue(box, transaction, 129, operation)
        _reach(box, transaction, 131 if amount == left else 132, operation)


def chargeback_refund(box: Sandbox, transaction: Transaction) -> None:
    """The merchant wins the dispute: all that was charged back comes again (166, issuer credited)."""
    if not transaction.charged_back:
        raise Refusal(3020202)
    with box.store.change():
        operation = _move(box, transaction, "CHGBCK_REFUND", transaction.charged_back)
        transaction.charged_back = 0
        _reach(box, transaction, 166, operation)


def expire(box: Sandbox, transactions: Iterable[Transaction]) -> None:
    """Those authorised and never captured end after seven days of the sandbox's clock (114)."""
    limit = box.now() - AUTHORIZATION_VALIDITY
    with box.store.change():
        for transaction in transactions:
            if transaction.status == 116 and transaction.authorized_at and transaction.authorized_at <= limit:
                _reach(box, transaction, 114, None)


def _move(
    box: Sandbox, transaction: Transaction, kind: str, amount: int, merchant_reference: str = ""
) -> Operation:
    operation = Operation(
        id=box.store.next_id(Operation, first_number()),
        transaction=transaction.id,
        type=kind,
        amount=amount,
        currency=transaction.currency,
        created_at=box.now(),
        merchant_reference=merchant_reference,
    )
    transaction.operations.append(operation.id)
    box.store.save(operation)
    return operation


def _reach(box: Sandbox, transaction: Transaction, status: int, operation: Operation | None) -> None:
    transaction.moves_to(status, box.now())
    box.store.save(transaction)
    queue(box, transaction, status, operation)
