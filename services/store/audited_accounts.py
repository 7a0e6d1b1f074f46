"""The account that an entry of the audit trail is about: of the order, line, payout or file that it names."""

from typing import Any

from sqlalchemy import ColumnElement, Table, case, cast, func, select

from services.store.schema.alarms import alarms
from services.store.schema.bank import bank_files
from services.store.schema.bulk import batches
from services.store.schema.orders import orders
from services.store.schema.payout_decisions import questions
from services.store.schema.payout_lines import payout_lines
from services.store.schema.payouts import payouts
from services.store.schema.settlement_files import settlement_files
from services.store.schema.types import BigInt
from services.store.settlements.lines import line_columns

_TABLES: dict[str, Table] = {
    "order": orders,
    "payout": payouts,
    "settlement_file": settlement_files,
    "question": questions,
    "alarm": alarms,
    "batch": batches,
    "bank_file": bank_files,
}


def account_of(subject: ColumnElement[str]) -> ColumnElement[Any]:
    """The account of a subject, ``kind:id``. NULL for one of no account, or that is no longer there; "" for a file of several
    accounts."""

    def number(kind: str) -> ColumnElement[int]:
        return cast(func.substr(subject, len(kind) + 2), BigInt)

    ways = [
        (
            subject.startswith(f"{kind}:"),
            select(table.c.account).where(table.c.id == number(kind)).scalar_subquery(),
        )
        for kind, table in _TABLES.items()
    ]
    line = (
        select(line_columns.account_of(payout_lines.c))
        .where(payout_lines.c.id == number("line"))
        .scalar_subquery()
    )
    return case(
        (subject.startswith("account:"), func.substr(subject, len("account:") + 1)),
        (subject.startswith("line:"), line),
        *ways,
        else_=None,
    )
