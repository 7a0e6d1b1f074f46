"""Bank statements as a reader gives them, and stored."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from uuid import uuid4

from services import clock
from services.access import Actor
from services.bank import keep
from services.bank.keep import Kept
from services.bank.reading.statements import (
    BOOKED,
    End,
    Entry,
    EntryStatus,
    Head,
    Statement,
    StatementFormat,
    searched,
)
from services.desk import Desk
from services.store.bank import files

IBAN = "FR7699999012340004567890197"


def entry(
    amount: str,
    day: date,
    *texts: str,
    reference: str = "",
    returned: bool = False,
    status: EntryStatus = BOOKED,
) -> Entry:
    return Entry(
        amount=Decimal(amount),
        currency="EUR",
        status=status,
        returned=returned,
        booking_date=day,
        value_date=day,
        reference=reference,
        texts=texts,
        searched=searched(reference, *texts),
    )


def statement(
    first: date,
    last: date,
    opening: str | None,
    *entries: Entry,
    closing: str = "",
    format: StatementFormat = "camt.053",
    account: str = IBAN,
    iban: str = IBAN,
) -> Statement:
    """One that rolls, unless another ``closing`` is given; without balances where ``opening`` is None."""
    rolled = None if opening is None else Decimal(opening) + sum((one.amount for one in entries), Decimal())
    return Statement(
        head=Head(format=format, account=account, iban=iban, currency="EUR"),
        end=End(
            from_date=first,
            to_date=last,
            opening=None if opening is None else Decimal(opening),
            closing=Decimal(closing) if closing else rolled,
        ),
        entries=entries,
    )


def store(desk: Desk, actor: Actor, *statements: Statement) -> Kept:
    return store_all(desk, actor, statements)


def store_all(desk: Desk, actor: Actor, statements: Iterable[Statement]) -> Kept:
    """As of one file that was added for the account ``demo``."""
    with desk.store.write() as tx:
        number, _ = files.add(
            tx, account="demo", name="bank.xml", sha256=uuid4().hex, size=1, source="upload",
            format="camt.053", at=clock.now(), actor_kind=actor.kind, actor_id=actor.id,
        )  # fmt: skip
        file = files.get(tx, number)
        assert file is not None
        return keep.keep(tx, actor, file=file, read=statements)
