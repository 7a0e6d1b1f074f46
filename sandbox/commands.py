"""What the control API does to orders, and how it lists them."""

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox import hosted, money, operations, payments
from sandbox.context import Sandbox
from sandbox.files import EXTENSIONS
from sandbox.model import Order, Transaction
from sandbox.payment_page import offered
from sandbox.refusals import Refusal
from sandbox.settings import LOGIN, MID, PASSWORD
from sandbox.settlements import Settlement
from sandbox.statuses import DEFAULT_REASON, REASONS

Json = dict[str, Any]


def pay(box: Sandbox, asked: Json) -> list[Json]:
    """Do on the last page of each order what a customer would, notifications included.

    An order that cannot be paid now has an `error` in its result; `force` pays one that is paid already, a
    second time, as two pages open at once could.
    """
    outcome = next((each for each in payments.OUTCOMES if each == asked.get("outcome", "accept")), None)
    if outcome is None:
        raise ValueError(f"outcome may be {', '.join(payments.OUTCOMES)}.")
    reason = str(asked.get("reason") or DEFAULT_REASON)
    if reason not in REASONS:
        raise ValueError(f"reason may be {', '.join(REASONS)}.")

    def one(order: Order) -> Transaction | str | None:
        page = box.last_page(order)
        condition = hosted.condition(box, page)
        if condition != "open" and not (condition == "paid" and asked.get("force")):
            return condition
        products = [each.code for each in offered(box, page)]
        wanted = asked.get("payment_product") or (products[0] if products else "")
        if wanted not in products:
            return "payment product not offered"
        return payments.attempt(box, page, outcome, product=wanted, reason=reason)

    return _for_each(box, _chosen(box, asked), one)


def complete_pending(box: Sandbox, asked: Json) -> list[Json]:
    """The acquirer answers attempts that are pending or held for review."""
    outcome = asked.get("outcome", "accept")
    if outcome not in {"accept", "decline"}:
        raise ValueError("outcome may be accept, decline.")

    def one(order: Order) -> Transaction | str:
        waiting = [each for each in box.transactions(order) if each.state == "pending"]
        if not waiting:
            return "nothing pending"
        payments.conclude(box, waiting[-1], outcome)
        return waiting[-1]

    return _for_each(box, _named(box, asked["orderids"]), one)


def chargeback(box: Sandbox, asked: Json) -> Json:
    transaction = _captured(box, str(asked["orderid"]))
    amount = None
    if asked.get("amount"):
        try:
            value = Decimal(str(asked["amount"]))
        except InvalidOperation:
            raise Refusal(1010205, "amount") from None
        amount = money.minor(value, transaction.currency)
    operations.chargeback(box, transaction, amount)
    return _result(transaction)


def chargeback_refund(box: Sandbox, asked: Json) -> Json:
    transaction = _captured(box, str(asked["orderid"]))
    operations.chargeback_refund(box, transaction)
    return _result(transaction)


def operation(box: Sandbox, asked: Json) -> Json:
    """The bank's answer to a capture or refund of the order: `outcome` done or refused.

    `operation` is HiPay's number of it or the merchant's operation id; without one, the newest that it may be.
    """
    outcomes = {"done": operations.requested, "refused": operations.refusable}
    outcome = str(asked.get("outcome"))
    if outcome not in outcomes:
        raise ValueError(f"outcome may be {', '.join(outcomes)}.")
    order, wanted = box.store.orders.get(str(asked["orderid"])), str(asked.get("operation") or "")
    if order is None:
        raise Refusal(3000001)
    every = [(one, box.store.operations[each]) for one in box.transactions(order) for each in one.operations]
    found = [
        (one, each)
        for one, each in every
        if outcomes[outcome](each) and wanted in ("", str(each.id), each.merchant_reference)
    ]
    if not found:
        raise ValueError("No capture or refund of the order can be that now.")
    transaction, operation = found[-1]
    (operations.done if outcome == "done" else operations.refuse)(box, transaction, operation)
    return _result(transaction)


def orders(box: Sandbox) -> list[Json]:
    """Every order, newest first: what was asked for its last page, and its attempts."""
    return [_order(box, order) for order in reversed(box.store.orders.values())]


def _order(box: Sandbox, order: Order) -> Json:
    page = box.last_page(order)
    return {
        "orderid": order.id,
        "amount": money.wire(page.amount, page.currency),
        "currency": page.currency,
        "url": hosted.url(box, page),
        "urls": [hosted.url(box, box.store.pages[each]) for each in order.pages],
        "created_at": order.created_at.isoformat(),
        "expires_at": page.expires_at.isoformat(),
        "condition": hosted.condition(box, page),
        "attempts": len(order.transactions),
        "transactions": [_transaction(each) for each in box.transactions(order)],
        "fields": page.fields,
    }


def _transaction(transaction: Transaction) -> Json:
    return {
        "reference": transaction.id,
        "state": transaction.state,
        "status": transaction.status,
        "reason": transaction.reason or None,
        "payment_product": transaction.product,
        "amount": transaction.wire(transaction.amount),
        "authorized": transaction.wire(transaction.authorized),
        "captured": transaction.wire(transaction.captured),
        "refunded": transaction.wire(transaction.refunded),
        "charged_back": transaction.wire(transaction.charged_back),
    }


def notifications(box: Sandbox) -> list[Json]:
    """Every notification, oldest first: `status` is the last HTTP answer, None when there was none."""
    return [
        {
            "id": each.id,
            "orderid": each.orderid,
            "transaction": each.transaction,
            "notification_status": each.notification_status,
            "url": each.url,
            "body": each.body,
            "headers": {"Content-Type": each.content_type, "X-Allopass-Signature": each.signature},
            "status": each.status,
            "attempts": len(each.answers),
            "answers": each.answers,
            "waiting": each.due is not None,
        }
        for each in box.store.deliveries.values()
    ]


def settlement(box: Sandbox, made: Settlement) -> Json:
    """`files` need no credentials; `api` are the same through the finance API."""
    account = box.url.replace("://", f"://{LOGIN}:{PASSWORD}@")
    names = ["raw"] if made.parts == 1 else [f"part{number + 1}" for number in range(made.parts)]
    return {
        "id": made.id,
        "currency": made.currency,
        "amount": str(made.amount),
        "date_value": made.date_value.isoformat(),
        "merchant_id": MID,
        "lines": len(made.rows),
        "files": [
            f"{box.url}/control/settlements/{made.id}/{name}{end}" for end in EXTENSIONS for name in names
        ],
        "api": [f"{account}/v1/settlement/{made.id}/raw{end}" for end in EXTENSIONS],
    }


def _chosen(box: Sandbox, asked: Json) -> Iterable[Order]:
    if asked.get("all_open"):
        return [
            each for each in box.store.orders.values() if hosted.condition(box, box.last_page(each)) == "open"
        ]
    return _named(box, asked["orderids"])


def _named(box: Sandbox, names: list[str]) -> list[Order]:
    unknown = [name for name in names if name not in box.store.orders]
    if unknown:
        raise ValueError(f"Unknown orders: {', '.join(unknown)}.")
    return [box.store.orders[name] for name in names]


def _for_each(
    box: Sandbox, chosen: Iterable[Order], one: Callable[[Order], Transaction | str | None]
) -> list[Json]:
    results = []
    with box.store.change():
        for order in chosen:
            done = one(order)
            result = _result(done) if isinstance(done, Transaction) else _result(None) | {"orderid": order.id}
            results.append(result | ({"error": done} if isinstance(done, str) else {}))
    return results


def _result(transaction: Transaction | None) -> Json:
    if transaction is None:
        return {"orderid": "", "transaction": None, "state": None, "status": None}
    return {
        "orderid": transaction.orderid,
        "transaction": transaction.id,
        "state": transaction.state,
        "status": transaction.status,
    }


def _captured(box: Sandbox, orderid: str) -> Transaction:
    order = box.store.orders.get(orderid)
    if order is None:
        raise Refusal(3000001)
    captured = [each for each in box.transactions(order) if each.captured]
    if not captured:
        raise Refusal(3020202)
    return captured[-1]
