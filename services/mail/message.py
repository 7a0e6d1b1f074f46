"""The bytes that go to the SMTP server: headers written here, one by one, and a body in two parts.

The standard library's folding of headers has turned names into recipients (see ``addresses``), so it only encodes the two
parts. The same arguments give the same bytes, so that a retry sends the same message.
"""

import hashlib
import re
from base64 import b64encode
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from services.mail.addresses import Address, clean_header_text, parse_address
from services.mail.compose import Composed
from services.mail.settings import EmailSettings

_WORD_BYTES = 39  # 52 characters in base64: with its frame and the header's name, under RFC 2047's 76 a line


def new_message_id(sender_address: str) -> str:
    """A Message-ID of the sender's domain. It is stored with the message, so that every retry has the same one."""
    return make_msgid(domain=parse_address(sender_address).domain_ascii)


def build(
    composed: Composed,
    settings: EmailSettings,
    *,
    to: Address,
    message_id: str,
    date: datetime,
    reply_to: Address | None = None,
) -> bytes:
    """The message, in CRLF lines, to exactly one recipient without copies; ``reply_to`` replaces the settings' own.

    Body and headers are 7-bit, but for an address whose local part is not ASCII: those headers are UTF-8 and need
    SMTPUTF8. Raises AddressError or TextError where an address, a name or the subject is not fit for a header.
    """
    sender = parse_address(settings.sender_address, "sender_address")
    answer = reply_to or (parse_address(settings.reply_to, "reply_to") if settings.reply_to else sender)
    if not re.fullmatch(r"<[!-;=?A-~]+@[!-;=?A-~]+>", message_id):
        raise ValueError("a Message-ID is <left@right> in ASCII")
    headers = {
        "From": _mailbox(settings.sender_name, sender),
        "To": _checked(to, "to").text,
        "Reply-To": _checked(answer, "reply_to").text,
        "Subject": _words(clean_header_text(composed.subject, "subject", 500, digits=True)),
        "Date": format_datetime(date.astimezone(UTC)),
        "Message-ID": message_id,
        "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday answers, please
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode("utf-8") + _body(composed, message_id)


def _body(composed: Composed, message_id: str) -> bytes:
    body = EmailMessage(policy=SMTP)
    body.set_content(composed.text, cte="quoted-printable")
    body.add_alternative(composed.html, subtype="html", cte="quoted-printable")
    # Quoted-printable text never contains "=_", so no line of a part can be the boundary (RFC 2045, 6.7).
    body.set_boundary("=_" + hashlib.sha256(message_id.encode()).hexdigest()[:40])
    return body.as_bytes()


def _checked(address: Address, field: str) -> Address:
    return parse_address(address.text, field)


def _mailbox(name: str, address: Address) -> str:
    cleaned = clean_header_text(name, "sender_name", digits=True)
    if not cleaned:
        return address.text
    if re.fullmatch(r"[ -~]{1,60}", cleaned):
        escaped = re.sub(r'(["\\])', r"\\\1", cleaned)
        return f'"{escaped}"\r\n <{address.text}>'
    return f"{_words(cleaned)}\r\n <{address.text}>"


def _words(text: str) -> str:
    """A short ASCII text as it is; any other as RFC 2047 words of whole characters, one a line."""
    if re.fullmatch(r"[ -~]{0,60}", text):
        return text
    words, current = [], b""
    for character in text:
        encoded = character.encode("utf-8")
        if len(current) + len(encoded) > _WORD_BYTES:
            words.append(current)
            current = b""
        current += encoded
    words.append(current)
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode('ascii')}?=" for word in words)
