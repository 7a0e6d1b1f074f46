"""The rules by which lines of an account are not ours, and the lines that a rule takes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from services.store.order_states import ActorKind
from services.store.people_names import with_person, with_who
from services.store.schema.payout_lines import line_groups, payout_lines
from services.store.schema.reconciliation import not_ours_rules
from services.store.settlements.lines.line_columns import cell_of, groups_with
from services.store.settlements.lines.settlement_lines import is_valid
from services.store.settlements.outcomes import Pattern

_OF_RULE = (
    "id",
    "account",
    "field",
    "pattern",
    "text",
    "reason",
    "at",
    "ended_at",
    "ended_by",
    "end_reason",
    "joined_to",
)
_COLUMNS = {"order": "file_order"}  # columns of a file that have another name here


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredRule:
    """A rule by which lines are not ours. ``who`` and ``ender``: names, "" where there is none.

    ``joined_to``: since it began or ended, the line up to which all were joined again; None: all are.
    """

    id: int
    account: str
    field: str
    pattern: Pattern
    text: str
    reason: str
    at: datetime
    who: str
    ended_at: datetime | None
    ended_by: str | None
    ender: str
    end_reason: str
    joined_to: int | None


@dataclass(frozen=True, slots=True)
class RuleText:
    """Lines whose ``field`` equals or starts with ``text`` are not ours."""

    field: str
    pattern: Pattern
    text: str


@dataclass(frozen=True, slots=True)
class CurrencySum:
    """``units``: the settled amount, in 1/10000."""

    currency: str
    lines: int
    units: int


def valid_texts(tx: Connection, account: str) -> list[RuleText]:
    """The rules of the account that have not ended, oldest first."""
    rule = not_ours_rules.c
    query = select(rule.field, rule.pattern, rule.text).where(
        rule.account == account, rule.ended_at.is_(None)
    )
    return [RuleText(**row._asdict()) for row in tx.execute(query.order_by(rule.id))]


def of_account(tx: Connection, account: str) -> list[StoredRule]:
    """The account's rules, the valid ones first, then the newest."""
    rule = not_ours_rules.c
    query = _rules().where(rule.account == account)
    return _read(tx, query.order_by(rule.ended_at.is_not(None), rule.id.desc()))


def get(tx: Connection, rule_id: int) -> StoredRule | None:
    return next(iter(_read(tx, _rules().where(not_ours_rules.c.id == rule_id))), None)


def by_form_key(tx: Connection, form_key: str) -> StoredRule | None:
    return next(iter(_read(tx, _rules().where(not_ours_rules.c.form_key == form_key))), None)


def awaiting_rejoin(tx: Connection) -> list[StoredRule]:
    """The rules whose lines are not all joined again."""
    rule = not_ours_rules.c
    return _read(tx, _rules().where(rule.joined_to.is_not(None)).order_by(rule.id))


def _rules() -> Any:
    rule = not_ours_rules.c
    query = with_who(select(*(rule[name] for name in _OF_RULE)), not_ours_rules)
    return with_person(query, rule.ended_by, "ender")


def _read(tx: Connection, query: Any) -> list[StoredRule]:
    return [StoredRule(**row._asdict()) for row in tx.execute(query)]


def add(
    tx: Connection,
    *,
    account: str,
    field: str,
    pattern: Pattern,
    text: str,
    reason: str,
    form_key: str,
    at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
) -> int:
    """Write a rule that awaits the rejoin of all its lines; its id."""
    statement = not_ours_rules.insert().values(
        account=account,
        field=field,
        pattern=pattern,
        text=text,
        reason=reason,
        form_key=form_key,
        at=at,
        actor_kind=actor_kind,
        actor_id=actor_id,
        joined_to=0,
    )
    key = tx.execute(statement).inserted_primary_key
    assert key is not None
    return int(key[0])


def end(tx: Connection, rule_id: int, *, at: datetime, by: str, reason: str) -> None:
    """End a rule; its lines await a rejoin without it."""
    here = update(not_ours_rules).where(not_ours_rules.c.id == rule_id)
    tx.execute(here.values(ended_at=at, ended_by=by, end_reason=reason, joined_to=0))


def set_rejoined(tx: Connection, found: StoredRule, line_id: int | None) -> None:
    """The rule's lines are joined again up to this one, None for all; of a rule ended since it was read, none are."""
    rule = not_ours_rules.c
    still = rule.ended_at.is_(None) if found.ended_at is None else rule.ended_at.is_not(None)
    tx.execute(update(not_ours_rules).where(rule.id == found.id, still).values(joined_to=line_id))


def lines(
    tx: Connection,
    account: str,
    field: str,
    pattern: str,
    text: str,
    outcomes: Iterable[str],
    *,
    after: int,
    limit: int,
) -> list[int]:
    """Lines of these outcomes that the rule takes and nobody has decided, by id, beyond the id ``after``."""
    line = payout_lines.c
    query = select(line.id).where(_taken(tx, account, field, pattern, text, outcomes), line.id > after)
    return list(tx.scalars(query.order_by(line.id).limit(limit)))


def sums(
    tx: Connection, account: str, field: str, pattern: str, text: str, outcomes: Iterable[str]
) -> list[CurrencySum]:
    """The lines that the rule takes, by settlement currency."""
    line = payout_lines.c
    query = (
        select(
            line_groups.c.settlement_currency,
            func.count(),
            func.coalesce(func.sum(line.settled_amount_units), 0),
        )
        .join(line_groups, line_groups.c.id == line.group)
        .where(_taken(tx, account, field, pattern, text, outcomes))
        .group_by(line_groups.c.settlement_currency)
    )
    found = tx.execute(query.order_by(line_groups.c.settlement_currency))
    return [CurrencySum(row[0], int(row[1]), int(row[2])) for row in found]


def _taken(
    tx: Connection, account: str, field: str, pattern: str, text: str, outcomes: Iterable[str]
) -> ColumnElement[bool]:
    line, group, column = payout_lines.c, line_groups.c, cell_of(tx, _COLUMNS.get(field, field))
    # substr, since LIKE minds the case of letters on PostgreSQL and not on SQLite
    fits = column == text if pattern == "equals" else func.substr(column, 1, len(text)) == text
    return and_(
        line.group.in_(groups_with(group.account == account, group.outcome.in_(list(outcomes)))),
        fits,
        line.decision.is_(None),
        is_valid(),
    )
