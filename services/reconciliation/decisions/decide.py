"""A person decides about settlement lines: match, split, unmatch, leave out, not ours.

A decision is a row that only an undo changes (``undo``); a line has at most one valid decision. It is written in one
transaction with its audit entry; then its lines are rejoined (``decided_lines``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from services import clock, money
from services.access import Actor, audit
from services.desk import Desk
from services.reconciliation.decisions.checks import (
    Seen,
    Share,
    Shown,
    check_agreement,
    check_line,
    check_orders,
    check_reason,
    check_shares,
    suggested_for,
)
from services.reconciliation.decisions.errors import (
    DecisionRefused,
    NothingChosen,
    NothingSuggested,
    NotMatched,
    TooManyLines,
)
from services.reconciliation.decisions.results import (
    DecisionResult,
    audit_subject,
    followers,
    require_accounts,
)
from services.reconciliation.matching import decided_lines
from services.reconciliation.matching.decided_lines import Progress
from services.store import Connection
from services.store.settlements import decisions, matchable_orders
from services.store.settlements.lines.stored_lines import LineToDecide
from services.store.settlements.outcomes import PersonsDecision

MOST_LINES = 5_000
_NOTHING_SEEN: Seen = MappingProxyType({})


def match(
    desk: Desk,
    actor: Actor,
    lines: Sequence[Shown],
    order: int,
    reason: str,
    form_key: str,
    *,
    seen: Seen = _NOTHING_SEEN,
    progress: Progress | None = None,
) -> DecisionResult:
    """Decide that the lines belong to the order. ``seen``: orders as the person saw them whose amount or currency is not
    that of the lines; the reason explains it. Without it such a match raises DiffersFromOrder, and nothing is written.

    As every decision: once for each ``form_key``. Of several lines, those that cannot be decided are left and named; if
    there is only one, or all are left, the first error is raised: DecisionRefused, UnknownOrder, TextError, NotAllowed.
    """
    return _decide(
        desk,
        actor,
        lines,
        "match",
        lambda line: ((order, line.original_amount_units or 0),),
        reason,
        form_key,
        seen=seen,
        progress=progress,
    )


def accept(
    desk: Desk,
    actor: Actor,
    lines: Sequence[Shown],
    reason: str,
    form_key: str,
    *,
    seen: Seen = _NOTHING_SEEN,
    progress: Progress | None = None,
) -> DecisionResult:
    """Decide that each line belongs to its suggested order. Raises as ``match`` does, and NothingSuggested."""

    def suggested(line: LineToDecide) -> tuple[Share, ...]:
        order = suggested_for(line)
        if order is None:
            raise NothingSuggested
        return ((order, line.original_amount_units or 0),)

    return _decide(desk, actor, lines, "match", suggested, reason, form_key, seen=seen, progress=progress)


def split(
    desk: Desk,
    actor: Actor,
    line: Shown,
    shares: Sequence[Share],
    reason: str,
    form_key: str,
    *,
    seen: Seen = _NOTHING_SEEN,
) -> DecisionResult:
    """Decide that the line belongs to several orders, each with a share of the original amount.

    Raises as ``match`` does, and SharesRefused if the shares do not make the whole amount.
    """

    def checked(found: LineToDecide) -> tuple[Share, ...]:
        check_shares(found.original_amount_units, shares, money.step(found.original_currency))
        return tuple(shares)

    return _decide(desk, actor, [line], "split", checked, reason, form_key, seen=seen)


def unmatch(
    desk: Desk,
    actor: Actor,
    lines: Sequence[Shown],
    reason: str,
    form_key: str,
    *,
    progress: Progress | None = None,
) -> DecisionResult:
    """Decide that the lines do not belong to their matched or suggested order. Raises as ``match`` does, and NotMatched."""

    def matched(line: LineToDecide) -> tuple[Share, ...]:
        if line.outcome not in ("matched", "suggested"):
            raise NotMatched
        return ()

    return _decide(desk, actor, lines, "unmatch", matched, reason, form_key, progress=progress)


def exclude(
    desk: Desk,
    actor: Actor,
    lines: Sequence[Shown],
    reason: str,
    form_key: str,
    *,
    progress: Progress | None = None,
) -> DecisionResult:
    """Leave the lines out of the reconciliation; they stay in their payouts. Raises as ``match`` does."""
    return _decide(desk, actor, lines, "exclude", _no_order, reason, form_key, progress=progress)


def twice(
    desk: Desk,
    actor: Actor,
    lines: Sequence[Shown],
    reason: str,
    form_key: str,
    *,
    progress: Progress | None = None,
) -> DecisionResult:
    """Leave the lines out as counted twice, also of the sums of their payouts. A total line may be left out so. Raises as
    ``match`` does."""
    return _decide(desk, actor, lines, "twice", _no_order, reason, form_key, progress=progress)


def not_ours(
    desk: Desk,
    actor: Actor,
    lines: Sequence[Shown],
    reason: str,
    form_key: str,
    *,
    progress: Progress | None = None,
) -> DecisionResult:
    """Decide that the lines belong to another business of the account: no order is searched for them. Raises as ``match``
    does."""
    return _decide(desk, actor, lines, "not_ours", _no_order, reason, form_key, progress=progress)


def _decide(
    desk: Desk,
    actor: Actor,
    shown: Sequence[Shown],
    kind: PersonsDecision,
    wanted: Callable[[LineToDecide], tuple[Share, ...]],
    reason: str,
    form_key: str,
    *,
    seen: Seen = _NOTHING_SEEN,
    progress: Progress | None = None,
) -> DecisionResult:
    reason_text = check_reason(reason)
    expected = {one.line: one for one in shown}
    if not expected:
        raise NothingChosen
    if len(expected) > MOST_LINES:
        raise TooManyLines(MOST_LINES)
    with desk.store.write() as tx:
        decisions.lock_decisions(tx)
        known = decisions.group(tx, form_key)
        require_accounts(tx, actor, decisions.lines(tx, [*expected, *(row.line for row in known)]))
        before = decisions.outcomes_of_companions(tx, expected)
        done = (
            DecisionResult(form_key, tuple(row.line for row in known))
            if known
            else _write(tx, actor, expected, kind, wanted, reason_text, form_key, seen)
        )
    decided_lines.join_lines(desk, done.lines, progress)
    return replace(done, followers=followers(desk, before))


def _write(
    tx: Connection,
    actor: Actor,
    expected: Mapping[int, Shown],
    kind: PersonsDecision,
    wanted: Callable[[LineToDecide], tuple[Share, ...]],
    reason: str,
    group: str,
    seen: Seen,
) -> DecisionResult:
    found = {row.id: row for row in decisions.lines(tx, expected)}
    former = decisions.by_ids(
        tx,
        {
            one
            for row in found.values()
            for one in (row.decision, expected[row.id].decision)
            if one is not None
        },
    )
    plans: dict[int, tuple[Share, ...]] = {}
    left: list[tuple[int, DecisionRefused]] = []
    for line_id, shown in expected.items():
        try:
            line = found.get(line_id)
            check_line(line, shown, former, kind)
            assert line is not None
            plans[line_id] = wanted(line)
        except DecisionRefused as refusal:
            left.append((line_id, refusal))
    orders = matchable_orders.orders_by_id(tx, {order for plan in plans.values() for order, _ in plan})
    # a refusal names the order: nobody learns of one they may not see
    require_accounts(tx, actor, orders.values())
    for line_id in list(plans):
        try:
            check_orders(found[line_id], plans[line_id], orders)
        except DecisionRefused as refusal:
            del plans[line_id]
            left.append((line_id, refusal))
    if not plans:
        raise left[0][1]
    # a question, not a line to be left: nothing is written before it is answered
    check_agreement(plans, found, orders, seen)
    now = clock.now()
    valid = [former[decision] for one in plans if (decision := found[one].decision) is not None]
    decisions.undo(tx, valid, at=now, by=actor.id, reason=reason)
    ids = decisions.add(
        tx,
        group,
        [
            {
                "line": line_id,
                "kind": kind,
                "shares": [list(share) for share in plan],
                "reason": reason,
                "at": now,
                "actor_kind": actor.kind,
                "actor_id": actor.id,
                "before": _before(found[line_id]),
            }
            for line_id, plan in plans.items()
        ],
    )
    named = sorted({order for plan in plans.values() for order, _ in plan})
    audit.record(
        tx,
        actor,
        f"line.{kind}",
        audit_subject(plans, group),
        lines=len(plans),
        decisions=[ids[0], ids[-1]],
        orders=named[:50],
    )
    return DecisionResult(group, tuple(plans), tuple(left))


def _no_order(_line: LineToDecide) -> tuple[Share, ...]:
    return ()


def _before(line: LineToDecide) -> dict[str, Any]:
    return {"outcome": line.outcome, "reason": line.reason, "order": line.order, "decision": line.decision}
