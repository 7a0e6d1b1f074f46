"""Money moving on a transaction after its authorisation: capture, refund, void, chargeback, expiry.

Each function checks what HiPay checks, in its order, raises its Refusal, and queues the notifications.
Amounts are minor units; None means all that is left. A capture or refund is requested first (117, 124); the bank
does it or refuses it, at once or, with the setting `operations`, when the control page says so.
"""

from collections.abc import Iterable
from datetime import timedelta

from sandbox.context import Sandbox
from sandbox.model import Operation, Transaction, first_number
from sandbox.notify import queue
from sandbox.refusals import Refusal
from sandbox.statuses import REASONS

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
    left = transaction.authorized - transaction.captured - _pending(box, transaction, "CAPTURE")
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
    """Capture without checks, as a Sale does at once. `asked`: a maintenance call asked for it, so 117 is sent first."""
    with box.store.change():
        operation = _move(box, transaction, "CAPTURE", amount, merchant_reference)
        if asked:
            _request(box, transaction, operation, 117)
        if not asked or box.settings.operations == "at_once":
            done(box, transaction, operation, told=asked)


def refund(box: Sandbox, transaction: Transaction, amount: int | None, merchant_reference: str = "") -> int:
    """Give a captured amount back, in one or several parts. Returns the total refunded that its 124 shows."""
    if transaction.captured == 0:
        raise Refusal(3020202)
    left = transaction.captured - transaction.refunded - _pending(box, transaction, "REFUND")
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
        _request(box, transaction, operation, 124)
        shown = transaction.refunded
        if box.settings.operations == "at_once":
            done(box, transaction, operation)
    return shown


def done(box: Sandbox, transaction: Transaction, operation: Operation, *, told: bool = True) -> None:
    """The bank has done what was requested: 118 or 119, 125 or 126. `told`: the notification names the operation."""
    with box.store.change():
        operation.status = "COMPLETED"
        _count(transaction, operation, True)
        transaction.reason = transaction.reason_message = ""
        box.store.save(operation)
        if operation.type == "CAPTURE":
            status = 118 if transaction.captured == transaction.authorized else 119
        else:
            status = 125 if transaction.refunded == transaction.captured else 126
        _reach(box, transaction, status, operation if told else None)


def refuse(box: Sandbox, transaction: Transaction, operation: Operation) -> None:
    """The bank refuses what was requested, or a refund that seemed done: 173, 165."""
    reason = "4010102"  # HiPay publishes no reason that is a refund's alone
    with box.store.change():
        operation.status = "FAILURE"
        _count(transaction, operation, False)
        transaction.reason, transaction.reason_message = reason, REASONS[reason][1]
        box.store.save(operation)
        _reach(box, transaction, 173 if operation.type == "CAPTURE" else 165, operation)


def requested(operation: Operation) -> bool:
    """Whether the bank's answer to a capture or refund is awaited."""
    return operation.status == "REQUESTED"


def refusable(operation: Operation) -> bool:
    """Whether the bank may refuse it yet: what is requested, and a refund that no settlement has taken in."""
    return requested(operation) or (operation.type == "REFUND" and operation.status == "COMPLETED")


def void(box: Sandbox, transaction: Transaction) -> None:
    """Cancel an authorisation of which nothing is captured."""
    if transaction.status in {115, 143}:
        raise Refusal(3020403)
    if not _held(box, transaction):
        raise Refusal(3020401)
    with box.store.change():
        transaction.moves_to(143, box.now())
        queue(box, transaction, 143)
        _reach(box, transaction, 115, None)


def chargeback(box: Sandbox, transaction: Transaction, amount: int | None) -> None:
    """The cardholder's bank takes money back: 129, then 131 (all of it) or 132 (a part)."""
    left = transaction.captured - transaction.refunded - transaction.charged_back
    left -= _pending(box, transaction, "REFUND")
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
    """The merchant wins the dispute: all that was charged back is credited (166, issuer credited)."""
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
            if _held(box, transaction) and transaction.authorized_at and transaction.authorized_at <= limit:
                _reach(box, transaction, 114, None)


def _held(box: Sandbox, transaction: Transaction) -> bool:
    """Authorised, nothing captured and nothing requested; also after a refused capture."""
    nothing_moves = not transaction.captured and not _pending(box, transaction, "CAPTURE")
    return transaction.status == 116 or (transaction.status == 173 and nothing_moves)


def _pending(box: Sandbox, transaction: Transaction, kind: str) -> int:
    """What is requested and in no total yet."""
    its = (box.store.operations[each] for each in transaction.operations)
    return sum(each.amount for each in its if each.type == kind and requested(each) and not each.counted)


def _request(box: Sandbox, transaction: Transaction, operation: Operation, status: int) -> None:
    operation.status = "REQUESTED"
    _count(transaction, operation, box.settings.requested_amounts == "counted")
    box.store.save(operation)
    _reach(box, transaction, status, operation)


def _count(transaction: Transaction, operation: Operation, wanted: bool) -> None:
    """Put the operation's amount in the transaction's total, or take it out."""
    amount = operation.amount * (wanted - operation.counted)
    if operation.type == "CAPTURE":
        transaction.captured += amount
    else:
        transaction.refunded += amount
    operation.counted = wanted


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
        counted=kind not in {"CAPTURE", "REFUND"},
    )
    transaction.operations.append(operation.id)
    box.store.save(operation)
    return operation


def _reach(box: Sandbox, transaction: Transaction, status: int, operation: Operation | None) -> None:
    transaction.moves_to(status, box.now())
    box.store.save(transaction)
    queue(box, transaction, status, operation)
