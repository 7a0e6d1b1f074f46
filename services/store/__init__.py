"""The only place that speaks SQL. ``Store`` opens the database; one module of queries for each part of the product."""

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import SQLAlchemyError as StoreError
from sqlalchemy.exc import TimeoutError as _NoConnection

from services.store.engine import DatabaseRefused, Store, StoreFull, open_store

# The text of a StoreError contains its statement's values: it is never logged. STORE_AWAY: the database is away, locked or
# full (StoreFull is one of them), and another try may succeed; after any other error it would fail again.
STORE_AWAY = (OperationalError, InterfaceError, _NoConnection)

__all__ = [
    "STORE_AWAY",
    "Connection",
    "DatabaseRefused",
    "Store",
    "StoreError",
    "StoreFull",
    "open_store",
]
