"""A settlement issued again, as an acquirer does when something in it was wrong."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from sandbox.money import exponent
from sandbox.settlements import CONTROLS, FEES, Row, Settlement, closing_rows, issue, total

# What changes, and the words of the control page.
CHANGES = {
    "fee": "a fee a cent higher",
    "reference": "another reference",
    "amount": "a sale of another amount",
    "dropped": "a sale less, the payout too",
    "short": "a sale less, the payout as before",
    "column": "a column newly filled",
    "split": "paid in two parts",
    "parts": "a file in two parts",
}
_AMOUNTS = ("Amount (Excl. Tax)", "Amount (Incl. Tax)", "Settled amount")
# Cells that an earlier file may have left empty.
_NEW = ("Reporting data 5", "Reporting data 4", "Reporting data 3", "Reporting data 2", "Customer ID")


def issue_again(settlement: Settlement, change: str = "fee") -> Settlement:
    """The same settlement with one of CHANGES, and every total and figure with it; of "short" none, of the file alone.

    Raises ValueError for another change, and for a settlement that has no line for this one.
    """
    if change not in _CHANGED:
        raise ValueError(f"unknown change {change!r}: one of {', '.join(CHANGES)}")
    return _CHANGED[change](settlement)


def _fee(settlement: Settlement) -> Settlement:
    """Its first fee one smallest unit higher."""
    fee = _first(settlement, *FEES)
    less = -Decimal(1).scaleb(-exponent(settlement.currency))
    return _closed(settlement, _changed(settlement, fee, less, "Original amount", *_AMOUNTS))


def _reference(settlement: Settlement) -> Settlement:
    """Its first sale, and the fees of that, with another text under Reporting data 1."""
    sale = _first(settlement, "Sale")
    text = f"{sale['Reporting data 1'] or 'REF'}-B"
    rows = [
        {**row, "Reporting data 1": text} if row["Transaction ID"] == sale["Transaction ID"] else row
        for row in settlement.rows
    ]
    return replace(settlement, rows=tuple(rows))


def _amount(settlement: Settlement) -> Settlement:
    """Its first sale one more of its currency; the fees as they were."""
    sale = _first(settlement, "Sale")
    same = sale["Original currency"] == settlement.currency
    columns = ("Original amount", *_AMOUNTS) if same else _AMOUNTS
    return _closed(settlement, _changed(settlement, sale, Decimal(1), *columns))


def _dropped(settlement: Settlement) -> Settlement:
    """Without its last sale; the fees of that are left."""
    return _closed(settlement, list(_without_sale(settlement)))


def _short(settlement: Settlement) -> Settlement:
    """A file without the last sale, of which the total lines and HiPay's figures know nothing."""
    return replace(settlement, rows=_without_sale(settlement))


def _column(settlement: Settlement) -> Settlement:
    """With a column filled that was empty, of each line that names a transaction."""
    empty = [name for name in _NEW if not any(row[name] for row in settlement.rows)]
    if not empty:
        raise ValueError(f"settlement {settlement.id} has no empty column to fill")
    rows = [
        {**row, empty[0]: f"N{row['Transaction ID']}"} if row["Transaction ID"] else row
        for row in settlement.rows
    ]
    return replace(settlement, rows=tuple(rows))


def _split(settlement: Settlement) -> Settlement:
    """Its payout made in two parts."""
    return _closed(settlement, list(settlement.rows), split=True)


def _parts(settlement: Settlement) -> Settlement:
    """Its lines in two files, the first half and the second."""
    return replace(settlement, parts=2)


_CHANGED: dict[str, Callable[[Settlement], Settlement]] = {
    "fee": _fee,
    "reference": _reference,
    "amount": _amount,
    "dropped": _dropped,
    "short": _short,
    "column": _column,
    "split": _split,
    "parts": _parts,
}


def _first(settlement: Settlement, *operations: str) -> Row:
    found = next((row for row in settlement.rows if row["Operation"] in operations), None)
    if found is None:
        raise ValueError(f"settlement {settlement.id} has no {operations[0]} to change")
    return found


def _without_sale(settlement: Settlement) -> tuple[Row, ...]:
    sales = [place for place, row in enumerate(settlement.rows) if row["Operation"] == "Sale"]
    if not sales:
        raise ValueError(f"settlement {settlement.id} has no Sale to leave out")
    return tuple(row for place, row in enumerate(settlement.rows) if place != sales[-1])


def _changed(settlement: Settlement, changed: Row, more: Decimal, *columns: str) -> list[Row]:
    """The lines, with more in these columns of one of them."""
    cells = {column: Decimal(str(changed[column])) + more for column in columns}
    return [{**row, **cells} if row is changed else row for row in settlement.rows]


def _closed(settlement: Settlement, rows: list[Row], *, split: bool = False) -> Settlement:
    """The settlement of these lines: its total lines and its figures made anew."""
    split = split or any(row["Operation"] == "Splitting settlement" for row in rows)
    at = datetime.combine(settlement.date_value - timedelta(days=1), time(), UTC)
    own = [row for row in rows if row["Operation"] not in {*CONTROLS, "Deferred settlement"}]
    closing = closing_rows(total(own), settlement.currency, at, split)
    first = settlement.rows[0]
    owner = str(first["Account"]), str(first["Account name"])
    return issue(settlement.id, settlement.currency, at, owner, [*own, *closing])
