"""Alarms about payout files that are not imported or not fetched."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from services.desk import Desk
from services.imports.corrections import protected_lines
from services.imports.errors import ImportStopped
from services.imports.received.fetch_schedule import automatic
from services.store import Connection
from services.store.alarm_conditions import Condition
from services.store.alarm_kinds import AlarmKind
from services.store.settlements.files import (
    folder_files,
    hipay_list,
    import_tries,
    payout_requests,
    settlement_files,
)
from services.store.settlements.files.folder_files import FolderFile
from services.store.settlements.files.hipay_list import ListedPayout
from services.store.settlements.files.payout_requests import FetchRequest
from services.store.settlements.files.settlement_files import FileInTrouble

WITHOUT_FILE = timedelta(days=1)  # how long HiPay may list a payout whose file is absent
NOT_FETCHED = timedelta(days=1)  # how long reading HiPay's list may fail


def conditions(tx: Connection, desk: Desk, now: datetime) -> Iterator[Condition]:
    """The conditions of the configured accounts."""
    for one in _all(tx, desk, now):
        if one.account in desk.settings.all_accounts:
            yield one


def _all(tx: Connection, desk: Desk, now: datetime) -> Iterator[Condition]:
    yield from map(_without_file, hipay_list.without_file(tx, now - WITHOUT_FILE))
    yield from protected_lines.open_alarms(tx)
    for file in settlement_files.failed(tx):
        yield _of_file("payout_file_failed", file)
    for file in import_tries.stopped(tx, ImportStopped.code):
        yield _of_file("payout_file_failed", file)
    for file in import_tries.all_stuck(tx):
        yield _of_file("payout_follow_up", file)
    for row in folder_files.refused(tx):
        detail = {"file": row.name, **_why(row)}
        identity = f"payout_folder_refused:{row.account}:{row.sha256}:{row.found_at.isoformat()}"
        yield Condition(
            kind="payout_folder_refused", identity=identity, account=row.account, order=None, detail=detail
        )
    for account in desk.settings.all_accounts:
        failing = payout_requests.failing(tx, account) if automatic(tx, desk, account).on else None
        if failing is not None and failing[0].finished_at <= now - NOT_FETCHED:
            first, last = failing
            detail = {"since": first.finished_at.isoformat(), **_why(last)}
            yield Condition(
                kind="payouts_not_fetched",
                identity=f"payouts_not_fetched:{first.id}",
                account=account,
                order=None,
                detail=detail,
            )


def _of_file(kind: AlarmKind, file: FileInTrouble) -> Condition:
    detail = {"file": file.name, "file_id": file.id, **_why(file)}
    return Condition(
        kind=kind,
        identity=f"{kind}:{file.id}:{file.at.isoformat()}",
        account=file.account,
        order=None,
        detail=detail,
    )


def _why(row: FileInTrouble | FolderFile | FetchRequest) -> dict[str, Any]:
    return {"failure": row.failure, "failure_detail": row.failure_detail}


def _without_file(row: ListedPayout) -> Condition:
    detail = {
        "settlement": row.settlement_id,
        "units": row.amount,
        "currency": row.currency,
        "listed_at": row.first_seen_at.isoformat(),
    }
    identity = f"payout_without_file:{row.account}:{row.settlement_id}"
    return Condition(
        kind="payout_without_file", identity=identity, account=row.account, order=None, detail=detail
    )
