"""The only place that speaks SQL. ``Store`` opens the database; one module of queries for each part of the product."""

from sqlalchemy import Connection, Row

from services.store.engine import DatabaseRefused, Store, open_store

__all__ = ["Connection", "DatabaseRefused", "Row", "Store", "open_store"]
