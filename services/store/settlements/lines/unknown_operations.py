"""Lines of operations that are not known, and up to which of them was looked for operations that the program knows by now."""

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, select, update

from services.settlements.settlement_operations import bucket
from services.store import meta
from services.store.in_list import among
from services.store.schema.payout_lines import line_groups, payout_lines
from services.store.settlements.lines.joined_lines import joined
from services.store.settlements.lines.line_columns import groups_with
from services.store.settlements.lines.settlement_lines import is_current

_NAME = "operations"
_line, _group = payout_lines.c, line_groups.c


@dataclass(frozen=True)
class Looked:
    """``known``: the digest of the operations that all lines were looked through for, "" for none; ``looking_for``: the one that they are
    looked through for now, up to the line ``after``."""

    known: str = ""
    looking_for: str = ""
    after: int = 0


def state(tx: Connection) -> Looked:
    return Looked(**meta.document(tx, _NAME))


def go_on(tx: Connection, known: str, after: int) -> None:
    before = state(tx)
    meta.put_document(tx, _NAME, {"known": before.known, "looking_for": known, "after": after})


def finish(tx: Connection, known: str) -> None:
    meta.put_document(tx, _NAME, {"known": known})


def next_lines(tx: Connection, after: int, limit: int) -> tuple[int, pd.DataFrame | None]:
    """Of the next lines of unknown operations: the last id, and the lines as ``joined`` gives them, with whether each is ``current``; None for
    no line."""
    unknown = groups_with(_group.operation_code == "")
    query = select(_line.id).where(_line.group.in_(unknown), _line.id > after).order_by(_line.id).limit(limit)
    ids = list(tx.scalars(query))
    if not ids:
        return after, None
    current = set(tx.scalars(select(_line.id).where(among(tx, _line.id, ids), is_current())))
    lines = joined(tx, among(tx, _line.id, ids))
    return ids[-1], lines.assign(current=lines["id"].isin(current))


@dataclass(frozen=True, slots=True)
class LineGroup:
    id: int
    operation_code: str
    kind: str
    bucket: str

    @property
    def moved(self) -> bool:
        """Whether its operation has another bucket by now."""
        return self.bucket != bucket(self.operation_code, self.kind)


def groups(tx: Connection) -> list[LineGroup]:
    query = select(_group.id, _group.operation_code, _group.kind, _group.bucket)
    return [LineGroup(*row) for row in tx.execute(query)]


def renew_buckets(tx: Connection) -> None:
    """Let every group have the bucket that its operation has today."""
    for one in groups(tx):
        if one.moved:
            now = bucket(one.operation_code, one.kind)
            tx.execute(update(line_groups).where(_group.id == one.id).values(bucket=now))
