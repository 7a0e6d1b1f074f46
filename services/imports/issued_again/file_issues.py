"""What a file's issues of payouts do to the lines that are stored, for the preview and for the import alike."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from services.imports.issued_again import issue_sums
from services.imports.issued_again.issue_answers import NOTHING_SAID, Answers, Payout
from services.imports.issued_again.issue_finder import IssueFinder, NamedLines
from services.imports.issued_again.issue_plan import Changes, Facts, Issue, Verdict, plan, verdict
from services.imports.issued_again.issue_sums import Sums
from services.imports.issued_again.issues import IssueLine, Told, compare, issue_lines
from services.payouts.person_only import changed_by_a_person_only
from services.store import Connection
from services.store.payouts.sums import payout_signs
from services.store.settlements.files import held_corrections, hipay_list, payout_issues
from services.store.settlements.files.hipay_list import ListedPayout
from services.store.settlements.files.payout_issues import OtherFile, StoredIssue
from services.store.settlements.lines import line_totals, settlement_lines


@dataclass(frozen=True, kw_only=True)
class About:
    """The file. ``id``: 0 for a preview; ``hipay_settlement``: the payout of which HiPay's API gave it, "" for any; ``by_hipay``: whether
    that gave it at all; ``others``, ``answers``: what a person said; ``unread``: payouts of which rows are set aside, "" for any."""

    id: int = 0
    by_hipay: bool = False
    hipay_settlement: str = ""
    others: bool = False
    answers: Answers = NOTHING_SAID
    unread: Collection[str] = ()


@dataclass(frozen=True, kw_only=True)
class FileIssue:
    """A file's issue of a payout of which other files have lines. ``facts``: how it compares; ``said``: whether it is the newest;
    ``changes``: what follows. ``issue``: the lines that were compared; ``frames``: the same with their columns, valid, own, and back.
    ``apart``: pairs that are other lines. ``stored``: what the valid lines come to before; ``sign``: as its account writes
    payout lines. ``parts``: the stored issues of the payout; ``others``: the other files with valid lines
    of it; ``newest_file``: the last file of the newest issue that is stored."""

    payout: Payout
    facts: Facts
    said: Verdict
    changes: Changes
    named: NamedLines
    issue: Issue
    frames: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
    apart: Sequence[tuple[int, int]]
    stored: Sums
    sign: int
    parts: Sequence[StoredIssue]
    others: Sequence[OtherFile]
    newest_file: int

    def changes_if(self, told: Told) -> Changes:
        """The changes if the issue is what somebody says."""
        return plan(self.issue, told, self.apart)

    def after_if(self, told: Told) -> Sums:
        """What the payout's lines come to then."""
        return _after(self.stored, self.changes_if(told), *self.frames)

    def whole_if(self, told: Told) -> bool:
        """Whether it then withdraws what it does not name."""
        return {
            "newest": self.issue.whole,
            "part": self.issue.whole_with_parts,
            "older": self.issue.stored_whole,
        }[told]

    def likely(self) -> Changes:
        """The changes; of an issue of which a person must say whether it is the newest, as if it were."""
        return self.changes_if("newest") if self.said == "ask" else self.changes

    def lines(self) -> dict[int, IssueLine]:
        """The lines that were compared, by id."""
        issue = self.issue
        return {line.id: line for line in (*issue.valid, *issue.back, *issue.new)}

    @property
    def doubtful(self) -> bool:
        """Whether its new lines may be stored ones in another rendition, and nobody has said what they are."""
        facts = self.facts
        if facts.others or self.said == "known":
            return False
        settled = {"newest": facts.whole, "older": facts.stored_whole, "part": True}
        return facts.told is None or not settled[facts.told]


# The file's own lines of a payout: ``id``, ``line``, ``kind`` and the columns by which they are compared.
OwnLines = Callable[[Payout], pd.DataFrame]


def of_file(tx: Connection, finder: IssueFinder, about: About, own: OwnLines) -> list[FileIssue]:
    """The file's issues, once all its blocks have been noted."""
    if not finder.payouts:
        return []
    delivered = held_corrections.delivered(tx) & set(finder.payouts)
    by_a_person = changed_by_a_person_only(tx, finder.payouts.keys())
    return [
        _of_payout(
            tx,
            payout,
            named,
            about,
            own,
            held=payout in delivered and not about.by_hipay,
            by_a_person=payout in by_a_person,
        )
        for payout, named in finder.payouts.items()
    ]


def own_of_store(tx: Connection, file: int) -> OwnLines:
    return lambda payout: settlement_lines.of_payout_and_file(tx, *payout, file)


def own_of_preview(finder: IssueFinder) -> OwnLines:
    """The new lines of a previewed file; the id of each is its number in the file, below zero."""

    def lines(payout: Payout) -> pd.DataFrame:
        found = finder.payouts[payout].lines
        frame: pd.DataFrame = pa.concat_tables(found).to_pandas(
            types_mapper={pa.int64(): pd.Int64Dtype()}.get
        )
        return frame.assign(id=-frame["line"].astype("int64"))

    return lines


def _of_payout(
    tx: Connection,
    payout: Payout,
    named: NamedLines,
    about: About,
    own: OwnLines,
    *,
    held: bool,
    by_a_person: bool,
) -> FileIssue:
    stored = line_totals.of_payout(tx, *payout, about.id)
    known = named.known_ids()
    left = sum(cells[0] for cells in stored.values()) - (len(known) - len(named.back))
    parts = payout_issues.of_payout(tx, *payout)
    others = payout_issues.other_files(tx, *payout, about.id)
    valid = new = back = pd.DataFrame()
    if named.new:
        new = own(payout)
    if left and (named.new or named.back or about.by_hipay or about.answers.of(payout)):
        every = settlement_lines.of_payout(tx, *payout, about.id)
        valid = every[~every["id"].isin(known)]
    if named.back:
        back = settlement_lines.compared(tx, named.back)
    of_newest = _of_newest(valid, parts)
    unread = bool({"", payout[1]} & set(about.unread))
    delivered = about.by_hipay and about.hipay_settlement in ("", payout[1])
    listed = hipay_list.listed(tx, *payout)
    if delivered and listed is not None and (listed.file or 0) > about.id:
        delivered = False  # HiPay's API has delivered another file of it since
    fetched = delivered and about.hipay_settlement == payout[1]
    sign = payout_signs(tx, [payout[0]]).get(payout[0], 0)
    issue = Issue(
        valid=_lines(valid),
        new=_lines(new),
        back=_lines(back),
        of_newest=frozenset(valid.loc[of_newest, "id"].tolist()) if len(valid) else frozenset(),
        whole=not unread and bool(payout[1]) and (fetched or issue_sums.is_whole(named.sums, sign)),
        whole_with_parts=not unread
        and bool(payout[1])
        and issue_sums.is_whole(
            issue_sums.added(named.sums, _sums(valid[of_newest] if len(valid) else valid)), sign
        ),
        stored_whole=bool(payout[1]) and issue_sums.is_whole(stored, sign),
    )
    facts = Facts(
        told=about.answers.of(payout),
        others=about.others,
        new=bool(named.new),
        back=bool(named.back),
        gone=left > 0,
        pairs=bool(named.new and left and compare(issue.valid, issue.new).corrected),
        whole=issue.whole,
        stored_whole=issue.stored_whole,
        equals=_equals(listed, named.sums, sign),
        stored_equals=_equals(listed, stored, sign),
        delivered=delivered,
        contradicts=_contradicts(listed, named.sums, sign),
        held=held,
        by_a_person_only=by_a_person,
    )
    said = verdict(facts)
    apart = _apart(about, new)
    return FileIssue(
        payout=payout,
        facts=facts,
        said=said,
        changes=plan(issue, said, apart),
        named=named,
        issue=issue,
        frames=(valid, new, back),
        apart=apart,
        stored=stored,
        sign=sign,
        parts=parts,
        others=others,
        newest_file=max(
            [part.file for part in parts if part.newest] or [one.id for one in others], default=0
        ),
    )


def _lines(frame: pd.DataFrame) -> list[IssueLine]:
    return issue_lines(frame["id"].tolist(), frame) if len(frame) else []


def _sums(frame: pd.DataFrame) -> Sums:
    return issue_sums.of_lines(frame) if len(frame) else {}


def _of_newest(valid: pd.DataFrame, parts: Sequence[StoredIssue]) -> "np.typing.NDArray[np.bool_]":
    """Which of the valid lines the newest issue names: all, where only one file has lines of the payout."""
    if not len(valid):
        return np.zeros(0, bool)
    newest = [part for part in parts if part.newest]
    if not newest:
        return np.ones(len(valid), bool)
    found = np.zeros(len(valid), bool)
    for part in newest:
        found |= part.names(valid["id"].to_numpy(np.int64), valid["file"].to_numpy(np.int64))
    return found


def _apart(about: About, new: pd.DataFrame) -> list[tuple[int, int]]:
    """The pairs that a person set apart, by ids of lines."""
    if not about.answers.apart or not len(new):
        return []
    ids = dict(zip(new["line"].tolist(), new["id"].tolist(), strict=True))
    return [(before, ids[line]) for before, line in about.answers.apart if line in ids]


def _equals(listed: ListedPayout | None, sums: Sums, sign: int) -> bool:
    """Whether an issue pays what HiPay's list says: its lines make its payout line, and this is that amount."""
    if listed is None or not issue_sums.is_whole(sums, sign):
        return False
    found = issue_sums.figures(sums, sign)
    return set(found) == {listed.currency} and found[listed.currency].pays(listed.amount)


def _contradicts(listed: ListedPayout | None, sums: Sums, sign: int) -> bool:
    """Whether HiPay's list has another amount than the issue's payout line."""
    found = issue_sums.figures(sums, sign).get(listed.currency) if listed is not None else None
    if listed is None or found is None or found.payout.announced_units is None:
        return False
    return not (found.pays(listed.amount) or found.pays(-listed.amount))


def _after(
    stored: Sums, changes: Changes, valid: pd.DataFrame, new: pd.DataFrame, back: pd.DataFrame
) -> Sums:
    """What the payout's lines come to after the changes."""
    gone = [*(pair.before for pair in changes.corrected), *changes.withdrawn]
    not_counted = [*(pair.before for pair in changes.own_corrected), *changes.own_withdrawn]
    found = stored
    if gone:
        found = issue_sums.added(found, _sums(valid[valid["id"].isin(gone)]), sign=-1)
    if changes.restored:
        found = issue_sums.added(found, _sums(back[back["id"].isin(changes.restored)]))
    if len(new) and (changes.new or changes.corrected):
        found = issue_sums.added(found, _sums(new[~new["id"].isin(not_counted)]))
    return found
