"""The state of a payout, from its figures alone.

The payout line is the Settlement line; else the total of a payout in parts (Splitting settlement), which must be the sum of its parts
(Split settlement), as a Settlement line must be where there are parts; else these parts. Several such lines, or parts of several
files, may be those of two issues: their sum proves nothing unless HiPay's API shows it. A payout whose balance is carried over
(Deferred settlement) pays nothing: its lines add up to nothing, or to twice the deferred amount where that repeats the balance instead
of clearing it.

What lines already settled, and lines whose Settled is 0, mean is not known: HiPay's documents do not say whether a payout contains them.
So there are two sums, with and without them, and a payout ties if what it announces is one of the two (``fitting_sum`` says which).
Neither is it known how HiPay's API signs the amount of a payout that was carried over: 0 and the amount carried, either way, agree.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, Protocol

from services.store.payouts.rows import STATES as STATES
from services.store.payouts.rows import PayoutFigures
from services.store.payouts.rows import PayoutState as PayoutState

# With all lines, or without those that stand apart.
Sum = Literal["whole", "without_apart"]


def difference(figures: PayoutFigures) -> int | None:
    """By how much the lines are more than what is announced; None where nothing is. 0 if either sum fits."""
    if figures.announced_units is None:
        return None
    return 0 if fitting_sum(figures) else figures.net_units - figures.announced_units


def fitting_sum(figures: PayoutFigures) -> Sum | None:
    """Which sum of the lines is the announced one; None for neither."""
    if figures.announced_by == "deferred" and figures.net_units == 2 * (figures.carried_units or 0):
        return "whole"
    for name, units in sums(figures).items():
        if units == figures.announced_units:
            return name
    return None


def sums(figures: PayoutFigures) -> dict[Sum, int]:
    """The sum of the lines, and where lines stand apart the sum without these."""
    whole: dict[Sum, int] = {"whole": figures.net_units}
    return (
        {**whole, "without_apart": figures.net_units - figures.apart_units} if figures.apart_units else whole
    )


def parts_differ(figures: PayoutFigures) -> bool:
    """Whether a payout in parts is not the sum of its parts."""
    return figures.parts_units is not None and figures.parts_units != figures.announced_units


def hipay_differs(figures: PayoutFigures, currency: str) -> bool:
    """Whether HiPay's API shows another amount than the file announces, or than its lines come to where it announces none."""
    if figures.hipay_units is None:
        return False
    if figures.hipay_currency != currency:
        return True
    if figures.announced_by == "deferred":
        carried = figures.carried_units or 0
        return figures.hipay_units not in (0, carried, -carried)
    if figures.announced_units is None:
        return figures.hipay_units not in sums(figures).values()
    return figures.hipay_units != figures.announced_units


def unproved_lines(figures: PayoutFigures, currency: str) -> bool:
    """Whether several lines announce the payout, as those of two issues do, and HiPay's API does not show their sum."""
    hipay = (figures.hipay_units, figures.hipay_currency)
    return figures.announced_lines > 1 and hipay != (figures.announced_units, currency)


def state_of(figures: PayoutFigures, currency: str, *, accepted: bool = False) -> PayoutState:
    """The worst that is true of these figures. ``accepted``: a person has accepted their difference as it is."""
    found: tuple[tuple[PayoutState, bool], ...] = (
        ("counted_twice", figures.twice > 0 and not accepted),
        ("differs", (bool(difference(figures)) or parts_differ(figures)) and not accepted),
        ("hipay_differs", hipay_differs(figures, currency) and not accepted),
        ("amounts_missing", bool(figures.missing or figures.rows_without_amount)),
        ("rows_not_read", figures.rows_not_read > 0),
        ("correction_waits", figures.corrections_waiting > 0),
        ("several_payout_lines", unproved_lines(figures, currency)),
        ("no_payout_line", figures.announced_units is None),
        ("accepted", accepted),
        ("carried_forward", figures.announced_by == "deferred"),
    )
    return next((state for state, true in found if true), "tied")


def unfinished(state: PayoutState) -> PayoutState:
    """The state of a payout of which something is not known yet: it is being worked out, or worse."""
    return max(state, "being_worked_out", key=lambda one: -STATES.index(one))


class Row(Protocol):
    """What a row's state is told by: PayoutRow, or StateOfPayout."""

    @property
    def id(self) -> int: ...
    @property
    def worked_state(self) -> PayoutState | Literal[""]: ...
    @property
    def behind(self) -> bool: ...
    @property
    def carried_to(self) -> int | None: ...


def shown(row: Row) -> PayoutState:
    """The state of a row as it may be told: of one that is behind only what is worse than that it is being worked out."""
    if not row.worked_state:
        return "being_worked_out"
    if row.behind and STATES.index(row.worked_state) > STATES.index("being_worked_out"):
        return "being_worked_out"
    return row.worked_state


def ties(row: Row, rows: Mapping[int, Row]) -> bool:
    """Whether the payout counts as tied: it is, or it is carried forward to one that does. ``rows``: by id, those that it may be
    carried to."""
    passed = set[int]()
    while shown(row) == "carried_forward" and row.id not in passed:
        passed.add(row.id)
        if (taker := rows.get(row.carried_to or 0)) is None:
            return False
        row = taker
    return shown(row) == "tied"


def tied(rows: Iterable[Row]) -> frozenset[int]:
    """The ids of those of these payouts that count as tied."""
    by_id = {row.id: row for row in rows}
    return frozenset(number for number, row in by_id.items() if ties(row, by_id))
