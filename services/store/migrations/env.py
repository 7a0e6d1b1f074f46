"""Alembic's environment: the connection comes from ``services.store.engine``, which holds the lock."""

from alembic import context

from services.store.schema.base import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=False)
context.run_migrations()
