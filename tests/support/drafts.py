"""An order form that is right, to change one thing of."""

from datetime import timedelta
from typing import Any

from services import clock
from services.orders.drafts import Draft, propose_order_id


def draft(**changes: Any) -> Draft:
    now = clock.now()
    values: dict[str, Any] = {
        "channel": "link",
        "account": "demo",
        "first_name": "Élodie",
        "last_name": "Marchand",
        "email": "elodie.marchand@example.com",
        "amount": "1 250,50",
        "currency": "EUR",
        "description": "Acompte canapé",
        "references": ("F-2026-0042",),
        "order_id": propose_order_id(now),
        "language": "fr",
        "expires_at": now + timedelta(days=7),
        "locale": "fr",
    }
    return Draft(**{**values, **changes})
