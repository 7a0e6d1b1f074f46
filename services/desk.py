"""What every service needs, put together once per process: the settings, the store, the gateway clients."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

from pydantic import SecretStr

from services import clock, restored
from services.hipay.client import HiPay
from services.hipay.sandbox import clock_source
from services.settings import Account, Settings, load
from services.store import Store, open_store


@dataclass(frozen=True)
class Desk:
    settings: Settings
    store: Store
    wake: threading.Event = field(
        default_factory=threading.Event
    )  # set when a step is written: the worker looks at once

    def account(self, key: str) -> Account:
        """The account's settings; of one that they no longer name, what shows the orders that it left behind: its key as
        its name, times in UTC, and neither credentials nor secrets."""
        return self.settings.all_accounts.get(key) or Account.model_construct(
            key=key, name=key, environment="production", login="", password=SecretStr(""), passphrase=SecretStr(""), timezone="UTC",
        )  # fmt: skip

    @contextmanager
    def hipay(self, key: str) -> Iterator[HiPay]:
        """HiPay's API with the account's credentials; nothing is sent before a method is called. Raises KeyError for an
        account that is not configured."""
        sandbox_url = self.settings.sandbox_url if self.settings.demo else None
        with HiPay(self.settings.all_accounts[key], sandbox_url=sandbox_url) as client:
            yield client

    def close(self) -> None:
        self.store.close()


def open_desk(settings: Settings) -> Desk:
    """Open the store and follow the sandbox's clock in its world. Raises DatabaseRefused."""
    if settings.demo:
        clock.use(clock_source(settings.sandbox_url))
    store = open_store(settings.database, demo=settings.demo)
    if restored.examine(store, settings) == "unmarked" and store.sqlite:
        restored.hold_unmarked(store)
    return Desk(settings, store)


@lru_cache(maxsize=1)
def current() -> Desk:
    """This process's desk, opened at the first call. Raises SettingsError, DatabaseRefused."""
    return open_desk(load())
