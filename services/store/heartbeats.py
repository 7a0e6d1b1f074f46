"""When each lane of the workers' work last turned: one row of ``meta`` a lane, whichever worker wrote it."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from services.store.locks import put
from services.store.schema.orders import meta

_PREFIX = "life:"


def keep_signs(tx: Connection, signs: Mapping[str, datetime]) -> None:
    for lane in sorted(signs):  # in one order: two workers that write the same rows would wait for each other
        put(tx, meta, {"name": f"{_PREFIX}{lane}"}, value=signs[lane].isoformat())


def signs(tx: Connection, lanes: Iterable[str]) -> dict[str, datetime]:
    """The last sign of each of these lanes that ever gave one; times in UTC by the machine's clock."""
    wanted = [f"{_PREFIX}{lane}" for lane in lanes]
    found = tx.execute(select(meta.c.name, meta.c.value).where(meta.c.name.in_(wanted)))
    return {row.name.removeprefix(_PREFIX): datetime.fromisoformat(row.value) for row in found}
