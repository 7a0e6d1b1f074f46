"""Bank statements as a reader gives them, and stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import uuid4

from services import clock
from services.access import Actor
from services.bank import keep
from services.bank.keep import Kept
from services.desk import Desk
from services.store.bank import files

IBAN = "FR7699999012340004567890197"


@dataclass(frozen=True, kw_only=True)
class Entry:
    amount: Decimal
    booking_date: date | None
    currency: str = "EUR"
    status: str = "BOOK"
    reversal: bool = False
    returned: bool = False
    value_date: date | None = None
    reference: str = ""
    texts: tuple[str, ...] = ()

    @property
    def searched(self) -> str:
        return "".join("".join((self.reference, *self.texts)).split()).upper()


@dataclass(frozen=True, kw_only=True)
class Finding:
    code: str
    fields: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Statement:
    entries: Sequence[Entry]
    from_date: date | None
    to_date: date | None
    opening: Decimal | None = None
    closing: Decimal | None = None
    format: str = "camt.053"
    account: str = IBAN
    iban: str = IBAN
    currency: str = "EUR"
    id: str = ""
    sequence: str = ""
    copy: str = ""
    findings: Sequence[Finding] = field(default=())

    @property
    def rolls(self) -> bool:
        booked = sum((one.amount for one in self.entries if one.status == "BOOK"), Decimal())
        if self.opening is None or self.closing is None or self.findings:
            return False
        return self.opening + booked == self.closing


def entry(
    amount: str, day: date, *texts: str, reference: str = "", returned: bool = False, status: str = "BOOK"
) -> Entry:
    return Entry(
        amount=Decimal(amount),
        booking_date=day,
        texts=texts,
        reference=reference,
        returned=returned,
        status=status,
    )


def statement(
    first: date, last: date, opening: str | None, *entries: Entry, closing: str = "", format: str = "camt.053"
) -> Statement:
    """One that rolls, unless another ``closing`` is given; without balances where ``opening`` is None."""
    rolled = None if opening is None else Decimal(opening) + sum((one.amount for one in entries), Decimal())
    return Statement(
        entries=entries,
        from_date=first,
        to_date=last,
        opening=None if opening is None else Decimal(opening),
        closing=Decimal(closing) if closing else rolled,
        format=format,
    )


def store(desk: Desk, actor: Actor, *statements: Statement, account: str = "demo") -> Kept:
    with desk.store.write() as tx:
        number, _ = files.add(
            tx, account=account, name="bank.xml", sha256=uuid4().hex, size=1, source="upload",
            format="camt.053", at=clock.now(), actor_kind=actor.kind, actor_id=actor.id,
        )  # fmt: skip
        file = files.get(tx, number)
        assert file is not None
        return keep.keep(tx, actor, file=file, read=statements)
