"""What the Overview costs over a million payment requests: processor time, with nothing remembered, against one bare query.

    python -m benchmarks.overview [REQUESTS]

Prints for each period what the figures take, what the rest of the screen reads takes, and what a new request costs with its sums and
without. A temporary SQLite file; the requests are of the last 400 days, in two currencies.
"""

import random
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import insert, select, text

from services import clock
from services.access import Actor, Grant
from services.alarms.handling import to_do
from services.desk import Desk
from services.orders import summing
from services.reconciliation.views.groups import groups
from services.reconciliation.views.overview import overview
from services.reconciliation.views.periods import PERIODS
from services.settings import Settings
from services.store import access, open_store, schema
from services.store.orders import orders

DAYS, AT_ONCE, TIMES = 400, 10_000, 5


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(sandbox=True, database_url=SecretStr(f"sqlite:///{Path(folder) / 'bench.db'}"))
        desk = Desk(settings, open_store(settings.database, demo=True))
        actor = Actor(kind="user", id="bench", name="Bench", email="")
        with desk.store.write() as tx:
            now = clock.now()
            access.add_user(
                tx, id="bench", issuer="bench", subject="bench", email="", name="Bench", created_at=now, signed_in_at=now,
                seen_at=now, disabled=False,
            )  # fmt: skip
            access.set_grants(
                tx, "bench", "table", [Grant("manager"), Grant("finance")], at=clock.now(), granted_by="bench"
            )
        begun = time.process_time()
        for some in _batches(count):
            with desk.store.write() as tx:
                tx.execute(insert(schema.orders.orders), some)
        print(f"{count:,} requests stored in {time.process_time() - begun:.0f} s of the processor")
        begun = time.process_time()
        while _unsummed(desk):
            summing.work(desk)
        print(f"their sums added up in {time.process_time() - begun:.0f} s")
        print(f"bare query {_least(lambda: _bare(desk)) * 1e3:8.2f} ms")
        for name in PERIODS:
            spent = _least(partial(_anew, desk, partial(overview, desk, actor, (), name)))
            print(f"{name:10} {spent * 1e3:8.1f} ms")
        print(f"to do      {_least(lambda: _anew(desk, lambda: to_do(desk, actor))) * 1e3:8.1f} ms")
        print(f"groups     {_least(lambda: _anew(desk, lambda: groups(desk, actor))) * 1e3:8.1f} ms")
        desk.close()


def _batches(count: int) -> Iterator[list[dict[str, Any]]]:
    dice, now = random.Random(1), clock.now()
    for start in range(0, count, AT_ONCE):
        yield [_request(dice, now, start + place) for place in range(min(AT_ONCE, count - start))]


def _request(dice: random.Random, now: datetime, number: int) -> dict[str, Any]:
    created = now - timedelta(minutes=dice.randrange(DAYS * 24 * 60))
    payment = dice.choice(("captured",) * 16 + ("unpaid", "unpaid", "refused", "refunded"))
    amount = dice.randrange(1, 3_000) * 10_000
    paid = payment in ("captured", "refunded")
    return {
        "account": "demo", "order_id": f"B-{number}", "channel": "link", "form_key": f"f{number}", "mark": f"m{number}",
        "first_name": "Zoé", "last_name": "Martin", "email": "zoe@example.com", "phone": "", "language": "fr", "amount": amount,
        "currency": "EUR" if number % 9 else "GBP", "description": "Lampe", "capture": "now",
        "expires_at": created + timedelta(days=7), "created_at": created, "actor_kind": "user", "actor_id": "bench",
        "sender_name": "Bench", "search": f"martin b-{number}", "delivery": "sent", "availability": "open", "payment": payment,
        "captured": amount if paid else 0, "paid_at": created if paid else None,
        "refusal": dice.choice((0, 4010101, 4010103)) if payment == "refused" else 0,
    }  # fmt: skip


def _unsummed(desk: Desk) -> bool:
    with desk.store.read() as tx:
        return tx.execute(select(schema.order_sums.order_sum_changes.c.id).limit(1)).first() is not None


def _bare(desk: Desk) -> object:
    with desk.store.read() as tx:
        return tx.execute(select(text("1"))).all()


def _anew(desk: Desk, run: Callable[[], object]) -> object:
    """What is remembered is forgotten, as after any change of the database."""
    with desk.store.write() as tx:
        orders.change_order(tx, 1, failure=uuid.uuid4().hex)  # SQLite leaves out a write of the same
    return run()


def _least(run: Callable[[], object]) -> float:
    found = []
    for _ in range(TIMES):
        begun = time.process_time()
        run()
        found.append(time.process_time() - begun)
    return min(found)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
