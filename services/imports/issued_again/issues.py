"""Two issues of a payout, compared line by line: what is corrected in its place, what is no longer there, what is new.

A line of one issue is that of another if both have the same transaction and operation; without a transaction, the same
operation, amount and day. So a fee is never paired with the sale of its transaction. The payout's own line is one in each
issue. Nothing here asks how many lines two issues share, or which was imported first.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from services.reconciliation.matching.lookup import damaged, joined, strings
from services.settlements.placeholders import say_none

Told = Literal["newest", "older", "part"]
# What a person says of a file's issue of a payout: it is the newest one; an older one; a part of the newest one, whose
# lines are others than those that are here.
OWN_LINES = ("settlement", "splitting_settlement", "deferred_settlement")  # a payout has one of each at most
# The columns of a line by which it is compared, as ``StoredLine`` names them.
COMPARED = (
    "transaction_id", "operation_code", "operation", "settlement_currency", "settled_amount_units", "date", "lost", "key", "kind",
)  # fmt: skip


class IssueLine(NamedTuple):
    """A line of an issue. ``mark``: what it shares with the line of another issue that is the same; ``key``: of the cells
    that tell it from others of its mark; ``units``: its settled amount, None where it has none; ``total``: it is a total of others."""

    id: int
    mark: str
    key: str
    units: int | None
    currency: str = ""
    total: bool = False


class Pair(NamedTuple):
    """A line that is corrected, and the one in its place."""

    before: int
    after: int


@dataclass(frozen=True)
class Comparison:
    """Ids of lines: the corrected ones, those of the former issue that the later one has no line for, and the other way round."""

    corrected: tuple[Pair, ...]
    gone: tuple[int, ...]
    new: tuple[int, ...]


def issue_lines(ids: Sequence[int], lines: Mapping[str, pa.Array] | pd.DataFrame) -> list[IssueLine]:
    """The lines with their marks. ``lines``: the columns COMPARED, ``key`` in hex digits."""
    blank = pa.scalar("", pa.large_string())
    transaction = strings(lines["transaction_id"])
    lacking = pc.or_(pa.array(damaged(lines, "transaction_id")), say_none(transaction))
    transaction = pc.if_else(lacking, blank, transaction)
    known, words = strings(lines["operation_code"]), strings(lines["operation"])
    code = pc.if_else(pc.equal(known, blank), pc.utf8_lower(words), known)
    currency, units = (
        strings(lines["settlement_currency"]),
        pa.array(lines["settled_amount_units"], pa.int64()),
    )
    amount = pc.fill_null(units.cast(pa.large_string()), "-")
    day = pc.utf8_slice_codeunits(strings(lines["date"]), 0, 10)
    of = joined(code, currency)
    by_transaction = joined(of, transaction)
    own = pc.is_in(code, value_set=pa.array(OWN_LINES, pa.large_string()))
    marks = pc.if_else(pc.equal(transaction, blank), joined(of, blank, amount, day), by_transaction)
    marks = pc.if_else(own, of, marks)
    total = pc.equal(strings(lines["kind"]), "control")
    cells = (one.to_pylist() for one in (marks, strings(lines["key"]), units, currency, total))
    return [IssueLine(*one) for one in zip(ids, *cells, strict=True)]


def compare(
    former: Iterable[IssueLine], later: Iterable[IssueLine], apart: Collection[tuple[int, int]] = ()
) -> Comparison:
    """Pair the lines of two issues that neither shares with the other. ``apart``: pairs of which a person said that they are
    other lines.

    Of several lines of one mark those are paired first that agree in amount and key, then in the amount, then in the key;
    the others in their order.
    """
    left, right = {one for one, _ in apart}, {one for _, one in apart}
    there: dict[str, list[IssueLine]] = {}
    for line in later:
        there.setdefault(line.mark, []).append(line)
    here: dict[str, list[IssueLine]] = {}
    gone: list[int] = []
    for line in former:
        if line.mark in there and line.id not in left:
            here.setdefault(line.mark, []).append(line)
        else:
            gone.append(line.id)
    found: list[Pair] = []
    new: list[int] = []
    for mark, theirs in there.items():
        new += [line.id for line in theirs if line.id in right]
        free = [line for line in theirs if line.id not in right]
        waiting = here.get(mark, [])
        for agree in (_alike, _of_one_amount, _of_one_key, _any):
            waiting, free = _paired(waiting, free, agree, found)
        gone += [line.id for line in waiting]
        new += [line.id for line in free]
    return Comparison(tuple(sorted(found)), tuple(sorted(gone)), tuple(sorted(new)))


def _paired(
    former: list[IssueLine], later: list[IssueLine], agree: Callable[[IssueLine], object], found: list[Pair]
) -> tuple[list[IssueLine], list[IssueLine]]:
    """What is left of both once those are paired that have the same in ``agree``."""
    if not former or not later:
        return former, later
    free: dict[object, list[IssueLine]] = {}
    for line in reversed(later):
        free.setdefault(agree(line), []).append(line)
    left, taken = [], set[int]()
    for line in former:
        if others := free.get(agree(line)):
            other = others.pop()
            taken.add(other.id)
            found.append(Pair(line.id, other.id))
        else:
            left.append(line)
    return left, [line for line in later if line.id not in taken]


def _alike(line: IssueLine) -> object:
    return line.units, line.key


def _of_one_amount(line: IssueLine) -> object:
    return line.units


def _of_one_key(line: IssueLine) -> object:
    return line.key


def _any(_line: IssueLine) -> object:
    return None
