"""Lines that HiPay's API delivered are corrected only by HiPay, or by a person with a reason.

If a file of other origin (uploaded, from a folder) corrects a line of such a payout, the correction is held: its line is
stored and not counted, the payout's tie-out is blocked, and an alarm is open, until a person takes or dismisses the
correction. A later delivery by HiPay that names either line decides it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import get_args

from services import clock
from services.access import WORKER, audit
from services.imports import carry_decisions
from services.reconciliation.matching import positions, rejoin
from services.store import Connection, alarms
from services.store.alarm_conditions import Condition
from services.store.settlements import held_corrections, joined_lines, replaced_lines, settlement_lines
from services.store.settlements.held_corrections import (
    CorrectionKind,
    CorrectionWithDecision,
    LineVersion,
    WaitingCorrection,
)
from services.store.settlements.settlement_files import SettlementFile

_NAMED = 10  # lines that an alarm names


@dataclass(frozen=True)
class LineUpdates:
    """What an import does to stored lines: the ids of those that it replaces and of those that it restores.

    ``held``: by (account, key), the ids of those that it would replace, and of those that it would restore. ``decided``:
    earlier corrections that the file decides, and how; None: they wait again.
    """

    replaced: list[int]
    restored: list[int]
    held: dict[tuple[str, str], tuple[list[int], list[int]]] = field(default_factory=dict)
    decided: dict[int, CorrectionKind | None] = field(default_factory=dict)


def plan_updates(
    tx: Connection,
    file: int,
    accounts: Collection[str],
    settlements: Collection[str],
    known: Collection[int],
    replaced: list[int],
    restored: list[int],
) -> LineUpdates:
    """Which stored lines the file replaces and restores, and which of these corrections are held.

    ``known``: ids of the stored lines of other files that the file has unchanged.
    """
    if held_corrections.is_by_hipay(tx, file):
        return _by_hipay(tx, file, accounts, settlements, known, replaced, restored)
    replaced_ids, held = set(replaced), dict[tuple[str, str], tuple[list[int], list[int]]]()
    for line in _delivered(tx, [*replaced, *restored]):
        before, after = held.setdefault((line.account, line.key), ([], []))
        (before if line.id in replaced_ids else after).append(line.id)
    protected = {one for before, after in held.values() for one in (*before, *after)}
    return LineUpdates(
        [one for one in replaced if one not in protected],
        [one for one in restored if one not in protected],
        held,
    )


def delivered_payouts(tx: Connection, file: int | None) -> set[tuple[str, str]]:
    """Each (account, payout) that HiPay's API has delivered: a file corrects what it names of them, however little that is.
    No payout if HiPay delivered the file itself. ``file`` None: a preview."""
    return (
        set()
        if file is not None and held_corrections.is_by_hipay(tx, file)
        else held_corrections.delivered(tx)
    )


def count_held(tx: Connection, replaced: Sequence[int]) -> int:
    """How many of the lines that a file corrects would stay valid if a person added it."""
    return len(_delivered(tx, replaced))


def _delivered(tx: Connection, ids: Sequence[int]) -> list[LineVersion]:
    """Those of these lines whose payouts HiPay's API has delivered."""
    if not ids:
        return []
    delivered = held_corrections.delivered(tx)
    return [
        line for line in held_corrections.lines(tx, ids) if (line.account, line.settlement_id) in delivered
    ]


def _by_hipay(
    tx: Connection,
    file: int,
    accounts: Collection[str],
    settlements: Collection[str],
    known: Collection[int],
    replaced: list[int],
    restored: list[int],
) -> LineUpdates:
    """The updates of a file that HiPay delivered: it may correct HiPay's lines. A held correction is taken if the file names
    its lines, and dismissed if the file names the former ones again, or others in their place. One that was taken waits
    again if the file names the former ones."""
    replaced_ids, restored_ids, named = set(replaced), set(restored), set(known)
    decided = dict[int, CorrectionKind | None]()
    found = held_corrections.of_accounts(tx, accounts, settlements)
    valid = _valid_by_key(tx, found, file)
    for one in found:
        before, after, counting = named & {*one.before}, named & {*one.after}, valid[one.account, one.key]
        if one.kind != "taken" and after:
            decided[one.id], restored_ids = "taken", restored_ids | after
        elif one.kind == "taken" and before and not after and counting & {*one.after}:
            decided[one.id], restored_ids = None, restored_ids | before
        else:
            if one.kind is None and (named | replaced_ids) & {*one.before}:
                decided[one.id] = "dismissed"
            continue
        replaced_ids |= counting - named
    return LineUpdates(sorted(replaced_ids), sorted(restored_ids), decided=decided)


def _valid_by_key(
    tx: Connection, found: Sequence[CorrectionWithDecision], file: int
) -> dict[tuple[str, str], set[int]]:
    """The valid lines of other files, by the (account, key) of these corrections."""
    lines: dict[tuple[str, str], set[int]] = {(one.account, one.key): set() for one in found}
    for account in {account for account, _ in lines}:
        keys = {(one.settlement_id, one.key) for one in found if one.account == account}
        theirs = settlement_lines.by_key(tx, account, keys, file)
        for key, line in zip(theirs["key"], theirs["id"].tolist(), strict=True):
            lines[account, key].add(line)
    return lines


def write_updates(tx: Connection, file: SettlementFile, found: LineUpdates) -> int:
    """In the transaction that makes the file visible, store the corrections to be held and raise an alarm, and decide the
    earlier ones that the file decides. How many of its lines are held."""
    _decided_by_hipay(tx, file.id, found)
    if not found.held:
        return 0
    before = {
        line.id: line
        for line in held_corrections.lines(tx, [one for ids, _ in found.held.values() for one in ids])
    }
    own: dict[tuple[str, str], list[LineVersion]] = {}
    concerned = [one for before, after in found.held.values() for one in (*before, *after)]
    for line in held_corrections.own_lines(tx, file.id, concerned):
        own.setdefault((line.account, line.key), []).append(line)
    own_ids = [line.id for one in found.held for line in own[one]]
    replaced_lines.replace(tx, own_ids, file.id)
    now = clock.now()
    held_corrections.add(
        tx,
        [
            {
                "file": file.id,
                "account": account,
                "key": key,
                "settlement_id": own[account, key][0].settlement_id,
                "currency": own[account, key][0].settlement_currency,
                "line": own[account, key][0].line,
                "at": now,
                "before": former,
                "after": [*(line.id for line in own[account, key]), *again],
                "before_units": _total([before[one].settled_amount_units for one in former]),
                "after_units": _total([line.settled_amount_units for line in own[account, key]]),
            }
            for (account, key), (former, again) in found.held.items()
        ],
    )
    for one in open_alarms(tx, file.id):
        alarms.raise_condition(tx, one, now)
    return len(own_ids)


def _decided_by_hipay(tx: Connection, file: int, found: LineUpdates) -> None:
    """Decide corrections by HiPay's file, whatever a person had decided before."""
    if not found.decided:
        return
    now, held, lines = clock.now(), held_corrections.of_ids(tx, found.decided), _by_key(tx, found)
    held_corrections.undo(tx, list(found.decided), at=now, by=WORKER.id, reason="")
    for kind in get_args(CorrectionKind):
        if ids := [one for one, how in found.decided.items() if how == kind]:
            held_corrections.decide(
                tx, ids, kind=kind, reason="", at=now, actor_kind=WORKER.kind, actor_id=WORKER.id
            )
    for account, key in {(one.account, one.key) for one in held if found.decided[one.id] != "dismissed"}:
        replaced, restored = lines[account, key]
        for origin in sorted({line.file for line in restored}):
            carry_decisions.carry_over(tx, [line.id for line in replaced], origin)
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


def _by_key(
    tx: Connection, found: LineUpdates
) -> dict[tuple[str, str], tuple[list[LineVersion], list[LineVersion]]]:
    """The lines that are replaced and those that are restored, by (account, key)."""
    lines = defaultdict[tuple[str, str], tuple[list[LineVersion], list[LineVersion]]](lambda: ([], []))
    restored = {*found.restored}
    for line in held_corrections.lines(tx, [*found.replaced, *found.restored]):
        lines[line.account, line.key][line.id in restored].append(line)
    return lines


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
        detail = {
            "file": found[0].file_name,
            "file_id": number,
            "settlement": settlement,
            "currency": currency,
            "lines": ", ".join(str(row.line) for row in found[:_NAMED])
            + (" …" if len(found) > _NAMED else ""),
            "before_units": _total([row.before_units for row in found]),
            "after_units": _total([row.after_units for row in found]),
        }
        yield Condition(
            kind="payout_correction", identity=identity, account=account, order=None, detail=detail
        )


def _total(units: Sequence[int | None]) -> int | None:
    """None if an amount is missing, which is not 0."""
    return None if None in units else sum(one or 0 for one in units)
