"""Issues of a payout against a plain model: whatever the order of the files and the cuts, what counts is what the newest says."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.imports.issued_again.issue_plan import Facts, Issue, plan, verdict
from services.imports.issued_again.issues import IssueLine, Told, compare

Cells = tuple[str, int, str]  # mark, amount, reference
Content = tuple[Cells, ...]


@dataclass
class Desk:
    """A payout as it is stored: lines by content and place among equal ones, and the ids that count."""

    ids: dict[tuple[Cells, int], int] = field(default_factory=dict)
    valid: set[int] = field(default_factory=set)
    newest: set[int] = field(default_factory=set)  # ids that the newest issue names
    whole: bool = False  # whether the newest issue is here whole
    number: "count[int]" = field(default_factory=lambda: count(1))

    def line(self, one: int) -> IssueLine:
        (mark, units, reference), _ = next(key for key, found in self.ids.items() if found == one)
        return IssueLine(one, mark, reference, units)

    def take(self, content: Content, told: Told, *, whole: bool, whole_with_parts: bool) -> None:
        seen, named, new = Counter[Cells](), set[int](), set[int]()
        for cells in content:
            key = (cells, seen[cells])
            seen[cells] += 1
            if key not in self.ids:
                self.ids[key] = next(self.number)
                new.add(self.ids[key])
            named.add(self.ids[key])
        known = named - new
        issue = Issue(
            valid=[self.line(one) for one in sorted(self.valid - known)],
            new=[self.line(one) for one in sorted(new)],
            back=[self.line(one) for one in sorted(known - self.valid)],
            of_newest=frozenset(self.newest),
            whole=whole,
            whole_with_parts=whole_with_parts,
            stored_whole=self.whole,
        )
        done = plan(issue, told)
        gone = {pair.before for pair in done.corrected} | {*done.withdrawn}
        out = {pair.before for pair in done.own_corrected} | {*done.own_withdrawn}
        assert gone <= self.valid
        assert not gone & {*done.restored}
        assert len(done.corrected) + len(done.withdrawn) == len(gone)  # no line is in two lists
        self.valid = (self.valid - gone) | {*done.restored} | (new - out)
        if told == "newest":
            self.newest, self.whole = named, whole
        elif told == "part":
            self.newest, self.whole = self.newest | named, whole_with_parts

    def content(self) -> Counter[Cells]:
        return Counter(cells for (cells, _), one in self.ids.items() if one in self.valid)


lines = st.tuples(st.sampled_from("abcd"), st.integers(1, 3), st.sampled_from("xy"))
issues = st.lists(st.lists(lines, min_size=1, max_size=6).map(tuple), min_size=1, max_size=4)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Content], list[tuple[int, int]], list[list[Content]]]:
    """Issues, oldest first; each cut into parts; and in which order the parts are imported."""
    found = [*draw(issues)]
    parts = []
    for content in found:
        cut = draw(st.integers(0, len(content)))
        # lines that are alike in all cells are one line in two files: they stay together
        one = tuple(cells for cells in content if cells in content[:cut])
        rest = tuple(cells for cells in content if cells not in content[:cut])
        parts.append([part for part in (one, rest) if part])
    order = [(number, place) for number, some in enumerate(parts) for place in range(len(some))]
    return found, draw(st.permutations(order)), parts


@given(histories())
@settings(max_examples=400, deadline=None)
def test_in_any_order_and_in_any_parts_what_counts_is_what_the_newest_says(
    history: tuple[list[Content], list[tuple[int, int]], list[list[Content]]],
) -> None:
    found, order, parts = history
    desk, newest, here = Desk(), -1, dict[int, set[int]]()
    for number, place in order:
        here.setdefault(number, set()).add(place)
        whole = len(parts[number]) == 1
        told: Told = "part" if number == newest else "newest" if number > newest else "older"
        newest = max(newest, number)
        together = len(here[number]) == len(parts[number])
        desk.take(parts[number][place], told, whole=whole, whole_with_parts=together)
    assert desk.content() == Counter(found[-1])


@given(st.lists(lines, max_size=8), st.lists(lines, max_size=8))
def test_each_line_is_in_one_list_and_pairs_share_their_mark(old: list[Cells], new: list[Cells]) -> None:
    before = [IssueLine(n, mark, ref, units) for n, (mark, units, ref) in enumerate(old)]
    after = [IssueLine(100 + n, mark, ref, units) for n, (mark, units, ref) in enumerate(new)]
    found = compare(before, after)
    assert sorted([*found.gone, *(pair.before for pair in found.corrected)]) == [line.id for line in before]
    assert sorted([*found.new, *(pair.after for pair in found.corrected)]) == [line.id for line in after]
    marks = {line.id: line.mark for line in (*before, *after)}
    assert all(marks[pair.before] == marks[pair.after] for pair in found.corrected)
    assert not {marks[one] for one in found.gone} & {marks[one] for one in found.new}
    alike = Counter(old) & Counter(new)
    pairs = {line.id: (line.mark, line.units, line.key) for line in (*before, *after)}
    assert sum(pairs[one] == pairs[other] for one, other in found.corrected) == alike.total()


def test_a_pair_that_is_set_apart_is_two_lines() -> None:
    before, after = [IssueLine(1, "a", "x", 5), IssueLine(2, "a", "y", 7)], [IssueLine(3, "a", "z", 5)]
    found = compare(before, after, [(1, 3)])
    assert (found.corrected, found.gone, found.new) == ((), (1, 2), (3,))
    assert compare(before, after).corrected == ((1, 3),)


ASKED = Facts(pairs=True, gone=True)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (Facts(), "part"),  # nothing but new lines
        (Facts(new=False, gone=True), "known"),
        (Facts(new=False, gone=True, told="newest"), "newest"),
        (ASKED, "ask"),
        (Facts(whole=True, gone=True), "ask"),
        (Facts(gone=True), "part"),
        (Facts(stored_whole=True), "ask"),
        (Facts(back=True), "ask"),
        (Facts(pairs=True, whole=True, equals=True), "newest"),
        (Facts(pairs=True, whole=True, equals=True, stored_equals=True), "ask"),
        (Facts(pairs=True, whole=True, stored_equals=True), "older"),
        (Facts(pairs=True, stored_equals=True), "ask"),
        (Facts(pairs=True, delivered=True), "newest"),
        (Facts(pairs=True, delivered=True, contradicts=True), "ask"),
        (Facts(pairs=True, delivered=True, by_a_person_only=True), "ask"),
        (Facts(by_a_person_only=True), "ask"),
        (Facts(pairs=True, equals=True, by_a_person_only=True), "ask"),
        (Facts(pairs=True, by_a_person_only=True, told="newest"), "newest"),
        (Facts(pairs=True, held=True), "newest"),
        (Facts(pairs=True, others=True), "other"),
        (Facts(pairs=True, told="part"), "part"),
    ],
)  # fmt: skip
def test_which_issue_is_newer(facts: Facts, said: str) -> None:
    assert verdict(facts) == said
