"""Complete an import: one transaction makes the file's lines visible and applies its corrections."""

from dataclasses import asdict
from typing import Any

from services import clock
from services.access import Actor, audit
from services.imports import carry_decisions, protected_lines
from services.imports.duplicates import PayoutsStored
from services.imports.import_run import ImportRun, update_running
from services.imports.lease import Lease
from services.reconciliation.matching import order_changes
from services.settlements.dialect import Dialect
from services.store import Connection, alarms
from services.store.alarm_conditions import Condition
from services.store.payouts import versions
from services.store.settlements import positions, replaced_lines
from services.store.settlements.settlement_files import SettlementFile
from services.text import headings

AUDITED = (
    100  # ids of corrected lines that the audit names; each of these lines names the file that replaced it
)


def complete(lease: Lease, run: ImportRun) -> None:
    """Make the file's lines visible and hide those that they replace, in one transaction.

    Raises PayoutsStored, TruncatedFile.
    """
    open_end = run.file_end.refuse()
    with lease.store.read() as tx:
        replaced, restored = (
            run.corrections.replaced(tx, protected_lines.delivered_payouts(tx, run.file.id)),
            run.corrections.restored(tx),
        )
        stored = () if run.file.others else run.duplicates.stored(tx, run.corrections.known, replaced)
        updates = protected_lines.plan_updates(
            tx, run.file.id, run.had_lines, run.settlements, run.corrections.known, replaced, restored
        )
    if stored:
        raise PayoutsStored(stored)
    set_aside, dialect = run.set_aside, run.findings.detection.dialect
    findings = run.findings.findings(open_end=open_end)
    file, counts = (
        run.file,
        {"known_lines": len(run.corrections.known), "changed_lines": len(updates.replaced)},
    )
    with lease.write() as tx:
        concerned = {file.account, *run.had_lines}
        versions.lock(tx, concerned)
        for account in sorted(run.had_lines):
            positions.bump_version(tx, account)
        if updates.replaced:
            replaced_lines.replace(tx, updates.replaced, file.id)
        if updates.restored:
            replaced_lines.restore(tx, updates.restored)
        counts["held_lines"] = protected_lines.write_updates(tx, file, updates)
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
            follow_up=0,
            tries=0,
            finished_at=clock.now(),
            **counts,
        )
        if file.source != "upload" and not file.chosen:
            _alarm_about_columns(tx, file, findings.overlooked)
        if updates.replaced:
            carry_decisions.carry_over(tx, updates.replaced, file.id)
        if updates.restored:
            protected_lines.rejoin_restored(tx, run.had_lines, (), updates.restored)
        order_changes.set_back(tx, run.cursor)
        versions.grow_settlements(tx, concerned, {*run.settlements, *set_aside.blocking})
        actor, named = Actor(kind=file.actor_kind, id=file.actor_id), dict[str, Any]()
        if updates.replaced:
            named["replaced"] = updates.replaced[:AUDITED]
        audit.record(
            tx,
            actor,
            "settlement_file_imported",
            f"settlement_file:{file.id}",
            lines=run.lines,
            **counts,
            **named,
        )


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
