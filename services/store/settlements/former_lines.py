"""Lines of the table of former versions, ``settlement_lines``, and how they come into ``payout_lines`` with the same ids."""

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from services.store.frames import frame, plain
from services.store.schema.payout_lines import LINE_AMOUNTS
from services.store.settlements import settlement_lines
from services.store.settlements.line_frames import kinds_of
from services.store.settlements.new_lines import WRITTEN, prepared

COLUMNS = (
    "id", "account", "identity", "key", "file", "line", "replaced_by", "file_account", "account_name", "date",
    "date_value", "invoice_reference", "settlement_id", "transaction_id", "file_order", "product_name", "invoiced",
    "settled", "original_currency", "currency", "operation", "settlement_currency", "original_settlement_id",
    "customer_id", "merchant_operation_id", "reporting_data_1", "reporting_data_2", "reporting_data_3",
    "reporting_data_4", "reporting_data_5", "collect_mode", "transfer", "operation_date", "operation_code", "kind",
    "lost", *LINE_AMOUNTS, "outcome", "reason", "order", "keys", "unknown_keys", "candidates", "nearest", "seen",
    "expected", "decision", "loose_reference", "loose_order",
)  # fmt: skip
_FORMER = sa.table("settlement_lines", *map(sa.column, COLUMNS))
_MORE = ("id", "replaced_by", "decision")


def read(tx: Connection, after: int, limit: int) -> pd.DataFrame:
    """The next former lines by id, with these columns."""
    query = sa.select(_FORMER).where(_FORMER.c.id > after).order_by(_FORMER.c.id).limit(limit)
    return frame(tx, query, kinds_of(COLUMNS))


def move(tx: Connection, lines: pd.DataFrame) -> None:
    """Write former lines into the table of today; what they have in common gets its numbers."""
    new = prepared(lines)
    more = zip(*(plain(lines[name]) for name in _MORE), strict=True)
    rows = [(*own, *cells) for own, cells in zip(more, new.rows(new.number(tx)), strict=True)]
    settlement_lines.insert(tx, (*_MORE, *WRITTEN), rows)
