"""What every service needs, put together once per process: the settings, the store, the gateway clients."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from pydantic import SecretStr

from services import clock, private_files
from services.disk_space import Room, Shortage
from services.heartbeats import Heartbeats, WorkerWatch
from services.hipay.client import HiPay
from services.hipay.sandbox import clock_source
from services.settings import Settings, load
from services.settings.account import SHORTEST_SECRET, Account
from services.settings.sources import SettingsError, secrets_file

# The first for the screens, which do not know the store.
from services.store import STORE_AWAY as STORE_AWAY
from services.store import Store, accounts, open_store


@dataclass(frozen=True)
class Desk:
    settings: Settings
    store: Store
    wake: threading.Event = field(
        default_factory=threading.Event
    )  # set when a step is written: the worker begins at once

    @cached_property
    def heartbeats(self) -> Heartbeats:
        """The signs of life of the lanes that run in this process."""
        return Heartbeats(self.store)

    @cached_property
    def worker_watch(self) -> WorkerWatch:
        """Whether the lanes of any process run, by this process's last poll."""
        return WorkerWatch(self.store)

    @property
    def room(self) -> Room:
        """The room that must stay free on the disks."""
        return Room.of(self.store, self.settings.keep_free_mb << 20)

    @cached_property
    def shortage(self) -> Shortage:
        """Since when there is too little room, as this process has measured it."""
        return Shortage(self.store, self.room.keep_free)

    def account(self, key: str) -> Account:
        """The account's settings; of one that they no longer name, what shows the orders that it left behind: its key as
        its name, times in UTC, and neither credentials nor secrets."""
        return self.settings.all_accounts.get(key) or Account.model_construct(
            key=key,
            name=key,
            environment="production",
            login="",
            password=SecretStr(""),
            passphrase=SecretStr(""),
            timezone="UTC",
        )

    @contextmanager
    def hipay(self, key: str) -> Iterator[HiPay]:
        """HiPay's API with the account's credentials; nothing is sent before a method is called. Raises KeyError for an
        account that is not configured."""
        self.store.end_snapshot()
        sandbox_url = self.settings.sandbox_url if self.settings.demo else None
        with HiPay(self.settings.all_accounts[key], sandbox_url=sandbox_url) as client:
            yield client

    def close(self) -> None:
        self.store.close()


def open_desk(settings: Settings) -> Desk:
    """Open the store and follow the sandbox's clock in its world. A process that goes on to work calls
    ``services.opening.desk_or_exit``, which also asks the restore guard. Raises DatabaseRefused, SettingsError."""
    if settings.demo:
        clock.use(clock_source(settings.sandbox_url))
    store = open_store(settings.database, demo=settings.demo)
    try:
        _refuse_short_passphrases(store, settings)
    except SettingsError:
        store.close()
        raise
    private_files.repair(settings.data_dir, store.file, secrets_file())
    return Desk(settings, store)


def _refuse_short_passphrases(store: Store, settings: Settings) -> None:
    """A new account begins with a passphrase that nobody can find by trying. One that the database knows goes on: its
    customers have links, and the check list warns of it. Raises SettingsError."""
    short = [account for account in settings.all_accounts.values() if account.short_passphrases]
    if not short:
        return
    with store.read() as tx:
        new = [account for account in short if not accounts.known(tx, account.key)]
    if new:
        raise SettingsError(
            tuple(
                f"accounts → {account.key} → {name}: has fewer than {SHORTEST_SECRET} characters, so a customer could find it "
                "by trying and forge the news of a payment: choose a longer one in HiPay's console (Integration → Security "
                "Settings → Secret passphrase), and write it here"
                for account in new
                for name in account.short_passphrases
            )
        )


@lru_cache(maxsize=1)
def current() -> Desk:
    """This process's desk, opened at the first call. Raises SettingsError, DatabaseRefused."""
    return open_desk(load())
