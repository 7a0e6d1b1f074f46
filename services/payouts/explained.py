"""The difference of a payout explained to a person, with what each explanation names."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.access import Actor, Right, require
from services.desk import Desk
from services.payouts import difference, difference_loader
from services.payouts.difference_facts import Explanation
from services.store import Connection
from services.store.remembered import remembered
from services.store.settlements import matchable_orders, reconciliation_views
from services.store.settlements.lines.stored_lines import ShownLine
from services.store.settlements.matchable_orders import MatchableOrder


@dataclass(frozen=True, kw_only=True)
class Explained:
    """The explanations, most likely first, and by id the lines, orders and names of files that they name.

    ``whole``: all lines of the payout were compared; else only those that its orders or the difference itself lead to.
    """

    explanations: tuple[Explanation, ...]
    lines: Mapping[int, ShownLine]
    orders: Mapping[int, MatchableOrder]
    files: Mapping[int, str]
    whole: bool


def explain(
    desk: Desk, actor: Actor, *, account: str, settlement_id: str, currency: str, units: int
) -> Explained:
    """Why a payout differs by ``units``: its lines less what is announced, 1/10000. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, account)
        key = ("difference", account, settlement_id, currency, units)
        return remembered(tx, key, lambda: _explained(tx, account, settlement_id, currency, units))


def _explained(tx: Connection, account: str, settlement_id: str, currency: str, units: int) -> Explained:
    facts = difference_loader.read_facts(tx, account, settlement_id, currency, units)
    found = () if facts is None else difference.explain(facts)
    return Explained(
        explanations=found,
        lines=reconciliation_views.lines(tx, {line for one in found for line in one.lines}),
        orders=matchable_orders.orders_by_id(tx, {order for one in found for order in one.orders}),
        files=reconciliation_views.file_names(tx, {file for one in found for file in one.files}),
        whole=facts is None or facts.whole,
    )
