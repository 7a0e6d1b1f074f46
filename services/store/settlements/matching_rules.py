"""How an account's lines are joined and its files read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, select, update

from services.settlements.columns import REFERENCES
from services.store.in_list import among
from services.store.locks import insert_new, one_at_a_time
from services.store.schema.orders import orders
from services.store.schema.payout_lines import line_groups, payout_lines
from services.store.schema.reconciliation import account_matching
from services.store.settlements.lines import line_frames
from services.store.settlements.lines.settlement_lines import is_valid


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountMatching:
    """How an account's lines are joined and its files read.

    ``reference``: which of the five joins, 0 for none; ``ignore``: what keys may differ in; ``reading``: what was chosen of
    the reading of its files; ``file_accounts``: the Account of a file → our account; ``rejoin``: the line up to which all
    are joined again by new of_account, None: all are; ``rejoin_all``: the loose keys are made anew, too. ``payout_sign``: of its payout lines, 0 while unknown,
    2 contradictory.
    """

    account: str
    reference: int
    ignore: list[str]
    reading: dict[str, Any]
    file_accounts: dict[str, str]
    version: int
    rejoin: int | None
    rejoin_all: bool
    payout_sign: int


def matching(tx: Connection, account: str) -> AccountMatching | None:
    found = tx.execute(select(account_matching).where(account_matching.c.account == account)).first()
    return None if found is None else AccountMatching(**found._asdict())


def all_matching(tx: Connection) -> list[AccountMatching]:
    """Of every account that has other of_account than the defaults, or had."""
    query = select(account_matching).order_by(account_matching.c.account)
    return [AccountMatching(**row._asdict()) for row in tx.execute(query)]


def lock_matching(tx: Connection, account: str) -> AccountMatching:
    """The account's row, made where there is none, locked to the end of the transaction."""
    insert_new(tx, account_matching, ("account",), account=account)
    query = select(account_matching).where(account_matching.c.account == account)
    return AccountMatching(**tx.execute(query.with_for_update()).one()._asdict())


class MatchingChange(TypedDict, total=False):
    """The columns of an account's matching of_account that a person or a rejoin changes."""

    reference: int
    ignore: Sequence[str]
    reading: Mapping[str, Any]
    file_accounts: Mapping[str, str]
    rejoin: int | None
    rejoin_all: bool
    payout_sign: int


def save_matching(tx: Connection, account: str, **values: Unpack[MatchingChange]) -> None:
    tx.execute(update(account_matching).where(account_matching.c.account == account).values(**values))


def lock_file_accounts(tx: Connection) -> None:
    """Lock the assignment of files' Accounts to ours, to the end of the transaction."""
    one_at_a_time(tx, "file_accounts")


def next_rejoin(tx: Connection) -> AccountMatching | None:
    """An account whose of_account have changed and whose lines are not all joined again."""
    query = select(account_matching).where(account_matching.c.rejoin.is_not(None)).limit(1)
    found = tx.execute(query).first()
    return None if found is None else AccountMatching(**found._asdict())


def set_rejoined(tx: Connection, account: str, before: int, now: int | None) -> bool:
    """All up to a line are joined again (None: all are); False when the of_account have changed meanwhile."""
    matching = account_matching.c
    here = update(account_matching).where(matching.account == account, matching.rejoin == before)
    done = {"rejoin_all": False} if now is None else {}
    return tx.execute(here.values(rejoin=now, **done)).rowcount == 1


def newest_lines(tx: Connection, account: str, limit: int) -> list[int]:
    """The account's newest valid lines, control totals left out, the newest first."""
    return _newest(tx, limit, line_groups.c.account == account, line_groups.c.kind != "control")


def references_filled(tx: Connection, account: str, newest: int) -> tuple[int, list[int], int, list[int]]:
    """How many of the newest lines there are and have each of the five references; the same of the newest orders."""
    lines = line_frames.lines(
        tx,
        REFERENCES,
        lambda query: query.where(
            among(tx, payout_lines.c.id, _newest(tx, newest, line_groups.c.account == account))
        ),
    )
    filled = [int((lines[name] != "").sum()) for name in REFERENCES]
    own = [orders.c[f"reference_{n}"] for n in range(1, 6)]
    some = (
        select(*own).where(orders.c.account == account).order_by(orders.c.id.desc()).limit(newest).subquery()
    )
    row = tx.execute(
        select(func.count(), *(func.sum(case((column != "", 1), else_=0)) for column in some.c))
    ).one()
    return len(lines), filled, int(row[0]), [int(value or 0) for value in row[1:]]


def _newest(tx: Connection, limit: int, *groups: ColumnElement[bool]) -> list[int]:
    """The newest valid lines of these groups, whose index leads to them, the newest first."""
    line = payout_lines.c
    query = (
        select(line.id).where(line.group == bindparam("of"), is_valid()).order_by(line.id.desc()).limit(limit)
    )
    numbers = tx.scalars(select(line_groups.c.id).where(*groups)).all()
    found = [one for number in numbers for one in tx.scalars(query, {"of": number})]
    return sorted(found, reverse=True)[:limit]
