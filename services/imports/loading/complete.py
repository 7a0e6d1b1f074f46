"""Complete an import: one transaction makes the file's lines visible and applies its corrections."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from services import clock
from services.access import Actor, audit
from services.imports.corrections import carry_decisions, protected_lines
from services.imports.duplicates import PayoutsStored
from services.imports.errors import IssueUndecided
from services.imports.issued_again import file_issues, stored_issues
from services.imports.issued_again.file_issues import About, FileIssue
from services.imports.issued_again.issue_answers import Answers
from services.imports.loading.import_run import ImportRun, update_running
from services.imports.loading.lease import Lease
from services.payouts.person_only import changed_by_a_person_only
from services.reconciliation.matching import order_changes
from services.settlements.dialect import Dialect
from services.store import Connection, alarms
from services.store.alarm_conditions import Condition
from services.store.payouts import versions
from services.store.settlements import positions
from services.store.settlements.files import held_corrections, payout_issues, settlement_files
from services.store.settlements.files.settlement_files import SettlementFile
from services.store.settlements.lines import line_totals, replaced_lines
from services.text import headings

AUDITED = (
    100  # ids of corrected lines that the audit names; each of these lines names the file that replaced it
)


def complete(lease: Lease, run: ImportRun) -> None:
    """Make the file's lines visible and hide those that they replace, in one transaction.

    Raises PayoutsStored, IssueUndecided, TruncatedFile.
    """
    open_end = run.file_end.refuse()
    with lease.store.read() as tx:
        issues = _issues(tx, run)
        updates = protected_lines.plan_updates(tx, run.file.id, issues)
        _require_answers(tx, run, issues)
    set_aside, dialect = run.set_aside, run.findings.detection.dialect
    findings = run.findings.findings(open_end=open_end)
    file, withdrawn = run.file, len(updates.withdrawn)
    counts = {"known_lines": len(run.issues.known), "changed_lines": len(updates.corrected)}
    counts["withdrawn_lines"] = withdrawn
    with lease.write() as tx:
        concerned = {file.account, *run.had_lines, *settlement_files.accounts(tx, file.id)}
        versions.lock(tx, concerned)
        for account in sorted(run.had_lines):
            positions.bump_version(tx, account)
        _require_same_payouts(tx, issues)
        replaced = [pair.before for pair in updates.corrected]
        replaced_lines.replace(tx, replaced, file.id)
        replaced_lines.withdraw(tx, updates.withdrawn, file.id)
        replaced_lines.restore(tx, updates.restored)
        counts["older_lines"] = _leave_out_older(tx, issues)
        counts["held_lines"] = protected_lines.write_updates(tx, file, updates)
        payout_issues.add_corrected(tx, file.id, updates.corrected)
        stored_issues.write(tx, file.id, issues)
        update_running(
            tx,
            file.id,
            state="complete",
            lines=run.lines,
            lines_done=run.lines,
            bytes_done=file.size,
            aside=[asdict(row) for row in set_aside.rows],
            aside_blocking=set_aside.blocking.total(),
            aside_settlements=sorted(set_aside.blocking),
            aside_open=dict(set_aside.blocking),
            reading={**stored_reading(dialect), "found": findings.to_json()},
            settlements=sorted(run.settlements - {""}),
            shared_payouts=sorted(run.shared_payouts),
            follow_up=0,
            tries=0,
            finished_at=clock.now(),
            **counts,
        )
        if file.source != "upload" and not file.chosen:
            _alarm_about_columns(tx, file, findings.overlooked)
        carry_decisions.carry_over(tx, updates.corrected)
        if updates.restored:
            protected_lines.rejoin_restored(tx, run.had_lines, (), updates.restored)
        order_changes.set_back(tx, run.cursor)
        versions.grow_settlements(tx, concerned, {*run.settlements, *set_aside.blocking})
        versions.grow_payouts(tx, run.shared_payouts)  # until the follow-up, its lines may be counted twice
        versions.grow_carried(tx, line_totals.balances_of(tx, file.id))
        actor, named = Actor(kind=file.actor_kind, id=file.actor_id), dict[str, Any]()
        if replaced:
            named["replaced"] = replaced[:AUDITED]
        if updates.withdrawn:
            named["withdrawn"] = updates.withdrawn[:AUDITED]
        audit.record(
            tx,
            actor,
            "settlement_file_imported",
            f"settlement_file:{file.id}",
            lines=run.lines,
            **counts,
            **named,
        )


def _issues(tx: Connection, run: ImportRun) -> list[FileIssue]:
    file = run.file
    about = About(
        id=file.id,
        by_hipay=held_corrections.is_by_hipay(tx, file.id),
        hipay_settlement=file.hipay_settlement,
        others=file.others,
        answers=Answers.of_json(file.answers),
        unread=run.set_aside.blocking.keys(),
    )
    return file_issues.of_file(tx, run.issues, about, file_issues.own_of_store(tx, file.id))


def _require_answers(tx: Connection, run: ImportRun, issues: Sequence[FileIssue]) -> None:
    """Raises PayoutsStored, IssueUndecided: a person must say what the file's lines are."""
    look = {one.payout for one in issues if one.doubtful}
    corrected = [pair.before for one in issues for pair in one.likely().corrected]
    stored = run.duplicates.stored(tx, run.issues.known, corrected, look, others=run.file.others)
    if stored:
        raise PayoutsStored(stored)
    if undecided := [one.payout for one in issues if one.said == "ask"]:
        raise IssueUndecided(undecided)


def _require_same_payouts(tx: Connection, issues: Sequence[FileIssue]) -> None:
    """Raises IssueUndecided if a payout has become one that only a person changes, since the issues were compared."""
    open_ = {one.payout for one in issues if one.facts.told is None and one.said not in ("known", "other")}
    if found := changed_by_a_person_only(tx, open_) - {
        one.payout for one in issues if one.facts.by_a_person_only
    }:
        raise IssueUndecided(sorted(found))


def _leave_out_older(tx: Connection, issues: Sequence[FileIssue]) -> int:
    """Leave the lines of older issues out that the newest one has corrected or dropped; how many."""
    count = 0
    for one in issues:
        pairs, gone = one.changes.own_corrected, one.changes.own_withdrawn
        newest = one.newest_file
        replaced_lines.replace(tx, [pair.before for pair in pairs], newest)
        replaced_lines.withdraw(tx, gone, newest)
        payout_issues.add_corrected(tx, newest, pairs)
        count += len(pairs) + len(gone)
    return count


def _alarm_about_columns(tx: Connection, file: SettlementFile, names: tuple[str, ...]) -> None:
    """Raise an alarm, once for an account, about columns that were not read and may matter: nobody has seen a preview."""
    if names:
        identity = f"payout_columns:{file.account}:{headings.digest(names)}"
        detail = {"file": file.name, "file_id": file.id, "columns": ", ".join(names)}
        alarms.raise_condition(
            tx,
            Condition(
                kind="payout_columns", identity=identity, account=file.account, order=None, detail=detail
            ),
            clock.now(),
        )


def stored_reading(dialect: Dialect) -> dict[str, Any]:
    """How a file was read, as it is stored with it."""
    names = (
        "encoding",
        "delimiter",
        "header_line",
        "decimal",
        "thousands",
        "date",
        "columns",
        "sheets",
        "quotes",
    )
    return {**{name: getattr(dialect, name) for name in names}, "debits": dict(dialect.debits or {})}
