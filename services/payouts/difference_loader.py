"""What is read of a payout to explain its difference: all its lines where they are few, else what searches by amount find."""

from services.payouts.difference_facts import CapturedOrder, Facts, Line, UnreadRows
from services.payouts.transactions import by_transaction, sold_twice, without_sale
from services.store import Connection
from services.store.payouts import order_searches, searches
from services.store.settlements.files import set_aside_rows
from services.store.settlements.files.settlement_files import possible_accounts

MOST_LINES = 10_000  # of a payout whose lines are all read
_FEW = 50  # lines that a search finds, orders
_FILES = 20  # the newest with lines of it, of a large payout
_MOST_WITHDRAWN = 2_000
_SUSPECTS = 200  # transactions that are looked up elsewhere


def read_facts(tx: Connection, account: str, settlement: str, currency: str, units: int) -> Facts | None:
    """What is known of a payout that differs by ``units``; None where it has no lines."""
    payout = searches.parts(tx, account, settlement, currency)
    if payout is None:
        return None
    key, files = (account, currency), payout.files[:_FILES]
    whole = payout.lines <= MOST_LINES
    if whole:
        lines = searches.every_line(tx, payout.number, MOST_LINES)
        missing = [line.id for line in lines if line.units is None]
    else:
        half = [units // 2] if units % 2 == 0 else []
        lines = searches.lines_of_amounts(tx, payout.number, key, (units, -units, *half), files, _FEW)
        bare = searches.lines_of_amounts(tx, payout.number, key, (None,), files, _FEW)
        missing = [line.id for line in bare]
    orders = order_searches.orders_of_amount(tx, account, -units, currency, _FEW) if units < 0 else []
    twice = frozenset(searches.transactions_twice(tx, payout.number, _FEW))
    suspects = _suspects(lines, whole) | twice
    matched = {line.order for line in lines if line.transaction in suspects} - {0}
    orders += order_searches.orders_named(tx, account, matched, suspects, currency, _SUSPECTS)
    known = frozenset[str]()
    if not whole:
        lines += searches.lines_of_orders(tx, payout.number, {order.id for order in orders}, _SUSPECTS)
        known = frozenset(each for order in orders for each in order.transactions)
        known |= {line.transaction for line in lines if line.order} - {""} | twice
        lines += searches.lines_of_transactions(tx, payout.number, account, known, MOST_LINES, of_payout=True)
    elsewhere = searches.lines_of_transactions(
        tx, payout.number, account, suspects, MOST_LINES, of_payout=False
    )
    elsewhere += searches.lines_of_amounts(
        tx, payout.number, key, (-units,), payout.announced_in, _FEW, of_payout=False
    )
    withdrawn = searches.withdrawn_lines(tx, payout.number, _MOST_WITHDRAWN)
    return Facts(
        units=units,
        currency=currency,
        size=payout.lines,
        lines=_once(lines),
        whole=whole,
        known=known,
        foreign_files=payout.foreign,
        counted_twice=twice,
        missing=tuple(missing),
        unread=tuple(_unread(tx, account, settlement)),
        withdrawn=tuple(withdrawn),
        withdrawn_cut=len(withdrawn) == _MOST_WITHDRAWN,
        elsewhere=_once(elsewhere),
        orders=_each(orders),
        days=payout.days,
    )


def _suspects(lines: list[Line], whole: bool) -> frozenset[str]:
    """The transactions of which the payout has fees alone, or two sales of one amount."""
    transactions = by_transaction(lines)
    found = sold_twice(transactions)
    if whole:
        found += without_sale(transactions)
    return frozenset(found[:_SUSPECTS])


def _unread(tx: Connection, account: str, settlement: str) -> list[UnreadRows]:
    """The rows that nobody has dealt with and that may belong to the payout: those that name it, those that name none."""
    found = []
    for file in set_aside_rows.open_files(tx):
        accounts = possible_accounts(file.account, file.accounts)
        if account not in accounts:
            continue
        named, of_any = file.aside_open.get(settlement, 0), file.aside_open.get("", 0)
        if named:
            found.append(UnreadRows(file=file.id, rows=named, named=True))
        if of_any and settlement in file.settlements:
            found.append(UnreadRows(file=file.id, rows=of_any, named=False))
    return found


def _once(lines: list[Line]) -> tuple[Line, ...]:
    return tuple({line.id: line for line in lines}.values())


def _each(orders: list[CapturedOrder]) -> tuple[CapturedOrder, ...]:
    return tuple({order.id: order for order in orders}.values())
