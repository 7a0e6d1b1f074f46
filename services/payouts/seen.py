"""What the check list says of payouts: when they were fetched last, what HiPay announced, how the folder stands."""

import os
from collections.abc import Iterator, Mapping
from typing import Literal

from services.desk import Desk
from services.payouts.automatic import automatic
from services.settings import SHORTEST_SECRET
from services.store import Connection
from services.store import folder_files as folder_rows
from services.store import payouts as rows

# status, reason, values of its sentence
Found = tuple[Literal["ok", "warning", "unknown"], str, Mapping[str, str]]


def findings(tx: Connection, desk: Desk, account: str) -> Iterator[tuple[str, Found]]:
    """One for each check, by its name, from what is stored and from the folder itself; nobody is asked."""
    yield "payouts_fetched", _fetched(tx, desk, account)
    yield "finance_notifications", _announced(tx, desk, account)
    yield "settlements_folder", _folder(tx, desk, account)


def _fetched(tx: Connection, desk: Desk, account: str) -> Found:
    if desk.account(account).environment == "stage":
        return "unknown", "stage", {}
    _, last, well = rows.last_requests(tx, account)
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
    if at := rows.last_notification(tx, account):
        return "ok", "", {"at": at.isoformat()}
    if not desk.settings.public:
        return "unknown", "no_address", {}
    detail = {"url": f"{desk.settings.public}/notify-finance/{account}"}
    return "unknown", "none" if desk.account(account).finance_secrets else "no_password", detail


def _folder(tx: Connection, desk: Desk, account: str) -> Found:
    root = desk.settings.settlements_folder
    if root is None:
        return "unknown", "unset", {}
    own = root / account
    place = own if own.is_dir() and not own.is_symlink() else root
    if not place.is_dir():
        return "warning", "missing", {}
    if place == root and len(desk.settings.all_accounts) > 1:
        return "warning", "no_folder", {"folder": account}
    if not os.access(place, os.R_OK | os.X_OK):
        return "warning", "unreadable", {}
    last = folder_rows.last(tx, account)
    detail = {"at": last.found_at.isoformat()} if last else {}
    if not os.access(place, os.W_OK):
        return "ok", "read_only", detail
    return "ok", "taken" if last else "", detail
