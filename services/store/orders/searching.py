"""What orders are searched by: the column, and the conditions on it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, false, or_

from services.store.schema.orders import orders
from services.text import folding

_CODES = ("order_id", "email", *(f"reference_{n}" for n in range(1, 6)))
FACTS = ("first_name", "last_name", *_CODES, "phone", "description")


def searched(order: Mapping[str, Any]) -> str:
    """``orders.search`` of an order with these values; those that are not there are empty."""
    text = {name: str(order.get(name) or "") for name in FACTS}
    return folding.searched(
        (text["first_name"], text["last_name"]),
        tuple(text[name] for name in _CODES),
        text["phone"],
        text["description"],
    )


def finds(text: str) -> list[ColumnElement[bool]]:
    """The conditions that an order has all words of the text; none for an empty one."""
    items = folding.wanted(text)
    if not items:
        return [false()] if text.strip() else []
    return [or_(*(orders.c.search.contains(one, autoescape=True) for one in item)) for item in items]
