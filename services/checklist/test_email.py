"""The test e-mail: the customer's e-mail with sample data, sent at once to the person who asks for it."""

from dataclasses import dataclass

from services import clock
from services.access import Actor, Right, audit, require
from services.accounts.configuration import email_settings
from services.accounts.configured import require_account
from services.accounts.errors import RecipientMissing, SenderMissing, SmtpMissing
from services.desk import Desk
from services.errors import DeskError
from services.i18n import LANGUAGES
from services.mail.addresses import parse_address
from services.mail.compose import Composed, compose_test
from services.mail.deliver import deliver
from services.mail.message import build, new_message_id
from services.mail.settings import EmailSettings

_ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class SampleSent:
    """``answer``: the mail server's text when it accepted the message."""

    to: str
    answer: str


def sample(desk: Desk, account: str, settings: EmailSettings, language: str, email: str = "") -> Composed:
    """The e-mail with these settings, saved or not. Never raises for settings that were read."""
    about = desk.account(account)
    return compose_test(
        settings,
        language if language in LANGUAGES else "en",
        email=email or "camille.martin@example.com",
        currency=about.currency,
        zone=about.timezone,
        now=clock.now(),
        account_name=about.name,
        sandbox=desk.settings.demo,
    )


def send_test_email(desk: Desk, actor: Actor, account: str, language: str, to_self: str = "") -> SampleSent:
    """Send the test e-mail to the actor's own address, or to ``to_self`` when the actor has none. Success and failure are audited.

    Raises NotAllowed, AccountUnknown, RecipientMissing, SmtpMissing, SenderMissing, MailError.
    """
    require_account(desk, account)
    with desk.store.read() as tx:
        require(tx, actor, Right.CONFIGURE, account)
        settings = email_settings(tx, account).resolve(language)
    try:
        sent = _send(desk, account, settings, language, actor.email or to_self)
    except DeskError as error:
        _record(desk, actor, account, language, error.code)
        raise
    _record(desk, actor, account, language, "sent")
    return sent


def _send(desk: Desk, account: str, settings: EmailSettings, language: str, to: str) -> SampleSent:
    if not to.strip():
        raise RecipientMissing
    address = parse_address(to)
    if not desk.settings.smtp:
        raise SmtpMissing
    if not settings.sender_address:
        raise SenderMissing
    message = build(
        sample(desk, account, settings, language, address.text),
        settings,
        to=address,
        message_id=new_message_id(settings.sender_address),
        date=clock.now(),
    )
    accepted = deliver(
        message,
        smtp_url=desk.settings.smtp,
        sender=desk.settings.return_path or settings.sender_address,
        recipients=[address.text],
        timeout=_ANSWER_SECONDS,
    )
    return SampleSent(address.text, accepted.answer)


def _record(desk: Desk, actor: Actor, account: str, language: str, result: str) -> None:
    with desk.store.write() as tx:
        audit.record(tx, actor, "account.test_email", f"account:{account}", language=language, result=result)
