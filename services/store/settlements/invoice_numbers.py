"""Which of the five references is the invoice number: the one by which the account's lines are joined, else the first."""

from typing import Any

from sqlalchemy import ColumnElement, Label, case

from services.store.schema.reconciliation import account_matching

_OTHERS = (2, 3, 4, 5)


def invoice_number(columns: Any, stem: str) -> Label[str]:
    """As ``invoice_number``, of a row with the columns ``<stem>_1`` to ``<stem>_5``, joined to its account's rules."""
    by = account_matching.c.reference
    other = [(by == number, columns[f"{stem}_{number}"]) for number in _OTHERS]
    return case(*other, else_=columns[f"{stem}_1"]).label("invoice_number")


def rules_of(columns: Any) -> ColumnElement[bool]:
    """What joins a row to its account's rules; there may be none."""
    joined: ColumnElement[bool] = account_matching.c.account == columns.account
    return joined
