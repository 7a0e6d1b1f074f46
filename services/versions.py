"""Versions of Python and SQLite with a fault that the operator must know: logged at start, shown in the check list."""

import logging
import sys

from services.store import Store
from services.store.databases import sqlite_warning

log = logging.getLogger(__name__)
# Older ones read an encoded word in a header as headers of their own (CVE-2025-1795 and its kind).
_PYTHON_SAFE = {(3, 11): (3, 11, 15), (3, 12): (3, 12, 13)}


def python_warning(version: tuple[int, ...]) -> str | None:
    """The version where a Python lacks the repair of its e-mail headers (3.11.15, 3.12.13), else None."""
    safe = version >= _PYTHON_SAFE.get((version[0], version[1]), (3, 11, 15))
    return None if safe else ".".join(str(number) for number in version)


def log_warnings(store: Store) -> None:
    """Write into the log what is wrong with the versions that this process runs on."""
    if store.sqlite and (version := sqlite_warning()):
        log.warning(
            "SQLite %s can, rarely, lose what was just stored: take 3.51.3, 3.50.7 or 3.44.6, or PostgreSQL",
            version,
        )
    if version := python_warning(sys.version_info[:3]):
        log.warning(
            "Python %s lacks a repair of its e-mail headers: take 3.11.15 or 3.12.13, or newer", version
        )
