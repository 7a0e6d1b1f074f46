"""Captures, refunds and cancellations asked of HiPay."""

from typing import Unpack

from sqlalchemy import Connection, insert, select, update

from services.store.order_states import OperationState
from services.store.orders.changes import OperationChanges
from services.store.orders.new_rows import NewOperation
from services.store.orders.records import AskedOperation, each_of, first_of
from services.store.schema.orders import operations


def add(tx: Connection, **values: Unpack[NewOperation]) -> int:
    """Write an operation that the worker is to request; its id."""
    requested: OperationState = "requested"
    key = tx.execute(insert(operations).values(state=requested, **values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def by_form_key(tx: Connection, form_key: str) -> AskedOperation | None:
    return first_of(AskedOperation, tx.execute(select(operations).where(operations.c.form_key == form_key)))


def operation(tx: Connection, operation_id: int) -> AskedOperation | None:
    return first_of(AskedOperation, tx.execute(select(operations).where(operations.c.id == operation_id)))


def change(tx: Connection, operation_id: int, **values: Unpack[OperationChanges]) -> None:
    tx.execute(update(operations).where(operations.c.id == operation_id).values(**values))


def of_order(tx: Connection, order: int) -> list[AskedOperation]:
    """Oldest first."""
    return each_of(
        AskedOperation,
        tx.execute(select(operations).where(operations.c.order == order).order_by(operations.c.id)),
    )


def unsettled(tx: Connection, order: int) -> list[AskedOperation]:
    """Those whose outcome is not known yet."""
    query = select(operations).where(
        operations.c.order == order, operations.c.state.in_(("requested", "unknown"))
    )
    return each_of(AskedOperation, tx.execute(query.order_by(operations.c.id)))
