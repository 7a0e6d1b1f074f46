"""Payouts as the explanation of a difference takes them: sales with two fees each."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from services.payouts.difference_facts import Facts, Line

FIXED = -3000  # units of 1/10000: 0.25 and its VAT


def _cents(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def payout(cents: Iterable[int]) -> tuple[Line, ...]:
    """A sale of each of these amounts, with a fixed fee and 1.4 %, both with VAT; transactions T0, T1, …"""
    lines: list[Line] = []
    for place, amount in enumerate(cents):
        share = _cents(Decimal(amount) * Decimal("0.014"))
        units = {
            "sale": amount * 100,
            "fixed_fee": FIXED,
            "variable": -100 * (share + _cents(share * Decimal("0.2"))),
        }
        lines += [
            Line(
                id=3 * place + 1 + number,
                code=code,
                kind="sale" if code == "sale" else "fee",
                units=units[code],
                day=20260312,
                transaction=f"T{place}",
                file=1,
                cells=(code, place),
            )
            for number, code in enumerate(units)
        ]
    return tuple(lines)


def sale(lines: Iterable[Line], place: int) -> Line:
    return next(line for line in lines if line.kind == "sale" and line.transaction == f"T{place}")


def fee(lines: Iterable[Line], place: int, code: str) -> Line:
    return next(line for line in lines if line.code == code and line.transaction == f"T{place}")


def announced(lines: Iterable[Line]) -> int:
    """What a payout of these lines announces, in 1/10000."""
    return sum(line.units or 0 for line in lines)


def facts(lines: tuple[Line, ...], total: int, **known: Any) -> Facts:
    """All lines of a payout that announces ``total``, in 1/10000."""
    return Facts(
        units=announced(lines) - total, currency="EUR", size=len(lines), lines=lines, whole=True, **known
    )
