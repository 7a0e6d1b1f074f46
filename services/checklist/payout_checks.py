"""The checks of payouts: whether they are fetched, whether HiPay announces them, whether the watched folder can be read."""

import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from services.desk import Desk
from services.imports.received.fetch_schedule import automatic
from services.settings.account import SHORTEST_SECRET
from services.store import Connection
from services.store.settlements.files import finance_notifications, folder_files, payout_requests

# Status, reason, the values in its sentence.
Found = tuple[Literal["ok", "warning", "unknown"], str, Mapping[str, str]]
FOLDER_SECONDS = 2.0


@dataclass
class _Probe:
    begun: float
    found: list[Found] = field(default_factory=list)
    thread: threading.Thread | None = None


_probes: dict[tuple[Path, str], _Probe] = {}


def findings(tx: Connection, desk: Desk, account: str, folder: Found) -> Iterator[tuple[str, Found]]:
    """Each check's name and result, from what is stored and from ``folder_state``'s result; no server is asked."""
    yield "payouts_fetched", _fetched(tx, desk, account)
    yield "finance_notifications", _announced(tx, desk, account)
    yield "settlements_folder", _last_taken(tx, account, folder)


def folder_state(desk: Desk, account: str, *, seconds: float = FOLDER_SECONDS) -> Found:
    """Whether the watched folder can be read. Never call it within a transaction: a network share that hangs is reported
    after ``seconds``; further calls report it at once, until it answers."""
    root = desk.settings.settlements_folder
    if root is None:
        return "unknown", "unset", {}
    probe = _probes.get((root, account))
    if probe is None or probe.thread is None or not probe.thread.is_alive():
        probe = _probes[root, account] = _Probe(time.monotonic())
        alone, found = len(desk.settings.all_accounts) == 1, probe.found
        # The thread may hang for good and cannot be ended: no second one is started for the folder meanwhile.
        probe.thread = threading.Thread(
            target=lambda: found.append(_probe(root, account, alone=alone)),
            name="folder-probe",
            daemon=True,
        )
        probe.thread.start()
    probe.thread.join(max(0.0, probe.begun + seconds - time.monotonic()))
    return probe.found[0] if probe.found else ("warning", "hung", {})


def _fetched(tx: Connection, desk: Desk, account: str) -> Found:
    if desk.account(account).environment == "stage":
        return "unknown", "stage", {}
    _, last, well = payout_requests.last_requests(tx, account)
    if last is not None and last.state == "failed":
        return (
            "warning",
            "failed",
            {**last.failure_detail, "failure": last.failure, "at": last.finished_at.isoformat()},
        )
    if well is not None:
        return "ok", "", {"at": well.finished_at.isoformat()}
    return "unknown", "none" if automatic(tx, desk, account).on else "by_hand", {}


def _announced(tx: Connection, desk: Desk, account: str) -> Found:
    if desk.account(account).short_finance_secrets:
        return "warning", "short", {"least": str(SHORTEST_SECRET)}
    if at := finance_notifications.last_received_at(tx, account):
        return "ok", "", {"at": at.isoformat()}
    if not desk.settings.public:
        return "unknown", "no_address", {}
    detail = {"url": f"{desk.settings.public}/notify-finance/{account}"}
    return "unknown", "none" if desk.account(account).finance_secrets else "no_password", detail


def _probe(root: Path, account: str, *, alone: bool) -> Found:
    own = root / account
    try:
        place = own if own.is_dir() and not own.is_symlink() else root
        if not place.is_dir():
            return "warning", "missing", {}
    except OSError:
        return "warning", "unreadable", {}
    if place == root and not alone:
        return "warning", "no_folder", {"folder": account}
    if not os.access(place, os.R_OK | os.X_OK):
        return "warning", "unreadable", {}
    return "ok", "" if os.access(place, os.W_OK) else "read_only", {}


def _last_taken(tx: Connection, account: str, folder: Found) -> Found:
    status, reason, detail = folder
    last = folder_files.last(tx, account) if status == "ok" else None
    return (
        (status, reason or "taken", {"at": last.found_at.isoformat()}) if last else (status, reason, detail)
    )
