"""What is to do, one card for each kind: the alarms of the kind, and what reconciliation counts of the same, which is shown once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.access import Actor, Right, allowed_accounts
from services.accounts.settlement_delay import days_to_settle
from services.alarms.handling import Alarm, Group, ToDo
from services.desk import Desk
from services.reconciliation.views.groups import Groups, Item
from services.reconciliation.views.overview import narrowed
from services.store.payouts.rows import PayoutState

_OF_STATE: dict[PayoutState, str] = {
    "counted_twice": "payout_counted_twice",
    "differs": "payout_differs",
    "hipay_differs": "payout_hipay_differs",
}
# What reconciliation counts, and the kind of the alarms about the same.
_OF_ITEM = {"late": "not_settled", "chargebacks": "charged_back"}


@dataclass(frozen=True, kw_only=True)
class Card:
    """``kind``: of alarms, or of what reconciliation counts where there are no alarms about it. ``count``: where reconciliation counts
    the same (``items``), its count. ``units``: by currency, in 1/10000. ``alarms``: those that are shown, of ``total``; ``free``: of
    these, how many nobody has."""

    kind: str
    count: int
    units: Mapping[str, int]
    items: tuple[Item, ...]
    alarms: tuple[Alarm, ...]
    total: int
    free: int


def cards(found: ToDo, payouts: Groups | None) -> tuple[Card, ...]:
    """The actor's own kinds first, then those with alarms that nobody has, then what is only counted."""
    items: dict[str, list[Item]] = {}
    for item in payouts.to_do if payouts else ():
        items.setdefault(kind_of_item(item), []).append(item)
    kinds = [alarm.kind for group in (found.mine, found.free) for alarm in group.alarms]
    return tuple(
        _card(kind, (found.mine, found.free), items.get(kind, ())) for kind in dict.fromkeys([*kinds, *items])
    )


def of_group(group: Group) -> tuple[Card, ...]:
    """The cards of alarms alone."""
    return tuple(_card(kind, (group,), ()) for kind in dict.fromkeys(one.kind for one in group.alarms))


def kind_of_item(item: Item) -> str:
    if item.state is not None:
        return _OF_STATE.get(item.state, "payout_not_tied")
    return _OF_ITEM.get(item.kind, item.kind)


def days_late(desk: Desk, actor: Actor, wanted: tuple[str, ...]) -> int | None:
    """After how many days a payment is late in the payouts; None where that is not the same for all accounts that the actor sees."""
    with desk.store.read() as tx:
        allowed = narrowed(allowed_accounts(tx, actor, Right.SEE_ORDERS), wanted)
        seen = [one for one in desk.settings.all_accounts if allowed is None or one in allowed]
        days = {days_to_settle(tx, one) for one in seen}
    return days.pop() if len(days) == 1 else None


def _card(kind: str, groups: Sequence[Group], items: Sequence[Item]) -> Card:
    counts = [[one for one in group.counts if one.kind == kind] for group in groups]
    total = sum(one.alarms for each in counts for one in each)
    units = Counter[str]()
    amounts = [item.units for item in items] or [one.units for each in counts for one in each]
    for part in amounts:
        units.update(part)
    return Card(
        kind=kind,
        count=sum(item.count for item in items) or total,
        units=dict(units),
        items=tuple(items),
        alarms=tuple(one for group in groups for one in group.alarms if one.kind == kind),
        total=total,
        free=sum(one.alarms for one in counts[-1]) if len(groups) > 1 else 0,
    )
