"""How an account's lines are joined, and which of them are not ours by a rule."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, select, update

from services.store.locks import insert_new, one_at_a_time
from services.store.schema.orders import orders
from services.store.schema.people import users
from services.store.schema.reconciliation import account_matching, not_ours_rules
from services.store.schema.settlement_lines import settlement_lines
from services.store.settlements.outcomes import Pattern
from services.store.settlements.settlement_lines import is_valid

_enders = users.alias("enders")
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
class AccountMatching:
    """How an account's lines are joined and its files read.

    ``reference``: which of the five joins, 0 for none; ``ignore``: what keys may differ in; ``reading``: what was chosen of
    the reading of its files; ``file_accounts``: the Account of a file → our account; ``rejoin``: the line up to which all
    are joined again by new rules, None: all are; ``rejoin_all``: the loose keys are made anew, too.
    """

    account: str
    reference: int
    ignore: list[str]
    reading: dict[str, Any]
    file_accounts: dict[str, str]
    version: int
    rejoin: int | None
    rejoin_all: bool


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


def matching(tx: Connection, account: str) -> AccountMatching | None:
    found = tx.execute(select(account_matching).where(account_matching.c.account == account)).first()
    return None if found is None else AccountMatching(**found._asdict())


def all_matching(tx: Connection) -> list[AccountMatching]:
    """Of every account that has other rules than the defaults, or had."""
    query = select(account_matching).order_by(account_matching.c.account)
    return [AccountMatching(**row._asdict()) for row in tx.execute(query)]


def lock_matching(tx: Connection, account: str) -> AccountMatching:
    """The account's row, made where there is none, locked to the end of the transaction."""
    insert_new(tx, account_matching, ("account",), account=account)
    query = select(account_matching).where(account_matching.c.account == account)
    return AccountMatching(**tx.execute(query.with_for_update()).one()._asdict())


def save_matching(tx: Connection, account: str, **values: Any) -> None:
    tx.execute(update(account_matching).where(account_matching.c.account == account).values(**values))


def lock_file_accounts(tx: Connection) -> None:
    """Lock what the Accounts of files stand for, to the end of the transaction."""
    one_at_a_time(tx, "file_accounts")


def valid_rule_texts(tx: Connection, account: str) -> list[RuleText]:
    """The rules of the account that have not ended, oldest first."""
    rule = not_ours_rules.c
    query = select(rule.field, rule.pattern, rule.text).where(
        rule.account == account, rule.ended_at.is_(None)
    )
    return [RuleText(**row._asdict()) for row in tx.execute(query.order_by(rule.id))]


def next_rejoin(tx: Connection) -> AccountMatching | None:
    """An account whose rules have changed and whose lines are not all joined again."""
    query = select(account_matching).where(account_matching.c.rejoin.is_not(None)).limit(1)
    found = tx.execute(query).first()
    return None if found is None else AccountMatching(**found._asdict())


def set_rejoined(tx: Connection, account: str, before: int, now: int | None) -> bool:
    """All up to a line are joined again (None: all are); False when the rules have changed meanwhile."""
    matching = account_matching.c
    here = update(account_matching).where(matching.account == account, matching.rejoin == before)
    done = {"rejoin_all": False} if now is None else {}
    return tx.execute(here.values(rejoin=now, **done)).rowcount == 1


def newest_lines(tx: Connection, account: str, limit: int) -> list[int]:
    line = settlement_lines.c
    query = select(line.id).where(line.account == account, line.kind != "control", is_valid())
    return list(tx.scalars(query.order_by(line.id.desc()).limit(limit)))


def references_filled(tx: Connection, account: str, newest: int) -> tuple[int, list[int], int, list[int]]:
    """How many of the newest lines there are and have each of the five references; the same of the newest orders."""
    of_lines = [settlement_lines.c[f"reporting_data_{n}"] for n in range(1, 6)]
    of_orders = [orders.c[f"reference_{n}"] for n in range(1, 6)]
    lines, filled = _filled(tx, settlement_lines.c, account, of_lines, newest)
    known, named = _filled(tx, orders.c, account, of_orders, newest)
    return lines, filled, known, named


def _filled(
    tx: Connection, table: Any, account: str, columns: list[Any], newest: int
) -> tuple[int, list[int]]:
    some = select(*columns).where(table.account == account).order_by(table.id.desc()).limit(newest).subquery()
    sums = [func.sum(case((column != "", 1), else_=0)) for column in some.c]
    row = tx.execute(select(func.count(), *sums)).one()
    return int(row[0]), [int(value or 0) for value in row[1:]]


def rules(tx: Connection, account: str) -> list[StoredRule]:
    """The account's rules, the valid ones first, then the newest."""
    rule = not_ours_rules.c
    query = _rules().where(rule.account == account)
    return _read(tx, query.order_by(rule.ended_at.is_not(None), rule.id.desc()))


def rule(tx: Connection, rule_id: int) -> StoredRule | None:
    return next(iter(_read(tx, _rules().where(not_ours_rules.c.id == rule_id))), None)


def rule_by_form_key(tx: Connection, form_key: str) -> StoredRule | None:
    return next(iter(_read(tx, _rules().where(not_ours_rules.c.form_key == form_key))), None)


def rules_awaiting_rejoin(tx: Connection) -> list[StoredRule]:
    """The rules whose lines are not all joined again."""
    rule = not_ours_rules.c
    return _read(tx, _rules().where(rule.joined_to.is_not(None)).order_by(rule.id))


def _rules() -> Any:
    rule = not_ours_rules.c
    return (
        select(
            *(rule[name] for name in _OF_RULE),
            func.coalesce(users.c.name, "").label("who"),
            func.coalesce(_enders.c.name, "").label("ender"),
        )
        .outerjoin(users, and_(users.c.id == rule.actor_id, rule.actor_kind == "user"))
        .outerjoin(_enders, _enders.c.id == rule.ended_by)
    )


def _read(tx: Connection, query: Any) -> list[StoredRule]:
    return [StoredRule(**row._asdict()) for row in tx.execute(query)]


def add_rule(tx: Connection, **values: Any) -> int:
    key = tx.execute(not_ours_rules.insert().values(joined_to=0, **values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def change_rule(tx: Connection, rule_id: int, **values: Any) -> None:
    tx.execute(update(not_ours_rules).where(not_ours_rules.c.id == rule_id).values(**values))


def set_rule_rejoined(tx: Connection, found: StoredRule, line_id: int | None) -> None:
    """The rule's lines are joined again up to this one, None for all; of a rule ended since it was read, none are."""
    rule = not_ours_rules.c
    still = rule.ended_at.is_(None) if found.ended_at is None else rule.ended_at.is_not(None)
    tx.execute(update(not_ours_rules).where(rule.id == found.id, still).values(joined_to=line_id))


def lines_of_rule(
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
    line = settlement_lines.c
    query = select(line.id).where(_taken(account, field, pattern, text, outcomes), line.id > after)
    return list(tx.scalars(query.order_by(line.id).limit(limit)))


def sums_of_rule(
    tx: Connection, account: str, field: str, pattern: str, text: str, outcomes: Iterable[str]
) -> list[CurrencySum]:
    """The lines that the rule takes, by settlement currency."""
    line = settlement_lines.c
    query = (
        select(
            line.settlement_currency,
            func.count(),
            func.coalesce(func.sum(line.settled_amount_units), 0),
        )
        .where(_taken(account, field, pattern, text, outcomes))
        .group_by(line.settlement_currency)
    )
    found = tx.execute(query.order_by(line.settlement_currency))
    return [CurrencySum(row[0], int(row[1]), int(row[2])) for row in found]


def _taken(account: str, field: str, pattern: str, text: str, outcomes: Iterable[str]) -> ColumnElement[bool]:
    line, column = settlement_lines.c, settlement_lines.c[_COLUMNS.get(field, field)]
    # substr, since LIKE minds the case of letters on PostgreSQL and not on SQLite
    fits = column == text if pattern == "equals" else func.substr(column, 1, len(text)) == text
    return and_(
        line.account == account,
        line.outcome.in_(list(outcomes)),
        fits,
        line.decision.is_(None),
        is_valid(),
    )
