"""Notifications of a burst share transactions; what is wrong with one is its own affair."""

import asyncio
from typing import Any

from services.desk import Desk
from services.public.write_batcher import WriteBatcher
from services.store import Connection, StoreError, meta


def together(desk: Desk, *works: Any) -> list[Any]:
    async def all_at_once() -> list[Any]:
        kept = WriteBatcher(desk)
        return await asyncio.gather(*(kept(work) for work in works), return_exceptions=True)

    return asyncio.run(all_at_once())


def test_a_burst_costs_few_transactions_and_each_is_answered(desk: Desk) -> None:
    transactions = set()

    def work(number: int) -> Any:
        def write(tx: Connection) -> int:
            transactions.add(id(tx))
            meta.put_text(tx, f"n{number}", str(number))
            return number

        return write

    assert together(desk, *(work(number) for number in range(60))) == list(range(60))
    assert len(transactions) <= 2  # the first may have begun before the others came
    with desk.store.read() as tx:
        assert [meta.text(tx, f"n{number}") for number in range(60)] == [str(number) for number in range(60)]


def test_one_that_fails_spoils_no_other(desk: Desk) -> None:
    def faulty(tx: Connection) -> None:
        meta.put_text(tx, "faulty", "half-written")
        raise ValueError("secret")

    first, wrong, last = together(
        desk, lambda tx: meta.put_text(tx, "a", "1"), faulty, lambda tx: meta.put_text(tx, "b", "2")
    )
    assert (first, last) == (None, None)
    assert isinstance(wrong, ValueError)
    with desk.store.read() as tx:
        assert [meta.text(tx, name) for name in ("a", "b", "faulty")] == ["1", "2", ""]


def test_a_store_that_is_away_is_said_to_all(desk: Desk) -> None:
    def away(_tx: Connection) -> None:
        raise StoreError("away")

    assert [type(one) for one in together(desk, away, away)] == [StoreError] * 2
