"""An invented merchant's year: orders as the desk knows them, and the settlement lines they lead to, each with its truth.

Two kinds of orders, half and half in what they make hard. Those of the desk (link, phone) have pages, and transactions,
captures and refunds that HiPay told of: their lines always say enough. Those of the shop's own list are known by an order
id and a reference only: their lines miss a key, nearly hit one, share one, or name two orders. Between them stand sales of
which the desk knows nothing. Captures in parts make true twins; refunds and chargebacks come in later payouts than their
sale; each payout (a period and a settlement currency) has fees of its own, a reserve, and total lines that add up.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from benchmarks.settlement_sales import DESK, LISTED, make_order, said_of, settled_captures
from benchmarks.settlement_shapes import (
    CONTROLS,
    CURRENCIES,
    FIRST_DAY,
    PERIODS,
    About,
    Line,
    Order,
    Payment,
    Year,
)


def happenings(year: Year) -> Iterator[Order | Line]:
    """The year as it goes: an order before its first line, the lines of a period together. The same seed, the same year."""
    return _Book(year).run()


class _Book:
    def __init__(self, year: Year) -> None:
        self.year, self.random = year, Random(year.seed)
        self.made = self.number = self.unknown = 0
        self.period, self.day = 0, FIRST_DAY
        self.totals: defaultdict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])  # all lines, sales
        self.later: defaultdict[int, list[Line]] = defaultdict(list)

    def run(self) -> Iterator[Order | Line]:
        orders = self.year.orders
        for self.period in range(PERIODS):
            end = orders * (self.period + 1) // PERIODS
            begin, span = self.number, max(1, end - self.number)
            while self.number < end:
                self.day = FIRST_DAY + timedelta(days=15 * self.period + 15 * (self.number - begin) // span)
                yield from self._next_orders()
                pending = len(self.later[self.period])
                while self.made + pending < (self.year.lines - 250) * self.number // orders - 4:
                    yield from self._unknown_sale()
            yield from self._counted(self.later.pop(self.period, ()))
            last = self.period == PERIODS - 1
            yield from self._closing(fill=last)

    def _counted(self, lines: Iterator[Line] | list[Line] | tuple[()]) -> Iterator[Line]:
        for line in lines:
            self.made += 1
            yield line

    def _next_orders(self) -> Iterator[Order | Line]:
        r = self.random
        listed = r.random() < 0.4
        weights = LISTED if listed else DESK
        style = r.choices(tuple(weights), tuple(weights.values()))[0]
        pair = style.startswith("pair_")
        made = [self._order(listed) for _ in range(2 if pair else 1)]
        if style == "pair_shared":
            made[1] = replace(made[1], references=made[0].references)
        if r.random() < 0.02:  # a reference that another account knows, too, finds nothing there
            other = replace(
                made[0],
                account="other",
                payments=(),
                pages=(),
                channel="imported",
                order_id=f"O{self.number:08}",
            )
            yield other
        yield from made
        for place, order in enumerate(made):
            yield from self._lines_of(order, style, made[1 - place] if pair else None)

    def _order(self, listed: bool) -> Order:
        self.number += 1
        return make_order(self.random, self.year.account, self.number - 1, self.day, listed=listed)

    def _lines_of(self, order: Order, style: str, other: Order | None) -> Iterator[Line]:
        r = self.random
        if style == "unsettled":
            return
        payments = order.payments
        if not payments and (order.channel == "imported" or r.random() < 0.3):
            transaction = f"7{order.number:011}"
            half = order.amount // 20_000 * 10_000
            parts = (("", half), ("", order.amount - half)) if r.random() < 0.3 else (("", order.amount),)
            refunds = (("", order.amount),) if r.random() < 0.08 else ()
            payments = (Payment(transaction, parts, refunds, order.amount if r.random() < 0.01 else 0),)
        for payment in payments:
            about = said_of(r, order, payment.reference, style, other)
            alone = r.random() < 0.4  # its fees name nothing but the transaction
            if style != "late_sale":
                for operation_id, amount in settled_captures(r, order, payment):
                    yield from self._counted(self._sale(order, about, operation_id, amount, alone))
            for operation_id, amount in payment.refunds:
                self._after(order, about, "Refund", -amount, operation_id, alone)
            if payment.charged_back:
                self._after(order, about, "Chargeback", -payment.charged_back, "", alone)
                if r.random() < 0.3:
                    self._after(order, about, "Chargeback refund", payment.charged_back, "", alone)

    def _sale(
        self, order: Order, about: About, operation_id: str, amount: int, alone: bool
    ) -> Iterator[Line]:
        currency = order.currency
        if self.random.random() < 0.002:
            currency = "CHF"  # not the order's
        settlement, settled = _settled(amount, currency)
        yield self._line(self.period, "Sale", settlement, settled, (amount, currency), about, operation_id)
        yield from self._fees(about, settlement, settled, alone)

    def _fees(self, about: About, settlement: str, settled: int, alone: bool) -> Iterator[Line]:
        told = self._alone(about) if alone else about
        for name, without in (("Fixed fee", 2_500), ("Variable", settled * 14 // 100_000 * 100)):
            yield self._fee(self.period, name, settlement, without, told)

    def _alone(self, about: About) -> About:
        """A line that names only its transaction: it follows the sale, if that is matched."""
        outcome, known = ("matched", about.known) if about.known else ("unmatched", "")
        if "+" in about.transaction:  # digits that are lost join nothing
            outcome, known = "unmatched", ""
        return about._replace(order="", references=("", "", "", "", ""), outcome=outcome, known=known)

    def _after(
        self, order: Order, about: About, operation: str, amount: int, operation_id: str, alone: bool
    ) -> None:
        """A refund or chargeback in one of the next payouts, or none of this year."""
        period = self.period + self.random.choice((1, 1, 2, 3))
        settlement, settled = _settled(amount, order.currency)
        origin = _settlement_id(self.period, settlement)
        if period < PERIODS:
            original = (amount, order.currency)
            line = self._line(period, operation, settlement, settled, original, about, operation_id, origin)
            self.later[period].append(line)
            if operation == "Chargeback":
                told = self._alone(about) if alone else about
                self.later[period].append(self._fee(period, "Fixed fee", settlement, 150_000, told, origin))

    def _unknown_sale(self) -> Iterator[Line]:
        """A sale of which the desk knows nothing; one in ten names only its transaction."""
        r, n = self.random, self.unknown
        self.unknown += 1
        named = r.random() > 0.1
        references = (f"SHOP/{n:08}", "Web", "", "", "") if named else ("", "", "", "", "")
        about = About(f"6{n:011}", f"S{n:09}" if named else "", references, "visa", "", "unmatched", "")
        amount = r.randint(500, 60_000) * 100
        line = self._line(self.period, "Sale", "EUR", amount, (amount, "EUR"), about, "")
        yield from self._counted([line, *self._fees(about, "EUR", amount, r.random() < 0.5)])

    def _closing(self, *, fill: bool) -> Iterator[Line]:
        """What a payout has of its own: reserve, monthly fee, an unknown kind of fee; then its totals."""
        for settlement in ("EUR", "GBP"):
            sales = self.totals[self.period, settlement][1]
            own = [self._own("Rolling reserve capture", settlement, -(sales // 2_000 * 100))]
            if self.period >= 12:
                own.append(self._own("Rolling reserve release", settlement, 12_345_600))
            if settlement == "EUR":
                for name, outcome in (("Monthly fee", "account_level"), ("Green fee", "unmatched")):
                    blank = About("", "", ("", "", "", "", ""), "", "", outcome, "")
                    own.append(self._fee(self.period, name, settlement, 300_000, blank))
            yield from self._counted(own)
            if fill and settlement == "GBP":
                continue
            yield from self._counted(self._payout(settlement))
        if fill:
            rest = max(0, self.year.lines - self.made - len(self._payout("GBP")))
            yield from self._counted(
                [self._own("Adjustment in favor of merchant", "GBP", 100 * (n + 1)) for n in range(rest)]
            )
            yield from self._counted(self._payout("GBP"))

    def _payout(self, settlement: str) -> list[Line]:
        total, turn = self.totals[self.period, settlement][0], self.period + 5 * (settlement == "GBP")
        if turn == 7:
            return []  # no payout is announced
        if turn == 9:
            total += 100  # announced, and a cent beside the lines
        names = [("Settlement", total)]
        if turn % 6 == 4:
            part = total // 300 * 100
            names = [
                ("Splitting settlement", total),
                ("Split settlement", part),
                ("Split settlement", total - part),
            ]
        return [self._own(name, settlement, units) for name, units in names]

    def _own(self, operation: str, settlement: str, units: int) -> Line:
        outcome = "total_line" if operation in CONTROLS else "account_level"
        about = About("", "", ("", "", "", "", ""), "", "", outcome, "")
        return self._line(self.period, operation, settlement, units, (units, settlement), about, "")

    def _fee(
        self, period: int, name: str, settlement: str, without: int, about: About, origin: str = ""
    ) -> Line:
        tax = without // 500 * 100
        units = -(without + tax)
        line = self._line(period, name, settlement, units, (units, settlement), about, "", origin)
        invoice = ("1", *line.cells[10:13], -without, -tax, units, settlement)
        reference = f"INV{_settlement_id(period, settlement)}"
        return line._replace(cells=(*line.cells[:4], reference, *line.cells[5:9], *invoice, *line.cells[17:]))

    def _line(
        self,
        period: int,
        operation: str,
        settlement: str,
        settled: int,
        original: tuple[int, str],
        about: About,
        operation_id: str,
        origin: str = "",
    ) -> Line:
        if operation not in CONTROLS:
            total = self.totals[period, settlement]
            total[0] += settled
            total[1] += settled if operation == "Sale" else 0
        day = self.day if period == self.period else FIRST_DAY + timedelta(days=15 * period + 7)
        paid = FIRST_DAY + timedelta(days=15 * period + 17)
        cells = (
            self.year.number,
            self.year.name,
            day,
            day + timedelta(days=1),
            "",
            _settlement_id(period, settlement),
            about.transaction,
            about.order,
            about.product,
            "0",
            "1",
            *original,
            None,
            None,
            None,
            original[1],
            operation,
            settled,
            settlement,
            origin,
            about.customer,
            operation_id,
            *about.references,
            "TPP",
            paid,
            day,
        )
        return Line(period, cells, about.outcome, about.known)


def _settlement_id(period: int, settlement: str) -> str:
    return str(179_550_000 + 10 * period + (settlement == "GBP"))


def _settled(amount: int, currency: str) -> tuple[str, int]:
    """(settlement currency, units rounded to its cent, towards zero)."""
    for code, settlement, rate, _ in CURRENCIES:
        if code == currency:
            units = abs(amount) * rate // 10_000 // 100 * 100
            return settlement, units if amount > 0 else -units
    return "EUR", amount
