"""The e-mail with a payment link: subject, HTML and plain text, in the customer's language.

The HTML suits Outlook's Word engine and telephones: nested tables, inline styles, a button made of a coloured cell, 600
pixels, and only the merchant's logo is fetched. Every value is escaped; none is ever read as a template.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from services.hosts import is_loopback
from services.i18n import Translator, format_datetime, translator
from services.mail.addresses import clean_header_text
from services.mail.errors import PaymentUrlRefused
from services.mail.settings import VISIBLE, WHITE, EmailSettings, contrast, text_colour
from services.money import format_money

if TYPE_CHECKING:
    from jinja2 import Environment

DEFAULT_COLOUR = "#1f4e79"


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True, kw_only=True)
class Letter:
    """The facts in the e-mail. ``amount_units`` in 1/10000; ``expires_at`` with a time zone; ``zone``: an IANA name;
    ``account_name``: used where the settings have no merchant's name; ``sandbox``: the e-mail says that no money moves.
    """

    language: str
    first_name: str
    last_name: str
    email: str
    amount_units: int
    currency: str
    description: str
    order_id: str
    expires_at: datetime
    zone: str
    account_name: str
    sandbox: bool


@dataclass(frozen=True)
class Composed:
    subject: str
    html: str
    text: str


def compose(
    letter: Letter, settings: EmailSettings, *, url: str | None, copy: bool = False, reminder: bool = False
) -> Composed:
    """The e-mail as the customer gets it. ``url`` None: a preview before the link exists; ``copy``: the sender's own copy,
    which says so on top; ``reminder``: subject and first line say that the order is unpaid.

    Raises PaymentUrlRefused for a URL that is not https (http is allowed for the sandbox on this machine), and TextError
    for a field with characters that every form refuses.
    """
    t = translator(letter.language, "customer")
    notices = [t("This is a trial environment: no money will be taken.")] if letter.sandbox else []
    if copy:
        notices.insert(0, t("Copy of the message sent to {email}", email=letter.email))
    subject = _subject(letter, settings, t)
    if reminder:
        subject = t("Reminder: {subject}", subject=subject)
    if letter.sandbox:
        subject = t("[TEST] {subject}", subject=subject)
    if copy:
        subject = t("[Copy] {subject}", subject=subject)
    return _render(letter, settings, t, subject=subject, notices=notices, url=url, reminder=reminder)


def compose_test(
    settings: EmailSettings,
    language: str,
    *,
    email: str,
    currency: str,
    zone: str,
    now: datetime,
    account_name: str,
    sandbox: bool,
) -> Composed:
    """The same e-mail with sample data, to an address of the merchant's own; subject and first line say that it is a test."""
    t = translator(language, "customer")
    letter = Letter(
        language=language,
        first_name="Camille",
        last_name="Martin",
        email=email,
        amount_units=125_0000,
        currency=currency,
        description=t("Sample order"),
        order_id="TEST-0001",
        expires_at=now + timedelta(days=7),
        zone=zone,
        account_name=account_name,
        sandbox=sandbox,
    )
    subject = t("[TEST] {subject}", subject=_subject(letter, settings, t))
    notice = t("This is a test message: no order has been registered, and its link leads nowhere.")
    return _render(
        letter, settings, t, subject=subject, notices=[notice], url="https://example.com/TEST-0001"
    )


def _subject(letter: Letter, settings: EmailSettings, t: Translator) -> str:
    return t(
        "Your order {order_id} with {merchant}: {amount} to pay",
        order_id=letter.order_id,
        merchant=settings.merchant_name or letter.account_name,
        amount=format_money(letter.amount_units, letter.currency, t.locale),
    )


def _render(
    letter: Letter,
    settings: EmailSettings,
    t: Translator,
    *,
    subject: str,
    notices: list[str],
    url: str | None,
    reminder: bool = False,
) -> Composed:
    letter = _cleaned(letter)
    if url is not None:
        _refuse_link(url, letter.sandbox)
    merchant = settings.merchant_name or letter.account_name
    amount = format_money(letter.amount_units, letter.currency, t.locale)
    # Rounded down to the minute, so that the link is valid at the time shown.
    expiry = format_datetime(letter.expires_at.replace(second=0, microsecond=0), letter.zone, letter.language)
    name = " ".join(part for part in (letter.first_name, letter.last_name) if part)
    details = [
        (t("Name"), name),
        (t("E-mail address"), letter.email),
        (t("Amount to pay"), amount),
        (t("Description"), letter.description),
        (t("Order number"), letter.order_id),
        (t("Link valid until"), expiry),
    ]
    confirmation = t(
        "We confirm that your order {order_id} has been registered with {merchant}.",
        order_id=letter.order_id,
        merchant=merchant,
    )
    if reminder:
        confirmation = t(
            "This is a reminder: your order {order_id} has not been paid yet.", order_id=letter.order_id
        )
    button = settings.colour or DEFAULT_COLOUR
    ink = text_colour(button)
    values = {
        "t": t,
        "language": letter.language,
        "settings": settings,
        "subject": subject,
        "notices": notices,
        "url": url,
        "merchant": merchant,
        "preheader": t("{amount} to pay, link valid until: {expiry}", amount=amount, expiry=expiry),
        "greeting": t("Dear {name},", name=name) if name else t("Hello,"),
        "confirmation": confirmation,
        "request": t(
            "You can now pay {amount} online, on the secure page of HiPay, our payment service provider.",
            amount=amount,
        ),
        "details": [(label, value) for label, value in details if value],
        "action": t("Pay {amount}", amount=amount),
        "placeholder": t("The link appears here once the message is sent."),
        "caution": t("Please enter your payment details on that page only, and never send them by e-mail."),
        "contact": settings.support_contact
        and t("If you have any questions, please contact us: {contact}", contact=settings.support_contact),
        "button": button,
        "ink": ink,
        "accent": button if contrast(button, WHITE) >= VISIBLE else ink,
    }
    html = _templates().get_template("letter.html").render(values).strip() + "\n"
    text = _templates().get_template("letter.txt").render(values).strip() + "\n"
    return Composed(clean_header_text(subject, "subject", 500, digits=True), html, text)


def _cleaned(letter: Letter) -> Letter:
    """The letter with every text checked as fit for a header. Raises TextError."""
    texts = {name: value for name, value in asdict(letter).items() if isinstance(value, str)}
    cleaned: dict[str, Any] = {
        name: clean_header_text(text, name, digits=True) for name, text in texts.items()
    }
    return replace(letter, **cleaned)


def _refuse_link(url: str, sandbox: bool) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise PaymentUrlRefused from None
    plain = url.isascii() and url.isprintable() and not set(url) & set(" \"'<>\\`")
    local = sandbox and parts.scheme == "http" and is_loopback(host)
    if not (plain and host and parts.username is None and (parts.scheme == "https" or local)):
        raise PaymentUrlRefused
