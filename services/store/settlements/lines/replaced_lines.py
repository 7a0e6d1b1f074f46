"""Settlement lines that another line replaces, or that are withdrawn: they no longer count, until they are restored."""

from collections.abc import Iterable

import pandas as pd
from sqlalchemy import Connection, not_, update

from services.store.in_list import among
from services.store.schema.payout_lines import payout_lines
from services.store.settlements.lines.joined_lines import joined
from services.store.settlements.lines.line_totals import Sums, counted
from services.store.settlements.lines.settlement_lines import is_current


def replace(tx: Connection, ids: Iterable[int], file: int) -> pd.DataFrame:
    """Lines of the file replace these: they no longer count. Those that counted, as ``joined`` gives them."""
    return _take_out(tx, ids, replaced_by=file)


def withdraw(tx: Connection, ids: Iterable[int], file: int) -> pd.DataFrame:
    """The file's issue of their payout no longer has these lines: they no longer count. Those that counted, as ``joined``
    gives them."""
    return _take_out(tx, ids, withdrawn_by=file)


def restore(tx: Connection, ids: Iterable[int]) -> None:
    """Nothing replaces or withdraws these lines any more: they count with their last outcome, and are to be joined again."""
    back = joined(tx, among(tx, payout_lines.c.id, ids) & not_(is_current()))
    if len(back):
        Sums(counted(back, back["was_outcome"], back["was_reason"])).write(tx)
        _mark(tx, back, replaced_by=None, withdrawn_by=None)


def _take_out(tx: Connection, ids: Iterable[int], **mark: int) -> pd.DataFrame:
    gone = joined(tx, among(tx, payout_lines.c.id, ids) & is_current())
    if len(gone):
        Sums(counted(gone, gone["was_outcome"], gone["was_reason"])).write(tx, sign=-1)
        _mark(tx, gone, **mark)
    return gone


def _mark(tx: Connection, lines: pd.DataFrame, **mark: int | None) -> None:
    tx.execute(update(payout_lines).where(among(tx, payout_lines.c.id, lines["id"].tolist())).values(**mark))
