"""When each lane of the workers' work last ran, whichever worker wrote it."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from services.store import meta

_PREFIX = "life:"


def store_signs(tx: Connection, signs: Mapping[str, datetime]) -> None:
    meta.put_texts(tx, {f"{_PREFIX}{lane}": at.isoformat() for lane, at in signs.items()})


def signs(tx: Connection, lanes: Iterable[str]) -> dict[str, datetime]:
    """The last sign of each of these lanes that ever gave one; times in UTC by the machine's clock."""
    found = meta.texts(tx, [f"{_PREFIX}{lane}" for lane in lanes])
    return {name.removeprefix(_PREFIX): datetime.fromisoformat(at) for name, at in found.items()}
