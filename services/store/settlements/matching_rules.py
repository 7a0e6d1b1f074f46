"""How an account's lines are joined, and which of them are not ours by a rule."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, select, update

from services.store.locks import insert_new, one_at_a_time
from services.store.schema.orders import orders, users
from services.store.schema.settlements import account_matching, not_ours_rules, settlement_lines
from services.store.settlements.settlement_lines import standing

_enders = users.alias("enders")
_COLUMNS = {"order": "file_order"}  # columns of a file that have another name here


def matching(tx: Connection, account: str) -> Row[Any] | None:
    return tx.execute(select(account_matching).where(account_matching.c.account == account)).first()


def all_matching(tx: Connection) -> list[Row[Any]]:
    return list(tx.execute(select(account_matching).order_by(account_matching.c.account)))


def lock_matching(tx: Connection, account: str) -> Row[Any]:
    """The account's row, made where there is none, kept from other writers to the end of the transaction."""
    insert_new(tx, account_matching, ("account",), account=account)
    query = select(account_matching).where(account_matching.c.account == account)
    return tx.execute(query.with_for_update()).one()


def save_matching(tx: Connection, account: str, **values: Any) -> None:
    tx.execute(update(account_matching).where(account_matching.c.account == account).values(**values))


def take_file_accounts(tx: Connection) -> None:
    """Let nobody else say, nor a file take for sure, what an Account stands for before this transaction ends."""
    one_at_a_time(tx, "file_accounts")


def not_ours_texts(tx: Connection, account: str) -> list[Row[Any]]:
    rule = not_ours_rules.c
    query = select(rule.field, rule.pattern, rule.text).where(
        rule.account == account, rule.ended_at.is_(None)
    )
    return list(tx.execute(query.order_by(rule.id)))


def next_rejoin(tx: Connection) -> Row[Any] | None:
    """An account whose rules have changed and whose lines are not all joined again."""
    return tx.execute(select(account_matching).where(account_matching.c.rejoin.is_not(None)).limit(1)).first()


def set_rejoined(tx: Connection, account: str, before: int, now: int | None) -> bool:
    """All up to a line are joined again (None: all are); False when the rules have changed meanwhile."""
    matching = account_matching.c
    here = update(account_matching).where(matching.account == account, matching.rejoin == before)
    done = {"rejoin_all": False} if now is None else {}
    return tx.execute(here.values(rejoin=now, **done)).rowcount == 1


def newest_lines(tx: Connection, account: str, limit: int) -> list[int]:
    line = settlement_lines.c
    query = select(line.id).where(line.account == account, line.kind != "control", standing())
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


def rules(tx: Connection, account: str) -> list[Row[Any]]:
    """The account's rules, those that stand first, the newest first, with the names of who made and who ended them."""
    rule = not_ours_rules.c
    query = _rules().where(rule.account == account)
    return list(tx.execute(query.order_by(rule.ended_at.is_not(None), rule.id.desc())))


def rule(tx: Connection, rule_id: int) -> Row[Any] | None:
    return tx.execute(_rules().where(not_ours_rules.c.id == rule_id)).first()


def rule_by_form_key(tx: Connection, form_key: str) -> Row[Any] | None:
    return tx.execute(_rules().where(not_ours_rules.c.form_key == form_key)).first()


def due_rules(tx: Connection) -> list[Row[Any]]:
    """Those whose lines were not all joined again."""
    return list(
        tx.execute(_rules().where(not_ours_rules.c.joined_to.is_not(None)).order_by(not_ours_rules.c.id))
    )


def _rules() -> Any:
    return (
        select(not_ours_rules, users.c.name.label("who"), _enders.c.name.label("ender"))
        .outerjoin(
            users, and_(users.c.id == not_ours_rules.c.actor_id, not_ours_rules.c.actor_kind == "user")
        )
        .outerjoin(_enders, _enders.c.id == not_ours_rules.c.ended_by)
    )


def add_rule(tx: Connection, **values: Any) -> int:
    key = tx.execute(not_ours_rules.insert().values(joined_to=0, **values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def change_rule(tx: Connection, rule_id: int, **values: Any) -> None:
    tx.execute(update(not_ours_rules).where(not_ours_rules.c.id == rule_id).values(**values))


def rule_joined(tx: Connection, found: Row[Any], line_id: int | None) -> None:
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
) -> list[Row[Any]]:
    """How many lines it takes, and their settled amount, by settlement currency."""
    line = settlement_lines.c
    query = (
        select(
            line.settlement_currency,
            func.count().label("lines"),
            func.sum(line.settled_amount_units).label("units"),
        )
        .where(_taken(account, field, pattern, text, outcomes))
        .group_by(line.settlement_currency)
    )
    return list(tx.execute(query.order_by(line.settlement_currency)))


def _taken(account: str, field: str, pattern: str, text: str, outcomes: Iterable[str]) -> ColumnElement[bool]:
    line, column = settlement_lines.c, settlement_lines.c[_COLUMNS.get(field, field)]
    # substr, since LIKE minds the case of letters on PostgreSQL and not on SQLite
    fits = column == text if pattern == "equals" else func.substr(column, 1, len(text)) == text
    return and_(
        line.account == account,
        line.outcome.in_(list(outcomes)),
        fits,
        line.decision.is_(None),
        standing(),
    )
