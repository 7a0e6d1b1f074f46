"""What a file's issue of a payout does to the lines that are stored: which issue is newer, and what follows. Pure functions.

No file says which of two issues is newer, and the order of uploads says nothing: the issue that equals HiPay's list is, or
what HiPay's API delivered last, or the one of which a person says so. Only a whole issue withdraws lines.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal

from services.imports.issued_again.issues import Comparison, IssueLine, Pair, Told, compare

# What becomes of a file's issue: as Told says; "other": its lines are others, whatever they look like; "known": it has no new
# line, and changes nothing; "ask": a person must say which issue is the newest.
Verdict = Literal["newest", "older", "part", "other", "known", "ask"]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a file's issue of a payout, compared with the valid lines.

    ``told``: by a person, of this payout; ``others``: a person said that the file's lines are others than those that are
    here. ``new``: it has lines that are not stored; ``back``: it names lines that are replaced or withdrawn; ``gone``: valid
    lines that it does not name; ``pairs``: some of those and of the new ones are the same, changed. ``whole``, ``equals``: it is
    whole, and pays what HiPay's list says; ``stored_…``: the same of the valid lines. ``delivered``: HiPay's API gave it, and
    nothing of that payout since; ``contradicts``: HiPay's list has another amount than its payout line. ``held``: HiPay's API
    has delivered the payout, and this file is of other origin. ``by_a_person_only``: the payout is proved, accepted or closed.
    """

    told: Told | None = None
    others: bool = False
    new: bool = True
    back: bool = False
    gone: bool = False
    pairs: bool = False
    whole: bool = False
    stored_whole: bool = False
    equals: bool = False
    stored_equals: bool = False
    delivered: bool = False
    contradicts: bool = False
    held: bool = False
    by_a_person_only: bool = False


def verdict(facts: Facts) -> Verdict:
    """Whether the issue is the newest one."""
    if facts.told:
        return facts.told
    if facts.others:
        return "other"
    if facts.delivered and not facts.contradicts:
        changes = facts.new or facts.back or facts.gone
        return "ask" if facts.by_a_person_only and changes else "newest"
    if not facts.new:
        return "known"
    if facts.by_a_person_only:
        return "ask"
    if facts.held:
        return "newest"  # nothing of HiPay's changes: a person decides each correction
    conflict = facts.pairs or facts.back or facts.stored_whole or (facts.whole and facts.gone)
    if not conflict:
        return "part"
    if facts.equals and not facts.stored_equals:
        return "newest"
    if facts.stored_equals and facts.whole and not facts.equals:
        return "older"
    return "ask"


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What an issue does, by ids of lines. ``corrected``: stored lines that its lines replace, each with its line; ``withdrawn``:
    stored lines that it no longer has; ``restored``: stored lines that count again.

    Of an older issue: ``own_corrected``: its own lines, each with the stored one in whose place it would be; ``own_withdrawn``: its own lines
    that the newest issue no longer has. These do not count. ``new``: its own lines that count, and correct none.
    """

    corrected: Sequence[Pair] = ()
    withdrawn: Sequence[int] = ()
    restored: Sequence[int] = ()
    own_corrected: Sequence[Pair] = ()
    own_withdrawn: Sequence[int] = ()
    new: Sequence[int] = ()


@dataclass(frozen=True, kw_only=True)
class Issue:
    """A file's issue of a payout beside the lines that are stored, without those that both have.

    ``valid``: valid lines that it does not name; ``of_newest``: ids of those among them that other parts of the newest issue
    name; ``back``: stored lines that it names and that do not count; ``new``: its own lines. ``whole``: it is; ``whole_with_parts``: it is
    with the other parts of the newest issue; ``stored_whole``: the valid lines are.
    """

    valid: Sequence[IssueLine]
    new: Sequence[IssueLine]
    back: Sequence[IssueLine] = ()
    of_newest: Collection[int] = field(default_factory=frozenset)
    whole: bool = False
    whole_with_parts: bool = False
    stored_whole: bool = False


def plan(issue: Issue, said: Verdict, apart: Collection[tuple[int, int]] = ()) -> Changes:
    """What follows from a verdict. ``apart``: pairs of a stored and an own line of which a person said that they are other
    lines."""
    own = tuple(line.id for line in issue.new)
    if said in ("known", "ask"):
        return Changes()
    if said == "other":
        return Changes(new=own)
    if said == "older":
        turned = [(new, old) for old, new in apart]
        found = compare(issue.new, issue.valid, turned)
        kept = () if issue.stored_whole else found.gone
        dropped = found.gone if issue.stored_whole else ()
        return Changes(own_corrected=found.corrected, own_withdrawn=dropped, new=kept)
    former = issue.valid
    if said == "part":
        former = [line for line in former if line.id not in issue.of_newest]
    found = compare(former, [*issue.back, *issue.new], apart)
    whole = issue.whole if said == "newest" else issue.whole_with_parts
    paired = {pair.after for pair in found.corrected}
    return Changes(
        corrected=found.corrected,
        withdrawn=found.gone if whole else (),
        restored=[line.id for line in issue.back],
        new=[one for one in own if one not in paired],
    )


def pairs_any(issue: Issue) -> Comparison:
    """How the issue compares with all valid lines that it does not name."""
    return compare(issue.valid, [*issue.back, *issue.new])
