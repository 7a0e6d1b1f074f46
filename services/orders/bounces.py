"""The periodic job that reads delivery reports from their mailbox and records each with the order whose e-mail came back.

A report counts only where it names the Message-ID of an e-mail of ours: that id is random, and only who handled
the e-mail knows it. The e-mail came back if it failed for the recipient that we wrote to. Each report is recorded in the
transaction that moves the read position on, so that none is read twice and none is lost.

Anybody can write to the mailbox, so a bounded child process reads each mail. The attempt is committed before it begins;
a mail that killed its reader, or the whole worker, twice is skipped, and an alarm names it.
"""

import hashlib
import logging
import os
import secrets
import ssl
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from services import clock
from services.access import WORKER
from services.desk import Desk
from services.mail import mailbox, reports
from services.mail.delivery_status import Report
from services.mail.errors import MailboxError
from services.mail.imap_url import ImapServer, parse_imap_url
from services.mail.mailbox import Place, Received
from services.orders.record import inert, record
from services.store import STORE_AWAY, Connection, alarms, meta
from services.store.order_states import EVENT_KINDS
from services.store.orders import orders

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200
MOST_DEATHS = 2
_GIVEN_UP = timedelta(minutes=5)  # another process that has read one mail for so long has died of it
_OURS = secrets.token_hex(8)
_reading = threading.Lock()  # one reading at a time in this process


@dataclass(frozen=True, kw_only=True)
class MailboxStatus:
    """``read_at``: when the mailbox was last read to its end; ``error``: why it could not be read since."""

    read_at: datetime | None
    tried_at: datetime | None
    error: str
    host: str
    answer: str


def begin_reading(desk: Desk) -> None:
    """Read the mailbox in a thread of its own, so that one that does not answer delays no other work. Does nothing while a reading runs."""
    if desk.settings.imap and not _reading.locked():
        threading.Thread(target=_read_alone, args=(desk,), name="delivery-reports", daemon=True).start()


def _read_alone(desk: Desk) -> None:
    try:
        read_mailbox(desk)
    except STORE_AWAY:  # the store logs it
        return
    except Exception:  # the thread ends here; the next reading tries again
        log.exception("the delivery reports could not be read")


def read_mailbox(desk: Desk, *, seconds: float = 120.0, tls: ssl.SSLContext | None = None) -> None:
    """Read the new mails of the mailbox of delivery reports, if one is set. What stopped it is stored for ``mailbox_status``."""
    if not desk.settings.imap:
        return
    server = parse_imap_url(desk.settings.imap)
    if not _reading.acquire(blocking=False):
        return
    try:
        with desk.store.read() as tx:
            known = meta.document(tx, _name(server))
        after = Place(known["validity"], known["uid"]) if "uid" in known else None
        for received in mailbox.new_messages(
            server, after, most=MOST_AT_ONCE, timeout=min(20.0, seconds / 2), seconds=seconds, tls=tls
        ):
            if not _handle(desk, server, received):
                return  # the next reading tries again
    except MailboxError as error:
        log.warning("the mailbox of delivery reports could not be read: %s", error.code)
        _store_status(desk, server, error=error.code, host=error.host, answer=error.answer)
    else:
        _store_status(desk, server, error="", read_at=clock.now().isoformat())
    finally:
        _reading.release()


def mailbox_status(tx: Connection, server: ImapServer) -> MailboxStatus:
    """The outcome of the last reading of the mailbox."""
    known = meta.document(tx, _name(server))
    read_at, tried_at = (known.get(name) for name in ("read_at", "tried_at"))
    return MailboxStatus(
        read_at=datetime.fromisoformat(read_at) if read_at else None,
        tried_at=datetime.fromisoformat(tried_at) if tried_at else None,
        error=known.get("error", ""),
        host=known.get("host", ""),
        answer=known.get("answer", ""),
    )


def _handle(desk: Desk, server: ImapServer, received: Received) -> bool:
    """Read one mail and move the read position past it; False where it must be tried again before the next."""
    from services import parsing  # imports pandas, which the dashboard's settings do not need

    report = None
    if received.raw:
        if (decision := _begin(desk, server, received)) != "read":
            return decision == "skipped"
        try:
            report = parsing.run(reports.read_report, received.raw, size=len(received.raw))
        except parsing.ParsingError as error:
            log.warning("a mail ended its reader (%s): message %d", error.code, received.place.uid)
            if isinstance(error, parsing.ParsingDied) and error.how == parsing.NO_PARENT:
                return False  # the child never read it
            with desk.store.write() as tx:
                return _count_death(tx, server, received)
    with desk.store.write() as tx:
        if report is not None:
            record_bounce(tx, report)
        _move_on(tx, server, received.place)
    return True


def _begin(desk: Desk, server: ImapServer, received: Received) -> Literal["read", "later", "skipped"]:
    """Commit that this mail is being read. ``later``: another process reads it, or has just died of it."""
    name, now = _name(server), clock.now()
    with desk.store.write() as tx:
        known = meta.document(tx, name)
        trying = known.get("trying", {})
        if trying.get("place") != _place(received.place):
            trying = {"place": _place(received.place), "deaths": 0}
        elif trying["by"] not in ("", _us()):
            if now < datetime.fromisoformat(trying["at"]) + _GIVEN_UP:
                return "later"
            if _count_death(tx, server, received):
                return "skipped"
            trying = meta.document(tx, name)["trying"]
        meta.put_document(tx, name, known | {"trying": {**trying, "by": _us(), "at": now.isoformat()}})
    return "read"


def _count_death(tx: Connection, server: ImapServer, received: Received) -> bool:
    """Count that the mail's reader died; whether the mail is now skipped."""
    known = meta.document(tx, _name(server))
    deaths = known["trying"]["deaths"] + 1
    meta.put_document(tx, _name(server), known | {"trying": {**known["trying"], "deaths": deaths, "by": ""}})
    if deaths < MOST_DEATHS:
        return False
    place, now = received.place, clock.now()
    alarms.open_alarm(
        tx,
        identity=f"mail_skipped:{_name(server)}:{place.validity}:{place.uid}",
        account="",
        order=None,
        kind="mail_skipped",
        detail={
            "host": server.host,
            "folder": server.folder,
            "uid": place.uid,
            "validity": place.validity,
            "arrived": (received.arrived or now).isoformat(),
        },
        opened_at=now,
    )
    _move_on(tx, server, place)
    return True


def _move_on(tx: Connection, server: ImapServer, place: Place) -> None:
    known = {key: value for key, value in meta.document(tx, _name(server)).items() if key != "trying"}
    here = {"validity": place.validity, "uid": place.uid}
    if known.get("validity") != here["validity"] or known.get("uid", 0) < here["uid"]:
        meta.put_document(tx, _name(server), known | here)


def _place(place: Place) -> list[int]:
    return [place.validity, place.uid]


def _us() -> str:
    return f"{_OURS}-{os.getpid()}"


def record_bounce(tx: Connection, report: Report) -> bool:
    """Record the report once with the order of its e-mail. Returns whether it is about an e-mail of ours."""
    known = orders.messages_by_message_id(tx, report.message_ids)
    message = next((known[one] for one in report.message_ids if one in known), None)
    order = orders.order(tx, message.order) if message is not None else None
    if message is None or order is None or (message.state == "queued" and not message.tries):  # it never left
        return False
    status = report.about(message.recipient)
    if status is not None:
        event = "mail_bounced" if status.action == "failed" else "mail_delayed"
    else:  # about somebody whom the recipient's server, which took it, passed it on to
        status, event = report.statuses[0], "mail_not_passed_on"
        if status.action != "failed":
            return True
    record(
        tx,
        order.id,
        EVENT_KINDS[event if message.kind == "link" else f"copy_{event}"],
        WORKER,
        identity=f"{event}:{message.id}",
        number=message.number,
        status=status.code,
        answer=inert(status.answer, order, message.recipient),
    )
    return True


def _store_status(desk: Desk, server: ImapServer, **changed: Any) -> None:
    with desk.store.write() as tx:
        known = meta.document(tx, _name(server))
        meta.put_document(tx, _name(server), known | {"tried_at": clock.now().isoformat()} | changed)


def _name(server: ImapServer) -> str:
    return "mailbox:" + hashlib.sha256(server.name.encode()).hexdigest()[:16]
