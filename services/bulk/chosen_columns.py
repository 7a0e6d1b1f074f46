"""A person's choice of a table's columns, stored for every table of the account with the same set of headings."""

from collections.abc import Mapping
from typing import Literal

from services import clock
from services.access import Actor, audit
from services.bulk.heading import ChosenColumns, Head
from services.store import Connection, Store, table_columns
from services.text import headings

Kind = Literal["requests", "expected"]
# What a person chooses now: meaning → a column's name, "" for no column, None for the column that the headings name.
Choices = Mapping[str, str | None]


def of_table(store: Store, account: str, kind: Kind, choices: Choices | None) -> ChosenColumns:
    """The stored choices for tables of this kind, and the choices made now, which take precedence."""
    with store.read() as tx:
        return ChosenColumns(table_columns.all_of(tx, account, kind), choices or {})


def remember(tx: Connection, actor: Actor, account: str, kind: Kind, head: Head) -> None:
    """Store the choice of a table that is used, in the caller's transaction."""
    names = headings.digest(head.names)
    if table_columns.get(tx, account, kind, names) != head.chosen:
        table_columns.save(
            tx, account, kind, names, head.chosen, at=clock.now(), actor_kind=actor.kind, actor_id=actor.id
        )
        audit.record(tx, actor, "table_columns_named", f"account:{account}", columns=sorted(head.chosen))
