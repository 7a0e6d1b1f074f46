"""An account whose credentials or mail server were refused is paused: nothing goes out until a person resumes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services import clock
from services.access import WORKER, Actor, Right, audit, require
from services.accounts.configured import require_account
from services.desk import Desk
from services.store import Connection, accounts
from services.store.remembered import remembered

Subject = Literal["gateway", "mail"]


@dataclass(frozen=True)
class Pause:
    """``reason``: the code of the error that caused the pause."""

    subject: str
    reason: str
    since: datetime


def pauses(tx: Connection, account: str) -> tuple[Pause, ...]:
    return remembered(tx, ("pauses", account), lambda: _pauses(tx, account))


def _pauses(tx: Connection, account: str) -> tuple[Pause, ...]:
    return tuple(Pause(row.subject, row.reason, row.since) for row in accounts.pauses(tx, account))


def pause(tx: Connection, account: str, subject: Subject, reason: str, actor: Actor = WORKER) -> None:
    """Stop calls to HiPay (``gateway``) or mail for the account, in the caller's transaction. A further pause replaces the reason.

    Raises NotAllowed.
    """
    require(tx, actor, Right.CONFIGURE, account)
    if accounts.save_pause(tx, account, subject, reason, since=clock.now()):
        audit.record(tx, actor, "account.paused", f"account:{account}", what=subject, reason=reason)


def resume(desk: Desk, actor: Actor, account: str) -> None:
    """End all pauses of the account. Raises NotAllowed, AccountUnknown."""
    require_account(desk, account)
    with desk.store.write() as tx:
        require(tx, actor, Right.CONFIGURE, account)
        if accounts.remove_pauses(tx, account):
            audit.record(tx, actor, "account.resumed", f"account:{account}")
    desk.wake.set()
