"""Finance notifications: HiPay notifies a settlement, at a URL, with an algorithm and a password of their own.

The names are HiPay's published ones. The bodies as JSON and XML are published by their outline only: `{"settlement": {…}}`
and an element of that name, each with the same fields.
"""

import json
import time
from urllib.parse import urlencode

from sandbox import signature
from sandbox.context import Sandbox
from sandbox.model import Delivery
from sandbox.notify import xml_fields
from sandbox.settings import FINANCE_PASSWORD, MID
from sandbox.settlements import Settlement

_TYPES = {
    "form": "application/x-www-form-urlencoded",
    "json": "application/json",
    "xml": "application/xml; charset=UTF-8",
}
_AMOUNTS = ("sales", "refunds", "fees", "chargeback", "deferred", "rolling", "other", "amount")


def queue(box: Sandbox, settlement: Settlement) -> None:
    """Queue the notification of a settlement to `finance_notify_url`; nothing without one."""
    if not box.settings.finance_notify_url:
        return
    how = box.settings.finance_notification_format
    body = content(settlement, how)
    box.store.save(
        Delivery(
            id=box.store.next_id(Delivery),
            orderid=subject(settlement.id),
            transaction="",
            notification_status=0,
            url=box.settings.finance_notify_url,
            content_type=_TYPES[how],
            signature=signature.of_body(body.encode(), FINANCE_PASSWORD, box.settings.finance_hash_algorithm),
            body=body,
            created_at=box.now(),
            due=time.time(),
        )
    )
    box.wake.set()


def subject(settlement: int) -> str:
    """What is used instead of an order id; no order id has a blank."""
    return f"settlement {settlement}"


def content(settlement: Settlement, how: str) -> str:
    """The body: `how` is form, json or xml."""
    summary = settlement.summary
    fields = {
        "notification_type": "settlement",
        "account": MID,
        "reference": str(settlement.id),
        **{name: f"{summary[name]}" for name in _AMOUNTS},
        "currency": settlement.currency,
    }
    if how == "json":
        return json.dumps({"settlement": fields}, separators=(",", ":"))
    if how == "xml":
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<settlement>{xml_fields(fields)}</settlement>'
    return urlencode(fields)
