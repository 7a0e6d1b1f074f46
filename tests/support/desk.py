"""A desk for tests: its own database, the sandbox's world, people with the roles a test needs."""

import atexit
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import event, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.util import LRUCache

from services import clock
from services.access import ALL_ACCOUNTS, Actor, Grant
from services.accounts.options import OPTIONS
from services.desk import Desk
from services.settings import Settings
from services.store import Store, access, accounts, open_store
from services.store.databases import make_engine, sqlite_file
from services.store.schema.base import metadata
from services.store.settlements import matching_rules
from tests.support import postgres

ISSUER = "https://id.example.com"
CLIENT = {
    "client_id": "desk",
    "client_secret": "client-0b8f1c2d3e4a",
    "server_metadata_url": f"{ISSUER}/.well-known/openid-configuration",
}
PROVIDER = {
    **CLIENT,
    "cookie_secret": "cookie-9f8e7d6c5b4a39281706f5e4d3c2b1a0",
    "redirect_uri": "https://desk.example.com/oauth2callback",
}
FILE_ACCOUNT = "1"  # the Account of most tests' payout files


class _CompiledStatements(LRUCache[Any, Any]):
    """What SQLAlchemy has compiled, for all desks: each has an engine of its own, which would compile the same once more.

    A key begins with the engine's dialect, of which each engine has one: its name stands for it here.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), compiled)


_COMPILED = _CompiledStatements(4000)


@cache
def _template(world: tuple[str, ...] | None, *, own_links: bool, sqlite: bool) -> str:
    """The URL of the database of a desk that has just been opened; ``world``: the accounts of a sandbox, None for real ones."""
    # Copying a database takes a tenth of making it.
    if not sqlite:
        url = postgres.template()
    else:
        folder = Path(tempfile.mkdtemp(prefix="eterminal-template-"))
        atexit.register(shutil.rmtree, folder)
        url = f"sqlite:///{folder / 'template.db'}"
    store = open_store(url, demo=world is not None)
    _configure(store, world, own_links=own_links)
    store.close()
    return url


def _configure(store: Store, world: tuple[str, ...] | None, *, own_links: bool) -> None:
    if world is None:
        return
    with store.write() as tx:
        for account in world:
            accounts.save_section(
                tx,
                account,
                OPTIONS,
                "",
                {"own_link": own_links},
                at=clock.now(),
                actor_kind="system",
                actor_id="test",
            )
        last = world[-1]  # in no audit: a test counts what it does itself
        known = matching_rules.lock_matching(tx, last).file_accounts
        matching_rules.save_matching(tx, last, file_accounts={**known, FILE_ACCOUNT: last})


def _not_on_disk(connection: sqlite3.Connection, _record: object) -> None:
    # No test cuts the power: what is committed need not have reached the disk.
    connection.execute("PRAGMA synchronous=OFF")


def settings_for(tmp_path: Path, **values: Any) -> Settings:
    """Settings that look at no environment but what the test gives."""
    return Settings(**{"data_dir": tmp_path, **values})


def open_test_desk(tmp_path: Path, *, own_links: bool = False, **values: Any) -> Desk:
    """A desk on a SQLite file in ``tmp_path``, or on PostgreSQL where the tests were given one.

    In the sandbox's world it mails HiPay's own addresses, unless ``own_links``, and knows whose FILE_ACCOUNT is.

    The same path and world again find the same database, which is gone after the test.
    """
    settings = settings_for(tmp_path, **values)
    world = tuple(settings.all_accounts) if settings.demo else None
    template = partial(_template, world, own_links=own_links)
    file, fresh = None, False
    if postgres.SERVER and settings.database_url is None:
        before = postgres.made()
        url = postgres.copied(settings.database, template(sqlite=False))
        settings, fresh = settings_for(tmp_path, **values, database_url=url), postgres.made() != before
    elif (file := sqlite_file(make_url(settings.database))) and (fresh := not file.exists()):
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(make_url(template(sqlite=True)).database or "", file)
    if fresh:
        store = Store(make_engine(settings.database))
        store.serve()
    else:
        store = open_store(settings.database, demo=settings.demo)
        _configure(store, world, own_links=own_links)
    store.engine.update_execution_options(compiled_cache=_COMPILED)
    if file:
        event.listen(store.engine, "connect", _not_on_disk)
        store.engine.dispose()  # the connections that were opened before
    return Desk(settings, store)


def copy_of(closed: Desk, folder: Path) -> Desk:
    """A desk on a copy of the database of one that is closed."""
    if closed.store.sqlite:
        url = f"sqlite:///{folder / 'copy.db'}"
        shutil.copyfile(sqlite_file(closed.store.engine.url) or "", folder / "copy.db")
    else:
        url = postgres.copied(str(folder), closed.settings.database)
    return open_test_desk(folder, database_url=url)


@contextmanager
def nobody_else_writes(desk: Desk) -> Iterator[None]:
    """While the block runs, every other transaction that writes waits."""
    with desk.store.write() as tx:  # on SQLite that alone is enough
        if not desk.store.sqlite:
            names = ", ".join(f'"{name}"' for name in metadata.tables)
            tx.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
        yield


def all_that_is_stored(desk: Desk, tmp_path: Path) -> bytes:
    """Every byte of a SQLite database, every value of a PostgreSQL one."""
    if desk.store.sqlite:
        return b"".join(path.read_bytes() for path in tmp_path.glob("*.db*"))
    with desk.store.read() as tx:
        values = [
            value for table in metadata.tables.values() for row in tx.execute(select(table)) for value in row
        ]
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)


def person(
    desk: Desk,
    *roles: str,
    name: str = "Camille Martin",
    email: str = "camille@example.com",
    account: str = ALL_ACCOUNTS,
) -> Actor:
    """A user in the database with these roles, for all accounts or for one."""
    user_id, now = uuid.uuid4().hex, clock.now()
    with desk.store.write() as tx:
        access.add_user(
            tx,
            id=user_id,
            issuer="test",
            subject=user_id,
            email=email,
            name=name,
            created_at=now,
            signed_in_at=now,
            seen_at=now,
            disabled=False,
        )
        access.set_grants(
            tx, user_id, "table", [Grant(role, account) for role in roles], at=now, granted_by="test"
        )
    return Actor(kind="user", id=user_id, name=name, email=email)
