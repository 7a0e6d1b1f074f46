"""Amounts as text to integers of 1/10000, exactly; and which sign is the decimal one in a whole file."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from services.settlements.codes import AmountReason
from services.spreadsheets.marks import NUMBER, SIGN
from services.text import currency_signs

Decimal = Literal[".", ","]
GROUPS = (
    " ",
    ".",
    ",",
    "'",
)  # marks between thousands; every kind of blank and apostrophe is folded to these
_SHAPE = re.compile(
    r"(?P<open>\()?\s*(?:(?P<lead>[+-])\s*)?(?P<body>[0-9.,](?:[0-9., ']*[0-9.,])?)\s*(?P<trail>-)?(?P<close>\))?"
)
_SIMPLE = re.compile(r"(-?)([0-9]{1,11})(?:([.,])([0-9]{0,4}))?")  # nearly every cell
_OUTLINE = str.maketrans("23456789", "11111111")  # cells that differ only in digits have the same signs
_MAX_DIGITS = 11  # whole digits: sums of nine thousand such amounts still fit an int64


class Unreadable(ValueError):
    """The amount cannot be read; amount_too_precise: it is finer than 1/10000."""

    def __init__(self, reason: AmountReason) -> None:
        super().__init__(reason)
        self.reason = reason


def _parts(text: str) -> tuple[bool, str] | None:
    """(negative, digits and separators) of a cell, or None. A currency's sign beside them is left out."""
    shape = _SHAPE.fullmatch(text.translate(currency_signs.FOLD).strip())
    if not shape:
        signed = currency_signs.split(text)
        shape = _SHAPE.fullmatch(signed.bare) if signed.signs and signed.known else None
    if not shape or bool(shape["open"]) != bool(shape["close"]):
        return None
    if shape["trail"] and shape["body"][-1] in ".,":  # 5,- is five, not a debit
        return None
    marks = [bool(shape["open"]), shape["lead"] is not None, bool(shape["trail"])]
    if sum(marks) > 1:
        return None
    return marks[0] or marks[2] or shape["lead"] == "-", shape["body"]


@lru_cache(maxsize=8192)
def currencies(text: str) -> frozenset[str] | None:
    """The codes of the currencies that a sign or a code beside the amount can mean, None if there is no sign."""
    if text.startswith(NUMBER):
        sign = text.partition(SIGN)[2]
        return currency_signs.meanings(sign) if sign else None
    signed = currency_signs.split(text)
    return signed.currencies if signed.signs else None


def negative(text: str) -> bool | None:
    """Whether an amount is written as below zero; None for zero, a blank and a text that is no amount."""
    return _negative(text.translate(_OUTLINE))


@lru_cache(maxsize=8192)
def _negative(outline: str) -> bool | None:
    parts = _parts(outline.lstrip(NUMBER).partition(SIGN)[0])
    return parts[0] if parts and "1" in parts[1] else None


def to_units(text: str, decimal: str, thousands: str | None) -> int:
    """The amount in 1/10000. `thousands`: the one grouping mark of the file, "" for none, None for any.

    Raises Unreadable. A grouping mark must group by three, so that 12.5 is never read as 125. A number cell of a spreadsheet
    (marks.NUMBER) is read as such whatever the file's signs. The caller must check that a currency's sign beside the amount
    can mean the row's currency (`currencies`).
    """
    if text.startswith(NUMBER):
        text, decimal, thousands = text[1:].partition(SIGN)[0], ".", ""
    simple = _SIMPLE.fullmatch(text)
    if simple and simple[3] in (None, decimal):
        units = int(simple[2] + (simple[4] or "").ljust(4, "0"))
        return -units if simple[1] else units
    parts = _parts(text)
    if parts is None:
        lost = re.fullmatch(r"[+-]?[0-9]([.,][0-9]*)?[eE][+-]?[0-9]+", text.strip())
        raise Unreadable("amount_digits_lost" if lost else "amount_unreadable")
    below, body = parts
    whole, mark, fraction = body.rpartition(decimal)
    if not mark:
        whole, fraction = body, ""
    if decimal in whole or not (whole or fraction) or (fraction and not fraction.isdigit()):
        raise Unreadable("amount_unreadable")
    if not whole.isdigit() and whole:
        allowed = thousands if thousands is not None else "".join(GROUPS).replace(decimal, "")
        group = next((c for c in whole if not c.isdigit()), "")
        if group not in allowed or not re.fullmatch(rf"[0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+", whole):
            raise Unreadable("amount_unreadable")
        whole = whole.replace(group, "")
    fraction = fraction.rstrip("0")
    if len(fraction) > 4:
        raise Unreadable("amount_too_precise")
    whole = whole.lstrip("0")
    if len(whole) > _MAX_DIGITS:
        raise Unreadable("amount_too_large")
    units = int((whole or "0") + fraction.ljust(4, "0"))
    return -units if below else units


def hint(text: str) -> Literal[".", ",", "either", "none"]:
    """The decimal signs with which one cell can be read: only this one, either, or none."""
    parts = _parts(text)
    if parts is None:
        return "none"
    body = parts[1]
    readings: list[Literal[".", ","]] = []
    for sign in (".", ","):
        try:
            to_units(body, sign, None)
        except Unreadable as error:
            if error.reason == "amount_unreadable":
                continue
        readings.append(sign)
    if len(readings) == 1:
        return readings[0]
    if len(readings) == 2 and ("." in body or "," in body):
        # 0.900 as thousands would be 0900, which nobody writes.
        return ("." if "." in body else ",") if body.startswith("0") else "either"
    return "none"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """`decimal` None: the file does not decide it. `cell`: the text that decided, or that leaves it open.

    `reason`: cell (one can only be read so), conflict (cells need both signs), open (all could be read both ways), plain
    (no cell has a separator). `against`: how many cells need the other sign.
    """

    decimal: Decimal | None
    thousands: str | None
    reason: Literal["cell", "conflict", "open", "plain"]
    cell: str = ""
    against: int = 0


@dataclass(frozen=True)
class Sample:
    """The cells of one outline: how many there are, and the first of them with its place."""

    count: int
    cell: str
    line: int = 0
    column: str = ""


def decide(cells: Iterable[str]) -> Decision:
    """One decision for the different amounts of a whole file."""
    samples: dict[str, Sample] = {}
    for cell in cells:
        outline = cell.translate(_OUTLINE)
        before = samples.get(outline)
        samples[outline] = Sample(before.count + 1, before.cell) if before else Sample(1, cell)
    return weigh(samples)


def weigh(samples: Mapping[str, Sample]) -> Decision:
    """One decision for a whole file, by the outlines of its amounts.

    A few cells against it (at most one in twenty) do not change it: they cannot be read with it, so their rows are set
    aside and never misread. 1,250 together with 99,9 leaves it open: a file that writes three decimals writes them in
    other cells, too.
    """
    hints = {outline: hint(outline) for outline in samples}
    votes: Counter[str] = Counter()
    for outline, one in samples.items():
        votes[hints[outline]] += one.count
    decimal: Decimal = "." if votes["."] >= votes[","] else ","
    most, fewest = max(votes["."], votes[","]), min(votes["."], votes[","])

    def example(wanted: str) -> str:
        return next((one.cell for outline, one in samples.items() if hints[outline] == wanted), "")

    if fewest * 20 > most:
        other = example("," if decimal == "." else ".")
        return Decision(decimal=None, thousands=None, reason="conflict", cell=other, against=fewest)
    if not most and votes["either"]:
        return Decision(decimal=None, thousands=None, reason="open", cell=example("either"))
    if max((_decimals(outline, decimal) for outline, one in hints.items() if one == decimal), default=3) < 3:
        odd = (
            samples[outline].cell for outline, one in hints.items() if one == "either" and decimal in outline
        )
        if cell := next(odd, ""):
            return Decision(decimal=None, thousands=None, reason="open", cell=cell)
    reason: Literal["cell", "plain"] = "cell" if most else "plain"
    return Decision(
        decimal=decimal,
        thousands=grouping(samples, decimal),
        reason=reason,
        cell=example(decimal),
        against=fewest,
    )


def _decimals(outline: str, decimal: str) -> int:
    _, mark, rest = outline.rpartition(decimal)
    return sum(character.isdigit() for character in rest) if mark else 0


def grouping(samples: Mapping[str, Sample], decimal: str) -> str:
    """The mark that groups thousands in most of the cells that have one; "" if no cell has one."""
    counts = dict.fromkeys((mark for mark in GROUPS if mark != decimal), 0)
    for outline, one in samples.items():
        parts = _parts(outline)
        for mark in counts:
            if parts and mark in parts[1]:
                with suppress(Unreadable):
                    to_units(parts[1], decimal, mark)
                    counts[mark] += one.count
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else ""
