"""How an account's lines are joined.

MatchingRefused
├── ReferenceOutOfRange
└── IgnoreUnknown
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import ClassVar

from services.access import Actor, Right, audit, require
from services.accounts.configured import require_account
from services.accounts.settlement_delay import days_to_settle, write_days_to_settle
from services.desk import Desk
from services.errors import DeskError
from services.reconciliation.matching import rejoin
from services.reconciliation.matching.key_texts import LOOSE
from services.reconciliation.matching.lookup import MatchRules
from services.reconciliation.matching.match import match
from services.store.settlements import matching_rules
from services.store.settlements.lines import joined_lines

PREVIEW_LINES = 1_000  # the newest lines over which a change is previewed
NEWEST = 10_000  # lines and orders over which is counted how often a reference is filled
IGNORABLE = ("case", "blanks", "dashes", "zeros")  # LOOSE, in the order in which they are shown


class MatchingRefused(DeskError):
    code: ClassVar[str] = "matching"


class ReferenceOutOfRange(MatchingRefused):
    code = "matching_reference"


class IgnoreUnknown(MatchingRefused):
    code = "matching_ignore"


@dataclass(frozen=True, kw_only=True)
class AccountRules:
    """``reference``: which of the five references joins, 0 for none; ``ignore``: in what a key may differ (IGNORABLE);
    ``late_days``: after how many days a payment that no payout names is late; ``rejoining``: the lines are being
    rejoined."""

    account: str
    reference: int
    ignore: frozenset[str]
    late_days: int
    rejoining: bool


@dataclass(frozen=True)
class ReferenceUse:
    """How often each of the five references is filled in the newest lines and orders."""

    lines: int
    of_lines: tuple[int, ...]
    orders: int
    of_orders: tuple[int, ...]


def rules(desk: Desk, actor: Actor, account: str) -> AccountRules:
    """The account's rules. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, account)
        row, days = matching_rules.matching(tx, account), days_to_settle(tx, account)
    if row is None:
        return AccountRules(account=account, reference=1, ignore=frozenset(), late_days=days, rejoining=False)
    return AccountRules(
        account=account,
        reference=row.reference,
        ignore=frozenset(row.ignore),
        late_days=days,
        rejoining=row.rejoin is not None,
    )


def save(
    desk: Desk, actor: Actor, account: str, *, reference: int, ignore: Collection[str], late_days: int
) -> bool:
    """Change the rules; whether they changed. If a change affects the join, the worker rejoins every line of the account.
    Raises MatchingRefused, DaysOutOfRange, AccountUnknown, NotAllowed."""
    require_account(desk, account)
    _check(reference, ignore)
    wanted = [name for name in IGNORABLE if name in ignore]
    with desk.store.write() as tx:
        require(tx, actor, Right.RECONCILE, account)
        row = matching_rules.lock_matching(tx, account)
        changed = (row.reference, sorted(row.ignore)) != (reference, sorted(wanted))
        if changed:
            matching_rules.save_matching(
                tx,
                account,
                reference=reference,
                ignore=wanted,
                # from the first line on, and another number than before: a process that rejoins the first lines must notice
                rejoin=-1 if row.rejoin == 0 else 0,
                rejoin_all=row.rejoin_all or row.reference != reference,
            )
            audit.record(
                tx, actor, "account.matching", f"account:{account}", reference=reference, ignore=wanted
            )
        late = write_days_to_settle(tx, actor, account, late_days)
    desk.wake.set()
    return changed or late


@dataclass(frozen=True, kw_only=True)
class ChangePreview:
    """The effect of other rules on the newest lines: how many were tried, and of these how many are matched
    now, would become so, would no longer be, would go to another order."""

    lines: int
    matched: int
    gained: int
    lost: int
    moved: int


def preview(
    desk: Desk, actor: Actor, account: str, *, reference: int, ignore: Collection[str]
) -> ChangePreview:
    """The effect of a change of the rules on PREVIEW_LINES lines. Raises MatchingRefused, NotAllowed."""
    _check(reference, ignore)
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, account)
        newest = matching_rules.newest_lines(tx, account, PREVIEW_LINES)
        lines = joined_lines.joined(tx, joined_lines.with_ids(tx, newest))
        lookup = rejoin.lookup_for(tx, lines)
        now = rejoin.rules_of(tx).get(account, MatchRules())
    wanted = replace(now, reference=reference, ignore=frozenset(ignore))
    before, after = (match(lines, lookup, one)["order"].fill_null(0).to_numpy() for one in (now, wanted))
    return ChangePreview(
        lines=len(lines),
        matched=int((before > 0).sum()),
        gained=int(((before == 0) & (after > 0)).sum()),
        lost=int(((before > 0) & (after == 0)).sum()),
        moved=int(((before > 0) & (after > 0) & (before != after)).sum()),
    )


def reference_use(desk: Desk, actor: Actor, account: str) -> ReferenceUse:
    """Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, account)
        lines, of_lines, orders, of_orders = matching_rules.references_filled(tx, account, NEWEST)
    return ReferenceUse(lines, tuple(of_lines), orders, tuple(of_orders))


def _check(reference: int, ignore: Collection[str]) -> None:
    if not 0 <= reference <= 5:
        raise ReferenceOutOfRange
    if not set(ignore) <= LOOSE:
        raise IgnoreUnknown
