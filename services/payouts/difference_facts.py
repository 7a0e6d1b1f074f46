"""What is known about a payout that differs, and what an explanation of the difference says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from services.store.payouts.order_searches import CapturedOrder as CapturedOrder
from services.store.payouts.searches import Line as Line

Kind = Literal[
    "withdrawn",
    "order_not_paid_out",
    "twins",
    "transaction_twice",
    "fee_twice",
    "sale_without_fee",
    "fees_without_sale",
    "other_payout",
    "amounts_missing",
    "rows_not_read",
    "is_half",
    "is_difference",
    "is_negative",
    "two_lines",
    "three_lines",
]
# certain: the amount fits exactly, and another record shows the same; likely: the amount fits and the lines themselves
# look wrong, or an amount is known to be missing; possible: only the amount fits, or an amount is not known.
Sureness = Literal["certain", "likely", "possible"]
Act = Literal["rows", "line", "lines", "order", "file", "hipay"]
KINDS: tuple[Kind, ...] = get_args(Kind)  # among equally sure ones, the first is the most likely
SURENESS: tuple[Sureness, ...] = get_args(Sureness)
# What would settle it: open the rows set aside, the line (to decide about it), the lines of that amount, the order, the
# file that has the line, or ask HiPay for its list and the payout's file again.
ACTS: Mapping[Kind, Act] = {
    "withdrawn": "file",
    "order_not_paid_out": "order",
    "twins": "line",
    "transaction_twice": "line",
    "fee_twice": "line",
    "sale_without_fee": "hipay",
    "fees_without_sale": "hipay",
    "other_payout": "line",
    "amounts_missing": "hipay",
    "rows_not_read": "rows",
    "is_half": "line",
    "is_difference": "lines",
    "is_negative": "lines",
    "two_lines": "line",
    "three_lines": "line",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadRows:
    """Rows that a file set aside. ``named``: they name this payout; else they may belong to any."""

    file: int
    rows: int
    named: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known about a payout that differs by ``units``: its lines less what is announced, in 1/10000.

    ``lines``: all its valid lines but the totals, or, where ``whole`` is False, only those whose amount has to do with the
    difference; then ``known`` are the transactions of which all lines are there. ``size``: how many it has. All other fields
    may be cut to what a person would read.
    """

    units: int
    currency: str
    size: int
    lines: tuple[Line, ...]
    whole: bool
    known: frozenset[str] = frozenset()
    foreign_files: frozenset[int] = frozenset()  # that announce another payout, and have lines of this one
    counted_twice: frozenset[str] = frozenset()  # transactions of which it has lines that are counted twice
    missing: tuple[int, ...] = ()  # lines of it without an amount
    unread: tuple[UnreadRows, ...] = ()
    withdrawn: tuple[Line, ...] = ()  # its lines that a newer issue no longer has; ``file``: that issue's
    withdrawn_cut: bool = False  # there are more of these
    elsewhere: tuple[
        Line, ...
    ] = ()  # lines of other payouts with a transaction of this one, or from its own file
    orders: tuple[CapturedOrder, ...] = ()
    days: tuple[int, int] = field(default=(0, 0))  # the first and the last day of its lines, YYYYMMDD


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """What may make the difference. ``units``: the part of it that this would explain, None where nobody can know.

    ``lines``, ``orders``, ``files``: ids; ``surplus``: those of the lines that would not count if it is so; ``rows``: of a
    file, how many were not read.
    """

    kind: Kind
    sure: Sureness
    units: int | None
    lines: tuple[int, ...] = ()
    surplus: tuple[int, ...] = ()
    orders: tuple[int, ...] = ()
    files: tuple[int, ...] = ()
    rows: int = 0

    @property
    def act(self) -> Act:
        return ACTS[self.kind]
