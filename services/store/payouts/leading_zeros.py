"""Settlement ids that differ by leading zeros alone: a spreadsheet takes 077 for a number, and writes 77."""

from collections.abc import Collection, Mapping
from typing import TypeVar

T = TypeVar("T")
_MOST = 12  # zeros; HiPay's ids have fewer digits


def without(settlement: str) -> str:
    """The id without leading zeros; itself if it is no number."""
    return settlement.lstrip("0") or "0" if _is_number(settlement) else settlement


def alike(settlement: str) -> list[str]:
    """The ids that equal this one but for leading zeros, itself among them; just itself if it is no number."""
    if not _is_number(settlement):
        return [settlement]
    bare = without(settlement)
    return sorted({settlement, *("0" * zeros + bare for zeros in range(_MOST + 1))})


def _is_number(settlement: str) -> bool:
    return settlement.isascii() and settlement.isdigit()


def the_only_one(listed: Mapping[str, T], settlement: str) -> T | None:
    """What is listed under this id, else under the only one that equals it but for leading zeros; None where there is none, or are
    several."""
    if settlement in listed:
        return listed[settlement]
    found = [listed[one] for one in alike(settlement) if one in listed]
    return found[0] if len(found) == 1 else None


def all_alike(settlements: Collection[str]) -> list[str]:
    return sorted({one for settlement in settlements for one in alike(settlement)})
