"""Rules by which lines belong to another business of the account, so that no order is searched for them.

A rule applies to lines that no key joins to an order; a person's decision has priority over it. It is begun or ended in one
transaction and marked as due. Then its lines are rejoined: here, or by ``catch_up`` if there are many or the process died
in between.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services import clock
from services.access import ALL_ACCOUNTS, Actor, Right, audit, require
from services.accounts.configured import require_account
from services.desk import Desk
from services.mail.addresses import clean_header_text
from services.reconciliation.decisions.checks import check_reason
from services.reconciliation.decisions.errors import (
    AlreadyUndone,
    RuleField,
    RuleKnown,
    RuleTextTooShort,
    RuleUnknown,
)
from services.reconciliation.matching import rejoin
from services.settlements.columns import LABELS, REFERENCES
from services.store import STORE_AWAY
from services.store.settlements import decisions, not_ours_rules, positions
from services.store.settlements.files import settlement_files
from services.store.settlements.lines import settlement_lines
from services.store.settlements.not_ours_rules import StoredRule
from services.store.settlements.outcomes import Outcome
from services.store.settlements.outcomes import Pattern as Pattern

log = logging.getLogger(__name__)
# The columns that a rule may compare, with the name of each in the file.
FIELDS: Mapping[str, str] = {
    name: LABELS[name]
    for name in (
        "order",
        "account_name",
        "product_name",
        "customer_id",
        "merchant_operation_id",
        "invoice_reference",
        "collect_mode",
        *REFERENCES,
    )
}
TAKEN_OUTCOMES: tuple[Outcome, ...] = ("suggested", "unmatched")  # the outcomes that a rule replaces
TEXT_MAX = 200
SHORTEST_BEGINNING = 2  # letters of a beginning: one letter would match half the file by accident
_BATCH = 500  # lines rejoined in one transaction
_WHILE_WAITING = 10_000  # lines rejoined while the person waits


@dataclass(frozen=True)
class RulePreview:
    """The lines that a rule would apply to now, and their settled amount by currency in 1/10000."""

    lines: int
    amounts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """``ended_at`` None: it is valid. ``rejoining``: its lines are still being rejoined."""

    id: int
    account: str
    field: str
    pattern: Pattern
    text: str
    reason: str
    at: datetime
    who: str
    ended_at: datetime | None
    ender: str
    end_reason: str
    rejoining: bool


def preview(desk: Desk, actor: Actor, account: str, field: str, pattern: Pattern, text: str) -> RulePreview:
    """The lines, of those that are open now, that the rule would apply to. Raises RuleRefused, TextError, NotAllowed."""
    wanted = _checked_text(field, pattern, text)
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, account)
        found = not_ours_rules.sums(tx, account, field, pattern, wanted, TAKEN_OUTCOMES)
    return RulePreview(
        sum(row.lines for row in found),
        tuple((row.currency, row.units) for row in found),
    )


def add(
    desk: Desk,
    actor: Actor,
    account: str,
    field: str,
    pattern: Pattern,
    text: str,
    reason: str,
    form_key: str,
    *,
    progress: Callable[[float], None] | None = None,
) -> int:
    """Begin a rule, once for each ``form_key``; its id. Raises RuleRefused, ReasonMissing, TextError, NotAllowed."""
    wanted, reason_text = _checked_text(field, pattern, text), check_reason(reason)
    require_account(desk, account)
    with desk.store.write() as tx:
        decisions.lock_decisions(tx)
        require(tx, actor, Right.RECONCILE, account)
        known = not_ours_rules.by_form_key(tx, form_key)
        if known is None:
            # a process that has matched lines by the former rules must notice
            positions.bump_version(tx, account)
            same = (field, pattern, wanted)
            if any(
                (one.field, one.pattern, one.text) == same
                for one in not_ours_rules.of_account(tx, account)
                if one.ended_at is None
            ):
                raise RuleKnown
            rule_id = not_ours_rules.add(
                tx,
                account=account,
                field=field,
                pattern=pattern,
                text=wanted,
                reason=reason_text,
                form_key=form_key,
                at=clock.now(),
                actor_kind=actor.kind,
                actor_id=actor.id,
            )
            audit.record(tx, actor, "not_ours_rule_begun", f"account:{account}", rule=rule_id)
        else:
            require(tx, actor, Right.RECONCILE, known.account)
            rule_id = known.id
    _join(desk, rule_id, _WHILE_WAITING, progress)
    return rule_id


def end(
    desk: Desk, actor: Actor, rule_id: int, reason: str, *, progress: Callable[[float], None] | None = None
) -> None:
    """End a rule: its lines are rejoined without it.

    Raises RuleUnknown, AlreadyUndone (unless the same person repeats the call), ReasonMissing, TextError, NotAllowed.
    """
    reason_text = check_reason(reason)
    with desk.store.write() as tx:
        decisions.lock_decisions(tx)
        found = not_ours_rules.get(tx, rule_id)
        require(tx, actor, Right.RECONCILE, found.account if found else ALL_ACCOUNTS)
        if found is None:
            raise RuleUnknown
        if found.ended_at is None:
            positions.bump_version(tx, found.account)
            not_ours_rules.end(tx, rule_id, at=clock.now(), by=actor.id, reason=reason_text)
            audit.record(tx, actor, "not_ours_rule_ended", f"account:{found.account}", rule=rule_id)
        elif (found.ended_by, found.end_reason) != (actor.id, reason_text):
            raise AlreadyUndone(found.ender, found.ended_at)
    _join(desk, rule_id, _WHILE_WAITING, progress)


def rules(desk: Desk, actor: Actor, account: str) -> tuple[Rule, ...]:
    """The account's rules, the valid ones first. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, account)
        return tuple(_rule(row) for row in not_ours_rules.of_account(tx, account))


def catch_up(desk: Desk, limit: int = 2_000) -> bool:
    """Rejoin lines of due rules, at most ``limit``; whether there are more. The worker calls it periodically."""
    with desk.store.read() as tx:
        waiting = not_ours_rules.awaiting_rejoin(tx)
    more, trouble = False, None
    for found in waiting:
        try:
            more = not _join(desk, found.id, limit, None) or more
        except STORE_AWAY:
            raise
        except Exception as error:  # the other rules go on
            log.exception("the lines of the rule %s could not be rejoined", found.id)
            trouble = error
    if trouble is not None:
        raise trouble
    return more


def _join(desk: Desk, rule_id: int, limit: int, progress: Callable[[float], None] | None) -> bool:
    """Rejoin the rule's lines, at most ``limit``, from where the last call stopped; whether all visible lines are rejoined.

    The lines of a file that is being imported were matched by the former rules: the rule stays due until they are visible.
    """
    with desk.store.read() as tx:
        found = not_ours_rules.get(tx, rule_id)
        if found is None or found.joined_to is None:
            return True
        seen_to = None
        if settlement_files.any_running(tx):  # asked first: a file that begins later reads the rules later
            seen_to = min(settlement_lines.hidden_from(tx), settlement_lines.next_id(tx)) - 1
        # The lines that it applies to, or once it has ended, those that it had applied to.
        outcomes = TAKEN_OUTCOMES if found.ended_at is None else ("not_ours",)
        condition = (found.account, found.field, found.pattern, found.text, outcomes)
        wanted = not_ours_rules.lines(tx, *condition, after=found.joined_to, limit=limit)
    for start in range(0, len(wanted), _BATCH):
        part = wanted[start : start + _BATCH]
        rejoin.rejoin_lines(desk, found.account, part)
        with desk.store.write() as tx:
            not_ours_rules.set_rejoined(tx, found, part[-1])
        if progress is not None:
            progress(min(1.0, (start + len(part)) / len(wanted)))
    if len(wanted) == limit:
        return False
    if seen_to != found.joined_to:
        with desk.store.write() as tx:
            not_ours_rules.set_rejoined(tx, found, seen_to)
    return True


def _checked_text(field: str, pattern: Pattern, text: str) -> str:
    if field not in FIELDS or pattern not in ("equals", "starts"):
        raise RuleField
    wanted = clean_header_text(text, "text", TEXT_MAX, digits=True)
    least = SHORTEST_BEGINNING if pattern == "starts" else 1
    if len(wanted) < least:
        raise RuleTextTooShort(least)
    return wanted


def _rule(row: StoredRule) -> Rule:
    return Rule(
        id=row.id,
        account=row.account,
        field=row.field,
        pattern=row.pattern,
        text=row.text,
        reason=row.reason,
        at=row.at,
        who=row.who,
        ended_at=row.ended_at,
        ender=row.ender,
        end_reason=row.end_reason,
        rejoining=row.joined_to is not None,
    )


def shared_texts(lines: Sequence[Mapping[str, str]]) -> dict[str, tuple[Pattern, str]]:
    """By column, how a rule would take all of these lines: the text that they share, or how all of theirs begin.

    ``lines``: the texts of each by FIELDS. A column that one of them leaves blank takes not all.
    """
    found = dict[str, tuple[Pattern, str]]()
    for field in FIELDS:
        texts = [line.get(field, "").strip() for line in lines]
        if not texts or not all(texts):
            continue
        least, most = min(texts), max(texts)
        same = next(
            (n for n, (one, other) in enumerate(zip(least, most, strict=False)) if one != other), len(least)
        )
        beginning = least[:same].rstrip()
        if len(set(texts)) == 1:
            found[field] = ("equals", texts[0])
        elif len(beginning) >= SHORTEST_BEGINNING:
            found[field] = ("starts", beginning)
    return found
