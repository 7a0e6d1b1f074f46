"""Delivery reports read into facts: the standard ones (RFC 3464, 6522), and those that older servers write in prose.

Pure, and safe on whatever a stranger may send: it raises nothing, and what it quotes is one short line of plain text. A
report names a message by its Message-ID only; whether that is one of ours is for the caller to look up.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from email.utils import parseaddr
from typing import Literal

ANSWER_MAX = 300
MOST_IDS = 20
_MOST_TEXT = 64 * 1024
_MOST_PARTS = 50
_ID = re.compile(r"<[!-;=?-~]{1,200}@[!-;=?-~]{1,200}>")
_AFTER_ITS_NAME = re.compile(r"message-id:\s{0,4}([^\s]{1,500})", re.IGNORECASE)
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")  # RFC 3463
_REPLY = re.compile(r"(?<![\d.])5[0-7]\d(?=[ \-])")  # an SMTP reply in prose: "550 no such user"
_DAEMON = re.compile(r"(mailer|mail)[-_. ]?(daemon|administrator|delivery)|postmaster|daemon", re.IGNORECASE)
_COPY_BELOW = re.compile(
    r"below this line is a copy|copy of (the|your) (original )?message|-+ ?original message|^message-id:",
    re.IGNORECASE | re.MULTILINE,
)
_DELAYED = re.compile(
    r"\bdelayed\b|will (keep|continue to|be) (try|retr)|still (being )?(try|retr)|no action is required",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"undeliver|permanent(ly)? (error|fail)|gave up|giv(en|ing) up|failure notice|delivery (has )?fail|"
    r"(could|can) ?not be delivered|wasn't delivered|return(ed|ing) (message )?to sender|non remis|unzustellbar|"
    r"nicht zugestellt|no entregado|mancata consegna",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Report:
    """``message_ids``: the message spoken of, the surest first. ``status``: RFC 3463, "" where none was told.

    ``answer``: the receiving server's words, on one line, at most 300 characters, from a stranger.
    """

    action: Literal["failed", "delayed"]
    message_ids: tuple[str, ...]
    status: str
    answer: str


def read_report(raw: bytes) -> Report | None:
    """The report in a message, or None: another mail, a success, a receipt, an answer by a person or a machine."""
    try:
        # Headers as they came: the newer policy parses each in a time that a hostile one may choose.
        return _read(message_from_bytes(raw, policy=compat32))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError):
        return None  # no mail that the library can take apart is a report


def _read(mail: Message) -> Report | None:
    if mail.get_content_type() == "multipart/report":
        kind = str(mail.get_param("report-type") or "").lower()
        if kind and kind != "delivery-status":  # a receipt, a complaint
            return None
    parts = list(_parts(mail))
    told = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    found = _standard(mail, parts, told) if told is not None else _prose(mail, parts)
    return found if found is not None and found.message_ids else None


def _parts(mail: Message) -> Iterator[Message]:
    """The report's own parts, outermost first; not what the returned message consists of."""
    waiting = [mail]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        yield part
        if part.get_content_maintype() == "multipart" and isinstance(part.get_payload(), list):
            waiting = [*_children(part), *waiting]


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _standard(mail: Message, parts: list[Message], told: Message) -> Report | None:
    groups = [group for group in _children(told) if group.get("Action")]
    by_action = {
        _header(group, "Action").lower().split(" ")[0].rstrip(";"): group for group in reversed(groups)
    }
    action: Literal["failed", "delayed"] | None = (
        "failed" if "failed" in by_action else "delayed" if "delayed" in by_action else None
    )
    if action is None:
        return None
    group = by_action[action]
    status = _STATUS.search(_header(group, "Status"))
    diagnostic = re.sub(r"^[\w.-]+\s*;\s*", "", _header(group, "Diagnostic-Code"))
    returned = _returned(parts)
    ids = _ids(returned) or _ids(
        " ".join(_header(one, "X-Original-Message-ID") for one in _children(told))
        + " " + " ".join(_header(mail, name) for name in ("X-Original-Message-ID", "In-Reply-To", "References"))
    )  # fmt: skip
    return Report(action, ids, status[0] if status else "", _line(diagnostic))


def _returned(parts: list[Message]) -> str:
    """The Message-ID in the returned message, or in its headers alone."""
    for part in parts:
        if part.get_content_type() in ("message/rfc822", "message/global"):
            for inner in _children(part):
                return _header(inner, "Message-ID")
        if part.get_content_type() in (
            "text/rfc822-headers",
            "message/rfc822-headers",
            "message/global-headers",
        ):
            return _header(message_from_bytes(_bytes(part), policy=compat32), "Message-ID")
    return ""


def _prose(mail: Message, parts: list[Message]) -> Report | None:
    """A report that only people were meant to read. An answer by a person, or by their holiday, is none."""
    if "auto-replied" in _header(mail, "Auto-Submitted").lower():
        return None
    sender = parseaddr(_header(mail, "From"))
    named = _DAEMON.search(sender[1].partition("@")[0]) or _DAEMON.search(sender[0])
    if not named and not mail.get("X-Failed-Recipients"):
        return None
    text = "\n".join(_text(part) for part in parts if part.get_content_type() in ("text/plain", "text/html"))
    copy = _COPY_BELOW.search(text)
    own = text[: copy.start()] if copy else text
    said = f"{_header(mail, 'Subject')}\n{own}"
    statuses = [found[0] for found in _STATUS.finditer(own)]
    final = next((status for status in statuses if status.startswith("5")), "")
    action: Literal["failed", "delayed"]
    if final or _REPLY.search(own):
        action = "failed"
    elif _DELAYED.search(said):
        action = "delayed"
    elif _FAILED.search(said):
        action = "failed"
    elif any(status.startswith("4") for status in statuses):
        action = "delayed"
    else:
        return None
    returned = _returned(parts)
    called = " ".join(_AFTER_ITS_NAME.findall(text))
    ids = _ids(returned) or _ids(
        f"{_header(mail, 'References')} {_header(mail, 'In-Reply-To')} {called} {text}"
    )
    return Report(action, ids, final or next(iter(statuses), ""), _line(_telling(own)))


def _telling(text: str) -> str:
    """The line of a prose report that holds the server's answer."""
    lines = [line.strip() for line in text.splitlines()]
    for sign in (_STATUS, _REPLY, _FAILED, _DELAYED):
        for line in lines:
            if sign.search(line):
                return line
    return ""


def _text(part: Message) -> str:
    text = _bytes(part)[:_MOST_TEXT].decode(
        "utf-8", "replace"
    )  # what is looked for is ASCII in every charset
    return re.sub(r"<(?!\S+@)[^<>]{0,500}>", " ", text) if part.get_content_subtype() == "html" else text


def _bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _header(mail: Message, name: str) -> str:
    raw = next((value for key, value in mail.raw_items() if key.lower() == name.lower()), "")
    return str(raw)[:_MOST_TEXT].encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _ids(text: str) -> tuple[str, ...]:
    found = (
        match[0].replace("&lt;", "<")
        for match in _ID.finditer(text.replace("&lt;", "<").replace("&gt;", ">"))
    )
    return tuple(list(dict.fromkeys(found))[:MOST_IDS])


def _line(text: str) -> str:
    """On one line, printable, without what a terminal, a screen or a database would take amiss."""
    printable = "".join(
        character if character.isprintable() else " " for character in text[: 10 * ANSWER_MAX]
    )
    return " ".join(printable.split())[:ANSWER_MAX]
