"""The sandbox's memory: plain objects, written through to SQLite before a request is answered.

Everything runs on one event loop, so there are no locks: a change is made and committed between two awaits.
SQLite in WAL mode without a file sync survives the process being killed (not the machine losing power).
"""

import base64
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.clock import Clock
from sandbox.model import Delivery, Message, Operation, Order, Page, Transaction
from sandbox.settings import Settings
from sandbox.settlements import Settlement

Entity = Page | Order | Transaction | Operation | Delivery | Message | Settlement
_CLASSES: dict[str, Any] = {
    cls.__name__: cls for cls in (Page, Order, Transaction, Operation, Delivery, Message, Settlement)
}


class Store:
    """`orders`, `pages`… by id, in the order they were made; `save` makes a change last."""

    def __init__(self, path: Path | None = None) -> None:
        """Read `path`, or start with nothing in memory alone. Raises sqlite3.Error when it is no SQLite file."""
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS entity (kind TEXT, id TEXT, body TEXT, PRIMARY KEY (kind, id))"
        )
        self._depth = 0
        self._last: dict[type[Entity], int] = {}
        self._forget()
        for kind, body in self._db.execute("SELECT kind, body FROM entity ORDER BY rowid"):
            if kind == "setting":
                self._restore_setting(_load(body))
            else:
                loaded = _load(body)
                if kind == "Settlement":
                    loaded["rows"] = tuple(loaded["rows"])
                self._keep(_CLASSES[kind](**loaded))

    def _forget(self) -> None:
        self.orders: dict[str, Order] = {}
        self.pages: dict[str, Page] = {}
        self.transactions: dict[str, Transaction] = {}
        self.operations: dict[int, Operation] = {}
        self.deliveries: dict[int, Delivery] = {}
        self.messages: dict[int, Message] = {}
        self.settlements: dict[int, Settlement] = {}
        self.settings = Settings()
        self.clock = Clock()
        self.undelivered: dict[int, Delivery] = {}

    def next_id(self, kind: type[Entity], first: int = 1) -> int:
        """The number of the next entity of that kind to be saved; `first` when there never was one.

        Numbers are not used again after a reset: who keeps a payment's reference must not meet another's.
        """
        return max(first, self._last.get(kind, 0) + 1)

    def _restore_setting(self, value: dict[str, Any]) -> None:
        if "offset_seconds" in value:
            self.clock = Clock(value["offset_seconds"])
        else:
            self.settings = Settings(**value)

    def _shelf(self, entity: Entity) -> dict[Any, Any]:
        shelves: dict[type[Entity], dict[Any, Any]] = {
            Page: self.pages,
            Order: self.orders,
            Transaction: self.transactions,
            Operation: self.operations,
            Delivery: self.deliveries,
            Message: self.messages,
            Settlement: self.settlements,
        }
        return shelves[type(entity)]

    def _keep(self, entity: Entity) -> None:
        self._shelf(entity)[entity.id] = entity
        if not isinstance(entity, Page):
            number = int(entity.number if isinstance(entity, Order) else entity.id)
            self._last[type(entity)] = max(number, self._last.get(type(entity), 0))
        if isinstance(entity, Delivery):
            if entity.due is None:
                self.undelivered.pop(entity.id, None)
            else:
                self.undelivered[entity.id] = entity

    @contextmanager
    def change(self) -> Iterator[None]:
        """All that is saved inside becomes durable together; nests."""
        if self._depth == 0:
            self._db.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def save(self, *entities: Entity) -> None:
        with self.change():
            for entity in entities:
                self._keep(entity)
                self._write(type(entity).__name__, str(entity.id), vars(entity))

    def use(self, settings: Settings) -> None:
        self.settings = settings
        self._write("setting", "settings", asdict(settings))

    def keep_clock(self) -> None:
        self._write("setting", "clock", {"offset_seconds": self.clock.offset_seconds})

    def delete_messages(self) -> None:
        self.messages.clear()
        self._db.execute("DELETE FROM entity WHERE kind = 'Message'")

    def reset(self) -> None:
        """Forget everything, settings and clock included."""
        self._db.execute("DELETE FROM entity")
        self._forget()

    def close(self) -> None:
        self._db.close()

    def _write(self, kind: str, key: str, value: dict[str, Any]) -> None:
        self._db.execute(
            "INSERT INTO entity VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            (kind, key, json.dumps(value, default=_tag, ensure_ascii=False)),
        )


def _tag(value: Any) -> dict[str, str]:
    if isinstance(value, datetime):
        return {"$time": value.isoformat()}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    raise TypeError(f"cannot keep a {type(value).__name__}")


_TAGS: dict[str, Any] = {
    "$time": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$decimal": Decimal,
    "$bytes": base64.b64decode,
}


def _untag(value: dict[str, Any]) -> Any:
    if len(value) == 1:
        (tag, text), *_ = value.items()
        if tag in _TAGS and isinstance(text, str):
            return _TAGS[tag](text)
    return value


def _load(body: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(body, object_hook=_untag)
    return loaded
