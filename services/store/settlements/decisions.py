"""What people decided of settlement lines, what they wrote of them, and the orders that a line may be matched to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    type_coerce,
    union,
    update,
)
from sqlalchemy import Text as Plain

from services.store.locks import insert_new, one_at_a_time, writes
from services.store.orders.searching import finds
from services.store.schema.orders import orders, users
from services.store.schema.settlements import (
    line_comments,
    line_decisions,
    line_shares,
    order_keys,
    order_positions,
    settlement_files,
    settlement_lines,
)
from services.store.settlements import acceptances, held_corrections
from services.store.settlements.settlement_lines import FOLLOWS, of_transactions

_MANY = 500  # ids in one statement
_COMPANIONS = 5_000
_undoers = users.alias("undoers")


def take_turn(tx: Connection) -> None:
    """Let nobody else decide before this transaction ends."""
    one_at_a_time(tx, "decisions")


def lines(tx: Connection, ids: Iterable[int]) -> list[Row[Any]]:
    """Lines with the state of their file, by id; locked in a writing transaction."""
    line, file = settlement_lines.c, settlement_files.c
    query = select(settlement_lines, file.state.label("file_state")).join(
        settlement_files, file.id == line.file
    )
    if writes(tx):
        query = query.with_for_update(of=settlement_lines)
    return [
        row for some in _parts(ids) for row in tx.execute(query.where(line.id.in_(some)).order_by(line.id))
    ]


def companions(tx: Connection, ids: Iterable[int]) -> list[int]:
    """The other standing lines of these lines' transactions of which nobody has decided."""
    line, wanted = settlement_lines.c, set(ids)
    by_account: dict[str, set[str]] = {}
    for row in lines(tx, wanted):
        by_account.setdefault(row.account, set()).add(row.transaction_id)
    found: set[int] = set()
    for account, texts in by_account.items():
        theirs = of_transactions(tx, account, sorted(texts))
        query = select(line.id).where(theirs, line.kind != "control", line.decision.is_(None))
        found.update(tx.scalars(query.limit(_COMPANIONS)))
    return sorted(found - wanted)


def around(tx: Connection, ids: Iterable[int]) -> dict[int, tuple[Any, ...]]:
    """What the lines come to now that share a transaction with these: as ``what_they_are``."""
    return what_they_are(tx, companions(tx, ids))


def what_they_are(tx: Connection, ids: Iterable[int]) -> dict[int, tuple[Any, ...]]:
    """By line: its outcome, its order, and whether it is divided."""
    line = settlement_lines.c
    query = select(line.id, line.outcome, line.order, line.reason == FOLLOWS)
    return {
        row[0]: tuple(row[1:]) for some in _parts(ids) for row in tx.execute(query.where(line.id.in_(some)))
    }


def order_rows(tx: Connection, ids: Iterable[int]) -> dict[int, Row[Any]]:
    """Orders with where each stands (its position's columns NULL where it has none)."""
    position = order_positions.c
    query = select(
        orders,
        position.gross_units,
        position.refunds_units,
        position.open_units,
        position.settlement_ids,
        position.lines,
        position.status,
    ).outerjoin(order_positions, position.order == orders.c.id)
    return {row.id: row for some in _parts(ids) for row in tx.execute(query.where(orders.c.id.in_(some)))}


def decided(tx: Connection, ids: Iterable[int]) -> dict[int, Row[Any]]:
    """Decisions by id, with the names of who decided and who undid them."""
    query = _decisions()
    return {
        row.id: row for some in _parts(ids) for row in tx.execute(query.where(line_decisions.c.id.in_(some)))
    }


def group(tx: Connection, name: str) -> list[Row[Any]]:
    """The decisions that were taken at once."""
    query = _decisions().where(line_decisions.c.group == name)
    return list(tx.execute(query.order_by(line_decisions.c.id)))


def group_sizes(tx: Connection, names: Iterable[str]) -> dict[str, int]:
    """How many decisions that were taken at once under each name still stand."""
    name = line_decisions.c.group
    standing = line_decisions.c.undone_at.is_(None)
    query = select(name, func.count()).where(name.in_(list(names)), standing).group_by(name)
    return {row[0]: row[1] for row in tx.execute(query)}


def of_line(tx: Connection, line_id: int) -> list[Row[Any]]:
    query = _decisions().where(line_decisions.c.line == line_id)
    return list(tx.execute(query.order_by(line_decisions.c.id)))


def _decisions() -> Any:
    mine = and_(users.c.id == line_decisions.c.actor_id, line_decisions.c.actor_kind == "user")
    return (
        select(line_decisions, users.c.name.label("who"), _undoers.c.name.label("undoer"))
        .outerjoin(users, mine)
        .outerjoin(_undoers, _undoers.c.id == line_decisions.c.undone_by)
    )


def add(tx: Connection, name: str, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write the decisions of the group ``name``, let their lines name them; their ids. A line has one that stands."""
    tx.execute(insert(line_decisions), [{**row, "group": name, "due": True} for row in rows])
    decision = line_decisions.c
    written: list[Row[Any]] = []
    for some in _parts(row["line"] for row in rows):
        query = select(decision.id, decision.line).where(
            decision.group == name, decision.undone_at.is_(None), decision.line.in_(some)
        )
        written += tx.execute(query.order_by(decision.id))
    here = update(settlement_lines).where(settlement_lines.c.id == bindparam("this"))
    tx.execute(here.values(decision=bindparam("by")), [{"this": row.line, "by": row.id} for row in written])
    shares = [
        {"line": row["line"], "order": order, "units": units}
        for row in rows
        if row["kind"] == "split"
        for order, units in row["shares"]
    ]
    if shares:
        tx.execute(insert(line_shares), shares)
    return sorted(row.id for row in written)


def undo(tx: Connection, found: Iterable[Row[Any]], *, at: datetime, by: str, reason: str) -> None:
    """These standing decisions stand no longer, and their lines are to be joined again."""
    ids = {row.id: row.line for row in found}
    decision, line = line_decisions.c, settlement_lines.c
    for some in _parts(ids):
        tx.execute(
            update(line_decisions)
            .where(decision.id.in_(some))
            .values(undone_at=at, undone_by=by, undo_reason=reason, due=True)
        )
        theirs = [ids[one] for one in some]
        tx.execute(
            update(settlement_lines).where(line.id.in_(theirs), line.decision.in_(some)).values(decision=None)
        )
        tx.execute(delete(line_shares).where(line_shares.c.line.in_(theirs)))


def due(tx: Connection, limit: int) -> list[Row[Any]]:
    """Decisions, taken or undone, whose lines were not joined again: id, undone_at, line, account."""
    return list(tx.execute(_due().order_by(line_decisions.c.id).limit(limit)))


def due_of(tx: Connection, line_ids: Iterable[int]) -> list[Row[Any]]:
    """``due`` for these lines."""
    return [
        row for some in _parts(line_ids) for row in tx.execute(_due().where(line_decisions.c.line.in_(some)))
    ]


def _due() -> Any:
    decision = line_decisions.c
    return (
        select(decision.id, decision.undone_at, decision.line, settlement_lines.c.account)
        .join(settlement_lines, settlement_lines.c.id == decision.line)
        .where(decision.due.is_(True))
    )


def settle(tx: Connection, found: Iterable[Row[Any]]) -> None:
    """The lines of these due decisions are joined again; one that was undone since it was read stays due.

    Of one that is undone it is kept what its line came to.
    """
    decision, line, joined = line_decisions.c, settlement_lines.c, list(found)
    for undone in (False, True):
        still = decision.undone_at.is_not(None) if undone else decision.undone_at.is_(None)
        for some in _parts(row.id for row in joined if (row.undone_at is not None) == undone):
            tx.execute(update(line_decisions).where(decision.id.in_(some), still).values(due=False))
            if not undone:
                continue
            came = (
                select(decision.id, line.outcome, line.reason, line.order)
                .join(settlement_lines, line.id == decision.line)
                .where(decision.id.in_(some), decision.came_to.is_(None))
            )
            rows = [
                {"this": row.id, "to": {"outcome": row.outcome, "reason": row.reason, "order": row.order}}
                for row in tx.execute(came)
            ]
            if rows:
                this = update(line_decisions).where(decision.id == bindparam("this"))
                tx.execute(this.values(came_to=bindparam("to")), rows)


def add_comment(tx: Connection, **values: Any) -> bool:
    """Write a comment once for each ``form_key``."""
    return insert_new(tx, line_comments, ("form_key",), **values)


def comments(tx: Connection, *, line: int | None = None, order: int | None = None) -> list[Row[Any]]:
    """Comments on a line, or on an order, oldest first, with the name of who wrote them."""
    comment = line_comments.c
    query = (
        select(line_comments, users.c.name.label("who"))
        .outerjoin(users, and_(users.c.id == comment.actor_id, comment.actor_kind == "user"))
        .where(comment.line == line if line is not None else comment.order == order)
    )
    return list(tx.execute(query.order_by(comment.id)))


def erase_words(tx: Connection, order_id: int) -> None:
    """Empty what people wrote of an order and of the lines that have, had or nearly have it: it may name the customer.
    What was decided, by whom and when stays."""
    decision, comment, line, share = line_decisions.c, line_comments.c, settlement_lines.c, line_shares.c
    # as the store writes JSON: [[order, units], …] and {…, "order": order, …}
    shared = type_coerce(decision.shares, Plain).contains(f"[{order_id}, ", autoescape=True)
    before = type_coerce(decision.before, Plain).contains(f'"order": {order_id},', autoescape=True)
    worded = union(select(decision.line), select(comment.line).where(comment.line.is_not(None))).subquery()
    theirs = union(
        select(decision.line).where(or_(shared, before)),
        select(line.id)
        .join(worded, worded.c.line == line.id)
        .outerjoin(line_shares, share.line == line.id)
        .where(or_(line.order == order_id, line.nearest == order_id, share.order == order_id)),
    )
    ids = list(tx.scalars(theirs))
    acceptances.erase_words(tx, order_id)
    held_corrections.erase_words(tx, order_id)
    tx.execute(update(line_comments).where(comment.order == order_id).values(text=""))
    for some in _parts(ids):
        tx.execute(update(line_comments).where(comment.line.in_(some)).values(text=""))
        tx.execute(update(line_decisions).where(decision.line.in_(some)).values(reason="", undo_reason=""))


def orders_by_key(tx: Connection, account: str, loose: Iterable[str], limit: int) -> list[int]:
    """Orders that have one of these texts, as ``order_keys`` holds them, as a key."""
    key = order_keys.c
    query = select(key.order).where(key.loose.in_(list(loose)), key.account == account).distinct()
    return list(tx.scalars(query.order_by(key.order.desc()).limit(limit)))


def orders_by_text(tx: Connection, account: str, text: str, limit: int) -> list[int]:
    """The newest orders that have all words of the text in a name, an address, an id or a reference."""
    query = select(orders.c.id).where(orders.c.account == account, *finds(text))
    return list(tx.scalars(query.order_by(orders.c.id.desc()).limit(limit)))


def orders_by_amount(
    tx: Connection, account: str, units: int, currency: str, limit: int, *, only: bool = False
) -> list[int]:
    """Orders of this amount: those of the currency (``only`` those), those without a line, and the newest first."""
    position = order_positions.c
    here = [position.account == account, position.amount_units == units]
    query = (
        select(position.order)
        .where(*here, *([position.currency == currency] if only else []))
        .order_by(position.currency != currency, position.lines > 0, position.order.desc())
    )
    return list(tx.scalars(query.limit(limit)))


def order_ids(tx: Connection, account: str, business_ids: Iterable[str]) -> list[int]:
    query = select(orders.c.id).where(orders.c.account == account, orders.c.order_id.in_(list(business_ids)))
    return list(tx.scalars(query))


def _parts(ids: Iterable[int]) -> Iterator[list[int]]:
    wanted = sorted(set(ids))
    yield from (wanted[start : start + _MANY] for start in range(0, len(wanted), _MANY))
