"""What people wrote about a settlement line or an order of theirs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from services.store.locks import insert_or
from services.store.order_states import ActorKind
from services.store.people_names import with_who
from services.store.schema.reconciliation import line_comments


@dataclass(frozen=True, slots=True)
class Comment:
    """``who``: the writer's name, "" where there is none."""

    id: int
    text: str
    at: datetime
    who: str


def add_comment(
    tx: Connection,
    *,
    line: int | None = None,
    order: int | None = None,
    text: str,
    form_key: str,
    at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
) -> int | None:
    """Write a comment on a line or an order, once for each ``form_key``; its id, None where it is there already."""
    statement = insert_or(tx, line_comments).values(
        line=line,
        order=order,
        text=text,
        form_key=form_key,
        at=at,
        actor_kind=actor_kind,
        actor_id=actor_id,
    )
    statement = statement.on_conflict_do_nothing(index_elements=("form_key",))
    return tx.execute(statement.returning(line_comments.c.id)).scalar()


def comments(tx: Connection, *, line: int | None = None, order: int | None = None) -> list[Comment]:
    """Comments on a line, or on an order, oldest first, with the name of who wrote them."""
    comment = line_comments.c
    query = select(comment.id, comment.text, comment.at)
    query = query.where(comment.line == line if line is not None else comment.order == order)
    query = with_who(query, line_comments)
    return [Comment(**row._asdict()) for row in tx.execute(query.order_by(comment.id))]
