"""The parts of a mail as a delivery report needs them: headers, texts and Message-IDs, safe on whatever a stranger sends."""

import re
import unicodedata
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import Compat32

from services.text.normal_forms import normalised

ANSWER_MAX = 300
MOST_IDS = 20
MOST_TEXT = 64 * 1024
MOST_SUBJECT = 1_000
_MOST_PARTS = 50
_MOST_STRUCTURED = 1_000  # of a header in parts: the library copies the rest of the header for each part
# Its time grows with the text's length alone: no repetition can end at several places of one run.
_ID = re.compile(r"<[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}>")


class _Headers(Compat32):
    """Headers as they came, cut to a length that no real one exceeds."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[: _MOST_STRUCTURED if name.lower().startswith("content-") else MOST_TEXT]


HEADERS = _Headers()


def own_parts(mail: Message) -> Iterator[Message]:
    """The report's own parts, outermost first, without the parts of the returned message."""
    waiting = [mail]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        yield part
        if part.get_content_maintype() == "multipart" and isinstance(part.get_payload(), list):
            waiting = [*children(part), *waiting]


def children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def returned_id(parts: list[Message]) -> str:
    """The Message-ID in the returned message, or in its headers alone."""
    for part in parts:
        if part.get_content_type() in ("message/rfc822", "message/global"):
            for inner in children(part):
                return header(inner, "Message-ID")
        if part.get_content_type() in (
            "text/rfc822-headers",
            "message/rfc822-headers",
            "message/global-headers",
        ):
            return header(message_from_bytes(_bytes(part), policy=HEADERS), "Message-ID")
    return ""


def subject_of(mail: Message) -> str:
    raw = header(mail, "Subject")[:MOST_SUBJECT]
    try:
        return str(make_header(decode_header(raw)))
    except (ValueError, LookupError, HeaderParseError):
        return raw


def plain(text: str) -> str:
    """The text without accents, with straight apostrophes."""
    decomposed = normalised("NFKD", text.replace("’", "'"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def text_of(part: Message) -> str:
    charset = (part.get_content_charset() or "utf-8")[:40]
    try:
        text = _bytes(part)[:MOST_TEXT].decode(charset, "replace")
    except LookupError:
        text = _bytes(part)[:MOST_TEXT].decode("utf-8", "replace")
    if part.get_content_subtype() != "html":
        return text
    # Tags are removed, but not an address or a Message-ID in angle brackets.
    return re.sub(
        r"<([^<>]{0,500})>", lambda tag: tag[0] if "@" in f"{tag[1]} ".split(" ", 1)[0] else " ", text
    )


def _bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def header(mail: Message, name: str) -> str:
    raw = next((value for key, value in mail.raw_items() if key.lower() == name.lower()), "")
    return str(raw)[:MOST_TEXT].encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def message_ids(text: str) -> tuple[str, ...]:
    found = (
        match[0].replace("&lt;", "<")
        for match in _ID.finditer(text.replace("&lt;", "<").replace("&gt;", ">"))
    )
    return tuple(list(dict.fromkeys(found))[:MOST_IDS])


def one_line(text: str) -> str:
    """The text on one line, without control characters, at most ``ANSWER_MAX`` characters."""
    printable = "".join(
        character if character.isprintable() else " " for character in text[: 10 * ANSWER_MAX]
    )
    return " ".join(printable.split())[:ANSWER_MAX]
