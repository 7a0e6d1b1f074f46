"""Settlement lines that another file replaces: they no longer count, until they are restored."""

from collections.abc import Iterable

import pandas as pd
from sqlalchemy import (
    Connection,
    and_,
    update,
)

from services.store.in_list import among
from services.store.schema.payout_lines import payout_lines
from services.store.settlements.joined_lines import joined
from services.store.settlements.line_totals import Sums, counted


def replace(tx: Connection, ids: Iterable[int], file: int) -> pd.DataFrame:
    """Another file replaces these lines: they no longer count. The lines as ``joined`` gives them."""
    gone = joined(tx, and_(among(tx, payout_lines.c.id, ids), payout_lines.c.replaced_by.is_(None)))
    Sums(counted(gone, gone["was_outcome"], gone["was_reason"])).write(tx, sign=-1)
    tx.execute(
        update(payout_lines).where(among(tx, payout_lines.c.id, gone["id"].tolist())).values(replaced_by=file)
    )
    return gone


def restore(tx: Connection, ids: Iterable[int]) -> None:
    """No other file replaces these lines any more: they count with their last outcome, and are to be joined again."""
    back = joined(tx, and_(among(tx, payout_lines.c.id, ids), payout_lines.c.replaced_by.is_not(None)))
    Sums(counted(back, back["was_outcome"], back["was_reason"])).write(tx)
    tx.execute(
        update(payout_lines).where(among(tx, payout_lines.c.id, back["id"].tolist())).values(replaced_by=None)
    )
