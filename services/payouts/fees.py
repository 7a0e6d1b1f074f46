"""Which fees the sales of a payout have, and about how much a fee of another sale would be."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services import money
from services.payouts.difference_facts import Line

_ENOUGH = 3  # sales with a fee before it is expected of every sale
_USUAL = 9  # of ten sales that have it: then the tenth lacks it
_NEAR = 25  # sales on either side whose rates are compared: cards have different rates


@dataclass(frozen=True, slots=True)
class Expected:
    """A fee in 1/10000, as signed in the lines, and by how much it may be another."""

    units: int
    tolerance: int

    def includes(self, units: int) -> bool:
        return abs(units - self.units) <= self.tolerance


class Fees:
    """The fees of sales that are the only one of their transaction. ``transactions``: the lines of each."""

    def __init__(self, transactions: Iterable[Sequence[Line]], currency: str) -> None:
        self._step = money.step(currency)
        self._sales = 0
        self._by_code: dict[
            str, list[tuple[int, int]]
        ] = {}  # fee code → (sale, fee), the smallest sale first
        for lines in transactions:
            sale = _only_sale(lines)
            if sale is None:
                continue
            self._sales += 1
            fees: dict[str, int] = {}
            for line in lines:
                if line.kind == "fee" and line.units is not None:
                    fees.setdefault(line.code, line.units)
            for code, units in fees.items():
                self._by_code.setdefault(code, []).append((sale.units or 0, units))
        self._fixed: dict[str, int] = {}
        for code, pairs in self._by_code.items():
            pairs.sort()
            units, count = Counter(fee for _, fee in pairs).most_common(1)[0]
            if len(pairs) >= _ENOUGH and 10 * count >= _USUAL * len(pairs):
                self._fixed[code] = units

    def lacking(self, lines: Sequence[Line]) -> list[tuple[Line, Expected]]:
        """The sale of a transaction with each fee that it lacks and nearly all others have."""
        sale = _only_sale(lines)
        if sale is None:
            return []
        codes = {line.code for line in lines if line.kind == "fee"}
        usual = [
            code
            for code, pairs in self._by_code.items()
            if len(pairs) >= _ENOUGH and 10 * len(pairs) >= _USUAL * (self._sales - 1) and code not in codes
        ]
        return [(sale, self._expected(code, sale.units or 0)) for code in sorted(usual)]

    def fit(self, lines: Sequence[Line], sale: int) -> bool | None:
        """Whether a transaction's fees are those of a sale of these units; None where they would be for any sale."""
        charged: dict[str, list[int]] = {}  # by fee code; a refund of it may have been charged, too
        for line in lines:
            if (
                line.kind == "fee"
                and line.units is not None
                and len(self._by_code.get(line.code, ())) >= _ENOUGH
            ):
                charged.setdefault(line.code, []).append(line.units)
        known: bool | None = None
        for code, fees in charged.items():
            if code in self._fixed:
                if self._fixed[code] not in fees:
                    return False
            elif any(
                self._scaled(pair, sale).includes(fee) for pair in self._near(code, sale) for fee in fees
            ):
                known = True
            else:
                return False
        return known

    def _expected(self, code: str, sale: int) -> Expected:
        if code in self._fixed:
            return Expected(self._fixed[code], 0)
        return self._scaled(self._near(code, sale)[0], sale)

    def _near(self, code: str, sale: int) -> list[tuple[int, int]]:
        """Sales of about this amount with their fee: the next greater first, since what was rounded of its fee weighs less."""
        pairs = self._by_code[code]
        place = bisect_left(pairs, (sale, -(10**18)))
        return [*pairs[place : place + _NEAR], *reversed(pairs[max(0, place - _NEAR) : place])]

    def _scaled(self, pair: tuple[int, int], sale: int) -> Expected:
        """The fee of a sale at the rate of another one."""
        other, fee = pair
        scaled = abs(fee) * sale // other
        # the fee and its tax are each rounded, on both sales
        tolerance = self._step * (1 + max(1, -(-sale // other))) + 1
        return Expected(-scaled if fee < 0 else scaled, tolerance)


def _only_sale(lines: Sequence[Line]) -> Line | None:
    sales = [line for line in lines if line.kind == "sale"]
    return sales[0] if len(sales) == 1 and (sales[0].units or 0) > 0 else None
