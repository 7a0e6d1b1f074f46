"""What people decided about settlement lines."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from services.store import version_guard
from services.store.in_list import in_batches
from services.store.locks import one_at_a_time, writes
from services.store.order_states import ActorKind
from services.store.people_names import with_undoer
from services.store.schema.payout_lines import payout_lines
from services.store.schema.reconciliation import decision_orders, line_decisions, line_shares
from services.store.schema.settlement_files import settlement_files
from services.store.settlements.lines import stored_lines
from services.store.settlements.lines.joined_lines import of_transactions
from services.store.settlements.lines.line_columns import account_of, of_group, reason_of
from services.store.settlements.lines.settlement_lines import FOLLOWS
from services.store.settlements.lines.stored_lines import LineToDecide
from services.store.settlements.outcomes import DecisionKind, Outcome

_COMPANIONS = 5_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A decision on a line. ``shares``: [order, units of the original amount] for each order.

    ``before``: the line's outcome, reason, order and decision before it; ``came_to``: its outcome, reason and order once it
    was undone. ``who`` and ``undoer``: names, "" where there is none.
    """

    id: int
    line: int
    kind: DecisionKind
    shares: list[list[int]]
    reason: str
    before: dict[str, Any]
    group: str
    at: datetime
    actor_kind: ActorKind
    actor_id: str
    undone_at: datetime | None
    undone_by: str | None
    undo_reason: str
    came_to: dict[str, Any] | None
    due: bool
    who: str
    undoer: str


@dataclass(frozen=True, slots=True)
class AwaitingRejoin:
    """A decision, taken or undone, whose line is not yet joined again."""

    id: int
    undone_at: datetime | None
    line: int
    account: str


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """``follows_split``: it is divided as the line that it follows."""

    outcome: Outcome
    order: int | None
    follows_split: bool


def lock_decisions(tx: Connection) -> None:
    """Let nobody else decide before this transaction ends. Raises ProgramOutdated."""
    one_at_a_time(tx, "decisions")
    version_guard.require_current(tx)


def lines(tx: Connection, ids: Iterable[int]) -> list[LineToDecide]:
    """Lines with the state of their file, by id; locked in a writing transaction."""
    line, file = payout_lines.c, settlement_files.c
    query = (
        select(*stored_lines.columns(), file.state.label("file_state"))
        .select_from(stored_lines.tables())
        .join(settlement_files, file.id == line.file)
    )
    if writes(tx):
        query = query.with_for_update(of=payout_lines)
    return [
        LineToDecide(**stored_lines.of_row(row))
        for some in in_batches(ids)
        for row in tx.execute(query.where(line.id.in_(some)).order_by(line.id))
    ]


def companions(tx: Connection, ids: Iterable[int]) -> list[int]:
    """The other valid lines of these lines' transactions of which nobody has decided."""
    line, wanted = payout_lines.c, set(ids)
    by_account: dict[str, set[str]] = {}
    for row in lines(tx, wanted):
        by_account.setdefault(row.account, set()).add(row.transaction_id)
    found: set[int] = set()
    for account, texts in by_account.items():
        theirs = of_transactions(tx, account, sorted(texts))
        query = select(line.id).where(theirs, of_group("kind") != "control", line.decision.is_(None))
        found.update(tx.scalars(query.limit(_COMPANIONS)))
    return sorted(found - wanted)


def outcomes_of_companions(tx: Connection, ids: Iterable[int]) -> dict[int, LineOutcome]:
    """The outcomes of the lines that share a transaction with these, by line."""
    return outcomes_of(tx, companions(tx, ids))


def outcomes_of(tx: Connection, ids: Iterable[int]) -> dict[int, LineOutcome]:
    """The outcomes of these lines, by line."""
    line = payout_lines.c
    query = select(
        line.id, of_group("outcome").label("outcome"), line.order, (reason_of() == FOLLOWS).label("follows")
    )
    return {
        row.id: LineOutcome(row.outcome, row.order, bool(row.follows))
        for some in in_batches(ids)
        for row in tx.execute(query.where(line.id.in_(some)))
    }


def by_ids(tx: Connection, ids: Iterable[int]) -> dict[int, Decision]:
    """Decisions by id, with the names of who decided and who undid them."""
    query = _decisions()
    found = (one for some in in_batches(ids) for one in _read(tx, query.where(line_decisions.c.id.in_(some))))
    return {one.id: one for one in found}


def group(tx: Connection, name: str) -> list[Decision]:
    """The decisions that were taken at once."""
    query = _decisions().where(line_decisions.c.group == name)
    return _read(tx, query.order_by(line_decisions.c.id))


def group_sizes(tx: Connection, names: Iterable[str]) -> dict[str, int]:
    """How many decisions that were taken at once under each name are still valid."""
    name = line_decisions.c.group
    valid = line_decisions.c.undone_at.is_(None)
    query = select(name, func.count()).where(name.in_(list(names)), valid).group_by(name)
    return {row[0]: row[1] for row in tx.execute(query)}


def of_line(tx: Connection, line_id: int) -> list[Decision]:
    """The decisions on a line, oldest first."""
    query = _decisions().where(line_decisions.c.line == line_id)
    return _read(tx, query.order_by(line_decisions.c.id))


def _decisions() -> Any:
    return with_undoer(select(line_decisions), line_decisions)


def _read(tx: Connection, query: Any) -> list[Decision]:
    return [Decision(**row._asdict()) for row in tx.execute(query)]


def add(tx: Connection, name: str, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write the decisions of the group ``name``, let their lines name them; their ids. A line has one valid decision."""
    tx.execute(insert(line_decisions), [{**row, "group": name, "due": True} for row in rows])
    decision = line_decisions.c
    ids: dict[int, int] = {}  # by line
    for some in in_batches(row["line"] for row in rows):
        query = select(decision.id, decision.line).where(
            decision.group == name, decision.undone_at.is_(None), decision.line.in_(some)
        )
        ids |= {row.line: row.id for row in tx.execute(query.order_by(decision.id))}
    here = update(payout_lines).where(payout_lines.c.id == bindparam("this"))
    tx.execute(
        here.values(decision=bindparam("by")), [{"this": line, "by": one} for line, one in ids.items()]
    )
    named = [
        {"decision": ids[row["line"]], "order": order} for row in rows for order in sorted(orders_named(row))
    ]
    if named:
        tx.execute(insert(decision_orders), named)
    shares = [
        {"line": row["line"], "order": order, "units": units}
        for row in rows
        if row["kind"] == "split"
        for order, units in row["shares"]
    ]
    if shares:
        tx.execute(insert(line_shares), shares)
    return sorted(ids.values())


def orders_named(decision: Mapping[str, Any]) -> set[int]:
    """The orders that a decision names: those among which it splits its line, and the line's order before it."""
    former = decision["before"].get("order")
    return {order for order, _ in decision["shares"] or ()} | ({former} if former is not None else set())


def undo(tx: Connection, found: Iterable[Decision], *, at: datetime, by: str, reason: str) -> None:
    """Undo these valid decisions; their lines await a rejoin."""
    ids = {row.id: row.line for row in found}
    decision, line = line_decisions.c, payout_lines.c
    for some in in_batches(ids):
        tx.execute(
            update(line_decisions)
            .where(decision.id.in_(some))
            .values(undone_at=at, undone_by=by, undo_reason=reason, due=True)
        )
        theirs = [ids[one] for one in some]
        tx.execute(
            update(payout_lines).where(line.id.in_(theirs), line.decision.in_(some)).values(decision=None)
        )
        tx.execute(delete(line_shares).where(line_shares.c.line.in_(theirs)))


def awaiting_rejoin(tx: Connection, limit: int) -> list[AwaitingRejoin]:
    """Decisions whose lines are not yet joined again, oldest first."""
    query = _awaiting_rejoin().order_by(line_decisions.c.id).limit(limit)
    return [AwaitingRejoin(**row._asdict()) for row in tx.execute(query)]


def awaiting_rejoin_of(tx: Connection, line_ids: Iterable[int]) -> list[AwaitingRejoin]:
    """``awaiting_rejoin`` for these lines."""
    return [
        AwaitingRejoin(**row._asdict())
        for some in in_batches(line_ids)
        for row in tx.execute(_awaiting_rejoin().where(line_decisions.c.line.in_(some)))
    ]


def _awaiting_rejoin() -> Any:
    decision = line_decisions.c
    return (
        select(decision.id, decision.undone_at, decision.line, account_of().label("account"))
        .join(payout_lines, payout_lines.c.id == decision.line)
        .where(decision.due.is_(True))
    )


def set_rejoined(tx: Connection, found: Iterable[AwaitingRejoin]) -> None:
    """The lines of these due decisions are joined again; one that was undone since it was read stays due.

    An undone decision stores the outcome of its line.
    """
    decision, line, joined = line_decisions.c, payout_lines.c, list(found)
    for undone in (False, True):
        still = decision.undone_at.is_not(None) if undone else decision.undone_at.is_(None)
        for some in in_batches(row.id for row in joined if (row.undone_at is not None) == undone):
            tx.execute(update(line_decisions).where(decision.id.in_(some), still).values(due=False))
            if not undone:
                continue
            came = (
                select(
                    decision.id, of_group("outcome").label("outcome"), reason_of().label("reason"), line.order
                )
                .join(payout_lines, line.id == decision.line)
                .where(decision.id.in_(some), decision.came_to.is_(None))
            )
            rows = [
                {"this": row.id, "to": {"outcome": row.outcome, "reason": row.reason, "order": row.order}}
                for row in tx.execute(came)
            ]
            if rows:
                this = update(line_decisions).where(decision.id == bindparam("this"))
                tx.execute(this.values(came_to=bindparam("to")), rows)
