"""What the reconciliation screens read besides pages of lines and orders: sums, payouts, files, one line whole."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select, union

from services.store.in_list import among, of_accounts
from services.store.people_names import with_who
from services.store.schema.orders import orders
from services.store.schema.payout_lines import line_groups, line_totals, payout_lines
from services.store.schema.reconciliation import account_matching, line_shares, order_keys
from services.store.schema.settlement_files import settlement_files
from services.store.settlements.files.payout_issues import formers
from services.store.settlements.files.settlement_files import FileSummary, SettlementFile
from services.store.settlements.lines import stored_lines
from services.store.settlements.lines.line_columns import of_group
from services.store.settlements.lines.line_pages import of_order
from services.store.settlements.lines.settlement_lines import (
    FOLLOWS,
    followed_by,
    hidden_from,
    is_current,
    leader,
    of_same_key,
)
from services.store.settlements.lines.stored_lines import LineOfFile, ShownLine, StoredLine
from services.store.settlements.outcomes import Outcome

_LINE, _FILE, _TOTAL = payout_lines.c, settlement_files.c, line_totals.c
_nearest = orders.alias("nearest_orders")
_SUMMARY = frozenset(field.name for field in fields(FileSummary))


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutSum:
    """Lines of a payout that have all of this in common. ``missing``: how many have no settled amount; units of 1/10000."""

    account: str
    settlement_id: str
    settlement_currency: str
    kind: str
    operation_code: str
    operation: str
    outcome: Outcome
    lines: int
    missing: int
    settled_units: int
    first_date: str
    last_date: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedFile(FileSummary):
    """A payout file as a list shows it. ``who``: the name of who uploaded it, "" for none."""

    who: str = ""


def outcomes(tx: Connection, accounts: Sequence[str]) -> dict[Outcome, int]:
    """How many valid lines have each outcome."""
    query = (
        select(_TOTAL.outcome, func.sum(_TOTAL.lines))
        .join(settlement_files, _FILE.id == _TOTAL.file)
        .where(_FILE.state == "complete", *_in(_TOTAL.account, accounts))
        .group_by(_TOTAL.outcome)
    )
    return {row[0]: int(row[1]) for row in tx.execute(query)}


def payout_sums(tx: Connection, accounts: Sequence[str], settlement: str | None = None) -> list[PayoutSum]:
    """Of each payout, or of one: per payout, currency, operation and outcome."""
    keys = (
        _TOTAL.account,
        _TOTAL.settlement_id,
        _TOTAL.settlement_currency,
        _TOTAL.kind,
        _TOTAL.operation_code,
        _TOTAL.operation,
        _TOTAL.outcome,
    )
    query = (
        select(
            *keys,
            func.sum(_TOTAL.lines).label("lines"),
            func.sum(_TOTAL.missing).label("missing"),
            func.sum(_TOTAL.settled_units).label("settled_units"),
            func.min(_TOTAL.first_date).label("first_date"),
            func.max(_TOTAL.last_date).label("last_date"),
        )
        .join(settlement_files, _FILE.id == _TOTAL.file)
        .where(_FILE.state == "complete", *_in(_TOTAL.account, accounts))
        .group_by(*keys)
    )
    if settlement is not None:
        query = query.where(_TOTAL.settlement_id == settlement)
    numbers = ("lines", "missing", "settled_units")  # PostgreSQL sums integers as decimals
    return [
        PayoutSum(**{**row._asdict(), **{name: int(getattr(row, name)) for name in numbers}})
        for row in tx.execute(query)
    ]


def files(tx: Connection, accounts: Sequence[str], before: int | None, limit: int) -> list[ListedFile]:
    """Files in any state, newest first, without the rows that they set aside; with who uploaded each."""
    columns = [column for column in _FILE if column.name in _SUMMARY]
    query = with_who(select(*columns), settlement_files)
    query = query.where(_FILE.state != "receiving", *_in(_FILE.account, accounts))
    if before is not None:
        query = query.where(_FILE.id < before)
    return [ListedFile(**row._asdict()) for row in tx.execute(query.order_by(_FILE.id.desc()).limit(limit))]


def unfinished(
    tx: Connection, also: Iterable[int], accounts: Collection[str] | None = None
) -> list[ListedFile]:
    """The files of these accounts, of all where None, that wait or are imported, and these in any state, oldest first."""
    columns = [column for column in _FILE if column.name in _SUMMARY]
    query = select(*columns).where(
        or_(_FILE.state.in_(("receiving", "waiting", "running")), _FILE.id.in_(list(also))),
        of_accounts(_FILE.account, accounts),
    )
    return [ListedFile(**row._asdict()) for row in tx.execute(query.order_by(_FILE.id))]


def of_ids(tx: Connection, files: Iterable[int]) -> list[ListedFile]:
    """These files, in any state, oldest first."""
    columns = [column for column in _FILE if column.name in _SUMMARY]
    query = select(*columns).where(among(tx, _FILE.id, files))
    return [ListedFile(**row._asdict()) for row in tx.execute(query.order_by(_FILE.id))]


def file(tx: Connection, file_id: int) -> SettlementFile | None:
    found = tx.execute(select(settlement_files).where(_FILE.id == file_id)).first()
    return None if found is None else SettlementFile(**found._asdict())


def readings(tx: Connection, files: Iterable[int]) -> dict[int, dict[str, Any]]:
    """How each of these files was read."""
    query = select(_FILE.id, _FILE.reading).where(_FILE.id.in_(list(files)))
    return {row.id: row.reading for row in tx.execute(query)}


def file_names(tx: Connection, files: Iterable[int]) -> dict[int, str]:
    """The names of these files, by id."""
    query = select(_FILE.id, _FILE.name).where(_FILE.id.in_(list(files)))
    return {row.id: row.name for row in tx.execute(query)}


def any_file(tx: Connection, accounts: Collection[str] | None) -> bool:
    """Whether there is a file of these accounts, of any where None."""
    query = select(_FILE.id).where(_FILE.state != "receiving", of_accounts(_FILE.account, accounts))
    return tx.scalar(query.limit(1)) is not None


def lines(tx: Connection, ids: Iterable[int]) -> dict[int, ShownLine]:
    """Lines by id."""
    query = (
        select(
            *stored_lines.columns(),
            orders.c.order_id,
            _nearest.c.order_id.label("nearest_id"),
            _nearest.c.account.label("nearest_account"),
            _nearest.c.amount.label("nearest_amount"),
            _nearest.c.currency.label("nearest_currency"),
            _FILE.name.label("file_name"),
            _FILE.state.label("file_state"),
            func.coalesce(account_matching.c.reference, 1).label("reference"),
        )
        .select_from(stored_lines.tables())
        .join(settlement_files, _FILE.id == _LINE.file)
        .outerjoin(orders, orders.c.id == _LINE.order)
        .outerjoin(_nearest, _nearest.c.id == _LINE.nearest)
        .outerjoin(account_matching, account_matching.c.account == line_groups.c.account)
    )
    found = (stored_lines.of_row(row) for row in tx.execute(query.where(_LINE.id.in_(list(ids)))))
    return {
        row["id"]: ShownLine(**row, invoice_number=row[f"reporting_data_{row['reference'] or 1}"])
        for row in found
    }


def lines_of_order(tx: Connection, order: int, limit: int) -> list[LineOfFile]:
    """The order's valid lines, parts of divided ones too, oldest collection first."""
    query = (
        _lines_of_files()
        .where(_LINE.id.in_(of_order(order)), is_current(), _LINE.id < hidden_from(tx))
        .order_by(_LINE.date_day, _LINE.id)
    )
    return [LineOfFile(**stored_lines.of_row(row)) for row in tx.execute(query.limit(limit))]


def _lines_of_files() -> Select[Any]:
    return (
        select(
            *stored_lines.columns(),
            _FILE.name.label("file_name"),
            _FILE.finished_at.label("file_finished_at"),
        )
        .select_from(stored_lines.tables())
        .join(settlement_files, _FILE.id == _LINE.file)
    )


def transactions_of(tx: Connection, order: int) -> frozenset[str]:
    """HiPay's transaction references that are known for the order."""
    query = select(order_keys.c.text).where(order_keys.c.order == order, order_keys.c.kind == "transaction")
    return frozenset(tx.scalars(query))


def shares_of(tx: Connection, line: StoredLine) -> list[tuple[int, int]]:
    """The orders among which a line is divided, and the units of each: of the line that it follows, for one that does."""
    share = line_shares.c
    query = select(share.order, share.units)
    if line.reason == FOLLOWS:
        query = query.select_from(line_shares).join(leader, leader.c.id == share.line)
        query = query.join(payout_lines, _LINE.id == line.id)
        query = query.where(followed_by(_LINE))
        query = query.order_by(of_group("kind", leader.c) != "sale", leader.c.id, share.order)
        first = tx.scalar(query.with_only_columns(leader.c.id).limit(1))
        query = query.where(leader.c.id == first)
    else:
        query = query.where(share.line == line.id).order_by(share.order)
    return [(row[0], row[1]) for row in tx.execute(query)]


def lines_near(tx: Connection, order: int, outcomes: Sequence[Outcome], limit: int) -> list[ShownLine]:
    """Valid lines of the order's account with one of these outcomes that come near one of its keys, the newest first."""
    key = order_keys.c
    looses = select(key.loose).where(
        key.order == order, key.kind.notin_(("transaction", "operation")), func.length(key.loose) >= 4
    )
    account = select(orders.c.account).where(orders.c.id == order).scalar_subquery()
    ways = [
        select(_LINE.id).where(column.in_(looses), column != "")
        for column in (_LINE.loose_reference, _LINE.loose_order)
    ]
    query = select(_LINE.id).where(
        _LINE.id.in_(union(*ways)),
        of_group("account") == account,
        of_group("outcome").in_(outcomes),
        is_current(),
        _LINE.id < hidden_from(tx),
    )
    found = lines(tx, tx.scalars(query.order_by(_LINE.id.desc()).limit(limit)))
    return sorted(found.values(), key=lambda row: -row.id)


def former_lines(tx: Connection, line: StoredLine) -> list[LineOfFile]:
    """The lines that this one, or a correction of it, replaced; not those whose correction waits for a person."""
    query = (
        _lines_of_files()
        .where(
            or_(of_same_key(tx, [line.id]), among(tx, _LINE.id, formers(tx, line.id))),
            _LINE.replaced_by.is_not(None),
            _LINE.id != line.id,
            _LINE.replaced_by != _LINE.file,
        )
        .order_by(_LINE.id.desc())
    )
    return [LineOfFile(**stored_lines.of_row(row)) for row in tx.execute(query.limit(20))]


def currencies(tx: Connection, accounts: Sequence[str]) -> list[str]:
    """The settlement currencies of the accounts' lines."""
    query = select(_TOTAL.settlement_currency).where(*_in(_TOTAL.account, accounts)).distinct()
    return sorted(code for code in tx.scalars(query) if code)


def operations(tx: Connection, accounts: Sequence[str]) -> list[str]:
    """The operation codes of the accounts' lines, "" for those that are not known."""
    query = select(_TOTAL.operation_code).where(*_in(_TOTAL.account, accounts)).distinct()
    return sorted(tx.scalars(query))


def _in(column: Any, accounts: Sequence[str]) -> list[Any]:
    return [column.in_(accounts)] if accounts else []
