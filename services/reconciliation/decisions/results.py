"""Shared by taking and undoing decisions: their result, the check of the accounts, and how the audit names the lines."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.access import Actor, NotAllowed, Right, allowed_accounts
from services.desk import Desk
from services.reconciliation.decisions.errors import DecisionRefused
from services.store import Connection
from services.store.settlements import decisions
from services.store.settlements.decisions import LineOutcome
from services.store.settlements.lines.stored_lines import LineToDecide
from services.store.settlements.matchable_orders import MatchableOrder


@dataclass(frozen=True)
class DecisionResult:
    """The decisions that were taken, or undone, at once. ``group``: the name by which they can be undone at once.

    ``refused``: the lines that were not decided, and why. ``followers``: how many other lines of their transactions got
    another order or outcome.
    """

    group: str
    lines: tuple[int, ...]
    refused: tuple[tuple[int, DecisionRefused], ...] = ()
    followers: int = 0


def followers(desk: Desk, before: dict[int, LineOutcome]) -> int:
    """How many of these lines have another outcome or order now."""
    with desk.store.read() as tx:
        return sum(before[line] != now for line, now in decisions.outcomes_of(tx, before).items())


def require_accounts(
    tx: Connection, actor: Actor, found: Iterable[LineToDecide] | Iterable[MatchableOrder]
) -> None:
    """Raises NotAllowed unless the actor may reconcile every account of these lines or orders, and one at least."""
    allowed = allowed_accounts(tx, actor, Right.RECONCILE)
    if allowed is not None:
        for account in sorted({one.account for one in found} - allowed):
            raise NotAllowed(Right.RECONCILE, account)


def audit_subject(lines: Iterable[int], group: str) -> str:
    ids = list(lines)
    return f"line:{ids[0]}" if len(ids) == 1 else f"lines:{group}"
