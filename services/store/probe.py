"""Whether the store can write now, and whether its tables are those of this program."""

import os

from sqlalchemy.exc import DBAPIError

from services.store import meta
from services.store.engine import Store, StoreFull, newest_revision, revision

_BYTES = 8_192  # as much as a notification needs: where this has no room, neither has one


def write(store: Store) -> None:
    """Write as many bytes as a notification has, over those of the last probe. Raises StoreError."""
    with store.write() as tx:
        meta.put_text(tx, "probe", os.urandom(_BYTES // 2).hex())


def tables_fit(store: Store) -> bool:
    """Whether this program's last migration is the database's. Raises StoreError."""
    with store.read() as tx:
        return revision(tx) == newest_revision()


def why(error: Exception) -> str:
    """Why a write failed, in plain words for a monitor; without the database's address or user."""
    if isinstance(error, StoreFull):
        return "there is no room on its disk"
    original = error.orig if isinstance(error, DBAPIError) else None
    name = getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None) or ""
    if name.startswith("SQLITE_READONLY") or name == "25006":
        return "it can only be read"
    if name.startswith("SQLITE_BUSY") or name == "55P03":
        return "another program holds it"
    return "it cannot be reached"
