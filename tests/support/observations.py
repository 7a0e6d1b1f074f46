"""What HiPay says of a transaction, for the fold of payments."""

from typing import Any

from services import clock
from services.hipay.observations import Observation


def observation(order_id: str = "A-1", **changes: Any) -> Observation:
    """A transaction that has collected 1250.50 EUR, the amount of ``tests.support.drafts.draft``, a moment ago."""
    values: dict[str, Any] = {
        "order_id": order_id,
        "reference": "800",
        "status": 118,
        "state": "completed",
        "currency": "EUR",
        "authorised": 1250_5000,
        "captured": 1250_5000,
        "refunded": 0,
        "charged_back": 0,
        "order_amount": 1250_5000,
        "order_currency": "EUR",
        "reason_code": None,
        "reason_text": None,
        "payment_product": "visa",
        "eci": 7,
        "test": True,
        "mid": None,
        "operation_id": None,
        "operation_amount": None,
        "at": clock.now(),
        "mark": None,
    }
    return Observation(**{**values, **changes})
