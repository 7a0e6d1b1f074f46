"""Questions that people ask colleagues of payout lines and of payouts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select, update

from services.store.in_list import of_accounts
from services.store.locks import insert_or
from services.store.order_states import ActorKind
from services.store.people_names import with_person, with_who
from services.store.schema.payout_decisions import questions

_one = questions.c


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """Of a line or of a payout, the other is None. ``asker`` and ``asked``: ids of users; ``asker_name`` and ``asked_name``:
    "" where there is none. ``ended_at`` None: it is open; ``answered``: the comment that answers it, None for one that was
    withdrawn."""

    id: int
    account: str
    line: int | None
    payout: int | None
    text: str
    at: datetime
    asker: str
    asker_name: str
    asked: str
    asked_name: str
    ended_at: datetime | None
    answered: int | None


def add(
    tx: Connection,
    *,
    account: str,
    line: int | None,
    payout: int | None,
    asked: str,
    text: str,
    form_key: str,
    at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
) -> int | None:
    """Write a question, once for each ``form_key``; its id, None where it is there already."""
    statement = insert_or(tx, questions).values(
        account=account,
        line=line,
        payout=payout,
        asked=asked,
        text=text,
        form_key=form_key,
        at=at,
        actor_kind=actor_kind,
        actor_id=actor_id,
    )
    statement = statement.on_conflict_do_nothing(index_elements=("form_key",))
    return tx.execute(statement.returning(_one.id)).scalar()


def has_form_key(tx: Connection, form_key: str) -> bool:
    """Whether a question was already written from this form."""
    return tx.execute(select(_one.id).where(_one.form_key == form_key)).first() is not None


def locked(tx: Connection, question: int) -> Question | None:
    """One question, locked to the end of the transaction."""
    tx.execute(select(_one.id).where(_one.id == question).with_for_update())
    return next(iter(_read(tx, _one.id == question)), None)


def of_line(tx: Connection, line: int) -> list[Question]:
    """The questions about a line, oldest first."""
    return _read(tx, _one.line == line)


def of_payout(tx: Connection, payout: int) -> list[Question]:
    """The questions about a payout, oldest first."""
    return _read(tx, _one.payout == payout)


def open_to(tx: Connection, user: str) -> list[Question]:
    """The open questions that a user was asked, oldest first."""
    return _read(tx, _one.asked == user, _one.ended_at.is_(None))


def open_of(tx: Connection, accounts: Collection[str] | None) -> list[Question]:
    """The open questions about lines and payouts of these accounts, of all where None, oldest first."""
    return _read(tx, of_accounts(_one.account, accounts), _one.ended_at.is_(None))


def end(tx: Connection, question: int, *, at: datetime, by: str, answered: int | None) -> None:
    """End an open question: with the comment that answers it, or withdrawn."""
    tx.execute(
        update(questions).where(_one.id == question).values(ended_at=at, ended_by=by, answered=answered)
    )


def _read(tx: Connection, *where: ColumnElement[bool]) -> list[Question]:
    return [Question(**row._asdict()) for row in tx.execute(_query().where(*where).order_by(_one.id))]


def _query() -> Select[Any]:
    own = ("id", "account", "line", "payout", "text", "at", "asked", "ended_at", "answered")
    query = select(*(_one[name] for name in own), _one.actor_id.label("asker"))
    return with_person(with_who(query, questions, "asker_name"), _one.asked, "asked_name")
