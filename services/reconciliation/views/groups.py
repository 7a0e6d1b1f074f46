"""What reconciliation asks of people, in three groups: to do, waiting for somebody else, and nothing to do.

The counts are those of the reconciliation screen. To do is what nobody has dealt with: a payout that does not tie, a line without
its order, a chargeback, an order to check, a payment that is late in the payouts. Waiting is what HiPay, the bank or a colleague
must answer first: a claim, a question, a balance that is carried forward, a payment whose days are not over.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from services.access import Actor
from services.desk import Desk
from services.payouts import states
from services.reconciliation.decisions import questions
from services.reconciliation.views.lists import due, this_minute
from services.reconciliation.views.payout_list import visible_accounts
from services.store import Connection
from services.store.payouts import acceptances, rows
from services.store.payouts.rows import STATES, PayoutState, StateOfPayout
from services.store.remembered import remembered
from services.store.settlements import open_orders, reconciliation_views
from services.store.settlements.outcomes import OPEN, OPEN_STATUSES

Kind = Literal[
    "payouts", "lines", "chargebacks", "late", "orders",
    "claimed", "payouts_asked", "lines_asked", "carried", "worked_out", "in_no_payout",
    "tied", "accepted", "matched",
]  # fmt: skip
_WAIT = ("paid_not_settled", "settled_in_part")  # open since HiPay has still to pay out


@dataclass(frozen=True, kw_only=True)
class Item:
    """``state``: of payouts to do, their state. ``units``: by currency, in 1/10000, of what has an amount."""

    kind: Kind
    count: int
    state: PayoutState | None = None
    units: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Groups:
    """Each without the items of which there are none. ``clear``: nothing is to do, and nothing is unknown."""

    to_do: tuple[Item, ...]
    waiting: tuple[Item, ...]
    done: tuple[Item, ...]

    @property
    def clear(self) -> bool:
        return not self.to_do and not any(one.kind == "worked_out" for one in self.waiting)


def groups(desk: Desk, actor: Actor, wanted: tuple[str, ...] = ()) -> Groups:
    """The groups of the accounts whose payouts the actor may see, those that are wanted, all where none is. Raises NotAllowed."""
    with desk.store.read() as tx:
        accounts = visible_accounts(tx, desk, actor, wanted)
        minute = this_minute()
        return remembered(tx, ("groups", accounts, minute), lambda: _groups(tx, accounts, minute))


def _groups(tx: Connection, accounts: tuple[str, ...], now: datetime) -> Groups:
    asked = questions.waiting(tx, frozenset(accounts))
    payouts = _payouts(tx, accounts, {one.payout for one in asked if one.payout is not None})
    lines = _lines(tx, accounts, {one.line for one in asked if one.line is not None})
    orders = _orders(tx, accounts, now)
    found = [item for item in (*payouts, *lines, *orders) if item.count]
    to_do: tuple[Kind, ...] = ("payouts", "lines", "chargebacks", "late", "orders")
    done: tuple[Kind, ...] = ("tied", "accepted", "matched")
    return Groups(
        tuple(item for item in found if item.kind in to_do),
        tuple(item for item in found if item.kind not in (*to_do, *done)),
        tuple(item for item in found if item.kind in done),
    )


def _payouts(tx: Connection, accounts: Sequence[str], asked: set[int]) -> list[Item]:
    """``asked``: the payouts of which a question waits for its answer."""
    listed = rows.states_of(tx, accounts)
    tied = states.tied(listed)
    taken = [row.id for row in listed if states.shown(row) == "accepted"]
    valid = acceptances.valid(tx, taken) if taken else {}
    claims = {payout for payout, one in valid.items() if one.kind == "claim"}
    kinds, by_state = Counter[Kind](), Counter[PayoutState]()
    for row in listed:
        kind = _kind(row, row.id in tied, row.id in claims, row.id in asked)
        kinds[kind] += 1
        if kind == "payouts":
            by_state[states.shown(row)] += 1
    others = [Item(kind=kind, count=count) for kind, count in kinds.items() if kind != "payouts"]
    to_do = [Item(kind="payouts", count=by_state[state], state=state) for state in STATES]
    return [*to_do, *sorted(others, key=lambda item: item.kind)]


def _kind(row: StateOfPayout, tied: bool, claimed: bool, asked: bool) -> Kind:
    state = states.shown(row)
    if tied:
        return "tied"
    if state == "accepted":
        return "claimed" if claimed else "accepted"
    if state == "being_worked_out":
        return "worked_out"
    if asked:
        return "payouts_asked"
    return "carried" if state == "carried_forward" else "payouts"


def _lines(tx: Connection, accounts: Sequence[str], asked: set[int]) -> list[Item]:
    """``asked``: the lines of which a question waits for its answer."""
    counts = Counter(reconciliation_views.outcomes(tx, accounts))
    lines = reconciliation_views.lines(tx, asked).values() if asked else ()
    waiting = sum(
        line.outcome in OPEN and line.replaced_by is None and line.withdrawn_by is None for line in lines
    )
    return [
        Item(kind="lines", count=sum(counts[outcome] for outcome in OPEN) - waiting),
        Item(kind="lines_asked", count=waiting),
        Item(kind="matched", count=counts["matched"]),
    ]


def _orders(tx: Connection, accounts: Sequence[str], now: datetime) -> list[Item]:
    kinds, units, late = Counter[Kind](), Counter[str](), Counter[str]()
    for one in open_orders.count(tx, accounts, due(tx, accounts, now)):
        if one.late:
            kinds["late"] += one.orders
            late[one.currency] += one.open_units
        if one.status == "charged_back":
            kinds["chargebacks"] += one.orders
        elif one.late:
            continue
        elif one.status in OPEN_STATUSES and one.status not in _WAIT:
            kinds["orders"] += one.orders
        elif one.open_units:
            kinds["in_no_payout"] += one.orders
            units[one.currency] += one.open_units
    amounts: dict[Kind, dict[str, int]] = {"in_no_payout": dict(units), "late": dict(late)}
    return [Item(kind=kind, count=count, units=amounts.get(kind, {})) for kind, count in kinds.items()]
