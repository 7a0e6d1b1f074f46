"""Lines that HiPay's API delivered are corrected or withdrawn only by HiPay, or by a person with a reason.

If a file of other origin (uploaded, from a folder) corrects a line of such a payout, or no longer has one, that is held: its line is
stored and not counted, the payout's tie-out is blocked, and an alarm is open, until a person takes or dismisses the
correction. A later delivery by HiPay that names either line decides it.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, get_args

from services import clock
from services.access import WORKER, audit
from services.imports.issued_again.file_issues import FileIssue
from services.imports.issued_again.issues import Pair
from services.reconciliation.matching import positions, rejoin
from services.store import Connection, alarms
from services.store.alarm_conditions import Condition
from services.store.settlements.files import held_corrections
from services.store.settlements.files.held_corrections import CorrectionKind, WaitingCorrection
from services.store.settlements.files.settlement_files import SettlementFile
from services.store.settlements.lines import joined_lines, replaced_lines, settlement_lines

_NAMED = 10  # lines that an alarm names


Group = tuple[str, str]  # account, and what identifies the lines that are held together
Held = tuple[list[int], list[int]]  # ids of former lines, and of those that would take their place


@dataclass(frozen=True, kw_only=True)
class LineUpdates:
    """What an import does to stored lines: those that it corrects, each with its line; those that it withdraws and restores.

    ``own_corrected`` and ``own_withdrawn``: of its own lines, as in ``issue_plan.Changes``. ``held``: by group, the ids of those
    that it would replace or withdraw, and of those, its own too, that would count. ``decided``: earlier corrections that the file
    decides, and how; None: they wait again.
    """

    corrected: list[Pair] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    restored: list[int] = field(default_factory=list)
    own_corrected: list[Pair] = field(default_factory=list)
    own_withdrawn: list[int] = field(default_factory=list)
    held: dict[Group, Held] = field(default_factory=dict)
    decided: dict[int, CorrectionKind | None] = field(default_factory=dict)


def plan_updates(tx: Connection, file: int, issues: Sequence[FileIssue]) -> LineUpdates:
    """What the file does to stored lines, and which of it is held."""
    found = LineUpdates()
    for one in issues:
        changes = one.changes
        found.own_corrected.extend(changes.own_corrected)
        found.own_withdrawn.extend(changes.own_withdrawn)
        if one.facts.held:
            found.held.update(held_groups(one))
        else:
            found.corrected.extend(changes.corrected)
            found.withdrawn.extend(changes.withdrawn)
            found.restored.extend(changes.restored)
    if held_corrections.is_by_hipay(tx, file):
        found.decided.update(_decided(tx, issues, found))
    return found


def held_groups(one: FileIssue) -> dict[Group, Held]:
    """By group, the lines of HiPay's that the file would replace or withdraw, and those that would count in their place.

    Corrections of lines with one mark are held together, since lines without a transaction cannot be distinguished; and a new
    line that corrects none with a line of its key that the file does not name, such as a fee with another amount.
    """
    account, settlement = one.payout
    changes, found = one.changes, dict[Group, Held]()
    lines = one.lines()

    def group(*parts: str) -> Held:
        cells = "\x1f".join((settlement, *parts))
        return found.setdefault((account, blake2b(cells.encode(), digest_size=16).hexdigest()), ([], []))

    paired = set[int]()
    for pair in changes.corrected:
        before, after = group("mark", lines[pair.before].mark)
        before.append(pair.before)
        after.append(pair.after)
        paired |= {pair.before, pair.after}
    kept = [line for line in one.issue.valid if line.id not in paired]
    left, came = {line.key for line in kept}, {lines[new].key for new in changes.new}
    gone = set(changes.withdrawn)
    for line in kept:
        if line.id in gone or line.key in came:
            group("key", line.key)[0].append(line.id)
    for new in changes.new:
        if lines[new].key in left:
            group("key", lines[new].key)[1].append(new)
    for back in changes.restored:
        if back not in paired:
            group("mark", lines[back].mark)[1].append(back)
    return found


def _decided(
    tx: Connection, issues: Sequence[FileIssue], updates: LineUpdates
) -> dict[int, CorrectionKind | None]:
    """What a file that HiPay's API delivered decides of earlier corrections. One is taken if the file names its lines, or no
    longer has what it withdraws; it is dismissed if the file names the former lines again, or has others in their place. One
    that was taken waits again if the file names the former lines."""
    decided = dict[int, CorrectionKind | None]()
    named = {one.payout: set(one.named.known_ids().tolist()) for one in issues if one.said == "newest"}
    corrected = {pair.before for pair in updates.corrected}
    found = held_corrections.of_accounts(
        tx, sorted({account for account, _ in named}), [payout for _, payout in named]
    )
    for one in found:
        theirs = named.get((one.account, one.settlement_id))
        if theirs is None:
            continue
        before, after = theirs & {*one.before}, theirs & {*one.after}
        gone = not one.after and not before and not corrected & {*one.before}
        if one.kind != "taken" and (after or gone):
            decided[one.id] = "taken"
        elif one.kind == "taken" and before and not after:
            decided[one.id] = None
        elif one.kind is None and (theirs | corrected) & {*one.before}:
            decided[one.id] = "dismissed"
    return decided


def write_updates(tx: Connection, file: SettlementFile, found: LineUpdates) -> int:
    """In the transaction that makes the file visible, store the corrections to be held and raise an alarm, and decide the
    earlier ones that the file decides. How many of its lines are held."""
    _decided_by_hipay(tx, file.id, found)
    if not found.held:
        return 0
    concerned = [one for before, after in found.held.values() for one in (*before, *after)]
    lines = {line.id: line for line in held_corrections.lines(tx, concerned)}
    own = [line.id for line in lines.values() if line.file == file.id]
    replaced_lines.replace(tx, own, file.id)
    now, rows = clock.now(), list[dict[str, Any]]()
    for (account, key), (before, after) in found.held.items():
        first = lines[[*after, *before][0]]
        numbers = [lines[one].line for one in after if lines[one].file == file.id]
        rows.append(
            {
                "file": file.id,
                "account": account,
                "key": key,
                "settlement_id": first.settlement_id,
                "currency": first.settlement_currency,
                "line": min(numbers, default=0),
                "at": now,
                "before": sorted(before),
                "after": sorted(after),
                "before_units": _total([lines[one].settled_amount_units for one in before]),
                "after_units": _total([lines[one].settled_amount_units for one in after]),
            }
        )
    held_corrections.add(tx, rows)
    for one in open_alarms(tx, file.id):
        alarms.raise_condition(tx, one, now)
    return len(own)


def _decided_by_hipay(tx: Connection, file: int, found: LineUpdates) -> None:
    """Decide corrections by HiPay's file, whatever a person had decided before."""
    if not found.decided:
        return
    now, held = clock.now(), held_corrections.of_ids(tx, found.decided)
    held_corrections.undo(tx, list(found.decided), at=now, by=WORKER.id, reason="")
    for kind in get_args(CorrectionKind):
        if ids := [one for one, how in found.decided.items() if how == kind]:
            held_corrections.decide(
                tx, ids, kind=kind, reason="", at=now, actor_kind=WORKER.kind, actor_id=WORKER.id
            )
    for again in (False, True):
        some = [one for one in held if (found.decided[one.id] is None) == again]
        if some:
            audit.record(
                tx,
                WORKER,
                "correction.undone" if again else "correction.confirmed",
                f"settlement_file:{file}",
                before=sorted({line for one in some for line in one.before}),
                after=sorted({line for one in some for line in one.after}),
            )
    for number in sorted({one.file for one in held if found.decided[one.id] is None}):
        for alarm in open_alarms(tx, number):
            alarms.raise_condition(tx, alarm, now)


def rejoin_restored(
    tx: Connection, accounts: Collection[str], replaced: Sequence[int], restored: Sequence[int]
) -> None:
    """Rejoin the restored lines and all that share a transaction with them, then compute the positions of the orders of the
    restored and the replaced lines. The transaction has bumped the accounts' versions."""
    concerned = [*replaced, *restored]
    before = joined_lines.orders_of(tx, concerned)
    for account in sorted(accounts):
        rejoin.rejoin_here(tx, account, settlement_lines.of_account(tx, account, restored))
    positions.refresh(tx, {*before, *joined_lines.orders_of_splits(tx, concerned)})


def open_alarms(tx: Connection, file: int | None = None) -> Iterator[Condition]:
    """An alarm for each file and payout of which corrections wait, or for those of one file."""
    groups: dict[tuple[int, str, str, str], list[WaitingCorrection]] = {}
    for row in held_corrections.waiting(tx):
        if file is None or row.file == file:
            groups.setdefault((row.file, row.account, row.settlement_id, row.currency), []).append(row)
    for (number, account, settlement, currency), found in groups.items():
        # a decision that was undone raises a new alarm
        identity = (
            f"payout_correction:{number}:{account}:{settlement}:{currency}:{max(row.undone for row in found)}"
        )
        own = [row.line for row in found if row.line]
        detail: dict[str, Any] = {
            "file": found[0].file_name,
            "file_id": number,
            "settlement": settlement,
            "currency": currency,
            "lines": ", ".join(map(str, own[:_NAMED])) + (" …" if len(own) > _NAMED else "") if own else "—",
        }
        if withdrawn := sum(len(row.before) for row in found if not row.after):
            detail["withdrawn"] = withdrawn
        summed = _without_totals(tx, found)
        detail["before_units"] = _total([row.before_units for row in summed])
        detail["after_units"] = _total([row.after_units for row in summed])
        yield Condition(
            kind="payout_correction", identity=identity, account=account, order=None, detail=detail
        )


def _without_totals(tx: Connection, found: Sequence[WaitingCorrection]) -> Sequence[WaitingCorrection]:
    """The corrections of lines that are no totals of others; of a payout's own line, if no other is corrected."""
    if len(found) == 1:
        return found
    lines = held_corrections.lines(tx, [one for row in found for one in (*row.before, *row.after)])
    totals = {line.id for line in lines if line.kind == "control"}
    return [row for row in found if not totals & {*row.before, *row.after}] or found


def _total(units: Sequence[int | None]) -> int | None:
    """None if an amount is missing, which is not 0."""
    return None if None in units else sum(one or 0 for one in units)
