"""What finance will be paid: movements not settled yet, and settlement runs over them."""

import time
from collections.abc import Sequence
from decimal import Decimal
from json import loads
from typing import Literal

from sandbox import finance_notify, money
from sandbox.context import Sandbox
from sandbox.corrections import issue_again
from sandbox.model import Operation
from sandbox.products import PRODUCTS
from sandbox.settings import MID
from sandbox.settlements import Movement, Settlement, settle

_KINDS: dict[str, Literal["capture", "refund", "chargeback", "chargeback_refund"]] = {
    "CAPTURE": "capture",
    "REFUND": "refund",
    "CHGBCK": "chargeback",
    "CHGBCK_REFUND": "chargeback_refund",
}


def unsettled(box: Sandbox) -> list[Operation]:
    return [
        each
        for each in box.store.operations.values()
        if each.settlement is None and each.status == "COMPLETED"
    ]


def run(box: Sandbox, scenario: str = "plain", *, reserve_release: bool = False) -> Sequence[Settlement]:
    """Settle every movement not settled yet; raises ValueError for an unknown scenario."""
    operations = unsettled(box)
    now = box.now()
    made = settle(
        [_movement(box, each) for each in operations],
        first_id=box.store.next_id(Settlement, int(time.time()) // 10),
        at=now,
        account=MID,
        account_name=box.settings.merchant_name,
        scenario=scenario,
        reserve_release=reserve_release,
        history=tuple(box.store.settlements.values()),
    )
    # One of another currency, or deferred: the operation keeps the first settlement that names its transaction.
    named = {str(row.get("Transaction ID")): each.id for each in reversed(made) for row in each.rows}
    with box.store.change():
        box.store.save(*made)
        for operation in operations if made else []:
            operation.settlement = named.get(operation.transaction, made[0].id)
            operation.settled_at = now
            operation.status = "RECONCILED"
            box.store.save(operation)
        for settlement in made:
            finance_notify.queue(box, settlement)
    return made


def correct(box: Sandbox, number: int, change: str = "fee") -> Settlement:
    """Issue a settlement again with one of `corrections.CHANGES`, and notify it. Raises ValueError for an unknown one."""
    known = box.store.settlements.get(number)
    if known is None:
        raise ValueError(f"There is no settlement {number}.")
    again = issue_again(known, change)
    with box.store.change():
        box.store.save(again)
        finance_notify.queue(box, again)
    return again


def _movement(box: Sandbox, operation: Operation) -> Movement:
    transaction = box.store.transactions[operation.transaction]
    fields = box.store.pages[transaction.page].fields
    custom = loads(fields.get("custom_data") or "{}")
    reporting = tuple(str(custom.get(f"_reporting_data_{n}", "") or "") for n in range(1, 6))
    amount: Decimal = money.major(operation.amount, operation.currency)
    return Movement(
        kind=_KINDS[operation.type],
        transaction=transaction.id,
        orderid=transaction.orderid,
        amount=amount,
        currency=operation.currency,
        requested_at=operation.created_at,
        at=operation.created_at,
        product=PRODUCTS[transaction.product].description,
        customer_id=fields.get("cid", ""),
        operation_id=operation.merchant_reference,
        reporting=(reporting[0], reporting[1], reporting[2], reporting[3], reporting[4]),
    )
