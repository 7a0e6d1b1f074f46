"""A made-up merchant's year: orders as the desk knows them, and the settlement lines they lead to, each with its truth.

Two kinds of orders, half and half in what they make hard. Those of the desk (link, phone) have pages, and transactions,
captures and refunds that HiPay told of: their lines always say enough. Those of the shop's own list are known by an order
id and a reference only: their lines miss a key, nearly hit one, share one, or name two orders. Between them stand sales of
which the desk knows nothing. Captures in parts make true twins; refunds and chargebacks come in later payouts than their
sale; each payout (a period and a settlement currency) has fees of its own, a reserve, and total lines that add up.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

Cell = str | int | date | None  # an int is an amount in 1/10000
CONTROLS = frozenset({"Settlement", "Split settlement", "Splitting settlement"})
# Original currency, the settlement's, settlement units for 10,000 original ones, share in 100.
CURRENCIES = (
    ("EUR", "EUR", 10_000, 84),
    ("GBP", "GBP", 10_000, 8),
    ("USD", "EUR", 9_170, 6),
    ("JPY", "EUR", 61, 2),
)
PERIODS = 24  # half months
FIRST_DAY = date(2024, 1, 1)
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

# What a line of an order says, and how often. A pair: the line of one order needs a second order to be what it is.
_DESK = {
    "both": 48, "reference": 10, "order": 15, "page": 8, "transaction": 8, "reference_unknown": 4, "lost": 1,
    "pair_shared": 3, "unsettled": 3,
}  # fmt: skip
_LISTED = {
    "both": 36, "reference": 14, "order": 12, "reference_unknown": 4, "near_reference": 8, "near_order": 4, "suffix": 4,
    "other_column": 3, "pair_shared": 5, "pair_contradiction": 3, "unsettled": 5, "late_sale": 2,
}  # fmt: skip


@dataclass(frozen=True)
class Year:
    """``lines``: how many in all; there are a fifth as many orders. ``account`` is the desk's, ``number`` the file's."""

    lines: int
    seed: int = 1
    account: str = "demo"
    number: str = "987654"
    name: str = "Boutique Été, Fils & Cie; Paris"

    @property
    def orders(self) -> int:
        return max(1, self.lines // 5)


@dataclass(frozen=True, slots=True)
class Payment:
    """A transaction as HiPay told of it; amounts in 1/10000 of the order's currency. ``refunds``: with their id."""

    reference: str
    captures: tuple[tuple[str, int], ...]
    refunds: tuple[tuple[str, int], ...] = ()
    charged_back: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    number: int
    account: str
    order_id: str
    channel: str  # link, phone, imported
    references: tuple[str, str, str, str, str]
    currency: str
    amount: int
    created: date
    pages: tuple[str, ...] = ()
    payments: tuple[Payment, ...] = ()


class Line(NamedTuple):
    """``cells`` in the order of COLUMNS; ``period``: the half month whose payout it is in. The truth is the outcome that
    reconciliation must find, and the business id of the order ("" where it must find none)."""

    period: int
    cells: tuple[Cell, ...]
    outcome: str
    order: str


class _About(NamedTuple):
    """What the lines of one transaction say alike."""

    transaction: str
    order: str
    references: tuple[str, str, str, str, str]
    product: str
    customer: str
    outcome: str
    known: str  # the order id, where the line itself is matched


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
        weights = _LISTED if listed else _DESK
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
        r, n = self.random, self.number
        self.number += 1
        currency = r.choices(CURRENCIES, [row[3] for row in CURRENCIES])[0][0]
        unit = 10_000 if currency == "JPY" else 100
        amount = r.randint(500, 60_000) * unit
        invoice = (
            f"F-2024-{n:07}",
            f"Zone {n % 7 + 1} Sud-Ouest",
            f"Caisse {n % 40 + 1}",
            "",
            f"Vendeur {n % 300:03}",
        )
        if listed:
            return Order(n, self.year.account, f"W{n:08}", "imported", invoice, currency, amount, self.day)
        code = "".join(_ALPHABET[n // 32**place % 32] for place in range(4, -1, -1))
        order_id = f"{self.day:%y%m%d}-{code}"
        pages = (order_id, f"{order_id}-2") if r.random() < 0.1 else (order_id,)
        channel = "phone" if r.random() < 0.2 else "link"
        order = Order(n, self.year.account, order_id, channel, invoice, currency, amount, self.day, pages)
        return replace(order, payments=self._payments(order))

    def _payments(self, order: Order) -> tuple[Payment, ...]:
        r, reference = self.random, f"8{order.number:011}"
        chance = r.random()
        if chance < 0.03:
            return ()  # not paid, or we were not told
        unit = 10_000 if order.currency == "JPY" else 100
        if chance < 0.45:  # in parts: equal ones, without an id, are twins
            half = order.amount // (2 * unit) * unit
            if chance < 0.2:
                captures: tuple[tuple[str, int], ...] = (("", half), ("", half))
            elif chance < 0.3:
                third = order.amount // (3 * unit) * unit
                captures = tuple((f"{order.order_id}-C{part + 1}", third) for part in range(3))
            else:
                captures = ((f"{order.order_id}-C1", half), (f"{order.order_id}-C2", order.amount - half))
        else:
            captures = (("", order.amount if chance < 0.97 else order.amount - unit),)
        captured = sum(amount for _, amount in captures)
        chance = r.random()
        refunds: tuple[tuple[str, int], ...] = ()
        if chance < 0.12:
            part = captured if chance < 0.06 else max(unit, captured // (3 * unit) * unit)
            refunds = ((f"{order.order_id}-R1" if chance < 0.1 else "", part),)
        back = captured if 0.12 <= chance < 0.135 else 0
        first = Payment(reference, captures, refunds, back)
        if chance > 0.997:
            return (first, Payment(f"9{order.number:011}", (("", order.amount),)))
        return (first,)

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
            about = self._about(order, payment.reference, style, other)
            alone = r.random() < 0.4  # its fees name nothing but the transaction
            if style != "late_sale":
                for operation_id, amount in self._settled_captures(order, payment):
                    yield from self._counted(self._sale(order, about, operation_id, amount, alone))
            for operation_id, amount in payment.refunds:
                self._after(order, about, "Refund", -amount, operation_id, alone)
            if payment.charged_back:
                self._after(order, about, "Chargeback", -payment.charged_back, "", alone)
                if r.random() < 0.3:
                    self._after(order, about, "Chargeback refund", payment.charged_back, "", alone)

    def _settled_captures(self, order: Order, payment: Payment) -> tuple[tuple[str, int], ...]:
        """Nearly always what was captured; else the last one is in no file yet, or of another amount."""
        chance = self.random.random()
        if chance > 0.03:
            return payment.captures
        if chance > 0.015:
            return payment.captures[:-1]
        operation_id, amount = payment.captures[-1]
        unit = 10_000 if order.currency == "JPY" else 100
        return (*payment.captures[:-1], (operation_id, amount + (unit if chance > 0.007 else -unit)))

    def _about(self, order: Order, transaction: str, style: str, other: Order | None) -> _About:
        r, known = self.random, bool(order.payments)
        first, *rest = order.references
        said, business_id = order.order_id, order.order_id
        outcome = "matched"
        if style == "reference":
            said = ""
        elif style == "page" and len(order.pages) > 1:
            said = order.pages[1]
        elif style == "order" or (style == "transaction" and not known):
            first = ""
        elif style == "transaction":
            said = first = ""
        elif style == "reference_unknown":
            first = f"X-{order.number:09}"
        elif style == "pair_shared" and r.random() < 0.5:
            said = ""
            outcome = "matched" if known else "ambiguous"
        elif style == "pair_contradiction" and other is not None and other.number > order.number:
            said, outcome = other.order_id, "contradictory"
        elif style == "near_reference":
            first = r.choice((first.lower(), first.replace("-", " "), f"0{first}", first.replace("-", "")))
            said, outcome = "", "suggested"
        elif style == "near_order":
            first, said, outcome = "", f"00{said}".lower(), "suggested"
        elif style == "suffix":
            first, said, outcome = "", f"{said}-{r.randint(2, 9)}", "suggested"
        elif style == "other_column":
            first, rest[2], said, outcome = "", first, "", "suggested"
        if style == "lost":
            transaction = "8.00006E+11"
        references = (first, rest[0], rest[1], rest[2], rest[3])
        product = ("visa", "mastercard", "cb", "american-express", "bancontact")[order.number % 5]
        matched = business_id if outcome == "matched" else ""
        return _About(
            transaction, said, references, product, f"C{order.number % 50_000:06}", outcome, matched
        )

    def _sale(
        self, order: Order, about: _About, operation_id: str, amount: int, alone: bool
    ) -> Iterator[Line]:
        currency = order.currency
        if self.random.random() < 0.002:
            currency = "CHF"  # not the order's
        settlement, settled = _settled(amount, currency)
        yield self._line(self.period, "Sale", settlement, settled, (amount, currency), about, operation_id)
        yield from self._fees(about, settlement, settled, alone)

    def _fees(self, about: _About, settlement: str, settled: int, alone: bool) -> Iterator[Line]:
        told = self._alone(about) if alone else about
        for name, without in (("Fixed fee", 2_500), ("Variable", settled * 14 // 100_000 * 100)):
            yield self._fee(self.period, name, settlement, without, told)

    def _alone(self, about: _About) -> _About:
        """A line that says nothing but its transaction: it follows the sale, if that is matched."""
        outcome, known = ("matched", about.known) if about.known else ("unmatched", "")
        if (
            "+" in about.transaction
        ):  # digits that are lost join nothing: a fee without a key is the account's
            outcome, known = "account_level", ""
        return about._replace(order="", references=("", "", "", "", ""), outcome=outcome, known=known)

    def _after(
        self, order: Order, about: _About, operation: str, amount: int, operation_id: str, alone: bool
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
        """A sale of which the desk knows nothing; one in ten says nothing but its transaction."""
        r, n = self.random, self.unknown
        self.unknown += 1
        named = r.random() > 0.1
        references = (f"SHOP/{n:08}", "Web", "", "", "") if named else ("", "", "", "", "")
        about = _About(f"6{n:011}", f"S{n:09}" if named else "", references, "visa", "", "unmatched", "")
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
                blank = _About("", "", ("", "", "", "", ""), "", "", "account_level", "")
                own += [
                    self._fee(self.period, name, settlement, 300_000, blank)
                    for name in ("Monthly fee", "Green fee")
                ]
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
        about = _About("", "", ("", "", "", "", ""), "", "", outcome, "")
        return self._line(self.period, operation, settlement, units, (units, settlement), about, "")

    def _fee(
        self, period: int, name: str, settlement: str, without: int, about: _About, origin: str = ""
    ) -> Line:
        tax = without // 500 * 100
        units = -(without + tax)
        line = self._line(period, name, settlement, units, (units, settlement), about, "", origin)
        invoice = ("1", *line.cells[10:13], -without, -tax, units, settlement)
        reference = f"INV{_settlement_id(period, settlement)}"
        return line._replace(cells=(*line.cells[:4], reference, *line.cells[5:9], *invoice, *line.cells[17:]))

    def _line(
        self, period: int, operation: str, settlement: str, settled: int, original: tuple[int, str], about: _About,
        operation_id: str, origin: str = "",
    ) -> Line:  # fmt: skip
        if operation not in CONTROLS:
            total = self.totals[period, settlement]
            total[0] += settled
            total[1] += settled if operation == "Sale" else 0
        day = self.day if period == self.period else FIRST_DAY + timedelta(days=15 * period + 7)
        paid = FIRST_DAY + timedelta(days=15 * period + 17)
        cells = (
            self.year.number, self.year.name, day, day + timedelta(days=1), "", _settlement_id(period, settlement),
            about.transaction, about.order, about.product, "0", "1", *original, None, None, None, original[1], operation,
            settled, settlement, origin, about.customer, operation_id, *about.references, "TPP", paid, day,
        )  # fmt: skip
        return Line(period, cells, about.outcome, about.known)


def _settlement_id(period: int, settlement: str) -> str:
    return str(179_550_000 + 10 * period + (settlement == "GBP"))


def _settled(amount: int, currency: str) -> tuple[str, int]:
    """(settlement currency, units rounded to its cent, towards nought)."""
    for code, settlement, rate, _ in CURRENCIES:
        if code == currency:
            units = abs(amount) * rate // 10_000 // 100 * 100
            return settlement, units if amount > 0 else -units
    return "EUR", amount
