"""What the mail services refuse, and what can go wrong with a mail server.

MailError
├── AddressError           one e-mail address was expected
│   ├── AddressEmpty
│   ├── AddressTooLong
│   ├── SeveralAddresses
│   ├── AddressWithName    a display name or angle brackets
│   ├── AddressReserved    a domain that never receives mail (``.invalid``, ``.test``, ``.local``)
│   └── AddressMalformed
├── TextError              a text that must not reach a header or a customer
│   ├── LineBreak          CR, LF, U+2028, U+2029 …
│   ├── ControlCharacter   NUL, escape …
│   ├── InvisibleCharacter zero-width, bidirectional, private …
│   ├── EncodedWord        ``=?``, the start of an RFC 2047 word
│   ├── CardNumber         it is neither stored nor sent
│   └── TextTooLong
├── FieldError             an e-mail setting
│   ├── LogoAddressInvalid
│   ├── ColourInvalid
│   └── SettingsRefused    one error for each field that is wrong
├── PaymentUrlRefused      the payment page's URL is not one that a customer may be sent
├── SmtpUrlInvalid
├── ImapUrlInvalid
├── MailboxError           the mailbox of delivery reports could not be read
│   ├── MailboxAway        unreachable, or the connection was lost: mails read before count
│   ├── MailboxNotProved   its certificate does not prove its identity
│   ├── MailboxClosed      it does not accept the user or the password
│   ├── FolderMissing
│   └── MailboxGarbled     its answers are not IMAP
└── DeliveryError          what the SMTP server did
    ├── Retryable          nothing was accepted: try again later
    ├── Rejected           nothing was accepted, and it will not be
    │   └── Utf8Missing    the address needs SMTPUTF8, the server lacks it
    ├── DeliveryUnknown    connection lost after the final dot: the message may have been accepted
    └── SessionRefused     the SMTP settings are wrong: pause the queue
        ├── AuthRefused
        ├── StarttlsGone
        └── TlsRefused
"""

from collections.abc import Mapping
from typing import ClassVar

from services.errors import DeskError

# What is wrong with the address of a server, by its part.
PARTS = {
    "scheme": "how it begins",
    "host": "the host",
    "port": "the port",
    "user": "user or password",
    "starttls": "encryption is missing",
    "folder": "the folder",
}


class MailError(DeskError):
    code: ClassVar[str] = "mail"


class AddressError(MailError):
    code = "address"


class AddressEmpty(AddressError):
    code = "address_empty"


class AddressTooLong(AddressError):
    code = "address_too_long"


class SeveralAddresses(AddressError):
    code = "address_several"


class AddressWithName(AddressError):
    code = "address_with_name"


class AddressReserved(AddressError):
    code = "address_reserved"


class AddressMalformed(AddressError):
    code = "address_malformed"


class TextError(MailError):
    """``field``: the name of the field that has the text."""

    code = "text"

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class _BadCharacter(TextError):
    """``character`` is its code point (``U+200B``), ``position`` counts from 1."""

    def __init__(self, field: str, character: str, position: int) -> None:
        super().__init__(field)
        self.character, self.position = f"U+{ord(character):04X}", position


class LineBreak(_BadCharacter):
    code = "text_line_break"


class ControlCharacter(_BadCharacter):
    code = "text_control_character"


class InvisibleCharacter(_BadCharacter):
    code = "text_invisible_character"


class EncodedWord(TextError):
    code = "text_encoded_word"


class CardNumber(TextError):
    """The error never contains the number."""

    code = "text_card_number"


class TextTooLong(TextError):
    code = "text_too_long"

    def __init__(self, field: str, limit: int) -> None:
        super().__init__(field)
        self.limit = limit


class FieldError(MailError):
    code = "mail_setting"


class LogoAddressInvalid(FieldError):
    code = "logo_address_invalid"


class ColourInvalid(FieldError):
    code = "colour_invalid"


class SettingsRefused(FieldError):
    """``problems``: the name of each wrong field and what is wrong with it."""

    code = "mail_settings_refused"

    def __init__(self, problems: Mapping[str, MailError]) -> None:
        super().__init__(", ".join(f"{name}: {error.code}" for name, error in problems.items()))
        self.problems = dict(problems)

    def fields(self) -> dict[str, str]:
        return {"fields": ", ".join(self.problems)}


class PaymentUrlRefused(MailError):
    code = "mail_link_refused"


class SmtpUrlInvalid(MailError):
    """``part``: the wrong part (``scheme``, ``host``, ``port``, ``user``, ``starttls``), never the URL, which has a password."""

    code = "smtp_url_invalid"

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


class ImapUrlInvalid(MailError):
    """``part``: the wrong part (``scheme``, ``host``, ``port``, ``user``, ``folder``), never the URL, which has a password."""

    code = "imap_url_invalid"

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


class MailboxError(MailError):
    """``host``: the server's; ``answer``: its own or the network's message, on one line."""

    code = "mailbox"

    def __init__(self, host: str, answer: str = "") -> None:
        super().__init__(f"{host} {answer}".strip())
        self.host, self.answer = host, answer


class MailboxAway(MailboxError):
    code = "mailbox_away"


class MailboxNotProved(MailboxError):
    code = "mailbox_not_proved"


class MailboxClosed(MailboxError):
    code = "mailbox_closed"


class FolderMissing(MailboxError):
    code = "mailbox_folder_missing"


class MailboxGarbled(MailboxError):
    code = "mailbox_garbled"


class DeliveryError(MailError):
    """``stage``: connect, ehlo, starttls, auth, sender, recipient, data or message. ``reply``: SMTP's code, 0 where the
    server sent none. ``answer``: the server's text, on one line, at most 300 characters.
    """

    code = "mail_delivery"

    def __init__(self, stage: str, reply: int = 0, answer: str = "") -> None:
        super().__init__(f"{stage}: {reply or 'no reply'} {answer}".strip())
        self.stage, self.reply, self.answer = stage, reply, answer


class Retryable(DeliveryError):
    code = "mail_retryable"


class Rejected(DeliveryError):
    code = "mail_rejected"


class Utf8Missing(Rejected):
    code = "mail_utf8_missing"


class DeliveryUnknown(DeliveryError):
    code = "mail_delivery_unknown"


class SessionRefused(DeliveryError):
    code = "smtp_session_refused"


class AuthRefused(SessionRefused):
    code = "smtp_auth_refused"


class StarttlsGone(SessionRefused):
    code = "smtp_starttls_gone"


class TlsRefused(SessionRefused):
    code = "smtp_tls_refused"
