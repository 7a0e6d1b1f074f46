"""Lines of the table of former versions, ``settlement_lines``, and how they come into ``payout_lines`` with the same ids."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from services.store.frames import frame, plain
from services.store.schema.payout_lines import LINE_AMOUNTS, line_groups, payout_lines
from services.store.schema.payouts import payouts
from services.store.settlements.lines import settlement_lines
from services.store.settlements.lines.line_frames import kinds_of
from services.store.settlements.lines.new_lines import WRITTEN, NewLines, prepared
from services.store.settlements.outcomes import BETWEEN

COLUMNS = (
    "id", "account", "identity", "key", "file", "line", "replaced_by", "file_account", "account_name", "date",
    "date_value", "invoice_reference", "settlement_id", "transaction_id", "file_order", "product_name", "invoiced",
    "settled", "original_currency", "currency", "operation", "settlement_currency", "original_settlement_id",
    "customer_id", "merchant_operation_id", "reporting_data_1", "reporting_data_2", "reporting_data_3",
    "reporting_data_4", "reporting_data_5", "collect_mode", "transfer", "operation_date", "operation_code", "kind",
    "lost", *LINE_AMOUNTS, "outcome", "reason", "order", "keys", "unknown_keys", "candidates", "nearest", "seen",
    "expected", "decision", "loose_reference", "loose_order",
)  # fmt: skip
FORMER = sa.table("settlement_lines", *map(sa.column, COLUMNS))
_MORE = ("id", "replaced_by", "decision")
_IDENTITIES = 20_000  # read at once


@dataclass(frozen=True)
class Former:
    """Former lines, ready to be written; ``more``: the cells of ``id``, ``replaced_by`` and ``decision``."""

    more: list[tuple[Any, ...]]
    lines: NewLines

    @property
    def last(self) -> int:
        return int(self.more[-1][0])


def read(tx: Connection, after: int, limit: int) -> Former | None:
    """The next former lines by id; None behind the last."""
    query = sa.select(FORMER).where(FORMER.c.id > after).order_by(FORMER.c.id).limit(limit)
    lines = frame(tx, query, kinds_of(COLUMNS))
    digests = {name: [bytes.fromhex(one) for one in plain(lines[name])] for name in ("identity", "key")}
    more = zip(*(plain(lines[name]) for name in _MORE), strict=True)
    named = {"candidates": lines["candidates"].str.replace(", ", BETWEEN)}
    new = {**{name: lines[name] for name in COLUMNS}, **digests, **named}
    return Former(list(more), prepared(new)) if len(lines) else None


def write(tx: Connection, former: Former) -> None:
    """Write former lines into the table of today; what they have in common gets its numbers."""
    cells = zip(*former.lines.cells(former.lines.number(tx)), strict=True)
    rows = [(*more, *line) for more, line in zip(former.more, cells, strict=True)]
    settlement_lines.insert(tx, (*_MORE, *WRITTEN), rows)


def equal(tx: Connection) -> bool:
    """Whether both tables have the same lines: per account, payout, currency and outcome as many, with the same sum of each amount
    and as many without it; and one after the other the same ids and identities."""
    former, line, group, payout = FORMER.c, payout_lines.c, line_groups.c, payouts.c
    joined = payout_lines.join(line_groups, group.id == line.group).join(payouts, payout.id == line.payout)
    theirs = (former.account, former.settlement_id, former.settlement_currency, former.outcome)
    ours = (payout.account, payout.settlement_id, payout.currency, group.outcome)
    if _sums(tx, FORMER, former, theirs) != _sums(tx, joined, line, ours):
        return False
    return _identities(tx, former) == _identities(tx, line)


def _sums(tx: Connection, source: Any, line: Any, by: tuple[Any, ...]) -> dict[tuple[str, ...], list[int]]:
    sums = (of for name in LINE_AMOUNTS for of in (sa.func.sum(line[name]), sa.func.count(line[name])))
    query = sa.select(*by, sa.func.count(), *sums).select_from(source).group_by(*by)
    return {tuple(row[: len(by)]): [int(cell or 0) for cell in row[len(by) :]] for row in tx.execute(query)}


def _identities(tx: Connection, line: Any) -> bytes:
    """A digest of each line's id and identity, by id."""
    digest, after = blake2b(), -1
    query = sa.select(line.id, line.identity).order_by(line.id).limit(_IDENTITIES)
    while some := tx.execute(query.where(line.id > after)).all():
        digest.update("".join(f"{row.id} {row.identity}\n" for row in some).encode())
        after = some[-1].id
    return digest.digest()


def delete(tx: Connection, limit: int) -> bool:
    """Delete some former lines, or an index of theirs; False where none is left, and their table is dropped."""
    if tx.dialect.name == "sqlite":  # which would drop all of it, byte for byte, in this one transaction
        index = tx.scalar(
            sa.text(
                "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'settlement_lines' AND sql <> ''"
            )
        )
        if index:
            tx.exec_driver_sql(f"DROP INDEX {index}")
            return True
        first = sa.select(FORMER.c.id).order_by(FORMER.c.id).limit(limit)
        if tx.execute(sa.delete(FORMER).where(FORMER.c.id.in_(first))).rowcount:
            return True
    tx.exec_driver_sql("DROP TABLE settlement_lines")
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("DROP FUNCTION settlement_lines_frozen()")
    return False
