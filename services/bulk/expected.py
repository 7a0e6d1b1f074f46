"""Expected orders: the shop's own, stored so that payout lines match them. Nothing is sent for them, and none is ever changed.

A listed order that is stored with other facts is shown; the stored one does not change.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from services import clock
from services.access import Actor, Right, audit, require
from services.accounts.configured import require_account
from services.bulk import cells, chosen_columns, table
from services.bulk.cells import DecimalSign
from services.bulk.chosen_columns import Choices
from services.bulk.columns import EXPECTED
from services.bulk.errors import OrderIdTwice
from services.bulk.heading import Head
from services.bulk.rows import Bad, Problem
from services.bulk.table import Line, Table
from services.desk import Desk
from services.errors import DeskError
from services.orders.drafts import REFERENCE_MAX, REFERENCES, FieldErrors, clean_text
from services.orders.errors import FieldEmpty
from services.settings.account import Account
from services.settlements.amounts import Decision
from services.settlements.dates import Form
from services.store.locks import one_at_a_time
from services.store.orders import batches
from services.store.orders.batches import Known
from services.store.orders.searching import searched
from services.text import card_numbers

T = TypeVar("T")
MOST_ROWS = 100_000
ORDER_ID_MAX = 80
AT_ONCE = 1_000  # orders in one transaction: other writers wait for tens of milliseconds


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One order of the list. ``amount`` in 1/10000; ``placed_at`` None where the list names no date; ``references``: always five."""

    line: int
    order_id: str
    amount: int
    currency: str
    placed_at: datetime | None
    references: tuple[str, ...]


@dataclass(frozen=True)
class Different:
    """A listed order that is stored with other facts. ``facts``: the names of the columns that differ; ``amount`` and
    ``currency``: the stored ones."""

    listed: Expected
    amount: int
    currency: str
    facts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ExpectedPreview:
    """``decision.decimal`` None: the file does not show which decimal sign its amounts have, and no row was read. ``known``:
    how many orders are stored with the same facts; ``cards``: the rows of new orders whose id or reference looks like a card
    number."""

    table: Table
    decision: Decision
    new: tuple[Expected, ...] = ()
    known: int = 0
    different: tuple[Different, ...] = ()
    bad: tuple[Bad, ...] = ()
    cards: tuple[int, ...] = ()


def preview(
    desk: Desk,
    actor: Actor,
    account: str,
    raw: bytes,
    decimal: DecimalSign | None,
    choices: Choices | None = None,
    sheets: Path | None = None,
) -> ExpectedPreview:
    """Read a list and compare it with the stored orders. ``choices``: the columns chosen now, which take precedence over the
    stored choices; ``sheets`` as in ``table.read``. Raises the errors of ``table.read``, NotAllowed, AccountUnknown."""
    require_account(desk, account)
    with desk.store.read() as tx:
        require(tx, actor, Right.RECONCILE, account)
    read = table.read(
        raw, EXPECTED, MOST_ROWS, chosen_columns.of_table(desk.store, account, "expected", choices), sheets
    )
    decision = cells.decide(read, decimal)
    if decision.decimal is None:
        return ExpectedPreview(table=read, decision=decision)
    wanted, bad = _read_rows(read, desk.account(account), decision.decimal)
    with desk.store.read() as tx:
        known = batches.facts(tx, account, (one.order_id for one in wanted))
    new = tuple(one for one in wanted if one.order_id not in known)
    different = tuple(
        Different(one, known[one.order_id].amount, known[one.order_id].currency, facts)
        for one in wanted
        if one.order_id in known and (facts := _differing(one, known[one.order_id]))
    )
    cards = tuple(one.line for one in new if any(map(card_numbers.found, (one.order_id, *one.references))))
    return ExpectedPreview(
        table=read,
        decision=decision,
        new=new,
        known=len(wanted) - len(new) - len(different),
        different=different,
        bad=tuple(bad),
        cards=cards,
    )


def save(desk: Desk, actor: Actor, account: str, wanted: Sequence[Expected], head: Head | None = None) -> int:
    """Store the orders that are not stored yet, and the columns that a person chose (``head``). Returns how many orders were
    added. Run again after an interruption, it adds the rest.

    Raises NotAllowed, AccountUnknown.
    """
    require_account(desk, account)
    added = 0
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        with desk.store.write() as tx:
            require(tx, actor, Right.RECONCILE, account)
            one_at_a_time(tx, "order")
            taken = batches.facts(tx, account, (one.order_id for one in some))
            new = [_row(account, one, actor) for one in some if one.order_id not in taken]
            batches.add_expected(tx, new)
            if head is not None:
                chosen_columns.remember(tx, actor, account, "expected", head)
            if new:
                audit.record(tx, actor, "expected_orders_imported", f"account:{account}", rows=len(new))
        added += len(new)
    return added


def count(desk: Desk, actor: Actor, account: str) -> int:
    """How many expected orders the account has."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, account)
        return batches.count_expected(tx, account)


def _read_rows(read: Table, account: Account, decimal: DecimalSign) -> tuple[list[Expected], list[Bad]]:
    form = cells.date_form(read, "date")
    bad: list[Bad] = []
    seen: dict[str, Expected] = {}
    for line in read.lines:
        one, problems = _read_row(line, account, decimal, form)
        first = seen.setdefault(one.order_id, one)
        if not problems and replace(first, line=one.line) != one:
            problems["order_id"] = OrderIdTwice(first.line)
        if problems:
            if first is one:
                del seen[one.order_id]
            found = (
                Problem(column, read.where(line.number, column), line.cells.get(column, ""), error)
                for column, error in problems.items()
            )
            bad.append(Bad(line, tuple(found)))
    return list(seen.values()), bad


def _read_row(
    line: Line, account: Account, decimal: DecimalSign, form: Form
) -> tuple[Expected, dict[str, DeskError]]:
    """The row as an order, and what is wrong with it."""
    problems = FieldErrors()
    take = problems.value
    code = take("currency", lambda: cells.currency(line, account.currency), account.currency)
    names = [f"reference_{n}" for n in range(1, REFERENCES + 1)]
    one = Expected(
        line=line.number,
        order_id=take("order_id", lambda: _text(line, "order_id", ORDER_ID_MAX, needed=True), ""),
        amount=take("amount", lambda: _amount(line, code, decimal), 0),
        currency=code,
        placed_at=take(
            "date", lambda: cells.moment(line, "date", form, account.zone, end_of_day=False), None
        ),
        references=tuple(take(name, partial(_text, line, name, REFERENCE_MAX), "") for name in names),
    )
    problems.update(cells.damaged(line, ["order_id", *names] & line.cells.keys()))
    problems.update(cells.of_row(line))
    return one, problems | cells.lost(line)


def _text(line: Line, name: str, limit: int, *, needed: bool = False) -> str:
    return clean_text(line.cells.get(name, ""), name, limit, needed=needed, digits=True)


def _amount(line: Line, code: str, decimal: DecimalSign) -> int:
    if not line.cells["amount"]:
        raise FieldEmpty
    return cells.units(line, decimal, code)


def _differing(listed: Expected, known: Known) -> tuple[str, ...]:
    """The columns in which the list differs from the stored order; a column that the list does not have does not differ."""
    facts = {"amount": listed.amount, "currency": listed.currency}
    facts |= {f"reference_{n}": text for n, text in enumerate(listed.references, 1) if text}
    return tuple(name for name, value in facts.items() if getattr(known, name) != value)


def _row(account: str, one: Expected, actor: Actor) -> dict[str, Any]:
    """The order's stored row: without a customer; it has no page, no message and no step."""
    now = clock.now()
    facts = {"order_id": one.order_id, **{f"reference_{n}": text for n, text in enumerate(one.references, 1)}}
    return {
        **facts,
        "account": account,
        "channel": "imported",
        "form_key": f"imported:{account}:{one.order_id}",
        "mark": uuid.uuid4().hex,
        "first_name": "",
        "last_name": "",
        "email": "",
        "phone": "",
        "language": "",
        "amount": one.amount,
        "currency": one.currency,
        "description": "",
        "capture": "now",
        "copy_to": "",
        "created_at": one.placed_at or now,
        "expires_at": one.placed_at or now,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "sender_name": actor.name,
        "search": searched(facts),
        "delivery": "none",
        "availability": "none",
        "payment": "unpaid",
    }
