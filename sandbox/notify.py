"""Server-to-server notifications: the body as HiPay writes it, its signature, and its place in the queue.

The names and their order are those of HiPay's real bodies; an empty `custom_data`, a transaction without a
reason and one without an operation leave those fields out.
"""

import hashlib
import json
import time
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from sandbox import signature
from sandbox.clock import basic
from sandbox.context import Sandbox
from sandbox.model import Delivery, Operation, Order, Page, Transaction
from sandbox.money import exponent, wire
from sandbox.products import PRODUCTS
from sandbox.settings import MID, PASSPHRASE
from sandbox.statuses import MESSAGES

Tree = dict[str, Any]


def queue(box: Sandbox, transaction: Transaction, status: int, operation: Operation | None = None) -> None:
    """Queue the notification that the transaction is in `status`, with its present amounts, to `notify_url`."""
    page = box.store.pages[transaction.page]
    url = page.fields.get("notify_url", "")
    if not url or not box.settings.notifications:
        return
    named = operation if box.settings.operations_named else None
    tree = content(box.store.orders[page.orderid], page, transaction, status, named)
    as_form = box.settings.notification_format == "form"
    body = form(tree) if as_form else xml(tree)
    delivery = Delivery(
        id=box.store.next_id(Delivery),
        orderid=page.orderid,
        transaction=transaction.id,
        notification_status=status,
        url=url,
        content_type="application/x-www-form-urlencoded" if as_form else "application/xml; charset=UTF-8",
        signature=signature.of_body(body.encode(), PASSPHRASE, box.settings.hash_algorithm),
        body=body,
        created_at=box.now(),
        due=time.time(),
    )
    box.store.save(delivery)
    box.wake.set()


def content(
    order: Order, page: Page, transaction: Transaction, status: int, operation: Operation | None
) -> Tree:
    """The notification as a tree, in HiPay's order."""
    fields = page.fields
    tree: Tree = {"state": transaction.state}
    if transaction.reason:
        tree["reason"] = {"code": transaction.reason, "message": transaction.reason_message}
    tree |= {
        "test": "true",
        "mid": MID,
        "attempt_id": "1",  # always 1, whatever the attempt
        "authorization_code": transaction.authorization_code,
        "transaction_reference": transaction.id,
        "acquirer_transaction_reference": acquirer_reference(transaction),
        "date_created": basic(transaction.created_at),
        "date_updated": basic(transaction.updated_at),
        "date_authorized": basic(transaction.authorized_at),
        "status": str(status),
        "message": MESSAGES[status],
        "authorized_amount": transaction.wire(transaction.authorized),
        "captured_amount": transaction.wire(transaction.captured),
        "refunded_amount": transaction.wire(transaction.refunded),
        "decimals": str(exponent(transaction.currency)),
        "currency": transaction.currency,
        "ip_address": transaction.ip,
        "ip_country": "FR",
        "device_id": "",
        **{f"cdata{n}": fields.get(f"cdata{n}", "") for n in range(1, 11)},
    }
    if custom_data := json.loads(fields.get("custom_data") or "{}"):
        tree["custom_data"] = custom_data
    tree |= {
        "avs_result": "",
        "cvc_result": "",
        "eci": transaction.eci,
        "payment_product": transaction.product,
        "payment_method": payment_method(transaction),
        "order": {
            "id": order.id,
            "date_created": basic(page.created_at),
            "attempts": str(len(order.transactions)),
            "amount": wire(page.amount, page.currency),
            "shipping": "0.00",
            "tax": "0.00",
            "decimals": str(exponent(page.currency)),
            "currency": page.currency,
            "customer_id": fields.get("cid", ""),
            "language": page.language,
            "email": fields.get("email", ""),
        },
    }
    if operation:
        tree["operation"] = {
            "type": _OPERATIONS[operation.type],
            "id": operation.merchant_reference,
            "reference": str(operation.id),
            "amount": wire(operation.amount, operation.currency),
            "currency": operation.currency,
            "date": basic(operation.created_at),
        }
    return tree


_OPERATIONS = {
    "CAPTURE": "capture",
    "REFUND": "refund",
    "CHGBCK": "chargeback",
    "CHGBCK_REFUND": "chargeback_refund",
}


def payment_method(transaction: Transaction) -> dict[str, str]:
    """A card's fields, its number masked; only the brand for anything else."""
    product = PRODUCTS[transaction.product]
    if not product.is_card:
        return {"brand": product.description.upper()}
    token = hashlib.sha256(transaction.id.encode()).hexdigest()
    return {
        "token": token,
        "card_id": f"{token[:8]}-{token[8:12]}-4{token[13:16]}-a{token[17:20]}-{token[20:32]}",
        "brand": product.brand,
        "pan": masked(product.pan),
        "card_holder": transaction.card_holder,
        "card_expiry_month": "12",
        "card_expiry_year": str(transaction.created_at.year + 2),
        "issuer": "SANDBOX BANK",
        "country": "FR",
    }


def masked(pan: str) -> str:
    return f"{pan[:6]}{'*' * (len(pan) - 10)}{pan[-4:]}"


def acquirer_reference(transaction: Transaction) -> str:
    return str(int(transaction.id) % 10**9 + 4 * 10**9)


def form(tree: Tree) -> str:
    """`a=1&order%5Bid%5D=A1`: brackets for what is nested."""
    return urlencode(_pairs(tree))


def _pairs(value: Any, name: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = dict(enumerate(value)).items()
    else:
        return [(name, _text(value))]
    return [pair for key, each in items for pair in _pairs(each, f"{name}[{key}]" if name else str(key))]


def xml(tree: Tree) -> str:
    """`<notification><order><id>…`; a name that XML cannot have is an <item key="…">."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<notification>{xml_fields(tree)}</notification>'


def xml_fields(value: Any) -> str:
    """The elements inside the outermost one."""
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        return escape(
            "".join(c for c in _text(value) if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
        )
    parts = []
    for key, each in value.items():
        name = str(key)
        plain = name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit()
        start, end = (name, name) if plain else (f'item key="{escape(name, {chr(34): "&quot;"})}"', "item")
        parts.append(f"<{start}>{xml_fields(each)}</{end}>")
    return "".join(parts)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
