"""Reconciliation once more, in plain csv and Decimal, line by line and slowly: what the product must agree with.

Written from what is asked of it (keys, outcomes, statuses, proof of a payout), and shares nothing with the product.
"""

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

# Operation → what it is to an order: of NEVER_AN_ORDERS none needs one. Any other word is unknown.
KINDS = {
    "Sale": "sale", "Refund": "refund", "Chargeback": "chargeback", "Chargeback refund": "won",
    **dict.fromkeys(("Fixed fee", "Variable", "Monthly fee", "Setup fee"), "fee"),
    **dict.fromkeys(("Rolling reserve capture", "Rolling reserve release"), "reserve"),
    "Adjustment in favor of merchant": "adjustment", "Adjustment in favor of TPP": "adjustment",
    "Deferred settlement": "balance", "Asset settlement": "balance",
    **dict.fromkeys(("Settlement", "Split settlement", "Splitting settlement"), "control"),
}  # fmt: skip
DEBITS = {"Refund", "Chargeback", "Fixed fee", "Variable", "Monthly fee", "Rolling reserve capture"}
NEVER_AN_ORDERS = {"reserve", "adjustment", "balance", "transfer"}  # unless a key of theirs says so
AMOUNTS = {
    "Original amount": "original", "Amount (Excl. Tax)": "without", "Tax amount": "tax", "Settled amount": "settled",
}  # fmt: skip
NOUGHT = Decimal(0)


@dataclass
class Row:
    """A line: ``texts`` by HiPay's English column names, dates as they are in ISO; amounts None where blank."""

    texts: dict[str, str]
    original: Decimal | None
    without: Decimal | None
    tax: Decimal | None
    settled: Decimal | None
    incl: Decimal | None = None

    def __getitem__(self, column: str) -> str:
        return self.texts[column]

    @property
    def kind(self) -> str:
        return KINDS.get(self["Operation"], "unknown")

    @property
    def identity(self) -> tuple[object, ...]:
        return (*self.texts.values(), self.original, self.without, self.tax, self.incl, self.settled)


@dataclass
class Known:
    """An order as we know it. ``captures``: how many of them make ``captured``."""

    order_id: str
    references: Sequence[str]
    currency: str
    amount: Decimal
    account: str = ""
    pages: Sequence[str] = ()
    transactions: Sequence[str] = ()
    operations: Sequence[str] = ()
    captured: Decimal = NOUGHT
    captures: int = 0
    awaited: bool = False


@dataclass
class Position:
    status: str = ""
    gross: Decimal = NOUGHT
    refunds: Decimal = NOUGHT
    chargebacks: Decimal = NOUGHT
    won: Decimal = NOUGHT
    open: Decimal = NOUGHT
    fees: Decimal | None = NOUGHT  # None: in several currencies
    vat: Decimal | None = NOUGHT
    net: Decimal | None = NOUGHT
    settlements: set[str] = field(default_factory=set)
    first: str = ""
    last: str = ""
    first_transfer: str = ""
    last_transfer: str = ""
    opened: bool = False
    lines: int = 0


@dataclass(frozen=True)
class Verdict:
    outcome: str
    order: str = ""  # of a matched line


def read(
    raw: bytes,
    names: Sequence[str],
    *,
    encoding: str,
    delimiter: str,
    decimal: str,
    thousands: str,
    dates: str,
    signed: bool,
    header: int,
) -> list[Row]:
    """The lines of a file that is written as said; ``names`` are the columns in English, ``header`` its line."""
    text = raw.decode(encoding)
    found = []
    for record in list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[header:]:
        if len(record) < len(names):
            continue  # a total of the file's own
        cells = dict(zip(names, record, strict=True))
        amounts: dict[str, Decimal | None] = {}
        for column, name in (*AMOUNTS.items(), ("Amount (Incl. Tax)", "incl")):
            cell = cells.pop(column).replace(thousands, "") if thousands else cells.pop(column)
            amount = Decimal(cell.replace(decimal, ".")) if cell else None
            if not signed and amount and cells["Operation"] in DEBITS:
                amount = -abs(amount)
            amounts[name] = amount
        for column in ("Date", "Date value", "Transfer", "Operation date"):
            if cells[column]:
                cells[column] = datetime.strptime(cells[column], dates).date().isoformat()  # noqa: DTZ007
        found.append(Row(cells, **amounts))
    return found


def stored(files: Iterable[Sequence[Row]]) -> list[Row]:
    """Every line once: two equal ones in a file are two, the same two in another file are the same two."""
    kept: Counter[tuple[object, ...]] = Counter()
    rows = []
    for file in files:
        here: Counter[tuple[object, ...]] = Counter()
        for row in file:
            here[row.identity] += 1
            if here[row.identity] > kept[row.identity]:
                kept[row.identity] += 1
                rows.append(row)
    return rows


def nothing(text: str) -> bool:
    """Whether a cell says that there is no id."""
    bare = text.strip().casefold()
    return (
        bare == ""
        or set(bare) <= set("0")
        or set(bare) <= set("-–—_.")
        or bare in {"n/a", "na", "#n/a", "#na", "n/a.", "na.", "none", "null", "nil"}
    )


def damaged(text: str) -> bool:
    """Whether a spreadsheet has already lost digits of it."""
    return re.fullmatch(r"\d([.,]\d+)?[eE]\+\d{1,3}", text) is not None


def join(rows: Sequence[Row], orders: Sequence[Known], reference: int = 1) -> list[Verdict]:
    """What each line comes to, and which order is its own."""
    ours: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for order in orders:
        keys = [("reference", order.references[reference - 1])] if reference else []
        keys += [("order", text) for text in (order.order_id, *order.pages)]
        keys += [("transaction", text) for text in order.transactions]
        keys += [("operation", text) for text in order.operations]
        for name, text in keys:
            if text.strip():
                ours[name, text.strip()].add(order.order_id)
    columns = {"order": "Order", "transaction": "Transaction ID", "operation": "Merchant operation ID"}
    if reference:
        columns["reference"] = f"Reporting data {reference}"

    tried = [
        {
            name: row[column].strip()
            for name, column in columns.items()
            if not nothing(row[column]) and not damaged(row[column])
        }
        for row in rows
    ]
    hits = [
        {name: ours[name, text] for name, text in keys.items() if (name, text) in ours}
        if row.kind != "control"
        else {}
        for row, keys in zip(rows, tried, strict=True)
    ]
    alone = [_agree(list(found.values())) for found in hits]
    leaders = _leaders(rows, alone)

    verdicts = []
    for place, row in enumerate(rows):
        if row.kind == "control":
            verdicts.append(Verdict("total_line"))
            continue
        transaction = row["Transaction ID"]
        follows = leaders.get(transaction)
        sets = list(hits[place].values())
        if follows and place not in follows[1]:
            sets.append({follows[0]})
        verdict = _agree(sets)
        if verdict.outcome == "unmatched":
            key_damaged = any(damaged(row[column]) for column in columns.values())
            own = row.kind in NEVER_AN_ORDERS or row["Operation"] in ("Monthly fee", "Setup fee")
            free = own or (row.kind == "fee" and not tried[place] and not key_damaged)
            if free:
                verdict = Verdict("account_level")
        verdicts.append(verdict)
    return verdicts


def _agree(sets: list[set[str]]) -> Verdict:
    """All keys that find an order must name the same one."""
    if not sets:
        return Verdict("unmatched")
    common = set.intersection(*sets)
    if len(common) == 1:
        return Verdict("matched", next(iter(common)))
    return Verdict("ambiguous" if common else "contradictory")


def _leaders(rows: Sequence[Row], alone: Sequence[Verdict]) -> dict[str, tuple[str, set[int]]]:
    """Transaction → the order that its Sales name (without a Sale: its other lines), and the lines that name it."""
    named: defaultdict[str, list[tuple[bool, int, str]]] = defaultdict(list)
    for place, (row, verdict) in enumerate(zip(rows, alone, strict=True)):
        transaction = row["Transaction ID"]
        if (
            not nothing(transaction)
            and not damaged(transaction)
            and row.kind != "control"
            and verdict.outcome == "matched"
        ):
            named[transaction].append((row.kind == "sale", place, verdict.order))
    found = {}
    for transaction, lines in named.items():
        sold = any(sale for sale, _, _ in lines)
        first = [(place, order) for sale, place, order in lines if sale == sold]
        if len({order for _, order in first}) == 1:
            found[transaction] = (first[0][1], {place for place, _ in first})
    return found


def loosely(text: str) -> str:
    """A text without what a person mistypes: case, blanks, dashes and the like, zeros before it."""
    bare = re.sub(r"[\s‐‑–—_/.-]+", "", text.casefold())
    return re.sub(r"^0+(?=.)", "", bare)


def suggested(
    rows: Sequence[Row], verdicts: Sequence[Verdict], orders: Sequence[Known], reference: int = 1
) -> list[str]:
    """The order that each unmatched line comes near, "" for none and for several.

    Near: a text of the line is loosely one of the order, and one of the two is a key: the settlement reference, or an
    order id (the line's perhaps with the suffix of a page that we do not know).
    """
    by_key: defaultdict[str, set[str]] = defaultdict(set)
    by_other: defaultdict[str, set[str]] = defaultdict(set)
    for order in orders:
        for text in (order.order_id, *order.pages):
            by_key[loosely(text)].add(order.order_id)
        for number, text in enumerate(order.references, start=1):
            (by_key if number == reference else by_other)[loosely(text)].add(order.order_id)
    found = []
    for row, verdict in zip(rows, verdicts, strict=True):
        near: set[str] = set()
        if verdict.outcome == "unmatched":
            keys = [row["Order"], re.sub(r"-\d{1,2}$", "", row["Order"])]
            others: list[str] = []
            for number in range(1, 6):
                (keys if number == reference else others).append(row[f"Reporting data {number}"])
            for texts, known in ((keys, by_key), (others, by_key), (keys, by_other)):
                for text in texts:
                    if len(loosely(text)) >= 4:
                        near |= known.get(loosely(text), set())
        found.append(near.pop() if len(near) == 1 else "")
    return found


def positions(
    rows: Sequence[Row], verdicts: Sequence[Verdict], orders: Sequence[Known]
) -> dict[str, Position]:
    """Where each order stands."""
    own: defaultdict[str, list[Row]] = defaultdict(list)
    for row, verdict in zip(rows, verdicts, strict=True):
        if verdict.outcome == "matched":
            own[verdict.order].append(row)
    return {order.order_id: _position(order, own[order.order_id]) for order in orders}


def _position(order: Known, lines: list[Row]) -> Position:
    found = Position(lines=len(lines))

    def total(kind: str) -> Decimal:
        same = (row for row in lines if row.kind == kind and row["Original currency"] == order.currency)
        return sum((row.original or NOUGHT for row in same), NOUGHT)

    found.gross, found.won = total("sale"), total("won")
    found.refunds, found.chargebacks = -total("refund"), -total("chargeback")
    captured = order.amount if order.awaited and found.gross > 0 else order.captured
    found.open = max(NOUGHT, captured - found.gross)

    fees = [row for row in lines if row.kind == "fee"]
    if len({row["Currency"] or row["Settlement currency"] for row in fees}) > 1:
        found.fees = found.vat = None
    else:
        found.vat, found.fees = _negated(map(_tax, fees)), _negated(map(_without, fees))
    if len({row["Settlement currency"] for row in lines} - {""}) > 1:
        found.net = None
    else:
        net = _negated(row.settled for row in lines)
        found.net = None if net is None else -net
    found.settlements = {row["Settlement ID"] for row in lines} - {""}
    dated = sorted(row["Date"] for row in lines if row["Date"])
    found.first, found.last = (dated[0], dated[-1]) if dated else ("", "")
    wired = sorted(row["Transfer"] for row in lines if row["Transfer"])
    found.first_transfer, found.last_transfer = (wired[0], wired[-1]) if wired else ("", "")
    found.status = _status(order, lines, found, captured)
    found.opened = found.open > 0 or found.status in SOMEBODY_MUST_LOOK
    return found


def _negated(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Their sum the other way round, None where one is not known."""
    known = list(amounts)
    return None if None in known else -sum((one for one in known if one is not None), NOUGHT)


def _paid(row: Row) -> Decimal | None:
    """What was settled, where it is of the currency in which the fee is invoiced."""
    return row.settled if row["Currency"] in ("", row["Settlement currency"]) else None


def _tax(row: Row) -> Decimal | None:
    paid = _paid(row)
    if row.tax is not None or row.without is None or paid is None:
        return row.tax
    return paid - row.without


def _without(row: Row) -> Decimal | None:
    paid = _paid(row)
    if row.without is not None or paid is None:
        return row.without
    return paid - (row.tax or NOUGHT)


SOMEBODY_MUST_LOOK = {
    "wrong_currency", "paid_twice", "settled_not_paid", "amount_missing", "charged_back", "settled_over", "settled_under", "settled_in_part",
    "paid_not_settled",
}  # fmt: skip


def _status(order: Known, lines: list[Row], found: Position, captured: Decimal) -> str:
    sales = [row for row in lines if row.kind == "sale"]
    whole: defaultdict[object, Decimal] = defaultdict(Decimal)
    for row in sales:
        whole[row["Transaction ID"] or id(row)] += row.original or NOUGHT
    moving = [row for row in lines if row.kind in ("sale", "refund", "chargeback", "won")]
    foreign = [row for row in moving if row["Original currency"] != order.currency]
    if any(row["Original currency"] if row.original is None else row.original for row in foreign):
        return "wrong_currency"
    if sum(1 for amount in whole.values() if amount >= order.amount) > 1:
        return "paid_twice"
    if found.gross > 0 and not captured:
        return "settled_not_paid"
    if any(row.original is None or row.settled is None for row in moving):
        return "amount_missing"
    if found.chargebacks > found.won:
        return "charged_back"
    if found.chargebacks > 0:
        return "chargeback_won"
    if found.refunds > 0:
        base = max(found.gross, captured)
        return "refunded" if found.refunds >= base else "refunded_in_part"
    if found.gross > captured:
        return "settled_over"
    if found.gross == captured and found.gross:
        return "settled_in_full"
    if found.gross > 0:
        every = len(sales) >= order.captures and not order.awaited
        return "settled_under" if every else "settled_in_part"
    if captured:
        return "paid_not_settled"
    return "awaited" if order.awaited else "not_due"


def payouts(
    rows: Sequence[Row], orders: Sequence[Known]
) -> dict[tuple[str, str], tuple[Decimal, Decimal | None, str]]:
    """(settlement, currency) → (its lines, the payout that is announced, tied, differs or no_payout)."""
    lines: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    totals: defaultdict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in rows:
        key = (row["Settlement ID"], row["Settlement currency"])
        lines[key] += NOUGHT
        if row.kind == "control":
            totals[key][row["Operation"]] += row.settled or NOUGHT
        else:
            lines[key] += row.settled or NOUGHT
    announced: dict[tuple[str, str], Decimal | None] = {}
    for key in lines:
        told = totals.get(key, {})
        names = ("Settlement", "Splitting settlement", "Split settlement")
        announced[key] = next((told[name] for name in names if name in told), None)
    # A payout may be written as it leaves HiPay's balance; one to the merchant must show that this is the way here.
    leaving = any(total > 0 and announced[key] == -total for key, total in lines.items())
    found: dict[tuple[str, str], tuple[Decimal, Decimal | None, str]] = {}
    for key, total in lines.items():
        payout = announced[key]
        if payout is None:
            found[key] = (total, None, "no_payout_line")
            continue
        if payout == -total and leaving:
            payout = total
        found[key] = (total, payout, "tied" if payout == total else "differs")
    for key in _counted_twice(rows, orders):
        found[key] = (*found[key][:2], "counted_twice")
    return found


def _counted_twice(rows: Sequence[Row], orders: Sequence[Known]) -> set[tuple[str, str]]:
    """The payouts with a Sale of a transaction of which several Sales come to more than was captured."""
    captured = {name: order.captured for order in orders for name in order.transactions if order.captured}
    sales = defaultdict[str, list[Row]](list)
    for row in rows:
        if row.kind == "sale" and row["Transaction ID"] in captured:
            sales[row["Transaction ID"]].append(row)
    return {
        (row["Settlement ID"], row["Settlement currency"])
        for name, theirs in sales.items()
        if len(theirs) > 1 and sum(abs(row.original or NOUGHT) for row in theirs) > captured[name]
        for row in theirs
    }
