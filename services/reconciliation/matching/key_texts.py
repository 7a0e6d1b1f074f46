"""The texts by which an order is known, and how two of them are compared."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.settlements.cells import raw, trimmed

REFERENCE_KINDS = tuple(f"reference_{n}" for n in range(1, 6))
# The kinds of an order's keys: its own id and its pages' ids; its references; HiPay's transactions; our captures' ids.
HIPAYS_KINDS = ("transaction", "operation")
KEY_COLUMNS = ("loose", "account", "kind", "text", "order")
LOOSE = frozenset({"case", "blanks", "dashes", "zeros"})
_BLANKS, _DASHES = r"\s\x{00a0}\x{1680}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}", r"\-‐‑–—_/."


def normalised(texts: pa.Array, ignore: frozenset[str]) -> pa.Array:
    """Keys as the rules compare them; blanks around them never count."""
    texts = trimmed(texts)
    offsets, data = raw(texts)
    cells = data[offsets[0] : offsets[-1]]
    if texts.null_count or (cells >= 0x80).any():
        texts = _folded(texts, ignore)
    else:
        offsets = offsets.astype(np.int64) - offsets[0]
        if "case" in ignore:
            cells = _LOWER[cells]
        if (dropped := _DROPPED["blanks" in ignore, "dashes" in ignore][cells]).any():
            cells = cells[~dropped]
            offsets = np.concatenate([[0], np.cumsum(~dropped)])[offsets]
        buffers = (pa.py_buffer(np.ascontiguousarray(part)) for part in (offsets, cells))
        texts = pa.LargeStringArray.from_buffers(len(texts), *buffers)
    return _without_zeros(texts) if "zeros" in ignore else texts


def _dropped(blanks: bool, dashes: bool) -> NDArray[np.bool_]:
    """Which bytes of plain texts are dropped."""
    table = np.zeros(128, bool)
    table[list((b"\t\n\f\r " if blanks else b"") + (b"-_/." if dashes else b""))] = True
    return table


_LOWER = np.arange(128, dtype=np.uint8)
_LOWER[ord("A") : ord("Z") + 1] += ord("a") - ord("A")
_DROPPED = {
    (blanks, dashes): _dropped(blanks, dashes) for blanks in (False, True) for dashes in (False, True)
}


def _folded(texts: pa.Array, ignore: frozenset[str]) -> pa.Array:
    """Texts with letters beyond ASCII among them without what is ignored but zeros."""
    if "case" in ignore:
        texts = pa.array([text and text.casefold() for text in texts.to_pylist()], texts.type)
    dropped = (_BLANKS if "blanks" in ignore else "") + (_DASHES if "dashes" in ignore else "")
    return pc.replace_substring_regex(texts, f"[{dropped}]+", "") if dropped else texts


def _without_zeros(texts: pa.Array) -> pa.Array:
    """Texts without leading zeros; of one that has nothing else one stays."""
    led = pc.starts_with(texts, "0")
    if not pc.any(led).as_py():
        return texts
    stripped = pc.replace_substring_regex(texts.filter(led), "^0+(.)", r"\1")
    return pc.replace_with_mask(texts, led, stripped)


def loosely(texts: Sequence[str]) -> list[str]:
    """The texts in their loosest form of comparison."""
    found: list[str] = normalised(pa.array(texts, pa.large_string()), LOOSE).to_pylist()
    return found


def known_keys(
    accounts: Mapping[int, str], texts: Iterable[tuple[str, Iterable[tuple[int, str]]]]
) -> list[tuple[str, str, str, str, int]]:
    """The keys of orders, in KEY_COLUMNS; one may come twice. ``texts``: by kind, pairs of an order and a text that it is known by."""
    found: list[tuple[str, str, str, str, int]] = []
    for kind, pairs in texts:
        bare = [(order, stripped) for order, text in pairs if (stripped := text.strip())]
        its = [text for _, text in bare]
        loose = its if kind in HIPAYS_KINDS else loosely(its)
        found += [
            (near, accounts[order], kind, text, order)
            for near, (order, text) in zip(loose, bare, strict=True)
        ]
    return found
