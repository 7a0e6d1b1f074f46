"""What is stored of a file's issues of payouts: the lines that each names, and which issue is the newest."""

from collections.abc import Sequence

from services.imports.issued_again.file_issues import FileIssue
from services.store import Connection
from services.store.settlements.files import payout_issues
from services.store.settlements.files.payout_issues import StoredIssue


def write(tx: Connection, file: int, issues: Sequence[FileIssue]) -> None:
    """Store the issues of a file that becomes visible, and those of the files before it that have none."""
    for one in issues:
        before = [*one.parts] or _first(one)
        if not one.parts:
            payout_issues.write(tx, before)
        newest = next((part.issue for part in before if part.newest), file)
        joins = one.said in ("part", "other")
        begins = one.said == "newest" and not one.facts.held
        account, settlement = one.payout
        payout_issues.write(
            tx,
            [
                StoredIssue(
                    file=file,
                    account=account,
                    settlement_id=settlement,
                    issue=newest if joins else file,
                    known=payout_issues.ranges(one.named.known_ids()),
                    exact=True,
                    whole=one.facts.whole,
                    newest=joins or begins,
                )
            ],
        )
        if begins:
            payout_issues.set_newest(tx, account, settlement, file)


def _first(one: FileIssue) -> list[StoredIssue]:
    """The issue of the files that had lines of the payout before: their valid lines are one issue."""
    account, settlement = one.payout
    return [
        StoredIssue(
            file=file.id,
            account=account,
            settlement_id=settlement,
            issue=one.others[0].id,
            known=[],
            exact=not file.known_lines,
            whole=one.facts.stored_whole and len(one.others) == 1,
            newest=True,
        )
        for file in one.others
    ]
