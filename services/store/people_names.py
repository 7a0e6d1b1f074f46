"""The names of the people who wrote the rows of a table, and of those who undid them, for a query of these rows."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, func

from services.store.schema.people import users


def with_who(query: Select[Any], table: FromClause, label: str = "who") -> Select[Any]:
    """The query with the name of the user who is each row's actor, "" where it is none of a user."""
    mine = and_(users.c.id == table.c.actor_id, table.c.actor_kind == "user")
    return query.add_columns(func.coalesce(users.c.name, "").label(label)).outerjoin(users, mine)


def with_person(query: Select[Any], person: ColumnElement[Any], label: str) -> Select[Any]:
    """The query with the name of the user of this id, "" where there is none."""
    them = users.alias(f"{label}_users")
    return query.add_columns(func.coalesce(them.c.name, "").label(label)).outerjoin(them, them.c.id == person)


def with_undoer(query: Select[Any], table: FromClause) -> Select[Any]:
    """``with_who``, and as ``undoer`` who undid the row."""
    return with_person(with_who(query, table), table.c.undone_by, "undoer")
