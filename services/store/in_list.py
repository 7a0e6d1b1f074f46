"""Rows by a list of any length: one statement, one parameter, on either database."""

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    TableValuedAlias,
    Text,
    any_,
    bindparam,
    func,
    select,
    true,
)

_BATCH = 500  # values in one statement
T = TypeVar("T", int, str)


def in_batches(values: Iterable[T]) -> Iterator[list[T]]:
    """Ids or texts, each once and in their order, in lists short enough for one statement."""
    wanted = sorted(set(values))
    yield from (wanted[start : start + _BATCH] for start in range(0, len(wanted), _BATCH))


def among(
    tx: Connection, column: Column[Any] | ColumnElement[Any], values: Iterable[int] | Iterable[str]
) -> ColumnElement[bool]:
    """The condition that ``column`` is one of ``values``, all of them ids or all of them texts."""
    wanted = list(values)
    if tx.dialect.name == "postgresql":
        of: Any = (BigInteger() if isinstance(wanted[0], int) else Text()) if wanted else column.type
        return column == any_(bindparam(None, wanted, type_=ARRAY(of), unique=True))
    given = func.json_each(bindparam(None, json.dumps(wanted), type_=Text(), unique=True)).table_valued(
        "value"
    )
    return column.in_(select(given.c.value))


def of_accounts(column: Column[str], accounts: Collection[str] | None) -> ColumnElement[bool]:
    """The condition that the account in ``column`` is one of those allowed; None allows all."""
    return true() if accounts is None else column.in_(sorted(accounts))


def texts(tx: Connection, values: Iterable[str]) -> TableValuedAlias:
    """The texts themselves as a table of one column, ``value``."""
    wanted = list(values)
    if tx.dialect.name == "postgresql":
        given = func.unnest(bindparam(None, wanted, type_=ARRAY(Text()), unique=True))
        return given.table_valued("value").render_derived()
    return func.json_each(bindparam(None, json.dumps(wanted), type_=Text(), unique=True)).table_valued(
        "value"
    )
