"""Payout files of sales with their two fees, in HiPay's columns, to be imported with and without a fault."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from tests.support.payouts import csv

CENT = Decimal("0.01")
Row = tuple[str, str, Decimal]  # operation, transaction, settled amount


def rows_of_sales(amounts: Iterable[str]) -> list[Row]:
    """A sale of each amount with a fixed fee and 1.4 %, both with VAT; transactions T0, T1, …"""
    found: list[Row] = []
    for place, text in enumerate(amounts):
        amount = Decimal(text)
        share = (amount * Decimal("0.0168")).quantize(CENT, ROUND_HALF_UP)
        found += [
            ("Sale", f"T{place}", amount),
            ("Fixed fee", f"T{place}", Decimal("-0.30")),
            ("Variable", f"T{place}", -share),
        ]
    return found


def total(rows: Iterable[Row]) -> Decimal:
    return sum((amount for _, _, amount in rows), Decimal(0))


def payout_file(
    rows: Sequence[Row], announced: Decimal, settlement: str = "77", currency: str = "EUR"
) -> bytes:
    """A file of these lines with a payout line of ``announced``."""
    return csv(
        *(
            f"1;{settlement};{transaction};A{transaction};{amount};{currency};;;;;{operation};{amount};{currency};"
            f"INV-{transaction};2026-11-20"
            for operation, transaction, amount in rows
        ),
        f"1;{settlement};;;{announced};{currency};;;;;Settlement;{announced};{currency};;2026-11-21",
    )
