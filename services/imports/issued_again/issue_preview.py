"""A file's issue of a payout as the preview shows it: what is corrected, withdrawn and new, and what the payout will come to."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.imports.corrections import corrections
from services.imports.corrections.corrections import Cells, ShownCorrection
from services.imports.issued_again import issue_sums
from services.imports.issued_again.file_issues import FileIssue
from services.imports.issued_again.issue_answers import Payout
from services.imports.issued_again.issue_plan import Changes, Verdict
from services.imports.issued_again.issue_sums import Figure, Sums
from services.imports.issued_again.issues import IssueLine, Told
from services.settlements import settlement_operations
from services.store import Connection
from services.store.payouts.rows import PayoutFigures

SHOWN = 200  # lines of a list that are shown
Units = Mapping[str, int]  # by settlement currency, in 1/10000
# The cells of the file's lines with these numbers, of one of our accounts.
CellsOf = Callable[[str, Collection[int]], Mapping[int, Cells]]


@dataclass(frozen=True)
class ListedLines:
    """Some lines: how many, what they come to without totals, and the first of them."""

    count: int
    units: Units
    shown: tuple[Cells, ...]


@dataclass(frozen=True, kw_only=True)
class PayoutAfter:
    """What a payout will come to in a currency; ``announced``: its payout line, None without one; ``ties``: its lines make it.
    ``before_…``: as it is."""

    currency: str
    before_units: int
    before_announced: int | None
    units: int
    announced: int | None
    ties: bool


@dataclass(frozen=True, kw_only=True)
class IssueEffect:
    """What the issue does if it is what somebody says. ``former_units``: of the corrected lines, as they were. ``whole``: lines that it
    does not name are withdrawn. ``older``: lines of the file that will not count."""

    corrected: tuple[ShownCorrection, ...]
    corrected_count: int
    former_units: Units
    corrected_units: Units
    withdrawn: ListedLines
    new: ListedLines
    older: int
    after: tuple[PayoutAfter, ...]
    whole: bool

    def with_apart(self, apart: Collection[tuple[int, int]]) -> "IssueEffect":
        """The effect once these pairs (former line, line of the file) are other lines: of a whole issue the former is
        withdrawn, else it goes on to count."""
        moved = [one for one in self.corrected if (one.former, one.line) in apart]
        if not moved:
            return self
        former, later = _units_of(one.before for one in moved), _units_of(one.after for one in moved)
        after = self.after
        if not self.whole:
            after = tuple(_with_more(one, former.get(one.currency, 0)) for one in after)
        return replace(
            self,
            corrected=tuple(one for one in self.corrected if one not in moved),
            corrected_count=self.corrected_count - len(moved),
            former_units=_less(self.former_units, former),
            corrected_units=_less(self.corrected_units, later),
            withdrawn=_more(self.withdrawn, [one.before for one in moved]) if self.whole else self.withdrawn,
            new=_more(self.new, [one.after for one in moved]),
            after=after,
        )


@dataclass(frozen=True, kw_only=True)
class IssuePreview:
    """``said``: whether it is the newest; "ask": a person must say. ``held``: how many lines that HiPay delivered go on to count until somebody decides.
    ``effects``: by what may be said of it; of one that is not asked only by what is said."""

    payout: Payout
    said: Verdict
    held: int
    stored_whole: bool
    effects: Mapping[Told, IssueEffect]


def of_issue(tx: Connection, one: FileIssue, held: int, cells: CellsOf) -> IssuePreview:
    asked: tuple[Told, ...] = ("newest", "older", "part")
    if one.said in asked and one.facts.told is None:
        asked = (one.said,)
    elif one.said == "known" and not one.facts.gone:
        asked = ()
    return IssuePreview(
        payout=one.payout,
        said=one.said,
        held=held,
        stored_whole=one.facts.stored_whole,
        effects={told: _effect(tx, one, told, cells) for told in asked},
    )


def _effect(tx: Connection, one: FileIssue, told: Told, cells: CellsOf) -> IssueEffect:
    changes, lines = one.changes_if(told), one.lines()
    own = cells(one.payout[0], {-number for number in shown_ids(changes) if number < 0})
    return effect(
        tx,
        changes,
        lines,
        (one.stored, one.after_if(told)),
        one.sign,
        whole=one.whole_if(told),
        own={-line: found for line, found in own.items()},
        numbers={pair.after: max(0, -pair.after) for pair in changes.corrected[:SHOWN]},
    )


def shown_ids(changes: Changes) -> list[int]:
    """The lines that the lists show."""
    pairs = [one for pair in changes.corrected[:SHOWN] for one in pair]
    return [*pairs, *changes.withdrawn[:SHOWN], *changes.new[:SHOWN]]


def effect(
    tx: Connection,
    changes: Changes,
    lines: Mapping[int, IssueLine],
    sums: tuple[Sums, Sums],
    sign: int,
    *,
    whole: bool,
    own: Mapping[int, Cells],
    numbers: Mapping[int, int],
) -> IssueEffect:
    """``lines``: those that were compared, by id; ``sums``: of the payout's lines, before and after; ``own``: the cells of lines that are
    not stored, by ids below zero; ``numbers``: of the correcting lines in their file, by id."""
    every = {**corrections.cells_of(tx, [one for one in shown_ids(changes) if one > 0]), **own}
    pairs = [pair for pair in changes.corrected[:SHOWN] if pair.before in every and pair.after in every]
    before, after = (issue_sums.figures(one, sign) for one in sums)
    return IssueEffect(
        corrected=tuple(
            corrections.shown(pair.before, numbers.get(pair.after, 0), every[pair.before], every[pair.after])
            for pair in pairs
        ),
        corrected_count=len(changes.corrected),
        former_units=_sums(lines[pair.before] for pair in changes.corrected),
        corrected_units=_sums(lines[pair.after] for pair in changes.corrected),
        withdrawn=_listed(changes.withdrawn, lines, every),
        new=_listed(changes.new, lines, every),
        older=len(changes.own_corrected) + len(changes.own_withdrawn),
        after=tuple(
            _after(currency, before.get(currency), after.get(currency))
            for currency in sorted({*before, *after})
        ),
        whole=whole,
    )


def _after(currency: str, before: Figure | None, after: Figure | None) -> PayoutAfter:
    former, now = (one.payout if one else PayoutFigures() for one in (before, after))
    return PayoutAfter(
        currency=currency,
        before_units=former.net_units,
        before_announced=former.announced_units,
        units=now.net_units,
        announced=now.announced_units,
        ties=after is not None and after.ties,
    )


def _with_more(one: PayoutAfter, units: int) -> PayoutAfter:
    """The same with lines of so much more, which go on to count."""
    return replace(one, units=one.units + units, ties=one.units + units == one.announced) if units else one


def _listed(ids: Sequence[int], lines: Mapping[int, IssueLine], cells: Mapping[int, Cells]) -> ListedLines:
    shown = tuple(cells[one] for one in ids[:SHOWN] if one in cells)
    return ListedLines(len(ids), _sums(lines[one] for one in ids), shown)


def _sums(lines: Iterable[IssueLine]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in lines:
        if not line.total:
            found[line.currency] = found.get(line.currency, 0) + (line.units or 0)
    return found


def _units_of(lines: Iterable[Cells]) -> dict[str, int]:
    found: dict[str, int] = {}
    for cells in lines:
        known = settlement_operations.operation(cells["operation"])
        if known is None or known.kind != "control":
            currency = cells["settlement_currency"]
            found[currency] = found.get(currency, 0) + (cells["settled_amount"] or 0)
    return found


def _less(units: Units, taken: Units) -> dict[str, int]:
    return {currency: amount - taken.get(currency, 0) for currency, amount in units.items()}


def _more(lines: ListedLines, added: Sequence[Cells]) -> ListedLines:
    units = dict(lines.units)
    for currency, amount in _units_of(added).items():
        units[currency] = units.get(currency, 0) + amount
    return ListedLines(lines.count + len(added), units, (*added, *lines.shown))
