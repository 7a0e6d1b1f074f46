"""A settlement line as it is stored, for services and pages that read lines."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause

from services.settlements.settlement_operations import Kind
from services.store.schema.payout_lines import (
    COMMON_TEXTS,
    LINE_DAYS,
    LINE_TEXTS,
    common_texts,
    line_groups,
    line_reasons,
    payout_lines,
)
from services.store.schema.payouts import payouts
from services.store.settlements.files.settlement_files import FileState
from services.store.settlements.lines.line_codes import padded
from services.store.settlements.lines.line_days import iso
from services.store.settlements.outcomes import Outcome, Reason


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredLine:
    """A line of ``payout_lines`` with what it has in common with others. Amounts in 1/10000, None where the file names none."""

    id: int
    account: str  # the key of our account
    identity: str
    key: str
    file: int
    line: int  # its number in the file
    replaced_by: int | None  # the file that corrects it; its own file: a correction that waits for a person
    withdrawn_by: int | None  # the file whose issue of the payout no longer has it
    file_account: str
    account_name: str
    date: str
    date_value: str
    invoice_reference: str
    settlement_id: str
    transaction_id: str
    file_order: str
    product_name: str
    invoiced: str
    settled: str
    original_currency: str
    currency: str
    operation: str
    settlement_currency: str
    original_settlement_id: str
    customer_id: str
    merchant_operation_id: str
    reporting_data_1: str
    reporting_data_2: str
    reporting_data_3: str
    reporting_data_4: str
    reporting_data_5: str
    collect_mode: str
    transfer: str
    operation_date: str
    operation_code: str
    kind: Kind
    lost: str
    original_amount_units: int | None
    amount_excl_tax_units: int | None
    tax_amount_units: int | None
    amount_incl_tax_units: int | None
    settled_amount_units: int | None
    outcome: Outcome
    reason: Reason
    order: int | None  # our id of the order that it is matched to
    keys: str
    unknown_keys: str
    candidates: tuple[str, ...]  # business ids of orders, and perhaps "…"
    nearest: int | None  # our id of the nearest order
    seen: str
    expected: tuple[str, ...]  # a text of an order; or for each key, the key and what it names
    decision: int | None  # the valid decision on it
    loose_reference: str
    loose_order: str

    @property
    def current(self) -> bool:
        """Whether no other line has replaced it, and nothing has withdrawn it."""
        return self.replaced_by is None and self.withdrawn_by is None


@dataclass(frozen=True, kw_only=True, slots=True)
class LineToDecide(StoredLine):
    """A line with the state of its file."""

    file_state: FileState


@dataclass(frozen=True, kw_only=True, slots=True)
class LineOfFile(StoredLine):
    """A line with the name of its file, and when that was imported."""

    file_name: str
    file_finished_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownLine(LineToDecide):
    """A line with the ids of its order and of the nearest one.

    ``reference``: which of the five references joins in its account, 0 for none; ``invoice_number``: that reference.
    """

    order_id: str | None
    nearest_id: str | None
    nearest_account: str | None
    nearest_amount: int | None
    nearest_currency: str | None
    file_name: str
    reference: int
    invoice_number: str


_line, _group = payout_lines.c, line_groups.c
_APART = (
    "group",
    "payout",
    "reason",
    "common",
    "texts",
    *(f"{name}_day" for name in LINE_DAYS),
)


def columns() -> list[ColumnElement[Any]]:
    """The columns of a whole line, which ``of_row`` reads."""
    return [
        *(column for column in _line if column.name not in _APART),
        *(_line[f"{name}_day"] for name in LINE_DAYS),
        *(_group[name] for name in ("account", "outcome", "operation_code", "kind", "settlement_currency")),
        payouts.c.settlement_id,
        *(line_reasons.c[name] for name in ("reason", "keys", "unknown_keys")),
        _line.texts.label("own_texts"),
        common_texts.c.texts.label("common_texts"),
    ]


def tables() -> FromClause:
    """The tables of these columns."""
    return (
        payout_lines.join(line_groups, _group.id == _line.group)
        .join(payouts, payouts.c.id == _line.payout)
        .join(line_reasons, line_reasons.c.id == _line.reason)
        .join(common_texts, common_texts.c.id == _line.common)
    )


def of_row(row: Any) -> dict[str, Any]:
    """The fields of StoredLine, and the row's other columns."""
    found = row._asdict()
    own = dict(zip(LINE_TEXTS, padded(found.pop("own_texts"), len(LINE_TEXTS)), strict=True))
    shared = dict(zip(COMMON_TEXTS, padded(found.pop("common_texts"), len(COMMON_TEXTS)), strict=True))
    dates = {name: iso(found.pop(f"{name}_day")) + own.pop(f"{name}_rest") for name in LINE_DAYS}
    return {**found, **own, **shared, **dates, "seen": found["seen"] or ""}
