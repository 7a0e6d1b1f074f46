"""Orders and lines on which a person decides."""

import pytest

from services.desk import Desk
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line


@pytest.fixture
def orders(desk: Desk) -> dict[str, int]:
    found = {
        "A-100": store_paid_order(desk, "A-100", "42.00", customer="Lefèvre"),
        "A-200": store_paid_order(desk, "A-200", "17.00", customer="Durand", reference="F-7"),
        "GB-1": store_paid_order(desk, "GB-1", "42.00", currency="GBP", customer="Smith"),
    }
    import_lines(
        desk,
        line("WEB-1", "42.00"),
        line("WEB-2", "59.00"),
        line("a200", "17.00", transaction=""),
        line("", "118.00", operation="Settlement", transaction=""),
    )
    return found
