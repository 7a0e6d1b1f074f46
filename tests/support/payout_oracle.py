"""The figures of payouts once more, in plain csv and Decimal, line by line: what the product must agree with.

Written from HiPay's published columns and operations and from what is asked of a payout's row; shares nothing with the product.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

NOUGHT = Decimal(0)
# HiPay's name of an operation → the figure that it counts in; any other name is unknown, and counts as "other".
LEGS = {
    "Sale": "gross", "Refund": "refunds", "Chargeback": "chargebacks", "Chargeback refund": "won",
    **dict.fromkeys(("Fixed fee", "Variable", "Monthly fee", "Setup fee", "IFF (Fraud Financial Impact)"), "fees"),
    **dict.fromkeys(("Fixed reserve capture", "Rolling reserve capture"), "reserve_captured"),
    **dict.fromkeys(("Fixed reserve release", "Rolling reserve release"), "reserve_released"),
    **dict.fromkeys(("Adjustment in favor of merchant", "Adjustment in favor of TPP"), "adjustments"),
    **dict.fromkeys(("Transferred from merchant", "Transferred to merchant"), "adjustments"),
    **dict.fromkeys(("Already settled", "Asset settlement", "Deferred settlement", "Invoice carry-over"), "deferred"),
    **dict.fromkeys(("Invoice to be paid by TPP", "Invoice payment", "Deferred invoice", "Offsetting entry"), "deferred"),
}  # fmt: skip
TOTAL_LINES = (
    "Settlement",
    "Splitting settlement",
    "Split settlement",
)  # the first that is there announces the payout
FIGURES = (
    "gross", "refunds", "chargebacks", "won", "fees", "vat", "reserve_captured", "reserve_released", "adjustments",
    "deferred", "other",
)  # fmt: skip


@dataclass
class Payout:
    """A settlement in one currency. ``legs``: by FIGURES, the fees without their VAT; they add up to ``net``."""

    legs: Counter[str] = field(default_factory=Counter)
    totals: dict[str, Decimal] = field(default_factory=dict)  # by TOTAL_LINES
    apart: Decimal = NOUGHT  # already settled, or not settled
    carried: Decimal | None = None  # by Deferred settlement
    lines: int = 0
    unknown: int = 0

    @property
    def net(self) -> Decimal:
        return sum((Decimal(self.legs[name]) for name in FIGURES), NOUGHT)

    @property
    def announced(self) -> Decimal | None:
        """What the merchant receives; 0 of a balance that is carried forward; None where the file says nothing."""
        for name in TOTAL_LINES:
            if name in self.totals:
                return self.totals[name]
        return None if self.carried is None else NOUGHT

    @property
    def state(self) -> str:
        """tied, carried_forward, differs or no_payout_line."""
        if self.announced is None:
            return "no_payout_line"
        parts = self.totals.get("Split settlement", NOUGHT)
        if "Splitting settlement" in self.totals and self.totals["Splitting settlement"] != parts:
            return "differs"
        carries = not self.totals and self.carried is not None
        fits = self.announced in (self.net, self.net - self.apart)
        if carries and self.carried is not None and self.net == 2 * self.carried:
            fits = True
        if not fits:
            return "differs"
        return "carried_forward" if carries else "tied"


def read(files: Iterable[str]) -> dict[tuple[str, str], Payout]:
    """The payouts of these files, as HiPay's sandbox writes them (semicolons, decimal points, signs), by settlement id and
    currency. A line that several files have counts once; one that a file has twice counts twice."""
    kept: Counter[tuple[str, ...]] = Counter()
    found: dict[tuple[str, str], Payout] = {}
    for text in files:
        here: Counter[tuple[str, ...]] = Counter()
        for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=";"):
            identity = tuple(row.values())
            here[identity] += 1
            if here[identity] > kept[identity]:
                kept[identity] += 1
                _count(found.setdefault((row["Settlement ID"], row["Settlement currency"]), Payout()), row)
    return found


def _count(payout: Payout, row: dict[str, str]) -> None:
    operation, settled = row["Operation"], Decimal(row["Settled amount"])
    payout.lines += 1
    if operation in TOTAL_LINES:
        payout.totals[operation] = payout.totals.get(operation, NOUGHT) + settled
        return
    tax = Decimal(row["Tax amount"] or 0)
    leg = LEGS.get(operation, "other")
    payout.unknown += operation not in LEGS
    payout.legs[leg] += settled - tax  # type: ignore[assignment]  # a Counter counts anything that adds up
    payout.legs["vat"] += tax  # type: ignore[assignment]
    if operation == "Already settled" or row["Settled"] == "0":
        payout.apart += settled
    if operation == "Deferred settlement":
        payout.carried = (payout.carried or NOUGHT) + settled
