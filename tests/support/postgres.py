"""Fresh databases on the PostgreSQL server that ETERMINAL_TEST_POSTGRES_URL names; its role needs CREATEDB."""

import atexit
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from services.store import open_store

SERVER = os.environ.get("ETERMINAL_TEST_POSTGRES_URL", "")
_made: set[str] = set()


def run(statement: str, *names: str, **values: str) -> None:
    """Run a statement as the tests' role; each ``{}`` is an identifier."""
    plain = make_url(SERVER).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)), values or None)


def url_of(name: str) -> str:
    return make_url(SERVER).set(database=name).render_as_string(hide_password=False)


def empty(key: str) -> str:
    """The URL of a new database without a table; the same key again in this test gives the same database."""
    return _database(key, "template0")


def migrated(key: str) -> str:
    """The URL of a new database with its tables; the same key again in this test gives the same database."""
    return _database(key, _template())


def made() -> frozenset[str]:
    """The databases that there are now."""
    return frozenset(_made)


def forget(names: frozenset[str]) -> None:
    """Drop these databases, whoever still uses them."""
    for name in names:
        _made.remove(name)
        _drop(name)


def _database(key: str, template: str) -> str:
    name = f"eterminal_test_{hashlib.sha256(key.encode()).hexdigest()[:24]}"
    if name not in _made:
        _drop(name)  # of a run that was killed
        run("CREATE DATABASE {} TEMPLATE {}", name, template)
        _made.add(name)
    return url_of(name)


def _drop(name: str) -> None:
    # Not WITH (FORCE): that would end an autovacuum, too, which is not ours to end; without it, the server does.
    _cut(name)
    run("DROP DATABASE IF EXISTS {}", name)


def _cut(name: str) -> None:
    run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %(name)s AND usename = current_user",
        name=name,
    )


@cache
def _template() -> str:
    # Copying tables takes half as long as making them.
    name = f"eterminal_test_template_{os.getpid()}"
    _drop(name)
    run("CREATE DATABASE {} TEMPLATE template0", name)
    atexit.register(_drop, name)
    atexit.register(lambda: forget(made()))
    open_store(url_of(name)).close()
    return name


@contextmanager
def restarting(database_url: str) -> Iterator[None]:
    """The database as its clients see it while the server restarts: every connection is cut, none is let in."""
    name = make_url(database_url).database or ""
    run("ALTER DATABASE {} ALLOW_CONNECTIONS false", name)
    try:
        _cut(name)
        yield
    finally:
        run("ALTER DATABASE {} ALLOW_CONNECTIONS true", name)
