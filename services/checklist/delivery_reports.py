"""The check of the mailbox of delivery reports."""

from datetime import timedelta

from services import clock
from services.accounts.checks import Check
from services.mail.errors import MailboxAway
from services.mail.imap_url import parse_imap_url
from services.orders import bounces
from services.store import Connection
from services.store.accounts import CheckStatus

_REPORTS_LATE = timedelta(hours=1)  # the worker reads it every minute


def reports_check(tx: Connection, url: str | None) -> Check:
    """Whether the mailbox was read in time and without an error, by the worker or by this measurement."""
    now = clock.now()
    if not url:
        return Check(name="delivery_reports", status="unknown", reason="unset", detail={}, checked_at=now)
    found = bounces.mailbox_status(tx, parse_imap_url(url))
    read = {"at": found.read_at.isoformat() if found.read_at else ""}
    if found.tried_at is None:
        return Check(name="delivery_reports", status="unknown", reason="never")
    if not found.error:
        late = now - found.tried_at > _REPORTS_LATE
        return Check(
            name="delivery_reports",
            status="warning" if late else "ok",
            reason="late" if late else "",
            detail=read,
            checked_at=found.tried_at,
        )
    status: CheckStatus = "warning" if found.error == MailboxAway.code else "failed"
    detail = {"host": found.host, "answer": found.answer, **read}
    return Check(
        name="delivery_reports",
        status=status,
        reason=found.error.removeprefix("mailbox_"),
        detail=detail,
        checked_at=found.tried_at,
    )
