"""The round that finds what senders want to be told, and mails it: each fact once, also when a worker dies in between."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services import clock
from services.access import Actor, Right, rights_on
from services.accounts.configuration import email_settings
from services.desk import Desk
from services.heartbeats import still_working
from services.i18n import DASHBOARD_LANGUAGES
from services.mail import errors
from services.mail.addresses import parse_address
from services.mail.deliver import deliver
from services.mail.message import build, new_message_id
from services.mail.settings import EmailSettings
from services.notices.facts import EVENTS, Fact, ends_tomorrow, fact, still_true
from services.notices.letter import About, compose
from services.orders.payment_link import standing
from services.orders.retry import GIVE_UP, backoff
from services.store import Connection, Row
from services.store.lease import Leased
from services.store.orders import notices, orders, steps
from services.store.orders.records import Order

LEASE = timedelta(seconds=150)
MOST_UNKNOWN = 2  # hand-overs that may have arrived
MOST_A_ROUND = 50  # what is left has its turn in the next: payments and links come first


def post(desk: Desk) -> None:
    """Queue what is new, then send what is due."""
    find(desk)
    for _ in range(MOST_A_ROUND):
        if not send_next(desk):
            return
        still_working()


def find(desk: Desk) -> None:
    """Queue a notice for each new fact that its order's sender wants to be told of."""
    now = clock.now()
    with desk.store.read() as tx:
        happened, newest = notices.new_events(tx, EVENTS)
        found = [(event.user_id, event.account, event.order, told) for event, told in _news(tx, happened)]
        found += _ending(tx, desk, now)
        known = notices.known(tx, [told.identity for *_, told in found])
    with desk.store.write() as tx:
        for user_id, account, order, told in found:
            if told.identity not in known:
                notices.add(
                    tx,
                    user_id=user_id,
                    order=order,
                    account=account,
                    kind=told.kind,
                    identity=told.identity,
                    detail=told.detail,
                    state="queued",
                    due_at=now,
                    created_at=now,
                )
        notices.seen(tx, newest)


def _news(tx: Connection, happened: list[Row[Any]]) -> list[tuple[Row[Any], Fact]]:
    """The events that tell their order's sender what they want to know, each with its fact."""
    told = [(event, fact(event.order, event.capture, event.id, event.kind, event.data)) for event in happened]
    found = [(event, one) for event, one in told if one is not None and one.kind == event.wanted]
    # That it is settled, weeks after it was collected, is no news.
    first = notices.first_collected(
        tx, {event.order for event, one in found if one.identity.startswith("paid:")}
    )
    return [
        (event, one)
        for event, one in found
        if not one.identity.startswith("paid:") or first[event.order] == event.id
    ]


def _ending(tx: Connection, desk: Desk, now: datetime) -> list[tuple[str, str, int, Fact]]:
    found = []
    ending = notices.ending(tx, "expires", now, now + timedelta(days=2))
    opened = orders.times_opened(tx, {row.id for row in ending})
    for row in ending:
        account = desk.settings.all_accounts.get(row.account)
        if account is None:  # no longer configured
            continue
        times = opened.get(row.id, 0) if row.link_token else None
        told = ends_tomorrow(row.id, row.created_at, row.expires_at, ZoneInfo(account.timezone), now, times)
        if told:
            found.append((row.user_id, row.account, row.id, told))
    return found


def send_next(desk: Desk) -> bool:
    """Send the notice that is due longest. False when none is."""
    now = clock.now()
    with desk.store.write() as tx:
        taken = notices.take(tx, now, LEASE)
        if taken is None:
            return False
        ready = _prepare(tx, desk, taken, now)
    if ready is not None:
        _hand_over(desk, taken, *ready)
    return True


def _prepare(tx: Connection, desk: Desk, taken: Leased, now: datetime) -> tuple[bytes, str, str, str] | None:
    """(message, sender, recipient, SMTP address), counted as handed over; None when it is not sent, or not yet."""
    row = taken.row
    user, order = notices.recipient(tx, row.user_id), orders.order(tx, row.order)
    known = row.account in desk.settings.all_accounts
    if user is None or order is None or not known or not _may_send(tx, row):
        _finish(tx, taken, "dropped")
        return None
    stands = standing(order, now)
    if stands == "confirming":  # in a moment it is known
        _later(tx, taken, now, "payment_unconfirmed")
        return None
    if not still_true(row.kind, stands):
        _finish(tx, taken, "dropped")
        return None
    if row.unknown >= MOST_UNKNOWN:
        _finish(tx, taken, "uncertain")
        return None
    language = user.language if user.language in DASHBOARD_LANGUAGES else "en"
    settings = email_settings(tx, row.account).resolve(language)
    if not desk.settings.smtp or not settings.sender_address or steps.paused(tx, row.account, "mail"):
        _later(tx, taken, now, "mail_paused")
        return None
    message_id = row.message_id or new_message_id(settings.sender_address)
    try:
        message = _message(desk, row, user, order, language, settings, message_id)
    except errors.MailError as error:  # an address or a name that no header can hold
        _finish(tx, taken, "failed", error.code)
        return None
    # From here on a crash means that it may have left.
    notices.write(tx, taken, message_id=message_id, unknown=row.unknown + 1)
    return message, desk.settings.return_path or settings.sender_address, user.email, desk.settings.smtp


def _may_send(tx: Connection, notice: Row[Any]) -> bool:
    return Right.SEND in rights_on(tx, Actor("user", notice.user_id), notice.account)


def _message(
    desk: Desk,
    row: Row[Any],
    user: Row[Any],
    order: Order,
    language: str,
    settings: EmailSettings,
    message_id: str,
) -> bytes:
    account = desk.account(row.account)
    name = " ".join(part for part in (order.first_name, order.last_name) if part)
    about = About(
        order.id, order.order_id, name, order.amount, order.currency, order.expires_at, account.timezone
    )
    composed = compose(
        row.kind,
        row.detail,
        about,
        language,
        desk.settings.dashboard_url.rstrip("/"),
        sandbox=account.environment == "sandbox",
    )
    return build(composed, settings, to=parse_address(user.email), message_id=message_id, date=row.created_at)


def _hand_over(desk: Desk, taken: Leased, message: bytes, sender: str, recipient: str, smtp: str) -> None:
    try:
        accepted = deliver(message, smtp_url=smtp, sender=sender, recipients=[parse_address(recipient).text])
    except errors.DeliveryUnknown:
        with desk.store.write() as tx:
            notices.write(
                tx,
                taken,
                due_at=clock.now() + backoff(taken.row.tries + 1, first=30),
                leased_until=None,
                tries=taken.row.tries + 1,
            )
    except errors.Rejected as error:
        with desk.store.write() as tx:
            _finish(tx, taken, "failed", error.code)
    except errors.MailError as error:
        with desk.store.write() as tx:
            _later(tx, taken, clock.now(), error.code)
    else:
        with desk.store.write() as tx:
            notices.write(
                tx, taken, state="sent", answer=accepted.answer, sent_at=clock.now(), leased_until=None
            )


def _finish(tx: Connection, taken: Leased, state: str, answer: str = "") -> None:
    notices.write(tx, taken, state=state, answer=answer, leased_until=None)


def _later(tx: Connection, taken: Leased, now: datetime, why: str) -> None:
    """Certainly not sent: again with growing gaps, for a day."""
    if now - taken.row.created_at >= GIVE_UP:
        _finish(tx, taken, "failed", why)
        return
    tries = taken.row.tries + 1
    notices.write(
        tx,
        taken,
        due_at=now + backoff(tries, first=30),
        tries=tries,
        unknown=taken.row.unknown,
        answer=why,
        leased_until=None,
    )
