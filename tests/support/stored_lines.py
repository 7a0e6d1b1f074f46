"""Every line as it is stored."""

from sqlalchemy import Connection, select

from services.store.schema.payout_lines import payout_lines
from services.store.settlements.lines import stored_lines
from services.store.settlements.lines.stored_lines import StoredLine


def every_line(tx: Connection) -> list[StoredLine]:
    """All lines in the order of their ids, whether they are valid or not."""
    query = select(*stored_lines.columns()).select_from(stored_lines.tables()).order_by(payout_lines.c.id)
    return [StoredLine(**stored_lines.of_row(row)) for row in tx.execute(query)]
