"""What follows if a stored issue of a payout is made the newest one: for the preview and for the decision alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from services.imports.issued_again import issue_preview, issue_sums
from services.imports.issued_again.issue_answers import Payout
from services.imports.issued_again.issue_plan import Changes, Issue, plan
from services.imports.issued_again.issue_preview import IssueEffect
from services.imports.issued_again.issues import IssueLine, issue_lines
from services.store import Connection
from services.store.payouts.sums import payout_signs
from services.store.settlements.files import corrections
from services.store.settlements.files.payout_issues import StoredIssue
from services.store.settlements.lines import settlement_lines, withdrawn_acts


@dataclass(frozen=True, kw_only=True)
class Planned:
    """``changes``: of stored lines alone; ``lines``: those that were compared, by id; ``frame``: all lines of the payout, with
    ``current``; ``sign``: as its account writes payout lines; ``whole``: the issue is."""

    changes: Changes
    lines: dict[int, IssueLine]
    frame: pd.DataFrame
    sign: int
    whole: bool


def planned(tx: Connection, file: int, payout: Payout, parts: Sequence[StoredIssue]) -> Planned:
    """``parts``: the files of the issue. Lines that a person took back from this file stay."""
    every = settlement_lines.every_of_payout(tx, *payout)
    ids, files = (every[name].to_numpy(np.int64) for name in ("id", "file"))
    named = np.zeros(len(every), bool)
    for part in parts:
        named |= part.names(ids, files)
    current = every["current"].to_numpy(bool)
    valid, back = (
        issue_lines(some["id"].tolist(), some) for some in (every[current & ~named], every[~current & named])
    )
    sign = payout_signs(tx, [payout[0]]).get(payout[0], 0)
    whole = (
        parts[0].whole if len(parts) == 1 else issue_sums.is_whole(issue_sums.of_lines(every[named]), sign)
    )
    changes = plan(Issue(valid=valid, new=(), back=back, whole=whole), "newest")
    kept = {act.line for act in withdrawn_acts.of_file(tx, file) if act.undone_at is None}
    return Planned(
        changes=replace(changes, withdrawn=[one for one in changes.withdrawn if one not in kept]),
        lines={line.id: line for line in (*valid, *back)},
        frame=every,
        sign=sign,
        whole=whole,
    )


def effect(tx: Connection, file: int, payout: Payout, parts: Sequence[StoredIssue]) -> IssueEffect:
    """What is corrected, withdrawn, and counts again (as new), and what the payout will come to."""
    found = planned(tx, file, payout, parts)
    changes, frame = found.changes, found.frame
    gone = {*(pair.before for pair in changes.corrected), *changes.withdrawn}
    now = frame["current"].to_numpy(bool)
    then = (now | frame["id"].isin(changes.restored).to_numpy()) & ~frame["id"].isin(gone).to_numpy()
    paired = {pair.after for pair in changes.corrected}
    stored = corrections.of_ids(tx, [pair.after for pair in changes.corrected[: issue_preview.SHOWN]])
    return issue_preview.effect(
        tx,
        replace(changes, new=[one for one in changes.restored if one not in paired]),
        found.lines,
        (issue_sums.of_lines(frame[now]), issue_sums.of_lines(frame[then])),
        found.sign,
        whole=found.whole,
        own={},
        numbers={line.id: line.line for line in stored},
    )
