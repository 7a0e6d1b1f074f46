"""What is stored of an account: its configuration by section and language, its measured checks, its pauses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, select, update

from services.store.locks import insert_new, put
from services.store.order_states import ActorKind
from services.store.schema.accounts import account_checks, account_config, account_pauses
from services.store.schema.base import metadata
from services.store.schema.orders import notifications


def known(tx: Connection, account: str) -> bool:
    """Whether anything at all is stored of the account."""
    tables = [table for table in metadata.sorted_tables if "account" in table.c]
    return any(
        tx.execute(select(table.c.account).where(table.c.account == account).limit(1)).first()
        for table in tables
    )


def sections(tx: Connection, account: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Everything configured for the account: (section, language) → data; the language ``""`` is the default."""
    found = tx.execute(select(account_config).where(account_config.c.account == account))
    return {(row.section, row.language): row.data for row in found}


def save_section(
    tx: Connection,
    account: str,
    section: str,
    language: str,
    data: Mapping[str, Any],
    *,
    at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
) -> None:
    key = {"account": account, "section": section, "language": language}
    put(tx, account_config, key, data=dict(data), updated_at=at, actor_kind=actor_kind, actor_id=actor_id)


CheckStatus = Literal["ok", "warning", "failed", "unknown"]
PauseSubject = Literal["gateway", "mail"]


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """The last measurement; ``detail`` includes the reason."""

    name: str
    status: CheckStatus
    detail: dict[str, str]
    checked_at: datetime


def checks(tx: Connection, account: str) -> list[StoredCheck]:
    c = account_checks.c
    query = select(c.name, c.status, c.detail, c.checked_at).where(c.account == account)
    return [StoredCheck(*row) for row in tx.execute(query)]


def save_check(
    tx: Connection,
    account: str,
    name: str,
    status: CheckStatus,
    detail: Mapping[str, str],
    *,
    at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
) -> None:
    key = {"account": account, "name": name}
    values = {
        "status": status,
        "detail": dict(detail),
        "checked_at": at,
        "actor_kind": actor_kind,
        "actor_id": actor_id,
    }
    put(tx, account_checks, key, **values)


@dataclass(frozen=True, slots=True)
class StoredPause:
    """``reason``: the code of the error that paused it."""

    subject: PauseSubject
    reason: str
    since: datetime


def pauses(tx: Connection, account: str) -> list[StoredPause]:
    c = account_pauses.c
    query = select(c.subject, c.reason, c.since).where(c.account == account).order_by(c.subject)
    return [StoredPause(*row) for row in tx.execute(query)]


def save_pause(tx: Connection, account: str, subject: PauseSubject, reason: str, *, since: datetime) -> bool:
    """Pause, or give the pause that is there its newest reason; whether it is a new one."""
    unique = ("account", "subject")
    if insert_new(tx, account_pauses, unique, account=account, subject=subject, reason=reason, since=since):
        return True
    here = (account_pauses.c.account == account) & (account_pauses.c.subject == subject)
    tx.execute(update(account_pauses).where(here).values(reason=reason))
    return False


def remove_pauses(tx: Connection, account: str) -> int:
    return tx.execute(delete(account_pauses).where(account_pauses.c.account == account)).rowcount


def last_notification(tx: Connection, account: str) -> datetime | None:
    """When the newest notification of the account came; only those whose signature was right are stored."""
    found: datetime | None = tx.scalar(
        select(func.max(notifications.c.received_at)).where(notifications.c.account == account)
    )
    return found
