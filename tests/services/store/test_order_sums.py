"""Sums over payment requests: what is kept is what a count of the requests comes to, whatever happens, and in whatever order."""

import random
from collections import Counter
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, insert, select, update

from services.desk import Desk
from services.orders import summing
from services.store import Connection, open_store, schema
from services.store.orders import order_sums, orders, sum_steps
from services.store.orders.order_sums import Key, Span, Sum
from services.store.orders.records import Order, each_of
from tests.support import postgres
from tests.support.desk import settings_for
from tests.support.first_version import as_left_at
from tests.support.orders import store_paid_order

START = datetime(2026, 3, 27, tzinfo=UTC)
ALL = Span(START - timedelta(days=400), START + timedelta(days=400))
_PAYMENTS = ("unpaid", "refused", "cancelled", "pending", "authorised", "captured", "charged_back")


def a_time(dice: random.Random) -> datetime:
    """Often in one hour or at its bounds: that is where sums are cut."""
    return START + timedelta(
        hours=dice.choice((0, 0, 1, 5, 30)),
        minutes=dice.choice((0, 0, 30, 59)),
        microseconds=dice.choice((0, 1)),
    )


def change_something(tx: Connection, dice: random.Random, number: int) -> None:
    known = list(tx.scalars(select(schema.orders.orders.c.id)))
    one = dice.choice(known) if known else 0
    match dice.randrange(5) if known else 0:
        case 0:
            store_order(tx, dice, number)
        case 1:
            orders.change_order(tx, one, amount=dice.randrange(1, 99_0000), expires_at=a_time(dice))
        case 2:
            changed = {"availability": dice.choice(("requested", "open", "failed", "cancelled", "taken"))}
            orders.write_state(tx, one, {**changed, "delivery": dice.choice(("queued", "sent", "failed"))})
        case _:
            payment = dice.choice(_PAYMENTS)
            captured = dice.randrange(1, 99_0000) if payment == "captured" else 0
            paid_at = a_time(dice) if captured or payment == "authorised" else None
            refusal = dice.choice((0, 4010103)) if payment == "refused" else 0
            state = {"payment": payment, "captured": captured, "paid_at": paid_at, "refusal": refusal}
            orders.write_state(tx, one, state)


def store_order(tx: Connection, dice: random.Random, number: int) -> int:
    return orders.add_order(
        tx, account=dice.choice(("demo", "outlet")), order_id=f"A-{number}",
        channel=dice.choice(("link", "link", "phone", "imported")), form_key=f"f{number}", mark=f"m{number}", first_name="",
        last_name="", email="", phone="", language="en", amount=dice.randrange(1, 99_0000),
        currency=dice.choice(("EUR", "JPY")), description="", capture="now", expires_at=a_time(dice), created_at=a_time(dice),
        actor_kind="user", actor_id="u", sender_name="", delivery="queued", availability="requested", payment="unpaid",
    )  # fmt: skip


def counted_anew(tx: Connection, span: Span, accounts: Collection[str] | None) -> dict[Key, Sum]:
    """What the sums must come to, written without a look at them."""
    units, count = Counter[Key](), Counter[Key]()
    for one in each_of(Order, tx.execute(select(schema.orders.orders))):
        if one.channel == "imported" or (accounts is not None and one.account not in accounts):
            continue
        payable = one.payment in ("unpaid", "refused", "cancelled") and one.delivery != "failed"
        payable = payable and one.availability in ("none", "requested", "open")
        for key, at, amount, counts in (
            (Key("asked", one.currency), one.created_at, one.amount, True),
            (Key("paid", one.currency), one.paid_at, one.captured, one.captured > 0),
            (Key("refused", one.currency, one.refusal), one.created_at, one.amount, one.payment == "refused"),
            (Key("awaiting", one.currency), one.expires_at, one.amount, payable),
        ):
            if counts and at is not None and span.since <= at < span.until:
                units[key] += amount
                count[key] += 1
    return {key: Sum(units[key], count[key]) for key in count}


def assert_kept(desk: Desk, dice: random.Random) -> None:
    spans = [ALL]
    for _ in range(4):
        since, until = sorted((a_time(dice), a_time(dice)))
        spans.append(Span(since, until))
    with desk.store.read() as tx:
        for accounts in (None, ("demo",), ()):
            found = order_sums.sums(tx, spans, accounts)
            assert found == [counted_anew(tx, span, accounts) for span in spans]


@pytest.mark.parametrize("seed", range(6))
def test_what_is_kept_is_what_is_counted_anew(desk: Desk, seed: int) -> None:
    dice = random.Random(seed)
    for number in range(40):
        with desk.store.write() as tx:
            for part in range(dice.randrange(1, 4)):
                change_something(tx, dice, number * 10 + part)
        if dice.random() < 0.3:
            with desk.store.write() as tx:
                sum_steps.add_up(tx, dice.choice((1, 3, 100)))
        if number % 8 == 7:
            assert_kept(desk, dice)
    summing.work(desk, at_once=7)
    assert_kept(desk, dice)
    with desk.store.read() as tx:
        assert not tx.scalar(select(func.count()).select_from(schema.order_sums.order_sum_changes))


def test_what_is_rolled_back_is_not_counted(desk: Desk) -> None:
    dice = random.Random(1)

    def broken_off() -> None:
        with desk.store.write() as tx:
            store_order(tx, dice, 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken_off()
    with desk.store.read() as tx:
        assert order_sums.sums(tx, [ALL], None) == [{}]


@pytest.mark.parametrize("seed", range(4))
def test_requests_of_before_are_counted_in_steps_while_they_change(desk: Desk, seed: int) -> None:
    dice = random.Random(seed)
    with desk.store.write() as tx:
        for number in range(25):
            change_something(tx, dice, number)
        as_after_the_migration(tx)
    number, more = 1000, True
    while more:
        with desk.store.write() as tx:
            for _ in range(3):
                number += 1
                change_something(tx, dice, number)
        with desk.store.write() as tx:
            assert order_sums.counting(tx)
            more = sum_steps.count_next(tx, 4)
        if dice.random() < 0.5:
            with desk.store.write() as tx:
                sum_steps.add_up(tx, 5)
    with desk.store.read() as tx:
        assert not order_sums.counting(tx)
    assert_kept(desk, dice)


def as_after_the_migration(tx: Connection) -> None:
    for kept in (schema.order_sums.order_sums, schema.order_sums.order_sum_changes):
        tx.execute(delete(kept))
    last = tx.scalar(select(func.max(schema.orders.orders.c.id)))
    tx.execute(insert(schema.order_sums.order_sum_fill).values(until=last, after=0))


def test_nothing_is_lost_or_counted_twice_among_many_at_once(desk: Desk) -> None:
    """Writers, the count of what was there before, and two that add up, all at the same moment."""
    dice = random.Random(3)
    with desk.store.write() as tx:
        ids = [store_order(tx, dice, number) for number in range(60)]
        as_after_the_migration(tx)

    def write(seed: int) -> None:
        own = random.Random(seed)
        for number in range(25):
            with desk.store.write() as tx:
                some = sorted(own.sample(ids, 3))
                orders.orders_of(tx, some)
                for one in some:
                    paid = own.random() < 0.5
                    orders.write_state(
                        tx, one, {"captured": own.randrange(1, 500) if paid else 0, "paid_at": a_time(own)}
                    )
                store_order(tx, own, seed * 1000 + number)

    def add_up() -> None:
        for _ in range(25):
            with desk.store.write() as tx:
                sum_steps.count_next(tx, 5)
            with desk.store.write() as tx:
                sum_steps.add_up(tx, 20)

    with ThreadPoolExecutor(5) as pool:
        several = [
            *(pool.submit(write, seed) for seed in (1, 2, 3)),
            *(pool.submit(add_up) for _ in range(2)),
        ]
        for one in several:
            one.result()
    summing.work(desk)
    assert_kept(desk, dice)


def test_a_database_of_before_is_counted_and_learns_why_payments_were_refused(
    desk: Desk, tmp_path: Path
) -> None:
    made = [store_paid_order(desk, f"A-{number}") for number in range(5)]
    with desk.store.write() as tx:
        refused = update(schema.orders.orders).where(schema.orders.orders.c.id == made[0])
        tx.execute(
            refused.values(
                payment="refused", captured=0, paid_at=None, folds=schema.orders.orders.c.folds + 1
            )
        )
        for number, code in enumerate((4010101, 4010103, None)):
            orders.add_event(
                tx, identity=str(number), order=made[0], at=START, kind="payment", actor_kind="hipay", actor_id="hipay",
                data={"reference": "800", "status": 113, "reason_code": code},
            )  # fmt: skip
    url = postgres.empty("before_sums") if postgres.SERVER else f"sqlite:///{tmp_path / 'before.db'}"
    as_left_at(desk, url, "0024").dispose()
    settings = settings_for(tmp_path, database_url=url)
    after = Desk(settings, open_store(url, demo=True))
    with after.store.read() as tx:
        assert order_sums.counting(tx)
    summing.work(after, at_once=2)
    with after.store.read() as tx:
        assert not order_sums.counting(tx)
        span = Span(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
        [found] = order_sums.sums(tx, [span], None)
        assert found == counted_anew(tx, span, None)
        assert found[Key("refused", "EUR", 4010103)] == Sum(10_0000, 1)
        assert found[Key("paid", "EUR")] == Sum(40_0000, 4)
    after.close()
