"""What each thing that may be said of a file's issue of a payout does to the lines that count, for the preview."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from services.imports.corrections import protected_lines
from services.imports.issued_again.file_issues import FileIssue
from services.imports.issued_again.issues import Told

Said = Told | Literal[""]  # "": nobody is asked


@dataclass(frozen=True, kw_only=True)
class Change:
    """What an issue does: ids of stored lines that no longer count, and that count again; the file's own lines, by number, that do not
    count; corrections that will wait for a person; the stored issue that it is a part of, 0 for one of its own."""

    gone: Collection[int] = ()
    back: Collection[int] = ()
    without: Collection[int] = ()
    waiting: int = 0
    issue: int = 0


def changes_of(issue: FileIssue | None) -> dict[Said, Change]:
    """What follows from each thing that may be said of an issue; the likely one first."""
    if issue is None:
        return {"": Change()}
    asked: tuple[Told, ...] = ("newest", "older", "part")
    found: dict[Said, Change] = {} if issue.said == "ask" else {"": _change(issue)}
    if issue.said == "ask" or (issue.said == "known" and issue.facts.gone):
        found |= {told: _change(replace(issue, changes=issue.changes_if(told), said=told)) for told in asked}
    return found


def _change(issue: FileIssue) -> Change:
    changes = issue.changes
    own = [*(pair.before for pair in changes.own_corrected), *changes.own_withdrawn]
    stored = next((part.issue for part in issue.parts if part.newest), 0)
    of = (stored or (issue.others[0].id if issue.others else 0)) if issue.said in ("part", "other") else 0
    if issue.facts.held:  # nothing of HiPay's lines changes before a person decides
        groups = protected_lines.held_groups(issue)
        own += [line for _, after in groups.values() for line in after if line < 0]
        return Change(without=[-line for line in own], waiting=len(groups), issue=of)
    return Change(
        gone=[*(pair.before for pair in changes.corrected), *changes.withdrawn],
        back=changes.restored,
        without=[-line for line in own],
        issue=of,
    )
