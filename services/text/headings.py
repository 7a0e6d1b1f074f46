"""Which column of a table is which: by our or HiPay's exact name at any place, else by a ranked list of spellings.

The order of the columns decides nothing. Where two columns may be meant alike, or one of them casts doubt on the other, a
person is asked (`Doubt`).
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.text.normal_forms import normalised

EXACT = 0
_EXACT_WORDS = 1  # the words of an exact name, in another order or with fillers between
_FILLERS = frozenset("de du des d l la le of the numero num n no nr number".split())
_SYNONYMS = {"identifiant": "id", "identifier": "id", "ref": "reference", "identity": "id"}


@dataclass(frozen=True)
class Tier:
    """Spellings of one rank. `rivals`: sets of words; another column whose heading has all words of one of them puts one
    of this tier in doubt."""

    spellings: tuple[str, ...]
    rivals: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True)
class Meaning:
    """`exact`: names that win over every other and are never in doubt; `tiers`: the best first."""

    name: str
    exact: tuple[str, ...]
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True)
class Unused:
    """A column at `place` that could be `meaning`, and is not, since the one at `instead` is."""

    place: int
    meaning: str
    instead: int


@dataclass(frozen=True)
class Doubt:
    """Columns of which any may be `meaning`; the first is read where all have the same cells."""

    meaning: str
    places: tuple[int, ...]


@dataclass(frozen=True)
class Choice:
    """`known`: what each heading is called by, None for no meaning; `columns`: what is read from each place, None for
    nothing."""

    known: tuple[str | None, ...]
    columns: tuple[str | None, ...]
    unused: tuple[Unused, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.columns) if name}


class Vocabulary:
    """What headings may mean. A spelling has one meaning: the first that names it."""

    def __init__(self, meanings: Iterable[Meaning]) -> None:
        self._letters: dict[str, tuple[str, int]] = {}
        self._words: dict[str, tuple[str, int]] = {}
        self._rival_words: dict[tuple[str, int], tuple[frozenset[str], ...]] = {}
        for meaning in meanings:
            for name in meaning.exact:
                self._add(meaning.name, name, EXACT, _EXACT_WORDS)
            for rank, tier in enumerate(meaning.tiers, _EXACT_WORDS + 1):
                self._rival_words[meaning.name, rank] = tier.rivals
                for spelling in tier.spellings:
                    self._add(meaning.name, spelling, rank, rank)

    def _add(self, meaning: str, spelling: str, rank: int, by_words: int) -> None:
        self._letters.setdefault(plain(spelling).replace(" ", ""), (meaning, rank))
        self._words.setdefault(words(spelling), (meaning, by_words))

    def find(self, heading: str) -> tuple[str, int] | None:
        """(meaning, rank) of a heading, the lower rank the better."""
        letters, meaningful = plain(heading).replace(" ", ""), words(heading)
        if not letters:
            return None
        return self._letters.get(letters) or (self._words.get(meaningful) if meaningful else None)

    def recognise(self, heading: str) -> str | None:
        """The meaning of one heading, whatever the others are, or None."""
        found = self.find(heading)
        return found[0] if found else None

    def choose(self, headings: Sequence[str], by_person: Mapping[int, str] | None = None) -> Choice:
        """What is read from each column. `by_person`: place → the meaning that a person chose, "" for none."""
        by_person = by_person or {}
        found = [None if place in by_person else self.find(one) for place, one in enumerate(headings)]
        candidates: dict[str, list[tuple[int, int]]] = {}
        for place, one in enumerate(found):
            if one:
                candidates.setdefault(one[0], []).append((one[1], place))
        by_hand: dict[str, int] = {}
        for place in sorted(by_person):
            if by_person[place] and place < len(headings):
                by_hand.setdefault(by_person[place], place)
        columns: list[str | None] = [None] * len(headings)
        unused: list[Unused] = []
        doubts: list[Doubt] = []
        for meaning in {**dict.fromkeys(by_hand), **dict.fromkeys(candidates)}:
            ranked = sorted(candidates.get(meaning, ()))
            if meaning in by_hand:
                first, heading = by_hand[meaning], self.find(headings[by_hand[meaning]])
                rank = heading[1] if heading and heading[0] == meaning else EXACT
                equal = [
                    first,
                    *(place for place, one in by_person.items() if one == meaning and place != first),
                ]
            else:
                rank, first = ranked[0]
                equal = [place for one, place in ranked if one == rank]
            rivals = [
                place for place in self._rivals(meaning, rank, headings, found) if place not in by_person
            ]
            doubtful = tuple(dict.fromkeys((*equal, *rivals)))
            if meaning not in by_hand and len(doubtful) > 1:
                doubts.append(Doubt(meaning, doubtful))
            columns[first] = meaning
            others = {*doubtful, *(place for _, place in ranked)} - {first, *by_hand.values()}
            unused += [Unused(place, meaning, first) for place in sorted(others)]
        known = tuple(
            by_person[place] or None if place in by_person else one and one[0]
            for place, one in enumerate(found)
        )
        return Choice(known, tuple(columns), tuple(sorted(unused, key=lambda one: one.place)), tuple(doubts))

    def _rivals(
        self, meaning: str, rank: int, headings: Sequence[str], found: Sequence[tuple[str, int] | None]
    ) -> list[int]:
        """Columns that put one of this rank in doubt; one that is known to mean something else does not."""
        if not (rival_words := self._rival_words.get((meaning, rank), ())):
            return []
        return [
            place
            for place, (heading, one) in enumerate(zip(headings, found, strict=True))
            if one is None or one[0] == meaning
            if has_words(heading, rival_words)
        ]


def has_words(heading: str, patterns: Iterable[frozenset[str]]) -> bool:
    """Whether a heading has all words of one of these."""
    there = frozenset(plain(heading).split())
    return any(pattern <= there for pattern in patterns)


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Without accents, in lower case, words of letters and digits separated by one space: ``UnitPrice`` is two."""
    bare = "".join(c for c in normalised("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[a-z0-9]+", re.sub("(?<=[a-z])(?=[A-Z])", " ", bare).casefold()))


def words(text: str) -> str:
    """The words that have a meaning, in one order: "N° de commande", "ID Transaction" as "Transaction ID"."""
    return " ".join(sorted(_SYNONYMS.get(word, word) for word in plain(text).split() if word not in _FILLERS))


def spelling(name: str) -> str:
    """A column's name in the file, compared with another by its letters and digits alone."""
    return plain(name) or name.casefold()


def labels(headings: Sequence[str]) -> tuple[str, ...]:
    """A name for each column that no other has: where one is there already, "Total (2)"."""
    taken, numbers, found = {spelling(heading) for heading in headings}, dict[str, int](), []
    for heading in headings:
        label, key = heading, spelling(heading)
        number = numbers.get(key, 0) + 1
        while heading and number > 1 and spelling(label := f"{heading} ({number})") in taken:
            number += 1
        if number > 1:
            taken.add(spelling(label))
        numbers[key] = number
        found.append(label)
    return tuple(found)


def digest(names: Iterable[str]) -> str:
    """A set of column names, whatever their order."""
    return hashlib.sha256("\n".join(sorted({spelling(name) for name in names if name})).encode()).hexdigest()
