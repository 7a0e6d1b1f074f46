"""What people wrote about a payout."""

from datetime import datetime

from sqlalchemy import Connection, select

from services.store.locks import insert_or
from services.store.order_states import ActorKind
from services.store.people_names import with_who
from services.store.schema.payout_decisions import payout_comments
from services.store.settlements.comments import Comment

_one = payout_comments.c


def add(
    tx: Connection,
    *,
    payout: int,
    text: str,
    form_key: str,
    at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
) -> int | None:
    """Write a comment on a payout, once for each ``form_key``; its id, None where it is there already."""
    statement = insert_or(tx, payout_comments).values(
        payout=payout, text=text, form_key=form_key, at=at, actor_kind=actor_kind, actor_id=actor_id
    )
    statement = statement.on_conflict_do_nothing(index_elements=("form_key",))
    return tx.execute(statement.returning(_one.id)).scalar()


def of_payout(tx: Connection, payout: int) -> list[Comment]:
    """The comments on a payout, oldest first, with the name of who wrote them."""
    query = select(_one.id, _one.text, _one.at).where(_one.payout == payout)
    query = with_who(query, payout_comments)
    return [Comment(**row._asdict()) for row in tx.execute(query.order_by(_one.id))]
