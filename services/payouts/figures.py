"""What a payout comes to, from the sums over its lines: its legs, its net, and what its total lines announce."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from services.settlements.settlement_operations import Bucket, bucket
from services.store.payouts.rows import Announced, PayoutFigures
from services.store.payouts.sums import HipayAmount, LineSum, SetAside
from services.store.payouts.versions import Key
from services.store.settlements.lines.line_days import day_number
from services.store.settlements.lines.line_totals import TWICE
from services.store.settlements.outcomes import OPEN

_LEGS: Mapping[Bucket, str] = {
    "gross": "gross_units",
    "refunds": "refunds_units",
    "chargebacks": "chargebacks_units",
    "chargebacks_won": "won_units",
    "fees": "fees_units",
    "reserve_captured": "reserve_captured_units",
    "reserve_released": "reserve_released_units",
    "adjustments": "adjustments_units",
    "deferred": "deferred_units",
    "other": "other_units",
}
CONTRADICTORY = 2  # of an account: as many of its payouts show one sign as the other
_TOTAL_LINES: tuple[Announced, ...] = ("settlement", "splitting_settlement", "split_settlement")


@dataclass(frozen=True, kw_only=True)
class Around:
    """What is known of a payout besides its own lines. ``missing``: lines without an amount in whatever currency of it; ``sign``: how
    its account writes a payout line (``account_sign``)."""

    sign: int = 0
    missing: int = 0
    set_aside: SetAside = field(default_factory=SetAside)
    corrections_waiting: int = 0
    hipay: HipayAmount | None = None
    twice: int = 0


class Amounts(Protocol):
    """Lines of a payout with the same operation, as their sum."""

    @property
    def kind(self) -> str: ...
    @property
    def operation_code(self) -> str: ...
    @property
    def file(self) -> int: ...
    @property
    def lines(self) -> int: ...
    @property
    def missing(self) -> int: ...
    @property
    def settled_units(self) -> int: ...
    @property
    def tax_units(self) -> int: ...
    @property
    def unsettled_units(self) -> int: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class OperationAmounts:
    """``Amounts`` of lines that are not stored."""

    kind: str
    operation_code: str
    settled_units: int
    file: int = 0
    lines: int = 1
    missing: int = 0
    tax_units: int = 0
    unsettled_units: int = 0


def figures(sums: Collection[LineSum], around: Around) -> PayoutFigures:
    """The figures of one payout in one currency, without ``carried_to``."""
    counted = [one for one in sums if one.kind != TWICE]
    others = [one for one in counted if one.kind == "unknown"]
    hipay = around.hipay
    return replace(
        amounts(counted, around.sign),
        lines=sum(one.lines for one in sums),
        open_lines=sum(one.lines for one in sums if one.outcome in OPEN),
        other_lines=sum(one.lines for one in others),
        files=len({one.file for one in sums}),
        first_day=min((day for one in sums if (day := day_number(one.first_date))), default=0),
        last_day=max((day_number(one.last_date) for one in sums), default=0),
        transfer_day=max((one.last_transfer for one in sums), default=0),
        value_day=max((one.last_value for one in sums), default=0),
        missing=around.missing,
        rows_without_amount=around.set_aside.without_amount,
        rows_not_read=around.set_aside.not_read,
        corrections_waiting=around.corrections_waiting,
        hipay_units=hipay.units if hipay else None,
        hipay_currency=hipay.currency if hipay else "",
        twice=around.twice,
    )


def amounts(counted: Iterable[Amounts], account_sign: int) -> PayoutFigures:
    """The legs, the net and what is announced. ``counted``: none that a person decided is counted twice."""
    legs, totals, unknown, apart = Counter[str](), Counter[str](), set[str](), 0
    lines, files = Counter[str](), defaultdict[str, set[int]](set)
    carried: int | None = None
    for one in counted:
        where = bucket(one.operation_code, one.kind)
        if where == "announced":
            totals[one.operation_code] += one.settled_units
            lines[one.operation_code] += one.lines
            files[one.operation_code].add(one.file)
            if one.missing:
                unknown.add(one.operation_code)
            continue
        legs[_LEGS[where]] += one.settled_units - one.tax_units
        legs["vat_units"] += one.tax_units
        apart += one.settled_units if one.operation_code == "already_settled" else one.unsettled_units
        if one.operation_code == "deferred_settlement":
            carried = (carried or 0) + one.settled_units
    net = sum(legs.values())
    units_of: dict[str, Any] = dict(legs)
    found = PayoutFigures(**units_of, net_units=net, apart_units=apart, carried_units=carried)
    announced: dict[Announced, int] = {
        name: totals[name] for name in _TOTAL_LINES if name in totals and name not in unknown
    }
    by: Announced = next(iter(announced), "")
    if not by:
        deferred = carried is not None and not totals
        return replace(found, announced_units=0, announced_by="deferred") if deferred else found
    units = announced[by]
    shown, sign = _signs(units, {net, net - apart}, account_sign)
    parts: int | None = None
    if by != "split_settlement":
        if "splitting_settlement" in announced:
            parts = sign * announced.get("split_settlement", 0)
            if announced["splitting_settlement"] != units:  # then neither is the sum of the parts
                parts = sign * announced["splitting_settlement"]
        elif "split_settlement" in announced:
            parts = sign * announced["split_settlement"]
    return replace(
        found,
        announced_units=sign * units,
        announced_by=by,
        # parts are several lines of one file
        announced_lines=len(files[by]) if by == "split_settlement" else lines[by],
        parts_units=parts,
        sign=shown,
    )


def amounts_together(payouts: Mapping[Key, Collection[Amounts]]) -> dict[Key, PayoutFigures]:
    """``amounts`` of payouts of which nothing else is known: their accounts write payout lines as these show it."""
    alone = {key: amounts(sums, 0) for key, sums in payouts.items()}
    shown = defaultdict[str, Counter[int]](Counter)
    for key, found in alone.items():
        shown[key[0]][found.sign] += 1
    return {key: amounts(sums, account_sign(shown[key[0]])) for key, sums in payouts.items()}


def account_sign(shown: Mapping[int, int]) -> int:
    """How an account writes its payout lines: the sign that more of its payouts show; 0 where none shows any, CONTRADICTORY where as
    many show the one as the other. ``shown``: how many payouts show each sign."""
    more, less = shown.get(1, 0), shown.get(-1, 0)
    if more == less:
        return CONTRADICTORY if more else 0
    return 1 if more > less else -1


def _signs(announced: int, sums: set[int], account_sign: int) -> tuple[int, int]:
    """Which sign of a payout line this payout shows, 0 for none, and the one that it is read with.

    HiPay may write a payout as what leaves its balance: below zero, and then the file adds up to zero. Where the merchant owes HiPay,
    that is a payout above zero: it shows nothing by itself, since a payout of what the merchant receives looks the same.
    """
    whole, leaving = announced in sums, -announced in sums
    shown = 0
    if whole != leaving:
        shown = 1 if whole else -int(announced < 0)
    if account_sign == CONTRADICTORY:  # whatever fits is no proof
        return shown, -1 if whole else 1
    return shown, account_sign or shown or 1
