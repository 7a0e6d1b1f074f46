"""Reads delivery reports: the standard ones (RFC 3464, 6522) here, those that older servers write in prose in ``prose_reports``.

Pure, and safe on whatever a stranger may send: it raises nothing, and what it quotes is one short line of plain text. A
report names a message by its Message-ID only; the caller looks up whether that is one of ours.
"""

import re
from email import message_from_bytes, message_from_string
from email.message import Message

from services.mail.delivery_status import ACTIONS, STATUS_CODE, RecipientStatus, Report
from services.mail.mail_parts import HEADERS, children, header, message_ids, one_line, own_parts, returned_id
from services.mail.prose_reports import read_prose

_MOST_BOUNDARIES = 100  # the library compares each line with each boundary around it
_MOST_GROUPS = 1_000
_STANDARD = ("message/delivery-status", "message/global-delivery-status")  # RFC 3464, RFC 6533


def read_report(raw: bytes) -> Report | None:
    """The report in a mail; None for any other mail, a success, a receipt, an answer by a person or a machine."""
    try:
        # Headers as they came: the newer policy's time to parse one can be made as long as a hostile sender likes.
        return (
            None
            if raw.lower().count(b"boundary") > _MOST_BOUNDARIES
            else _read(message_from_bytes(raw, policy=HEADERS))
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError):
        return None  # a mail that the library cannot parse is not a report


def _read(mail: Message) -> Report | None:
    if mail.get_content_type() == "multipart/report":
        kind = str(mail.get_param("report-type") or "").lower()
        if kind and kind != "delivery-status":  # a receipt, a complaint
            return None
    parts = list(own_parts(mail))
    status = next((part for part in parts if part.get_content_type() in _STANDARD), None)
    found = _standard(mail, parts, status) if status is not None else read_prose(mail, parts)
    return found if found is not None and found.message_ids and found.statuses else None


def _standard(mail: Message, parts: list[Message], status: Message) -> Report:
    groups = _groups(status)
    found = [one for group in groups if (one := _status_of(group)) is not None]
    ids = message_ids(returned_id(parts)) or message_ids(
        " ".join(header(one, "X-Original-Message-ID") for one in groups)
        + " "
        + " ".join(header(mail, name) for name in ("X-Original-Message-ID", "In-Reply-To", "References"))
    )
    return Report(ids, tuple(sorted(found, key=lambda one: one.action != "failed")))


def _groups(status: Message) -> list[Message]:
    """The report's groups of fields: the message's, then each recipient's."""
    if status.get_content_type() == _STANDARD[0]:
        return children(status)[:_MOST_GROUPS]
    # The library reads the internationalised kind as one message: the first group as its header, the rest as its body.
    texts = [str(one.get_payload()) for one in children(status)]
    rest = [message_from_string(text, policy=HEADERS) for part in texts for text in part.split("\n\n")]
    return [*children(status), *rest][:_MOST_GROUPS]


def _status_of(group: Message) -> RecipientStatus | None:
    """The status in a recipient's group; None for a success, and for the message's group."""
    found = STATUS_CODE.search(header(group, "Status"))
    code = found[0] if found else ""
    named_action = re.match(r"\s{0,9}([a-z]{1,20})", header(group, "Action"), re.IGNORECASE)
    action = ACTIONS.get(named_action[1].lower() if named_action else code[:1])
    if action is None:
        return None
    diagnostic = header(group, "Diagnostic-Code")
    kind, sign, words = diagnostic.partition(";")
    plain = words if sign and re.fullmatch(r"[\w.-]{1,60}", kind.strip()) else diagnostic
    named = (_named(header(group, name)) for name in ("Original-Recipient", "Final-Recipient"))
    return RecipientStatus(action, frozenset(filter(None, named)), code, one_line(plain))


def _named(field: str) -> str:
    """The address of ``rfc822; <zoe@example.com>``, in small letters; xtext (RFC 3461, 4) is read."""
    address = field.partition(";")[2] or field
    address = re.sub(r"\+([0-9A-F]{2})", lambda code: chr(int(code[1], 16)), address[:500])
    return address.strip().strip("<>").strip().casefold()
