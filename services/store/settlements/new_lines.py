"""Lines and their outcomes as the rows of ``payout_lines``: what many have in common as numbers, the other texts packed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from services.store.frames import plain, text_cells
from services.store.schema.payout_lines import LINE_AMOUNTS, LINE_DAYS, LINE_TEXTS
from services.store.schema.types import text_list
from services.store.settlements import line_codes
from services.store.settlements.line_codes import SHARED, Distinct, Key, Shared
from services.store.settlements.line_days import day_number, rest
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

    def rows(self, numbers: Numbers) -> list[tuple[Any, ...]]:
        """The cells of WRITTEN."""
        shared: dict[str, Sequence[Any]] = {
            what: np.array([numbers[what][key] for key in one.keys], np.int64)[one.places].tolist()
            for what, one in self.shared.items()
        }
        columns = {**self.columns, **shared}
        return list(zip(*(columns[name] for name in WRITTEN), strict=True))


def prepared(lines: Mapping[str, Any]) -> NewLines:
    """``lines``: the columns of ``StoredLine`` that a file and the join give, ``identity`` and ``key`` as bytes,
    ``candidates`` and ``expected`` as the join has them."""
    texts = {name: text_cells(lines[name]) for what in SHARED for name in SHARED[what]}
    shared = {what: line_codes.distinct([texts[name] for name in names]) for what, names in SHARED.items()}
    days, rests = {}, {}
    for name in LINE_DAYS:
        coded = text_cells(lines[name]).dictionary_encode()
        different, places = coded.dictionary.to_pylist(), coded.indices
        days[f"{name}_day"] = (
            pa.array([day_number(text) for text in different], pa.int64()).take(places).to_pylist()
        )
        rests[f"{name}_rest"] = pa.array([rest(text) for text in different], pa.large_string()).take(places)
    packed = [rests[name] if name in rests else text_cells(lines[name]) for name in LINE_TEXTS]
    return NewLines(
        shared=shared,
        columns={
            **{name: plain(lines[name]) for name in _AS_THEY_ARE},
            **days,
            "texts": _packed(packed),
            **{name: listed(plain(lines[name])) for name in ("candidates", "expected")},
            "seen": [text or None for text in plain(lines["seen"])],
        },
    )


def listed(texts: Sequence[str]) -> list[str | None]:
    """Texts that the join has joined, as lists in storage."""
    return [text_list(text.split(BETWEEN)) if text else None for text in texts]


def packed_texts(texts: Sequence[str]) -> str | None:
    """A line's texts as they are stored, without the empty ones at the end."""
    last = max((place for place, text in enumerate(texts) if text), default=-1)
    return text_list(texts[: last + 1])


def _packed(columns: Sequence[pa.Array]) -> list[str | None]:
    """``packed_texts`` of each line: in columns, but where a text must be escaped."""
    joined = pc.binary_join_element_wise(*columns, pa.scalar('","', pa.large_string()))
    whole = pc.binary_join_element_wise(
        pa.scalar('["', pa.large_string()),
        joined,
        pa.scalar('"]', pa.large_string()),
        pa.scalar("", pa.large_string()),
    )
    found = pc.replace_substring_regex(whole, r'(,"")+\]$', "]").to_pylist()
    odd = np.zeros(len(found), bool)
    for column in columns:
        odd |= pc.match_substring_regex(column, _ESCAPED).to_numpy(zero_copy_only=False)
    for place in odd.nonzero()[0].tolist():
        found[place] = packed_texts([column[place].as_py() for column in columns])
    return [None if text == '[""]' else text for text in found]
