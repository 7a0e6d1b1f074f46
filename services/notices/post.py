"""The round that queues and mails notices to senders: each fact once, also when a worker dies in between."""

from datetime import datetime, timedelta
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
from services.orders.payment_link import link_state
from services.orders.retry import GIVE_UP, backoff
from services.store import Connection
from services.store.order_states import NoticeState
from services.store.orders import notices, orders, steps
from services.store.orders.notices import DueNotice, NewEvent, Recipient
from services.store.orders.records import Order

LEASE = timedelta(seconds=150)
MOST_UNKNOWN = 2  # hand-overs that may have arrived
MOST_A_ROUND = 50  # the rest waits for the next round: payments and links come first


def post(desk: Desk) -> None:
    """Queue what is new, then send what is due."""
    find(desk)
    for _ in range(MOST_A_ROUND):
        if not send_next(desk):
            return
        still_working()


def find(desk: Desk) -> None:
    """Queue a notice for each new fact of a kind that its order's sender chose."""
    now = clock.now()
    with desk.store.read() as tx:
        happened, newest = notices.new_events(tx, EVENTS)
        found = [(event.user_id, event.account, event.order, one) for event, one in _news(tx, happened)]
        found += _ending(tx, desk, now)
        known = notices.known(tx, [one.identity for *_, one in found])
    with desk.store.write() as tx:
        for user_id, account, order, one in found:
            if one.identity not in known:
                notices.add(
                    tx,
                    user_id=user_id,
                    order=order,
                    account=account,
                    kind=one.kind,
                    identity=one.identity,
                    detail=one.detail,
                    due_at=now,
                    created_at=now,
                )
        notices.seen(tx, newest)


def _news(tx: Connection, happened: list[NewEvent]) -> list[tuple[NewEvent, Fact]]:
    """The events of which the order's sender chose to be notified, each with its fact."""
    facts = [
        (event, fact(event.order, event.capture, event.id, event.kind, event.data)) for event in happened
    ]
    found = [(event, one) for event, one in facts if one is not None and one.kind == event.wanted]
    # A payment is announced once, at its first collection: a later event of it (settled) is no news.
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
        one = ends_tomorrow(row.id, row.created_at, row.expires_at, ZoneInfo(account.timezone), now, times)
        if one:
            found.append((row.user_id, row.account, row.id, one))
    return found


def send_next(desk: Desk) -> bool:
    """Send the notice that is due longest. False when none is."""
    now = clock.now()
    with desk.store.write() as tx:
        notice = notices.take(tx, now, LEASE)
        if notice is None:
            return False
        ready = _prepare(tx, desk, notice, now)
    if ready is not None:
        _hand_over(desk, notice, *ready)
    return True


def _prepare(
    tx: Connection, desk: Desk, notice: DueNotice, now: datetime
) -> tuple[bytes, str, str, str] | None:
    """(message, sender, recipient, SMTP address), counted as handed over; None when it is not sent, or not yet."""
    user, order = notices.recipient(tx, notice.user_id), orders.order(tx, notice.order)
    known = notice.account in desk.settings.all_accounts
    if user is None or order is None or not known or not _may_send(tx, notice):
        _finish(tx, notice, "dropped")
        return None
    link = link_state(order, now)
    if link == "confirming":  # in a moment it is known
        _later(tx, notice, now, "payment_unconfirmed")
        return None
    if not still_true(notice.kind, link):
        _finish(tx, notice, "dropped")
        return None
    if notice.unknown >= MOST_UNKNOWN:
        _finish(tx, notice, "uncertain")
        return None
    language = user.language if user.language in DASHBOARD_LANGUAGES else "en"
    settings = email_settings(tx, notice.account).resolve(language)
    if not desk.settings.smtp or not settings.sender_address or steps.paused(tx, notice.account, "mail"):
        _later(tx, notice, now, "mail_paused")
        return None
    message_id = notice.message_id or new_message_id(settings.sender_address)
    try:
        message = _message(desk, notice, user, order, language, settings, message_id)
    except errors.MailError as error:  # an address or a name that cannot be written in a header
        _finish(tx, notice, "failed", error.code)
        return None
    # From here on a crash means that it may have left.
    notices.write(tx, notice, message_id=message_id, unknown=notice.unknown + 1)
    return message, desk.settings.return_path or settings.sender_address, user.email, desk.settings.smtp


def _may_send(tx: Connection, notice: DueNotice) -> bool:
    return Right.SEND in rights_on(tx, Actor(kind="user", id=notice.user_id), notice.account)


def _message(
    desk: Desk,
    notice: DueNotice,
    user: Recipient,
    order: Order,
    language: str,
    settings: EmailSettings,
    message_id: str,
) -> bytes:
    account = desk.account(notice.account)
    name = " ".join(part for part in (order.first_name, order.last_name) if part)
    about = About(
        id=order.id,
        order_id=order.order_id,
        name=name,
        units=order.amount,
        currency=order.currency,
        expires_at=order.expires_at,
        zone=account.timezone,
    )
    composed = compose(
        notice.kind,
        notice.detail,
        about,
        language,
        desk.settings.dashboard_url.rstrip("/"),
        sandbox=account.environment == "sandbox",
    )
    return build(
        composed, settings, to=parse_address(user.email), message_id=message_id, date=notice.created_at
    )


def _hand_over(desk: Desk, notice: DueNotice, message: bytes, sender: str, recipient: str, smtp: str) -> None:
    try:
        accepted = deliver(message, smtp_url=smtp, sender=sender, recipients=[parse_address(recipient).text])
    except errors.DeliveryUnknown:
        with desk.store.write() as tx:
            notices.write(
                tx,
                notice,
                due_at=clock.now() + backoff(notice.tries + 1, first=30),
                leased_until=None,
                tries=notice.tries + 1,
            )
    except errors.Rejected as error:
        with desk.store.write() as tx:
            _finish(tx, notice, "failed", error.code)
    except errors.MailError as error:
        with desk.store.write() as tx:
            _later(tx, notice, clock.now(), error.code)
    else:
        with desk.store.write() as tx:
            notices.write(
                tx, notice, state="sent", answer=accepted.answer, sent_at=clock.now(), leased_until=None
            )


def _finish(tx: Connection, notice: DueNotice, state: NoticeState, answer: str = "") -> None:
    notices.write(tx, notice, state=state, answer=answer, leased_until=None)


def _later(tx: Connection, notice: DueNotice, now: datetime, why: str) -> None:
    """Certainly not sent: again with growing gaps, for a day."""
    if now - notice.created_at >= GIVE_UP:
        _finish(tx, notice, "failed", why)
        return
    tries = notice.tries + 1
    notices.write(
        tx,
        notice,
        due_at=now + backoff(tries, first=30),
        tries=tries,
        unknown=notice.unknown,
        answer=why,
        leased_until=None,
    )
