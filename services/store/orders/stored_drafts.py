"""Orders that people typed and have not sent. Each person's own, by the key of the form."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from services.store.locks import put
from services.store.order_states import ActorKind
from services.store.orders.batches import keys
from services.store.orders.records import StoredDraft, each_of, first_of
from services.store.schema.bulk import order_drafts

_here = order_drafts.c
_COLUMNS = (_here.id, _here.form_key, _here.account, _here.channel, _here.data, _here.saved_at)


def listed(tx: Connection, actor_id: str, since: datetime) -> list[StoredDraft]:
    """The person's drafts that were saved after ``since``, the newest first."""
    query = select(*_COLUMNS).where(_here.actor_id == actor_id, _here.saved_at > since)
    return each_of(StoredDraft, tx.execute(query.order_by(_here.saved_at.desc(), _here.id.desc())))


def get(tx: Connection, actor_id: str, draft: int) -> StoredDraft | None:
    query = select(*_COLUMNS).where(_here.id == draft, _here.actor_id == actor_id)
    return first_of(StoredDraft, tx.execute(query))


def save(
    tx: Connection,
    form_key: str,
    *,
    actor_kind: ActorKind,
    actor_id: str,
    account: str,
    channel: str,
    data: Mapping[str, str],
    address: str,
    saved_at: datetime,
) -> None:
    """``address``: the e-mail address as an order has it, or as typed where it is none."""
    values: dict[str, Any] = {
        **keys({**data, "email": address}),
        "data": dict(data),
        "account": account,
        "channel": channel,
    }
    key = {"actor_id": actor_id, "form_key": form_key}
    put(tx, order_drafts, key, actor_kind=actor_kind, saved_at=saved_at, **values)


def rekey(tx: Connection, draft: int, form_key: str) -> None:
    tx.execute(update(order_drafts).where(_here.id == draft).values(form_key=form_key))


def remove(tx: Connection, actor_id: str, *, form_key: str = "", draft: int = 0) -> None:
    """Delete the person's draft of this form, or with this id."""
    which = _here.form_key == form_key if form_key else _here.id == draft
    tx.execute(delete(order_drafts).where(_here.actor_id == actor_id, which))


def remove_old(tx: Connection, until: datetime) -> int:
    """Delete what was saved until then; how many there were."""
    return tx.execute(delete(order_drafts).where(_here.saved_at <= until)).rowcount
