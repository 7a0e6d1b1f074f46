"""What a list of payout lines is narrowed to, as conditions that leave the choice of an index to the caller."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, literal, select

from services.settlements.dates import day_after
from services.store.schema.payout_lines import line_totals
from services.store.schema.payouts import payouts
from services.store.settlements.lines.line_columns import LINE
from services.store.settlements.lines.line_days import day_number

MOST = 2**62


@dataclass(frozen=True, kw_only=True)
class LineFilter:
    """What a list of lines is narrowed to; empty fields narrow nothing.

    ``operations``: codes, "" for those that are not known. ``least`` and ``most``: the settled amount without its sign,
    in 1/10000. ``since`` and ``until``: days of collection, ISO, both included, whatever time of day a line has. ``text``: how a reference, an order id, a
    transaction id or an operation id begins; ``loose`` is the same as loosely as keys are ever compared.
    """

    accounts: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()
    settlement: str = ""
    files: tuple[int, ...] = ()
    order: int | None = None
    least: int | None = None
    most: int | None = None
    since: str = ""
    until: str = ""
    text: str = ""
    loose: str = ""

    @property
    def counted(self) -> bool:
        """Whether the stored totals know how many lines the filter lets through."""
        return not (self.text or self.order is not None or self.amounts or self.dates)

    @property
    def amounts(self) -> bool:
        return self.least is not None or self.most is not None

    @property
    def dates(self) -> bool:
        return bool(self.since or self.until)


def begins(tx: Connection, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Whether a text begins so: on SQLite as a range, by which an index is read."""
    if tx.dialect.name == "sqlite":
        return and_(column >= text, column < text + "\U0010ffff")
    return column.startswith(text, autoescape=True)


def apart(name: str) -> ColumnElement[Any]:
    """A line's number as an expression of which no index knows: the way in is decided here, not by the database's guess."""
    return func.coalesce(LINE[name], literal(0))


def categories(chosen: LineFilter) -> list[ColumnElement[bool]]:
    """The conditions on ``line_totals``."""
    total = line_totals.c
    pairs = (
        (total.account, chosen.accounts),
        (total.outcome, chosen.outcomes),
        (total.operation_code, chosen.operations),
        (total.settlement_currency, chosen.currencies),
    )
    return [column.in_(values) for column, values in pairs if values]


def of_payout(chosen: LineFilter) -> list[ColumnElement[bool]]:
    """The conditions on ``line_totals``."""
    total = line_totals.c
    clauses: list[ColumnElement[bool]] = []
    if chosen.settlement:
        clauses.append(total.settlement_id == chosen.settlement)
    if chosen.files:
        clauses.append(total.file.in_(chosen.files))
    return clauses


def lines_of_payout(chosen: LineFilter, payout: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """The same of lines; ``payout``: the column, or it ``apart``."""
    clauses: list[ColumnElement[bool]] = []
    if chosen.settlement:
        here = [payouts.c.settlement_id == chosen.settlement]
        here += [payouts.c.account.in_(chosen.accounts)] if chosen.accounts else []
        clauses.append(payout.in_(select(payouts.c.id).where(*here)))
    if chosen.files:
        clauses.append(apart("file").in_(chosen.files))
    return clauses


def dates(chosen: LineFilter, column: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    if not chosen.dates:
        return []
    return [column.between(day_number(chosen.since) or 1, day_number(chosen.until) or 9999_12_31)]


def within(
    since: str, until: str, last: ColumnElement[Any], first: ColumnElement[Any]
) -> list[ColumnElement[bool]]:
    """Whether the ISO dates from ``first`` to ``last`` reach into the days asked for; a stored date may have a time behind its
    day, and what is compared stays the column itself, by which an index is read."""
    return [last >= (since or "0"), first < (day_after(until) if until else "9999")] if since or until else []


def spans(chosen: LineFilter) -> list[tuple[int, int]]:
    """The amounts of this size, with either sign."""
    least, most = chosen.least or 0, MOST if chosen.most is None else chosen.most
    return [(-most, most)] if least <= 0 else [(-most, -least), (least, most)]


def ranges(chosen: LineFilter, led_by: str = "") -> list[ColumnElement[bool]]:
    """The ranges, row by row; not the amounts where their index leads, and the dates so that theirs can."""
    clauses = dates(chosen, LINE.date_day if led_by == "date_day" else apart("date_day"))
    if chosen.amounts and led_by != "settled_amount_units":
        size = func.abs(LINE.settled_amount_units)
        clauses.append(size.between(chosen.least or 0, MOST if chosen.most is None else chosen.most))
    return clauses
