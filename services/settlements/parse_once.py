"""Parse each different text of a column once, and reuse the values of the block before."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import pyarrow as pa

from services.settlements.cells import strings
from services.settlements.codes import SetAsideReason

Parsed = tuple[str, SetAsideReason | Literal[""]]  # the text of a value, and why it cannot be read
_REMEMBERED = 50_000  # different texts of a column whose values are stored for reuse


class ParseOnce:
    """Parses each different text of a column once."""

    def __init__(self, parse: Callable[[str], Parsed]) -> None:
        self._parse = parse
        self._known: dict[str, Parsed] = {}

    def __call__(self, column: pa.Array) -> tuple[pa.Array, list[tuple[int, SetAsideReason]]]:
        """(the parsed texts, (place, reason) of each that is refused)."""
        encoded = column.dictionary_encode()
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        parsed = [self._one(text) for text in encoded.dictionary.to_pylist()]
        bad: list[tuple[int, SetAsideReason]] = []
        if any(reason for _, reason in parsed):
            codes = encoded.indices.to_numpy()
            for code, (_, reason) in enumerate(parsed):
                if reason:
                    bad += [(int(place), reason) for place in np.flatnonzero(codes == code)]
        return strings([text for text, _ in parsed]).take(encoded.indices), bad

    def _one(self, text: str) -> Parsed:
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._parse(text)
        return known
