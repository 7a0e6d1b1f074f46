"""Reads rows as payment requests: the order form's own rules check each, and problems are named cell by cell."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from services import money
from services.bulk import cells
from services.bulk.cells import DecimalSign
from services.bulk.errors import OrderIdTwice
from services.bulk.table import Line, Table
from services.errors import DeskError
from services.mail.errors import CardNumber
from services.orders import drafts
from services.orders.drafts import REFERENCES, Accepted, Draft, FieldErrors
from services.settings.account import Account

T = TypeVar("T")
_TEXTS = ("first_name", "last_name", "email", "description", "order_id", "phone")
_PLACEHOLDER = "0"  # the row gets an order id when its order is created; until then the form's rules need one


@dataclass(frozen=True)
class Rules:
    """The values for cells that the table does not have. ``days``: how long the link is valid. ``locale``: the reader's, for
    amounts in messages. ``decimal``: the decimal sign that the reader chose."""

    language: str
    days: int
    locale: str
    decimal: DecimalSign | None = None


@dataclass(frozen=True)
class Problem:
    """``column``: "" for the row as a whole; ``where``: the cell's name in its program (``D12``), or the line's number."""

    column: str
    where: str
    cell: str
    error: DeskError


@dataclass(frozen=True)
class Bad:
    line: Line
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Good:
    """``draft``: its order id is "" and its end None where the row has none. ``warnings``: codes of ``orders.warnings``, and two
    that only a table has."""

    line: Line
    draft: Draft
    accepted: Accepted
    warnings: tuple[str, ...] = ()


def check_rows(
    table: Table, account: Account, rules: Rules, decimal: DecimalSign, now: datetime
) -> tuple[list[Good], list[Bad]]:
    """The rows that make a payment request, and those that do not, in the table's order."""
    form = cells.date_form(table, "expires_at")
    good: list[Good] = []
    bad: list[Bad] = []
    first_use: dict[str, int] = {}
    for line in table.lines:
        draft, problems = _draft(line, account, rules, decimal, form, now)
        accepted, refused = drafts.check(draft, now)
        problems = {**refused, **problems}
        order_id = line.cells.get("order_id", "")
        if order_id and first_use.setdefault(order_id, line.number) != line.number:
            problems.setdefault("order_id", OrderIdTwice(first_use[order_id]))
        if problems or accepted is None:
            bad.append(_bad(table, line, problems))
            continue
        draft = replace(
            draft, order_id=order_id, expires_at=draft.expires_at if line.cells.get("expires_at") else None
        )
        good.append(Good(line, draft, accepted))
    return good, bad


def refuse(table: Table, row: Good, column: str, error: DeskError) -> Bad:
    """Refuse a row without problems of its own, because of stored orders."""
    return Bad(row.line, (_problem(table, row.line, column, error),))


def _bad(table: Table, line: Line, problems: dict[str, DeskError]) -> Bad:
    """A row that is refused; a card number in it is not repeated."""
    cards = {name for name, error in problems.items() if isinstance(error, CardNumber)}
    line = replace(line, cells={name: "" if name in cards else cell for name, cell in line.cells.items()})
    return Bad(line, tuple(_problem(table, line, *found) for found in problems.items()))


def _problem(table: Table, line: Line, column: str, error: DeskError) -> Problem:
    return Problem(column, table.where(line.number, column), line.cells.get(column, ""), error)


def _draft(
    line: Line, account: Account, rules: Rules, decimal: DecimalSign, form: Any, now: datetime
) -> tuple[Draft, dict[str, DeskError]]:
    """The row as a typed form, and the problems that the form's own rules cannot find."""
    problems = FieldErrors()
    take = problems.value
    texts = {name: line.cells.get(name, "") for name in _TEXTS}
    references = {f"reference_{n}": line.cells.get(f"reference_{n}", "") for n in range(1, REFERENCES + 1)}
    problems.update(cells.damaged(line, [*texts, *references] & line.cells.keys()))
    problems.update(cells.of_row(line))
    code = take("currency", lambda: cells.currency(line, account.currency), account.currency)
    amount = ""
    if line.cells["amount"]:
        value = take("amount", lambda: cells.units(line, decimal, code), money.UNITS)
        amount = money.plain(value, code, rules.locale)  # as a person would type it, for the form's own rules
    end = take(
        "expires_at", lambda: cells.moment(line, "expires_at", form, account.zone, end_of_day=True), None
    )
    draft = Draft(
        channel="link",
        account=account.key,
        first_name=texts["first_name"],
        last_name=texts["last_name"],
        email=texts["email"],
        phone=texts["phone"],
        description=texts["description"],
        order_id=texts["order_id"] or _PLACEHOLDER,
        amount=amount,
        currency=code,
        references=tuple(references.values()),
        language=cells.language(line.cells.get("language", ""), rules.language),
        expires_at=end or now + timedelta(days=rules.days),
        locale=rules.locale,
    )
    return draft, problems | cells.lost(line)


def stored(draft: Draft) -> dict[str, Any]:
    """A draft as JSON."""
    data = asdict(draft)
    data["expires_at"] = draft.expires_at.isoformat() if draft.expires_at else None
    return data


def restored(data: dict[str, Any], order_id: str, default_end: datetime) -> Draft:
    """The draft of a stored row, with its own order id and end where it has them."""
    end = datetime.fromisoformat(data["expires_at"]) if data["expires_at"] else default_end
    return Draft(
        **{
            **data,
            "references": tuple(data["references"]),
            "order_id": data["order_id"] or order_id,
            "expires_at": end,
        }
    )
