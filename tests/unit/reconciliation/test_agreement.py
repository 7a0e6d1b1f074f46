"""Whether lines agree with the order that they are to belong to."""

import pytest

from services.reconciliation.decisions.agreement import LineAmount, agreement

ORDERED = 100_0000
SALE = ("sale", ORDERED, "EUR")


@pytest.mark.parametrize(
    ("lines", "differs", "difference"),
    [
        ([SALE], False, 0),
        ([("sale", 60_0000, "EUR"), ("sale", 40_0000, "EUR")], False, 0),
        ([("sale", 60_0000, "EUR")], True, -40_0000),
        ([("sale", 101_0000, "EUR")], True, 1_0000),
        ([SALE, SALE], True, ORDERED),
        ([("sale", -ORDERED, "EUR")], True, -2 * ORDERED),
        # what comes back is looked at where no sale is there
        ([SALE, ("refund", -30_0000, "EUR")], False, 0),
        ([("refund", -ORDERED, "EUR")], False, 0),
        ([("refund", -30_0000, "EUR")], True, -70_0000),
        ([SALE, ("chargeback", -ORDERED, "EUR"), ("chargeback_refund", ORDERED, "EUR")], False, 0),
        # another currency is never the same amount
        ([("sale", ORDERED, "GBP")], True, None),
        ([("sale", ORDERED, "EUR"), ("sale", 0, "GBP")], True, None),
        # an amount that is not there is not 0
        ([("sale", None, "EUR")], True, None),
        ([SALE, ("sale", None, "EUR")], True, None),
        ([("sale", None, "")], True, None),
        # a fee has an amount of its own
        ([("fee", -3000, "EUR")], False, None),
        ([("fee", None, "")], False, None),
        ([("fee", -3000, "GBP")], True, None),
        ([("unknown", 5_0000, "EUR")], True, -95_0000),
    ],
)
def test_what_differs_from_the_order(lines: list[LineAmount], differs: bool, difference: int | None) -> None:
    found = agreement(lines, ORDERED, "EUR")
    assert (found.differs, found.difference) == (differs, difference)
