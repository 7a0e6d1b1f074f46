"""Fresh databases on the PostgreSQL server of this run, if it has one: ``SERVER`` is its URL, "" for a run on SQLite.

``pytest --postgres`` starts a server, unless ETERMINAL_TEST_POSTGRES_URL names one; the role needs CREATEDB.
"""

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
_templates: set[str] = set()


def use(url: str) -> None:
    """The tests of this process and of those that it starts run on this server."""
    global SERVER
    SERVER = os.environ["ETERMINAL_TEST_POSTGRES_URL"] = url


def run(statement: str, *names: str, **values: str) -> None:
    """Run a statement as the tests' role; each ``{}`` is an identifier."""
    _connection().execute(sql.SQL(statement).format(*map(sql.Identifier, names)), values or None)


def create(name: str, template: str) -> None:
    """Copy a database that nobody uses."""
    # Since version 15 it is copied through the log unless told otherwise, which takes four times as long.
    copied = " STRATEGY FILE_COPY" if _connection().info.server_version >= 150_000 else ""
    run(f"CREATE DATABASE {{}} TEMPLATE {{}}{copied}", name, template)


@cache
def _connection() -> psycopg.Connection:
    # One for all: to connect costs a fifth of a database.
    plain = make_url(SERVER).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def url_of(name: str) -> str:
    return make_url(SERVER).set(database=name).render_as_string(hide_password=False)


def empty(key: str) -> str:
    """The URL of a new database without a table; the same key again in this test gives the same database."""
    return _database(key, "template0")


def migrated(key: str) -> str:
    """The URL of a new database with its tables; the same key again in this test gives the same database."""
    return copied(key, _migrated())


def copied(key: str, template: str) -> str:
    """The URL of a new copy of the database ``template``; the same key again in this test gives the same database."""
    return _database(key, make_url(template).database or "")


def made() -> frozenset[str]:
    """The databases that there are now."""
    return frozenset(_made)


def forget(names: frozenset[str]) -> None:
    """Drop these databases, whoever still uses them."""
    for name in names:
        _made.remove(name)
        _drop(name)


def leave() -> None:
    """Drop every database and part from the server."""
    for name in _made | _templates:
        _drop(name)
    if _connection.cache_info().currsize:
        _connection().close()


def _database(key: str, template: str) -> str:
    # Two workers may give the same key at once: each has its own databases.
    of_worker = f"{os.environ.get('PYTEST_XDIST_WORKER', '')} {key}"
    name = f"eterminal_test_{hashlib.sha256(of_worker.encode()).hexdigest()[:24]}"
    if name not in _made:
        _drop(name)  # of a run that was killed
        create(name, template)
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


def template() -> str:
    """The URL of a new database without a table, which is there until ``leave``: copying tables takes a tenth of making them."""
    name = f"eterminal_test_template_{os.getpid()}_{len(_templates)}"
    _drop(name)
    create(name, "template0")
    _templates.add(name)
    return url_of(name)


@cache
def _migrated() -> str:
    url = template()
    open_store(url).close()
    return url


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
