"""What an invented year consists of: orders and their payments, settlement lines and their truth."""

from dataclasses import dataclass
from datetime import date
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
    """A transaction as HiPay reports it; amounts in 1/10000 of the order's currency. ``refunds``: with their id."""

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


class About(NamedTuple):
    """The cells that the lines of one transaction have in common."""

    transaction: str
    order: str
    references: tuple[str, str, str, str, str]
    product: str
    customer: str
    outcome: str
    known: str  # the order id, where the line itself is matched
