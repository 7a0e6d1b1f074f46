"""What every part of a running sandbox shares."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.faults import Faults
from sandbox.model import Order, Page, Transaction
from sandbox.settings import Settings
from sandbox.store import Store


@dataclass
class Sandbox:
    store: Store
    url: str = ""  # 'http://127.0.0.1:8502', what forwardUrl begins with
    faults: Faults = field(default_factory=Faults)
    wake: asyncio.Event = field(default_factory=asyncio.Event)  # a notification waits to be sent

    @property
    def settings(self) -> Settings:
        return self.store.settings

    def now(self) -> datetime:
        return self.store.clock.now()

    def transactions(self, order: Order) -> list[Transaction]:
        """The order's attempts, oldest first."""
        return [self.store.transactions[each] for each in order.transactions]

    def last_page(self, order: Order) -> Page:
        return self.store.pages[order.pages[-1]]
