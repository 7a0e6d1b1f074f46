"""Settlement lines in the store: written with their outcome, found by identity, key and payout."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    Select,
    Subquery,
    TableValuedAlias,
    and_,
    bindparam,
    delete,
    func,
    select,
)
from sqlalchemy import Text as Plain

from services.store.frames import plain
from services.store.in_list import among
from services.store.schema.payout_lines import line_groups, payout_lines
from services.store.schema.payouts import payouts
from services.store.schema.settlement_files import settlement_files
from services.store.settlements.lines import line_codes, line_frames
from services.store.settlements.lines.line_codes import SHARED
from services.store.settlements.lines.line_columns import account_of, groups_with, is_of_account
from services.store.settlements.lines.new_lines import WRITTEN, listed

# What the join makes of a line: the columns of services.reconciliation.matching.match.
OUTCOME = (
    "outcome", "reason", "order", "keys", "unknown_keys", "candidates", "nearest", "seen", "expected",
    "loose_reference", "loose_order",
)  # fmt: skip
# The same as columns of payout_lines.
_CHANGED = (
    "group", "reason", "order", "candidates", "nearest", "seen", "expected", "loose_reference", "loose_order",
)  # fmt: skip
FOLLOWS = "follows_split"  # the reason of a line that is divided as the leader of its transaction is
leader = payout_lines.alias("leader")
_NEVER = 1 << 62


def hidden_from(tx: Connection) -> int:
    """The first line of a file that is not complete: this line and all later ones are hidden."""
    file = settlement_files.c
    found = tx.scalar(select(func.min(file.first_line_id)).where(file.state != "complete"))
    return _NEVER if found is None else int(found)


def is_current(line: Any = payout_lines.c) -> ColumnElement[bool]:
    """The condition that no other line has replaced the line, and that neither an issue nor a person has withdrawn it."""
    return and_(line.replaced_by.is_(None), line.withdrawn_by.is_(None))


def is_valid() -> ColumnElement[bool]:
    """The condition that a line is valid: it is current, and its file is complete."""
    file = settlement_files.c
    hidden = select(func.min(file.first_line_id)).where(file.state != "complete").scalar_subquery()
    return and_(is_current(), payout_lines.c.id < func.coalesce(hidden, _NEVER))


def followed_by(line: Any) -> ColumnElement[bool]:
    """The condition that ``leader`` is a line of the same transaction that ``line`` may follow, divided or not."""
    return and_(
        leader.c.transaction_id == line.transaction_id,
        leader.c.transaction_id != "",
        account_of(leader.c) == account_of(line),
        is_current(leader.c),
    )


def of_file(file: int) -> ColumnElement[bool]:
    """The condition that a line is the file's, by its ids: they follow each other."""
    return of_files((file,))


def of_files(files: Collection[int]) -> ColumnElement[bool]:
    """The condition that a line is of one of these files, by their ids: those of files imported together are neighbours."""
    here, line = settlement_files.c, payout_lines.c
    first, last = (
        select(bound).where(here.id.in_(files)).scalar_subquery()
        for bound in (func.min(here.first_line_id), func.max(here.last_line_id))
    )
    return and_(line.id >= first, line.id <= last, func.coalesce(line.file, 0).in_(files))


def add(tx: Connection, cells: Sequence[Sequence[Any]], part: slice = slice(None)) -> int | None:
    """Insert lines, this part of the columns of WRITTEN; the id of the last one, None without any."""
    columns = [column[part] for column in cells]
    if not (count := len(columns[0])):
        return None
    first = next_id(tx)
    insert(tx, ("id", *WRITTEN), list(zip(range(first, first + count), *columns, strict=True)))
    return first + count - 1


def insert(tx: Connection, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Insert rows of ``payout_lines``, each the cells of these columns."""
    names = ", ".join(f'"{name}"' for name in columns)
    if tx.dialect.name == "postgresql":
        raw: Any = tx.connection.driver_connection
        with raw.cursor().copy(f"COPY payout_lines ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    elif rows:
        places = ", ".join("?" * len(columns))
        tx.exec_driver_sql(f"INSERT INTO payout_lines ({names}) VALUES ({places})", rows)  # noqa: S608 (our own names)


def next_id(tx: Connection) -> int:
    """A number that the lines written from now on are not below, and that no line of the former table has."""
    lines, files = select(func.max(payout_lines.c.id)), select(func.max(settlement_files.c.last_line_id))
    return max(int(tx.scalar(lines) or 0), int(tx.scalar(files) or 0)) + 1


def any_of(tx: Connection, account: str) -> bool:
    line = payout_lines.c
    theirs = groups_with(line_groups.c.account == account)
    return tx.execute(select(line.id).where(line.group.in_(theirs)).limit(1)).first() is not None


def by_identity(tx: Connection, account: str, lines: Mapping[str, Any]) -> pd.DataFrame:
    """``id``, ``identity``, ``key``, ``settlement_id``, ``file``, ``replaced`` and ``withdrawn`` of those lines of the account that are
    there. ``lines``: their identity, settlement_id and settlement_currency."""
    keys = line_codes.distinct([lines[name] for name in ("settlement_id", "settlement_currency")])
    numbers = line_codes.known(tx, "payout", [(account, *key) for key in keys.keys])
    payout = [numbers.get((account, *key)) for key in keys.keys]
    given = [
        (number, identity)
        for place, identity in zip(keys.places.tolist(), plain(lines["identity"]), strict=True)
        if (number := payout[place]) is not None
    ]
    return line_frames.lines(
        tx,
        ("id", "identity", "key", "settlement_id", "file"),
        lambda query: _joined_by(tx, query, "identity", given),
        {
            "replaced": (payout_lines.c.replaced_by.is_not(None), "bool"),
            "withdrawn": (payout_lines.c.withdrawn_by.is_not(None), "bool"),
        },
    )


def by_key(tx: Connection, account: str, keys: Collection[tuple[str, str]], other_than: int) -> pd.DataFrame:
    """``id``, ``key`` and ``settlement_id`` of the account's current lines of complete files with one of these
    (settlement_id, key)."""
    line = payout_lines.c
    numbers = line_codes.payouts_of(tx, account, {settlement for settlement, _ in keys})
    given = [(number, key) for settlement, key in sorted(keys) for number in numbers.get(settlement, ())]
    return line_frames.lines(
        tx,
        ("id", "key", "settlement_id"),
        lambda query: _joined_by(tx, query, "key", given).where(is_current(), line.file != other_than),
    )


def _joined_by(
    tx: Connection, query: Select[Any], name: str, given: Sequence[tuple[int, str]]
) -> Select[Any]:
    """The query of those lines that have one of these (payout, digest in hex digits)."""
    numbers, digests = [number for number, _ in given], [bytes.fromhex(digest) for _, digest in given]
    found: TableValuedAlias | Subquery
    if tx.dialect.name == "postgresql":
        found = (
            func.unnest(
                bindparam(None, numbers, type_=ARRAY(Integer()), unique=True),
                bindparam(None, digests, type_=ARRAY(LargeBinary()), unique=True),
            )
            .table_valued("payout", "digest")
            .render_derived()
        )
    else:  # the digests one after the other: SQLite has no list of bytes
        each = func.json_each(bindparam(None, json.dumps(numbers), type_=Plain(), unique=True)).table_valued(
            "key", "value"
        )
        whole = bindparam(None, b"".join(digests), type_=LargeBinary(), unique=True)
        found = select(
            each.c.value.label("payout"), func.substr(whole, each.c.key * 16 + 1, 16).label("digest")
        ).subquery()
    line = payout_lines.c
    same = and_(line.payout == found.c.payout, found.c.digest == line[name])
    return query.select_from(found).join(payout_lines, same)


# By which two lines of a payout are compared, and what they come to.
_LIKENESS = (
    "operation_code", "operation", "kind", "settlement_currency", "transaction_id", "date", "lost", "key", "file", "line",
)  # fmt: skip


def of_payout(tx: Connection, account: str, settlement: str, other_than: int) -> pd.DataFrame:
    """The current lines of a payout in other files, by id: ``id``, ``settled_amount_units`` and _LIKENESS."""
    return _of_payout(tx, account, settlement, is_current(), payout_lines.c.file != other_than)


def of_payout_and_file(tx: Connection, account: str, settlement: str, file: int) -> pd.DataFrame:
    """The file's own lines of a payout, as ``of_payout`` gives them."""
    return _of_payout(tx, account, settlement, of_file(file))


def every_of_payout(tx: Connection, account: str, settlement: str) -> pd.DataFrame:
    """All lines of a payout, as ``of_payout`` gives them, and whether each is ``current``."""
    numbers = line_codes.payouts_of(tx, account, [settlement]).get(settlement, [])
    return line_frames.lines(
        tx,
        ("id", "settled_amount_units", *_LIKENESS),
        lambda query: query.where(payout_lines.c.payout.in_(numbers)).order_by(payout_lines.c.id),
        {"current": (is_current(), "bool")},
    )


def compared(tx: Connection, ids: Iterable[int]) -> pd.DataFrame:
    """These lines, as ``of_payout`` gives them."""
    return _compared(tx, among(tx, payout_lines.c.id, ids))


def _of_payout(
    tx: Connection, account: str, settlement: str, *conditions: ColumnElement[bool]
) -> pd.DataFrame:
    numbers = line_codes.payouts_of(tx, account, [settlement]).get(settlement, [])
    return _compared(tx, payout_lines.c.payout.in_(numbers), *conditions)


def _compared(tx: Connection, *conditions: ColumnElement[bool]) -> pd.DataFrame:
    return line_frames.lines(
        tx,
        ("id", "settled_amount_units", *_LIKENESS),
        lambda query: query.where(*conditions).order_by(payout_lines.c.id),
    )


def payouts_of_others(tx: Connection, account: str, settlements: Iterable[str], other_than: int) -> set[str]:
    """Those of these settlement ids of the account of which another file has lines, current or not."""
    line = payout_lines.c
    lines = select(line.id).where(line.payout == payouts.c.id, line.file != other_than).exists()
    query = select(payouts.c.settlement_id).where(payouts.c.account == account, lines)
    return set(tx.scalars(query.where(among(tx, payouts.c.settlement_id, settlements))))


def change(tx: Connection, lines: pd.DataFrame, found: Mapping[str, Any]) -> None:
    """Write outcomes of lines: ``found`` has the columns OUTCOME, ``lines`` ``id`` and those of the group."""
    whole = {
        name: found[name] if name in OUTCOME else lines[name]
        for name in (*SHARED["group"], *SHARED["reason"])
    }
    cells: dict[str, list[Any]] = {name: plain(found[name]) for name in OUTCOME}
    for what in ("group", "reason"):
        keys = list(zip(*(plain(whole[name]) for name in SHARED[what]), strict=True))
        numbers = line_codes.number(tx, what, set(keys))
        cells[what] = [numbers[key] for key in keys]
    cells |= {name: listed(cells[name]) for name in ("candidates", "expected")}
    rows = list(zip(*(cells[name] for name in _CHANGED), lines["id"].tolist(), strict=True))
    if rows:
        mark = "%s" if tx.dialect.name == "postgresql" else "?"
        places = ", ".join(f'"{name}" = {mark}' for name in _CHANGED)
        tx.exec_driver_sql(f"UPDATE payout_lines SET {places} WHERE id = {mark}", rows)  # noqa: S608 (our own names)


def of_same_key(tx: Connection, lines: Iterable[int]) -> ColumnElement[bool]:
    """The condition that a line has the account and the key of one of these, itself included."""
    one, theirs, other = payout_lines.alias("one"), payouts.alias("theirs"), payouts.alias("other")
    same = payout_lines.alias("same")
    query = (
        select(same.c.id)
        .select_from(one)
        .join(theirs, theirs.c.id == one.c.payout)
        .join(
            other, and_(other.c.account == theirs.c.account, other.c.settlement_id == theirs.c.settlement_id)
        )
        .join(same, and_(same.c.payout == other.c.id, same.c.key == one.c.key))
        .where(among(tx, one.c.id, lines))
    )
    return payout_lines.c.id.in_(query)


def of_account(tx: Connection, account: str, ids: Iterable[int]) -> list[int]:
    """Those of these lines that are the account's."""
    line = payout_lines.c
    return list(tx.scalars(select(line.id).where(is_of_account(account), among(tx, line.id, ids))))


def remove(tx: Connection, file: int, limit: int) -> int:
    """Delete some of the file's lines; how many."""
    line = payout_lines.c
    some = select(line.id).where(of_file(file)).order_by(line.id).limit(limit)
    return tx.execute(delete(payout_lines).where(line.id.in_(some))).rowcount
