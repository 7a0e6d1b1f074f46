"""The heading of a table: the names of its columns, the meaning of each, and which meanings a person chose."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services import money
from services.bulk.columns import COUNTS, Column, vocabulary
from services.text import card_numbers, headings
from services.text.headings import (
    Choice,
    Doubt,
    has_words,
    spelling,
)

_ONE = frozenset(("", "1", "1.0", "1,0", "1.00", "1,00"))
_SAMPLES = 3
# A code in capitals (a frequent one also in small letters), a word, or a sign with the letters that belong to it:
# "Amount (USD)", "amount_usd", "Montant en dollars", "Montant €", "Total US$".
_SIGN = re.compile(
    r"(?<![A-Z])[A-Z]{3}(?![A-Za-z])|[A-Z]{0,2}[$€£¥₹₽₺₩₪₫₱฿]|\bzł\b|\bKč\b|\bFt\b"
    rf"|(?i:(?<![a-z])(?:{'|'.join(money.FREQUENT_CURRENCIES)}|euros?|dollars?)(?![a-z]))"
)


@dataclass(frozen=True)
class ChosenColumns:
    """The columns that persons chose: meaning → name, "" for no column. ``stored``: for earlier tables, by ``headings.digest`` of
    their names; ``current``: for this table, None for the column that the headings name."""

    stored: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    current: Mapping[str, str | None] = field(default_factory=dict)

    def of(self, names: tuple[str, ...]) -> dict[str, str]:
        """The choices for a table with these column names."""
        stored = self.stored.get(headings.digest(names), {})
        return {meaning: name for meaning, name in {**stored, **self.current}.items() if name is not None}


@dataclass(frozen=True, kw_only=True)
class Head:
    """``names``: of the columns, no two alike; ``samples``: the first cells of each; ``chosen``: the columns that a person chose, by
    meaning; ``doubts``: meanings that several columns with different cells may have, with these columns' names."""

    names: tuple[str, ...]
    choice: Choice
    chosen: Mapping[str, str]
    samples: tuple[tuple[str, ...], ...] = ()
    doubts: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def used(self) -> dict[str, str]:
        """Meaning → name of the column that is read."""
        return {meaning: self.names[place] for meaning, place in self.choice.places.items()}

    @property
    def sign(self) -> str:
        """The currency signs in the amount's heading, "" for none. They apply to cells that have no sign of their own."""
        return " ".join(_signs(self.used.get("amount", "")))

    @property
    def unused(self) -> tuple[tuple[str, str, str], ...]:
        """Columns that are not read because another was preferred: (its name, the meaning, the other's name)."""
        return tuple(
            (self.names[one.place], one.meaning, self.names[one.instead]) for one in self.choice.unused
        )

    @property
    def unknown(self) -> tuple[str, ...]:
        """Columns whose heading has no known meaning."""
        unused = {one.place for one in self.choice.unused}
        known = zip(self.names, self.choice.known, strict=True)
        return tuple(
            name for place, (name, one) in enumerate(known) if name and not one and place not in unused
        )


def _signs(heading: str) -> list[str]:
    return [one for one in _SIGN.findall(heading) if _names_currency(one)]


def _names_currency(found: str) -> bool:
    return not found.isalpha() or not found.isupper() or money.is_currency(found)


def _bare(heading: str) -> str:
    """A heading without the currency that it names."""
    return _SIGN.sub(lambda found: " " if _names_currency(found[0]) else found[0], heading)


def head_of(cells: Sequence[str], columns: tuple[Column, ...], chosen: ChosenColumns) -> Head:
    """The meanings of the columns by their headings and the choices, before any row is read."""
    words, texts = vocabulary(columns), [" ".join(cell.split()) for cell in cells]
    names = headings.labels(texts)
    ours = {"": "", **{spelling(name): name for name in names if name}}
    chosen_here = {
        meaning: ours[spelling(name)] for meaning, name in chosen.of(names).items() if spelling(name) in ours
    }
    by_place = {names.index(name): meaning for meaning, name in chosen_here.items() if name}
    bare = [_bare(text) for text in texts]
    for place, text in enumerate(bare):
        if chosen_here.get(words.recognise(text) or "") == "":
            by_place.setdefault(place, "")
    return Head(names=names, choice=words.choose(bare, by_place), chosen=chosen_here)


def samples(rows: Sequence[Sequence[str]], width: int) -> tuple[tuple[str, ...], ...]:
    """The first cells of each column that are not blank, to be shown: card numbers are masked."""
    found = (
        [cell for row in rows if place < len(row) and (cell := row[place].strip())] for place in range(width)
    )
    return tuple(tuple(map(card_numbers.masked, cells[:_SAMPLES])) for cells in found)


def doubts(head: Head, rows: Sequence[Sequence[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The doubts that the rows do not settle. They do where all columns in doubt have the same cells, or where one of them
    counts pieces and is always 1."""
    return tuple(
        (one.meaning, tuple(head.names[place] for place in one.places))
        for one in head.choice.doubts
        if not _same(one, head.names, rows)
    )


def _same(doubt: Doubt, names: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    first, *others = doubt.places
    counts = {place for place in others if has_words(names[place], COUNTS)}
    for row in rows:
        cells = [*map(str.strip, row), *[""] * (len(names) - len(row))]
        if any(
            cells[place] != cells[first] and not (place in counts and cells[place] in _ONE)
            for place in others
        ):
            return False
    return True
