"""Whether the amounts and currencies of lines agree with their order's."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.settlements.settlement_operations import ORDER_KINDS

# The amount of an unknown operation is compared, too; a fee or a reserve is never the order's amount.
_COMPARED = (*ORDER_KINDS, "unknown")

LineAmount = tuple[
    str, int | None, str
]  # the operation's kind, the original amount in 1/10000, its currency ("" for none)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """``units``: the sum of the lines, in 1/10000 of ``currency``; None where one of them names no amount,
    or they are in several currencies. ``currencies``: those that the lines name. ``compared``: there is a line whose amount should
    be the order's."""

    compared: bool
    units: int | None
    currencies: tuple[str, ...]
    ordered: int
    ordered_currency: str

    @property
    def currency(self) -> str:
        return ", ".join(self.currencies)

    @property
    def other_currency(self) -> bool:
        return any(code != self.ordered_currency for code in self.currencies)

    @property
    def differs(self) -> bool:
        return self.other_currency or (self.compared and self.units != self.ordered)

    @property
    def difference(self) -> int | None:
        """By how much the lines exceed the order, in its currency; None if that is not known."""
        known = self.compared and self.units is not None and not self.other_currency
        return self.units - self.ordered if known and self.units is not None else None


def agreement(lines: Iterable[LineAmount], ordered: int, currency: str) -> Agreement:
    """Compare lines with an order's amount ``ordered``, in 1/10000 of ``currency``.

    Sales are added up, for an order may be collected in parts. Refunds and chargebacks are compared, without their sign,
    only if no sale is among the lines. A sale below zero agrees with no order.
    """
    named = list(lines)
    codes = tuple(sorted({code for _, _, code in named if code}))
    compared = [(kind, units) for kind, units, _ in named if kind in _COMPARED]
    sums: dict[str, int] = {}
    for kind, units in compared:
        sums[kind] = sums.get(kind, 0) + (units or 0)
    total: int | None = None
    if sums and len(codes) < 2 and all(units is not None for _, units in compared):
        total = sums["sale"] if "sale" in sums else max(map(abs, sums.values()))
    return Agreement(
        compared=bool(compared), units=total, currencies=codes, ordered=ordered, ordered_currency=currency
    )
