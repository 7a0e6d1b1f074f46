"""Which line is which, across files: a line read twice is one line, two equal lines of one file are two.

The identity is a hash of what the line says, whatever dialect said it, and of its occurrence within its file. The key
leaves out what a correction may change (amounts, dates, names), so that a changed line is known as changed.
"""

from collections import Counter, defaultdict
from hashlib import blake2b

import pandas as pd

from services.settlements.columns import REFERENCES, TEXTS, UNITS

_CONTENT = (*(name for name in TEXTS if name != "operation"), *UNITS)
_KEY = (
    "account", "settlement_id", "original_settlement_id", "transaction_id", "order", "merchant_operation_id",
    *REFERENCES,
)  # fmt: skip


def identify(lines: pd.DataFrame) -> pd.DataFrame:
    """`identity`, `key` (32 hex digits each) and `occurrence` (1, 2, …) of the lines of ONE file, on their index.

    `lines` as SettlementFile.lines. The order of the lines does not matter: equal ones are interchangeable.
    """
    # An unknown operation has no code: its own words tell it apart.
    operation = lines["operation_code"].where(
        lines["operation_code"] != "", lines["operation"].str.casefold()
    )
    content = _joined(lines, operation, _CONTENT)
    seen: Counter[str] = Counter()
    occurrences = []
    for text in content:
        seen[text] += 1
        occurrences.append(seen[text])
    return pd.DataFrame(
        {
            "identity": pd.Series(
                [_hash(f"{text}\x1f{n}") for text, n in zip(content, occurrences, strict=True)], dtype="str"
            ),
            "key": pd.Series([_hash(text) for text in _joined(lines, operation, _KEY)], dtype="str"),
            "occurrence": pd.Series(occurrences, dtype="int64"),
        }
    ).set_index(lines.index)


def compare(identified: pd.DataFrame, stored: pd.DataFrame) -> pd.Series:
    """`new`, `known` or `changed` for each line of one file, on its index.

    Both frames hold `identity` and `key`; `stored` are the lines kept so far. Changed: its identity is not stored, but
    a stored line of the same key is not in this file, so one has become the other; each is used once.
    """
    known = identified["identity"].isin(stored["identity"])
    gone = Counter(stored.loc[~stored["identity"].isin(identified["identity"]), "key"])
    spare: defaultdict[str, int] = defaultdict(int, gone)
    states = []
    for here, key in zip(known, identified["key"], strict=True):
        if here:
            states.append("known")
        elif spare[key]:
            spare[key] -= 1
            states.append("changed")
        else:
            states.append("new")
    return pd.Series(states, index=identified.index, dtype="str")


def _joined(lines: pd.DataFrame, operation: pd.Series, columns: tuple[str, ...]) -> list[str]:
    # The unit separator stands in no cell that a person typed; NA of a blank amount is no number.
    parts = [
        operation,
        *(lines[column].astype("object").where(lines[column].notna(), "") for column in columns),
    ]
    return ["\x1f".join(map(str, row)) for row in zip(*parts, strict=True)]


def _hash(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
