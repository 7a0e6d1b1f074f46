"""Lines of a payout whose amounts make up its difference, whatever they are."""

from collections import Counter
from collections.abc import Iterator, Sequence

from services.payouts.difference_facts import Explanation, Facts, Kind, Line, Sureness

# Among more lines than these, two or three of them add up to any amount by chance: of 5,000, some 170 pairs do.
PAIRS_UP_TO = 300
TRIPLES_UP_TO = 60
_LINES = 10  # of one explanation
_SURPLUS = ("two_lines", "three_lines")


def explain(facts: Facts) -> Iterator[Explanation]:
    """Lines of the amount of the difference, two and three lines that add up to it."""
    yield from _single(facts)
    if facts.whole and facts.size <= PAIRS_UP_TO:
        yield from _two(facts)
    if facts.whole and facts.size <= TRIPLES_UP_TO:
        yield from _three(facts)


def _found(kind: Kind, sure: Sureness, units: int, lines: Sequence[Line]) -> Explanation:
    ids = tuple(line.id for line in lines[:_LINES])
    return Explanation(kind=kind, sure=sure, units=units, lines=ids, surplus=ids if kind in _SURPLUS else ())


def _single(facts: Facts) -> Iterator[Explanation]:
    """A line that should not count, one that should count twice, one with the wrong sign."""
    wanted = facts.units
    halves = [line for line in facts.lines if line.units is not None and 2 * line.units == wanted]
    if odd := [line for line in halves if _sign(line) * wanted < 0]:  # a refund above zero, a sale below
        yield _found("is_half", "likely", wanted, odd)
    elif halves:
        yield _found("is_half", "possible", wanted, halves)
    kinds: tuple[tuple[Kind, int], ...] = (("is_difference", wanted), ("is_negative", -wanted))
    for kind, units in kinds:
        if same := [line for line in facts.lines if line.units == units]:
            only = len(same) == 1 and facts.whole and facts.size <= PAIRS_UP_TO
            yield _found(kind, "likely" if only and kind == "is_difference" else "possible", wanted, same)


def _sign(line: Line) -> int:
    """Which sign the operation gives a line; 0 where it may have either."""
    if line.kind in ("sale", "chargeback_refund"):
        return 1
    return -1 if line.kind in ("refund", "chargeback", "fee") else 0


def _two(facts: Facts) -> Iterator[Explanation]:
    """The only two lines that add up to the difference."""
    lines = [line for line in facts.lines if line.units]
    before: dict[int, list[Line]] = {}
    pairs: list[tuple[Line, Line]] = []
    for line in lines:
        other = facts.units - (line.units or 0)
        pairs += [(first, line) for first in before.get(other, ())[:2]]
        if len(pairs) > 1:
            return
        before.setdefault(line.units or 0, []).append(line)
    for pair in pairs:
        yield _found("two_lines", "possible", facts.units, pair)


def _three(facts: Facts) -> Iterator[Explanation]:
    """The only three lines that add up to the difference."""
    lines = [line for line in facts.lines if line.units]
    counts = Counter(line.units or 0 for line in lines)
    triples: list[tuple[Line, Line, Line]] = []
    for place, first in enumerate(lines):
        seen: dict[int, list[Line]] = {}
        for third in lines[place + 1 :]:
            other = facts.units - (first.units or 0) - (third.units or 0)
            if other in counts:
                triples += [(first, second, third) for second in seen.get(other, ())[:2]]
                if len(triples) > 1:
                    return
            seen.setdefault(third.units or 0, []).append(third)
    for triple in triples:
        yield _found("three_lines", "possible", facts.units, triple)
