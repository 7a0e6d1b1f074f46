"""Settlement runs: what the account collected becomes payouts, line by line.

The 31 columns and the names of the operations are HiPay's published ones. The signs are not published, so this is
the sandbox's convention: what the merchant receives is positive, what the merchant gives is negative (`DEBITS`), and
the payout lines (`CONTROLS`) are control totals that repeat, with the settlement's own sign, the sum of all the other
lines. A balance below zero is not paid out: a Deferred settlement line brings it to nought, and the next settlement in
that currency begins to make up for it with an Asset settlement line.

Fees are stated without tax and in euro; other currencies take them at `RATES`. Every amount is rounded to its
currency's smallest unit, half up.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sandbox.money import exponent

FIXED_FEE = Decimal("0.25")  # for each sale
VARIABLE_FEE = Decimal("0.0140")  # of each sale
REFUND_FEE = Decimal("0.10")  # for a refund of a sale that was settled earlier; none before
CHARGEBACK_FEE = Decimal("15.00")
MONTHLY_FEE = Decimal("30.00")  # for an account, with the first settlement of a month that can bear it
VAT = Decimal("0.20")
RESERVE = Decimal("0.05")  # of a settlement's sales, held until released
SHORTFALL = Decimal("50.00")  # how far below zero the scenario "negative" goes
FIRST_PART = Decimal("0.60")  # of a payout made in two

HOME = "EUR"
AWAY = "GBP"
# For one euro. A currency that is not here counts one for one: a sandbox needs a fixed rate, not a true one.
RATES = {
    "EUR": Decimal(1),
    "GBP": Decimal("0.85"),
    "USD": Decimal("1.10"),
    "CHF": Decimal("0.95"),
    "PLN": Decimal("4.30"),
    "JPY": Decimal(160),
    "KWD": Decimal("0.34"),
}

SCENARIOS = ("plain", "split", "negative", "converted")
COLUMNS = tuple(
    (
        "Account, Account name, Date, Date value, Invoice reference, Settlement ID, Transaction ID, Order, "
        "Product name, Invoiced, Settled, Original amount, Original currency, Amount (Excl. Tax), Tax amount, "
        "Amount (Incl. Tax), Currency, Operation, Settled amount, Settlement currency, Original settlement ID, "
        "Customer ID, Merchant operation ID, Reporting data 1, Reporting data 2, Reporting data 3, "
        "Reporting data 4, Reporting data 5, Collect Mode, Transfer, Operation date"
    ).split(", ")
)
OPERATIONS = {
    "capture": "Sale",
    "refund": "Refund",
    "chargeback": "Chargeback",
    "chargeback_refund": "Chargeback refund",
}
CONTROLS = frozenset({"Settlement", "Split settlement", "Splitting settlement"})
FEES = frozenset({"Fixed fee", "Variable", "Monthly fee"})
DEBITS = FEES | {
    "Refund",
    "Chargeback",
    "Rolling reserve capture",
    "Asset settlement",
    "Adjustment in favor of TPP",
}
# Which field of the finance API's item a line counts in.
_FIELDS = {
    "Sale": "sales",
    "Refund": "refunds",
    **dict.fromkeys(FEES, "fees"),
    "Chargeback": "chargeback",
    "Chargeback refund": "chargeback",
    "Deferred settlement": "deferred",
    "Asset settlement": "deferred",
    "Rolling reserve capture": "rolling",
    "Rolling reserve release": "rolling",
    "Adjustment in favor of TPP": "other",
}

Row = dict[str, object]


@dataclass(frozen=True)
class Movement:
    """Money that moved on one transaction; `amount` is positive, `kind` says which way it went."""

    kind: str  # a key of OPERATIONS
    transaction: str
    orderid: str
    amount: Decimal
    currency: str
    requested_at: datetime
    at: datetime
    product: str
    customer_id: str
    operation_id: str
    reporting: tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Settlement:
    """One payout: its lines, each with all of COLUMNS (str, Decimal, date or None), and its finance API item.

    `parts`: in how many files the control page gives its lines; the finance API gives them in one.
    """

    id: int
    currency: str
    amount: Decimal
    date_value: date
    rows: tuple[Row, ...]
    summary: dict[str, object]
    parts: int = 1


def settle(
    movements: Sequence[Movement],
    *,
    first_id: int,
    at: datetime,
    account: str,
    account_name: str,
    scenario: str = "plain",
    reserve_release: bool = False,
    history: Sequence[Settlement] = (),
) -> list[Settlement]:
    """Settle `movements`: one settlement for each currency, euro first, numbered from `first_id`.

    `history` is every earlier settlement of the account; from it come the settlement in which a refunded sale was
    first paid, the balance carried over, the reserves to release and whether this month's fee was taken.
    `reserve_release` gives back every reserve still held, also where nothing else moved. Scenarios: "split" pays in
    two (a Splitting settlement line with the whole, two Split settlement lines with the parts); "negative" ends below
    zero by an adjustment; "converted" settles everything in euro, or in sterling when everything was in euro.

    Raises ValueError for an unknown scenario and KeyError for an unknown kind of movement.
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"unknown scenario {scenario!r}: one of {', '.join(SCENARIOS)}")
    by_currency: dict[str, list[Movement]] = {}
    target = HOME if any(m.currency != HOME for m in movements) else AWAY
    for movement in sorted(movements, key=lambda m: m.at):
        currency = target if scenario == "converted" else movement.currency
        by_currency.setdefault(currency, []).append(movement)
    held = (
        _unmatched(history, "Rolling reserve capture", "Rolling reserve release") if reserve_release else []
    )
    for _, row in held:
        by_currency.setdefault(str(row["Settlement currency"]), [])

    carried = _unmatched(history, "Deferred settlement", "Asset settlement")
    first_settled: dict[object, str] = {}
    for earlier in history:
        for row in earlier.rows:
            if row["Operation"] == "Sale":
                first_settled.setdefault(row["Transaction ID"], str(earlier.id))
    monthly_fee_due = not any(
        row["Operation"] == "Monthly fee" and str(row["Date"])[:7] == at.date().isoformat()[:7]
        for earlier in history
        for row in earlier.rows
    )

    settlements = []
    for number, currency in enumerate(sorted(by_currency, key=lambda code: (code != HOME, code))):
        rows = [row for m in by_currency[currency] for row in _movement_rows(m, currency, first_settled)]
        sales = total(row for row in rows if row["Operation"] == "Sale")
        if reserve := _rounded(sales * RESERVE, currency):
            rows.append(_row("Rolling reserve capture", -reserve, currency, at))
        for operation, origins in (("Rolling reserve release", held), ("Asset settlement", carried)):
            for origin, row in origins:
                if row["Settlement currency"] == currency:
                    about: Row = {"Original settlement ID": str(origin.id)}
                    rows.append(_row(operation, -settled(row), currency, at, about))
        monthly_fee = _fee("Monthly fee", _converted(MONTHLY_FEE, HOME, currency), currency, at)
        if monthly_fee_due and total([*rows, monthly_fee]) >= 0:
            rows.append(monthly_fee)
            monthly_fee_due = False
        balance = total(rows)
        if scenario == "negative" and balance >= 0:
            adjustment = -balance - _converted(SHORTFALL, HOME, currency)
            rows.append(_row("Adjustment in favor of TPP", adjustment, currency, at))
        rows.extend(closing_rows(total(rows), currency, at, scenario == "split"))
        settlements.append(issue(first_id + number, currency, at, (account, account_name), rows))
    return settlements


def _movement_rows(movement: Movement, currency: str, first_settled: dict[object, str]) -> Iterator[Row]:
    """The line of one movement, then the lines of its fees, which name the same transaction."""
    operation = OPERATIONS[movement.kind]
    sign = -1 if operation in DEBITS else 1
    settled = _converted(movement.amount, movement.currency, currency)
    origin = None if operation == "Sale" else first_settled.get(movement.transaction)
    about: Row = {
        "Transaction ID": movement.transaction,
        "Order": movement.orderid,
        "Product name": movement.product or None,
        "Customer ID": movement.customer_id or None,
        "Merchant operation ID": movement.operation_id or None,
        **{f"Reporting data {n}": text or None for n, text in enumerate(movement.reporting, start=1)},
        "Date value": movement.at.date() + timedelta(days=1),
        "Operation date": movement.requested_at.date(),
        "Original settlement ID": origin,
    }
    original: Row = {"Original amount": sign * movement.amount, "Original currency": movement.currency}
    yield _row(operation, sign * settled, currency, movement.at, about | original)
    if operation == "Sale":
        yield _fee("Fixed fee", _converted(FIXED_FEE, HOME, currency), currency, movement.at, about)
        yield _fee("Variable", _rounded(settled * VARIABLE_FEE, currency), currency, movement.at, about)
    elif operation == "Refund" and origin:
        yield _fee("Fixed fee", _converted(REFUND_FEE, HOME, currency), currency, movement.at, about)
    elif operation == "Chargeback":
        yield _fee("Fixed fee", _converted(CHARGEBACK_FEE, HOME, currency), currency, movement.at, about)


def closing_rows(balance: Decimal, currency: str, at: datetime, split: bool) -> Iterator[Row]:
    """The total lines of a balance, or the line that defers it."""
    if balance < 0:
        yield _row("Deferred settlement", -balance, currency, at)
    elif split and balance > 0:
        part = _rounded(balance * FIRST_PART, currency)
        yield _control("Splitting settlement", balance, currency, at)
        yield _control("Split settlement", part, currency, at)
        yield _control("Split settlement", balance - part, currency, at)
    else:
        yield _control("Settlement", balance, currency, at)


def issue(id: int, currency: str, at: datetime, owner: tuple[str, str], rows: list[Row]) -> Settlement:
    """The settlement of these lines, its total lines among them; `owner`: the account's number and name."""
    account, account_name = owner
    amount = total(rows)
    paid_on = at.date() + timedelta(days=1)
    paid = any(row["Operation"] in CONTROLS for row in rows)
    common: Row = {
        "Account": account,
        "Account name": account_name,
        "Settlement ID": str(id),
        "Settled": "1",
        "Settlement currency": currency,
        "Collect Mode": "TPP",
        "Transfer": paid_on if paid else None,
    }
    complete = []
    for row in rows:
        invoiced = row["Operation"] in FEES
        invoice: Row = {
            "Invoiced": "1" if invoiced else "0",
            "Invoice reference": f"INV{id}" if invoiced else None,
        }
        merged = row | common | invoice
        complete.append({column: merged.get(column) for column in COLUMNS})
    fields = dict.fromkeys(_FIELDS.values(), _rounded(Decimal(0), currency))
    for row in rows:
        if row["Operation"] not in CONTROLS:
            fields[_FIELDS[str(row["Operation"])]] += settled(row)
    summary: dict[str, object] = {
        "settlementid": id,
        "amount": amount,
        "currency": currency,
        "date_value": paid_on.isoformat(),
        "merchant_id": int(account) if account.isdecimal() else 100001,  # the API's is an integer
        "merchant_name": account_name,
        "recipient_name": account_name,
        "recipient_iban": "FR1420041010050500013M02606",  # the example of the IBAN registry
        "recipient_bic": "DEMOFRPPXXX",
        "recipient_bank_country": "FR",
        **fields,
    }
    return Settlement(id, currency, amount, paid_on, tuple(complete), summary)


def _row(operation: str, settled: Decimal, currency: str, at: datetime, about: Row | None = None) -> Row:
    return {
        "Date": at.date(),
        "Date value": at.date(),
        "Operation date": at.date(),
        "Original amount": settled,
        "Original currency": currency,
        "Amount (Excl. Tax)": settled,
        "Tax amount": _rounded(Decimal(0), currency),
        "Amount (Incl. Tax)": settled,
        "Currency": currency,
        "Operation": operation,
        "Settled amount": settled,
        "Settlement currency": currency,
        **(about or {}),
    }


def _fee(
    operation: str, excluding_tax: Decimal, currency: str, at: datetime, about: Row | None = None
) -> Row:
    tax = _rounded(excluding_tax * VAT, currency)
    row = _row(operation, -(excluding_tax + tax), currency, at, about)
    return row | {"Amount (Excl. Tax)": -excluding_tax, "Tax amount": -tax}


def _control(operation: str, amount: Decimal, currency: str, at: datetime) -> Row:
    row = _row(operation, amount, currency, at)
    return row | {
        "Amount (Excl. Tax)": None,
        "Tax amount": None,
        "Amount (Incl. Tax)": None,
        "Currency": None,
    }


def _unmatched(history: Sequence[Settlement], opened: str, closed: str) -> list[tuple[Settlement, Row]]:
    """The `opened` lines of earlier settlements that no `closed` line points back to."""
    lines = [(earlier, row) for earlier in history for row in earlier.rows]
    done = {row["Original settlement ID"] for _, row in lines if row["Operation"] == closed}
    return [
        (earlier, row) for earlier, row in lines if row["Operation"] == opened and str(earlier.id) not in done
    ]


def total(rows: Iterable[Row]) -> Decimal:
    """What these lines add up to, without the total lines among them."""
    return sum((settled(row) for row in rows if row["Operation"] not in CONTROLS), Decimal(0))


def settled(row: Row) -> Decimal:
    return Decimal(str(row["Settled amount"]))


def _converted(amount: Decimal, currency: str, into: str) -> Decimal:
    if currency != into:
        amount = amount * RATES.get(into, Decimal(1)) / RATES.get(currency, Decimal(1))
    return _rounded(amount, into)


def _rounded(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-exponent(currency)), rounding=ROUND_HALF_UP)
