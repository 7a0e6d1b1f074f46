"""Answers of the APIs, in the shapes of HiPay's OpenAPI descriptions."""

import json
from typing import Any

from sandbox import hosted
from sandbox.clock import basic, rfc3339
from sandbox.context import Sandbox
from sandbox.model import RETRIES, Operation, Order, Page, Transaction
from sandbox.money import exponent, wire
from sandbox.notify import acquirer_reference, masked, payment_method
from sandbox.products import PRODUCTS, Product
from sandbox.settings import MID
from sandbox.statuses import MESSAGES, short

Json = dict[str, Any]


def forward(box: Sandbox, page: Page) -> Json:
    """HostedPage_Forward: the answer of POST /v1/hpayment."""
    order = box.store.orders[page.orderid]
    return {
        "forwardUrl": hosted.url(box, page),
        "mid": MID,
        "test": True,
        "order": _order_v1(order, page),
        "numberRetry": RETRIES,
    }


def _order_v1(order: Order, page: Page) -> Json:
    return {
        "id": order.id,
        "dateCreated": basic(page.created_at),
        "attempts": str(len(order.transactions)),
        "amount": wire(page.amount, page.currency),
        "shipping": page.fields.get("shipping") or wire(0, page.currency),
        "tax": page.fields.get("tax") or wire(0, page.currency),
        "decimals": str(exponent(page.currency)),
        "currency": page.currency,
        "customerId": page.fields.get("cid", ""),
        "language": page.language,
        "email": page.fields.get("email", ""),
    }


def transaction_v1(box: Sandbox, transaction: Transaction) -> Json:
    """Transaction, as GET /v1/transaction gives it."""
    page = box.store.pages[transaction.page]
    method = payment_method(transaction)
    camel = {
        "card_holder": "cardHolder",
        "card_expiry_month": "cardExpiryMonth",
        "card_expiry_year": "cardExpiryYear",
    }
    return {
        "state": transaction.state,
        "reason": {"code": transaction.reason, "message": transaction.reason_message},
        "forwardUrl": "",
        "test": True,
        "mid": int(MID),
        "attemptId": 1,
        "authorizationCode": transaction.authorization_code,
        "transactionReference": transaction.id,
        "dateCreated": basic(transaction.created_at),
        "dateUpdated": basic(transaction.updated_at),
        "dateAuthorized": basic(transaction.authorized_at),
        "status": transaction.status,
        "message": MESSAGES[transaction.status],
        "authorizedAmount": transaction.wire(transaction.authorized),
        "capturedAmount": transaction.wire(transaction.captured),
        "refundedAmount": transaction.wire(transaction.refunded),
        "creditedAmount": transaction.wire(0),
        "chargebackedAmount": transaction.wire(transaction.charged_back),
        "decimals": str(exponent(transaction.currency)),
        "currency": transaction.currency,
        "ipAddress": transaction.ip,
        "ipCountry": "FR",
        "deviceId": "",
        "avsResult": "",
        "cvcResult": "",
        "eci": int(transaction.eci),
        "paymentProduct": transaction.product,
        "paymentMethod": {
            camel.get(name, name): value for name, value in method.items() if name != "card_id"
        },
        "threeDSecure": "",  # an empty object makes HiPay's PHP client throw
        "fraudScreening": {"scoring": "0", "result": "ACCEPTED", "review": ""},
        "order": _order_v1(box.store.orders[transaction.orderid], page),
        "debitAgreement": {"id": "", "status": ""},
        "customData": json.loads(page.fields.get("custom_data") or "{}"),
    }


def maintained(transaction: Transaction, operation: str, status: int, *, refunded: int | None = None) -> Json:
    """Operation: the answer of POST /v1/maintenance/transaction/{reference}; `refunded` instead of the total so far."""
    return {
        "operation": operation,
        "test": "true",
        "mid": MID,
        "authorizationCode": transaction.authorization_code,
        "transactionReference": transaction.id,
        "dateCreated": basic(transaction.created_at),
        "dateUpdated": basic(transaction.updated_at),
        "dateAuthorized": basic(transaction.authorized_at),
        "status": str(status),
        "message": MESSAGES[status],
        "authorizedAmount": transaction.wire(transaction.authorized),
        "capturedAmount": transaction.wire(transaction.captured),
        "refundedAmount": transaction.wire(transaction.refunded if refunded is None else refunded),
        "decimals": str(exponent(transaction.currency)),
        "currency": transaction.currency,
    }


def order_v3(box: Sandbox, order: Order) -> Json:
    """Order, as GET /v3/order/{orderid} gives it: its attempts, oldest first."""
    attempts = box.transactions(order)
    return {
        **_order_facts_v3(order, box.store.pages[attempts[-1].page]),
        "merchant_order_id": order.id,
        "transactions": [_transaction_v3(box, attempt) for attempt in attempts],
    }


def transaction_v3(box: Sandbox, transaction: Transaction) -> Json:
    """Transaction, as GET /v3/transaction/{reference} gives it: with its order's facts inside."""
    order, page = box.store.orders[transaction.orderid], box.store.pages[transaction.page]
    return {**_transaction_v3(box, transaction), "order": _order_facts_v3(order, page)}


def without_nulls(answer: Any) -> Any:
    """The same without the fields that are null: HiPay's Node client throws on some of these."""
    if isinstance(answer, dict):
        return {name: without_nulls(value) for name, value in answer.items() if value is not None}
    return [without_nulls(each) for each in answer] if isinstance(answer, list) else answer


def _order_facts_v3(order: Order, page: Page) -> Json:
    fields = page.fields
    return {
        "id": order.number,
        "attempts": len(order.transactions),
        "amount": wire(page.amount, page.currency),
        "shipping": wire(0, page.currency),
        "tax": wire(0, page.currency),
        "decimals": exponent(page.currency),
        "currency": page.currency,
        "custom_data": fields.get("custom_data") or None,
        "date_created": rfc3339(order.created_at),
        "customer": {
            "id": fields.get("cid") or None,
            "firstname": fields.get("firstname") or None,
            "lastname": fields.get("lastname") or None,
            "email": fields.get("email", ""),
            "phone": fields.get("phone", ""),
            "language": page.language,
        },
        "shipping_to": {},
        "billing_to": None,
        "terminal_information": None,
    }


def _transaction_v3(box: Sandbox, transaction: Transaction) -> Json:
    product = PRODUCTS[transaction.product]
    reason = (
        {"code": int(transaction.reason), "reason": transaction.reason_message}
        if transaction.reason
        else None
    )
    pan = product.pan
    card = {"pan": masked(pan), "last_digits": pan[-4:], "scheme": product.brand, "bin": int(pan[:6] or 0)}
    return {
        "id": int(transaction.id),
        "attemptid": transaction.attempt,
        "merchant_order_id": transaction.orderid,
        "state": transaction.state,
        "status": short(transaction.status),
        "status_history": {str(short(status)): rfc3339(at) for status, at in transaction.history},
        "computed_authentication_status": None,
        "reason": reason,
        "eci": int(transaction.eci),
        "amount": transaction.wire(transaction.amount),
        "authorized_amount": transaction.wire(transaction.authorized),
        "captured_amount": transaction.wire(transaction.captured),
        "refunded_amount": transaction.wire(transaction.refunded),
        "credited_amount": transaction.wire(0),
        "chargebacked_amount": transaction.wire(transaction.charged_back),
        "currency": transaction.currency,
        "decimals": exponent(transaction.currency),
        "payment_product": {
            "name": product.code,
            "description": product.description,
            "payment_method": {"name": product.category, "description": product.category},
        },
        "acquirer": {"transaction_reference": acquirer_reference(transaction)},
        "acquirer_tra": None,
        "issuer": {"fullname": "SANDBOX BANK", "institution": "SANDBOX BANK", "country": "FR"},
        "card": card if product.is_card else None,
        "debit_agreement": None,
        "device": {"id": None, "ip_address": transaction.ip},
        "authentication": None,
        "authorization_code": transaction.authorization_code or None,
        "forward_url": "",
        "fraud_screening": None,
        "cvc_result": None,
        "customer_country": "FR",
        "date_created": rfc3339(transaction.created_at),
        "date_updated": rfc3339(transaction.updated_at),
        "date_authorized": rfc3339(transaction.authorized_at),
        "mid": int(MID),
        "operations": [_operation_v3(box, box.store.operations[each]) for each in transaction.operations],
    }


def arn(operation: Operation) -> str:
    """The acquirer's number of a capture, refund or chargeback."""
    return f"7506495{operation.id:016d}"


def _operation_v3(box: Sandbox, operation: Operation) -> Json:
    processed = rfc3339(operation.created_at)
    named = operation.merchant_reference if box.settings.operations_named else ""
    return {
        "id": operation.id,
        "type": operation.type,
        "status": operation.status,
        "amount": wire(operation.amount, operation.currency),
        "currency": operation.currency,
        "decimals": exponent(operation.currency),
        "arn": arn(operation),
        "merchant_reference": named or None,
        "date_created": processed,
        "date_updated": rfc3339(operation.settled_at) or processed,
        "date_processed": processed,
        "date_remitted": rfc3339(operation.settled_at),
        "date_reconciled": rfc3339(operation.settled_at),
        "caseid": None,
    }


def available(number: int, product: Product, *, with_options: bool) -> Json:
    """One of GET /v2/available-payment-products.json."""
    options: Json = {"options": {}} if with_options else {}
    return {
        "id": str(number),
        "code": product.code,
        "description": product.description,
        "payment_product_category_code": product.category,
        "tokenizable": int(product.is_card),
        **options,
    }
