"""Lines and their outcomes as the rows of ``payout_lines``: what many have in common as numbers, the other texts packed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import Connection

from services.settlements.cells import raw
from services.store.frames import coded, plain, text_cells
from services.store.schema.payout_lines import LINE_AMOUNTS, LINE_DAYS, LINE_TEXTS
from services.store.schema.types import text_list
from services.store.settlements.lines import line_codes
from services.store.settlements.lines.line_codes import SHARED, Distinct, Key, Shared
from services.store.settlements.lines.line_days import day_number, rest
from services.store.settlements.outcomes import BETWEEN

# The columns of payout_lines that an import writes, behind the id.
WRITTEN = (
    *get_args(Shared), "file", *(f"{name}_day" for name in LINE_DAYS), *LINE_AMOUNTS, "line", "identity", "key",
    "transaction_id", "merchant_operation_id", "loose_reference", "loose_order", "texts", "order", "nearest",
    "candidates", "expected", "seen",
)  # fmt: skip
_AS_THEY_ARE = (
    "file", *LINE_AMOUNTS, "line", "identity", "key", "transaction_id", "merchant_operation_id", "loose_reference", "loose_order", "order",
    "nearest",
)  # fmt: skip
_ESCAPED = r'["\\\x00-\x1f]'  # characters that JSON does not have as they are
_IS_ESCAPED = np.zeros(256, bool)
_IS_ESCAPED[[*range(32), ord('"'), ord("\\")]] = True
Numbers = Mapping[Shared, Mapping[Key, int]]


@dataclass(frozen=True, kw_only=True)
class NewLines:
    """Lines that are ready to be written but for the numbers of what they have in common."""

    shared: Mapping[Shared, Distinct]
    columns: Mapping[str, Sequence[Any]]

    def known(self, tx: Connection) -> Numbers | None:
        """The numbers, unless some are missing."""
        found = {what: line_codes.known(tx, what, one.keys) for what, one in self.shared.items()}
        return found if all(len(found[what]) == len(one.keys) for what, one in self.shared.items()) else None

    def number(self, tx: Connection) -> Numbers:
        """The numbers; those that are missing are given."""
        return {what: line_codes.number(tx, what, one.keys) for what, one in self.shared.items()}

    def cells(self, numbers: Numbers) -> list[Sequence[Any]]:
        """The columns of WRITTEN."""
        shared: dict[str, Sequence[Any]] = {
            what: np.array([numbers[what][key] for key in one.keys], np.int64)[one.places].tolist()
            for what, one in self.shared.items()
        }
        columns = {**self.columns, **shared}
        return [columns[name] for name in WRITTEN]


def prepared(lines: Mapping[str, Any]) -> NewLines:
    """``lines``: the columns of ``StoredLine`` that a file and the join give, ``identity`` and ``key`` as bytes,
    ``candidates`` and ``expected`` as the join has them."""
    texts = {name: coded(lines[name]) for what in SHARED for name in SHARED[what]}
    shared = {what: line_codes.distinct([texts[name] for name in names]) for what, names in SHARED.items()}
    days, rests = {}, {}
    for name in LINE_DAYS:
        column = coded(lines[name])
        different, places = column.dictionary.to_pylist(), column.indices
        numbers = np.array([day_number(text) for text in different], np.int64)
        days[f"{name}_day"] = numbers[places.to_numpy()].tolist()
        rests[f"{name}_rest"] = pa.array([rest(text) for text in different], pa.large_string()).take(places)
    packed = [rests[name] if name in rests else text_cells(lines[name]) for name in LINE_TEXTS]
    return NewLines(
        shared=shared,
        columns={
            **{name: plain(lines[name]) for name in _AS_THEY_ARE},
            **days,
            "texts": _packed(packed),
            **{name: _sparse(lines[name], listed_text) for name in ("candidates", "expected")},
            "seen": _sparse(lines["seen"], str),
        },
    )


def listed(texts: Sequence[str]) -> list[str | None]:
    """Texts that the join has joined, as lists in storage."""
    return [listed_text(text) if text else None for text in texts]


def listed_text(text: str) -> str | None:
    return text_list(text.split(BETWEEN))


def packed_texts(texts: Sequence[str]) -> str | None:
    """A line's texts as they are stored, without the empty ones at the end."""
    last = max((place for place, text in enumerate(texts) if text), default=-1)
    return text_list(texts[: last + 1])


def _sparse(column: Any, stored: Callable[[str], str | None]) -> list[str | None]:
    """The texts as they are stored, None for an empty one: nearly all are."""
    cells = text_cells(column)
    places = np.flatnonzero(_filled(cells))
    found: list[str | None] = [None] * len(cells)
    for place, text in zip(places.tolist(), cells.take(pa.array(places)).to_pylist(), strict=True):
        found[place] = stored(text)
    return found


def _filled(cells: pa.Array) -> NDArray[np.bool_]:
    """Which texts are not empty."""
    offsets, _ = raw(cells)
    found: NDArray[np.bool_] = offsets[1:] > offsets[:-1]
    return found


def _packed(columns: Sequence[pa.Array]) -> list[str | None]:
    """``packed_texts`` of each line: in columns, but where a text must be escaped."""
    count = len(columns[0])
    length, odd = np.zeros(count, np.int64), np.zeros(count, bool)
    for place, column in enumerate(columns):
        offsets, data = raw(column)
        length[offsets[1:] > offsets[:-1]] = place + 1
        if _IS_ESCAPED[data[offsets[0] : offsets[-1]]].any():
            odd |= pc.match_substring_regex(column, _ESCAPED).to_numpy(zero_copy_only=False)
    found = np.empty(count, object)
    begin, between, end, nothing = (pa.scalar(text, pa.large_string()) for text in ('["', '","', '"]', ""))
    for last in np.unique(length[length > 0]).tolist():
        here = length == last
        some = [column.filter(pa.array(here)) for column in columns[:last]]
        joined = pc.binary_join_element_wise(*some, between)
        whole = pc.binary_join_element_wise(begin, joined, end, nothing)
        found[here] = whole.to_numpy(zero_copy_only=False)
    for place in odd.nonzero()[0].tolist():
        found[place] = packed_texts([column[place].as_py() for column in columns])
    texts: list[str | None] = found.tolist()
    return texts
