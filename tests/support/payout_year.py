"""A year of payout files as the sandbox would issue them: a payout a week and currency, and some that do not add up."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sandbox.corrections import issue_again
from sandbox.files import Dialect, render
from sandbox.settlements import COLUMNS, Movement, Row, Settlement, settle

WEEKS = 52
FIRST = datetime(2026, 1, 5, 6, tzinfo=UTC)
# Lines that the sandbox itself never writes: operation → its amount.
_RARE = {
    "Adjustment in favor of merchant": "12.34", "Transferred to merchant": "100.00", "Transferred from merchant": "-60.00",
    "Setup fee": "-120.00", "IFF (Fraud Financial Impact)": "-3.21", "Offsetting entry": "7.00", "Already settled": "-15.00",
    "Invoice payment": "-8.40", "Fixed reserve capture": "-50.00", "Fixed reserve release": "50.00", "Loyalty bonus": "4.00",
}  # fmt: skip


def year(seed: int = 1) -> list[list[Settlement]]:
    """The settlements of each week."""
    chance = random.Random(seed)
    history: list[Settlement] = []
    weeks = []
    for number in range(WEEKS):
        at = FIRST + timedelta(weeks=number)
        made = settle(
            _movements(chance, at, number),
            first_id=max((one.id for one in history), default=500) + 1,
            at=at,
            account="1",
            account_name="Maison Été",
            scenario=chance.choice(("plain",) * 5 + ("split", "negative", "converted")),
            reserve_release=number % 9 == 8,
            history=history,
        )
        history += made
        weeks.append([_altered(chance, one) for one in made])
    return weeks


def files(weeks: Sequence[Sequence[Settlement]]) -> list[str]:
    """A file of each four weeks: their payouts one after the other under one header, as the sandbox renders them."""
    found = []
    for start in range(0, len(weeks), 4):
        texts = [render(one, ".csv", Dialect()).decode() for week in weeks[start : start + 4] for one in week]
        found.append("".join([texts[0], *(text.partition("\r\n")[2] for text in texts[1:])]))
    return found


def again(files: Sequence[str]) -> str:
    """Lines of the first two of these files, from the middle of the one to the middle of the other."""
    first, second = (text.splitlines(keepends=True) for text in files[:2])
    return "".join([first[0], *first[len(first) // 2 :], *second[1 : len(second) // 2]])


def _movements(chance: random.Random, at: datetime, week: int) -> list[Movement]:
    found = []
    for number in range(chance.randint(4, 14)):
        transaction = f"8000{week:04}{number:04}"
        moment = at - timedelta(hours=chance.randint(1, 160))
        currency = chance.choice(("EUR",) * 6 + ("GBP", "JPY", "USD"))
        places = 0 if currency == "JPY" else 2
        amount = Decimal(chance.randint(100, 90_000)).scaleb(-places)
        kinds = [("capture", amount)]
        if chance.random() < 0.2:
            part = (amount / 2).quantize(Decimal(1).scaleb(-places))
            kinds.append((chance.choice(("refund", "chargeback")), part))
            if kinds[-1][0] == "chargeback" and chance.random() < 0.5:
                kinds.append(("chargeback_refund", part))
        for kind, units in kinds:
            found.append(
                Movement(
                    kind=kind,
                    transaction=transaction,
                    orderid=f"O-{week}-{number}",
                    amount=units,
                    currency=currency,
                    requested_at=moment,
                    at=moment,
                    product="visa",
                    customer_id=f"C{number}",
                    operation_id=f"op-{week}-{number}-{kind}",
                    reporting=(f"INV-{week}-{number}", "", "", "", ""),
                )
            )
    return found


def _altered(chance: random.Random, one: Settlement) -> Settlement:
    """Some with a rare line, which the payout line counts or not; some short of a sale; some without a payout line."""
    what = chance.random()
    if what < 0.3:
        return _with_rare_line(chance, one)
    if what < 0.36 and any(row["Operation"] == "Sale" for row in one.rows):
        return issue_again(one, "short")
    if what < 0.42:
        rows = tuple(row for row in one.rows if row["Operation"] not in ("Settlement", "Deferred settlement"))
        return replace(one, rows=rows)
    if what < 0.46:
        return replace(one, rows=tuple(_moved(row, "Split settlement", Decimal("0.01")) for row in one.rows))
    return one


def _with_rare_line(chance: random.Random, one: Settlement) -> Settlement:
    operation, text = chance.choice(sorted(_RARE.items()))
    amount = Decimal(text)
    rare: Row = {
        **dict.fromkeys(COLUMNS),
        **{
            name: one.rows[-1][name]
            for name in ("Account", "Account name", "Date", "Settlement ID", "Settlement currency")
        },
        "Operation": operation,
        "Settled": "0" if chance.random() < 0.2 else "1",
        "Original amount": amount,
        "Original currency": one.currency,
        "Settled amount": amount,
    }
    if chance.random() < 0.7:  # the payout contains it
        rows = [_moved(row, "Settlement", amount) for row in one.rows]
    else:
        rows = list(one.rows)
    return replace(one, rows=(rare, *rows))


def _moved(row: Row, operation: str, more: Decimal) -> Row:
    if row["Operation"] != operation:
        return row
    amount = Decimal(str(row["Settled amount"])) + more
    return {**row, "Settled amount": amount, "Original amount": amount}
