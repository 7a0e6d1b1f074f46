"""Reads delivery reports: the standard ones (RFC 3464, 6522), and those that older servers write in prose.

Pure, and safe on whatever a stranger may send: it raises nothing, and what it quotes is one short line of plain text. A
report names a message by its Message-ID only; the caller looks up whether that is one of ours.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import Compat32
from email.utils import parseaddr
from typing import Literal

from services.text.normal_forms import normalised

ANSWER_MAX = 300
MOST_IDS = 20
_MOST_TEXT = 64 * 1024
_MOST_SUBJECT = 1_000
_MOST_PARTS = 50
_MOST_BOUNDARIES = 100  # the library compares each line with each boundary around it
_MOST_GROUPS = 1_000
_MOST_STRUCTURED = 1_000  # of a header in parts: the library copies the rest of the header for each part
_STANDARD = ("message/delivery-status", "message/global-delivery-status")  # RFC 3464, RFC 6533
Action = Literal["failed", "delayed"]
_ACTIONS: dict[str, Action] = {"failed": "failed", "delayed": "delayed", "5": "failed", "4": "delayed"}
# The time of each of these grows with the text's length alone: no repetition can end at several places of one run.
_ID = re.compile(r"<[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}>")
_ADDRESS = re.compile(r"(?<![^\s<>()\[\]\"',;:=])[^\s<>()\[\]\"',;:=@]{1,200}@[^\s<>()\[\]\"',;:=@]{1,255}")
_AFTER_ITS_NAME = re.compile(r"message-id:\s{0,4}([^\s]{1,500})", re.IGNORECASE)
_STATUS = re.compile(r"\b([245])\.[0-7]\.\d{1,3}\b(?!\.\d)")  # RFC 3463
# In prose a number is a server's answer only in certain places: "Your order C-512 is delayed" has none.
_BEFORE_ANSWER = (
    r"(?:^[ \t]{0,8}|[:;#=(\[<>\"'«‘“][ \t]{0,4}|\b(?:error|code|said|returned|status|smtp)[ \t]{1,4})"
)
_FINAL = re.compile(
    rf"(?:{_BEFORE_ANSWER}(?:5\d\d[ \-])?|\b5\d\d[ \-])5\.[0-7]\.\d{{1,3}}\b(?!\.\d)",
    re.IGNORECASE | re.MULTILINE,
)
_REPLY = re.compile(
    rf"{_BEFORE_ANSWER}5[0-7]\d(?=[ \-]\S)", re.IGNORECASE | re.MULTILINE
)  # "550 no such user"
_LATER = re.compile(rf"{_BEFORE_ANSWER}4(?:[0-7]\d(?=[ \-]\S)|\.[0-7]\.\d)", re.IGNORECASE | re.MULTILINE)
_DAEMON = re.compile(r"(mailer|mail)[-_. ]?(daemon|administrator|delivery)|postmaster|daemon", re.IGNORECASE)
_ANSWERED = re.compile(
    r"(re|aw|antw|sv|vs|odp|ref|rif|res|fw|fwd|wg|tr|enc|doorst|pd)\s{0,2}:", re.IGNORECASE
)
_AUTOMATIC = re.compile(
    r"out of (the )?office|automatic reply|auto(matic)?[- ]?(reply|response)|reponse automatique|absen(t|ce) du bureau|abwesend|"
    r"automatische antwort|respuesta automatica|fuera de la oficina|risposta automatica|fuori sede|automatisch antwoord|"
    r"afwezig|resposta automatica|ausente do|odpowiedz automatyczna|autosvar",
    re.IGNORECASE,
)
_COPY_BELOW = re.compile(
    r"below this line is a copy|copy of (the|your) (original )?message|- ?original message|^message-id:",
    re.IGNORECASE | re.MULTILINE,
)
# Written without accents: accents are removed from the text before the search.
_DELAYED = re.compile(
    r"\bdelayed\b|will (keep|continue to|be) (try|retr)|will retry|still (being )?(try|retr)|no action is required|"
    r"warning message only|delivery incomplete|not (yet )?been delivered( yet)?|"
    r"(est|ete|sera) (retarde|differe)|nouvelle tentative|sera retente|verzogert|weitere zustellversuche|"
    r"se ha retrasado|entrega retrasada|se seguira intentando|e stata ritardata|verra ritentat|is vertraagd|"
    r"foi adiada|opoznion",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"undeliver|permanent(ly)? (error|fail)|gave up|(?<!before )giv(en|ing) up|failure notice|delivery (has )?fail|"
    r"(could|can) ?not be delivered|wasn't delivered|return(ed|ing) (message )?to sender|"
    r"non remis|non distribu|non-remise|echec de (la )?(remise|distribution|livraison)|n'a pas pu etre (remis|distribu)|"
    r"unzustellbar|nicht (zu)?stellbar|nicht zugestellt|zustellung fehlgeschlagen|no (se ha podido|se pudo|se puede) entregar|"
    r"no entregado|mancat[ao] (re)?(consegna|capito)|impossibile (recapitare|consegnare)|non recapitat|"
    r"onbestelbaar|niet (worden )?(bezorgd|afgeleverd)|nao (foi possivel )?entreg|nie (mozna|udalo sie) dostarczyc|niedostarczon",
    re.IGNORECASE,
)


class _Headers(Compat32):
    """Headers as they came, cut to a length that no real one exceeds."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[: _MOST_STRUCTURED if name.lower().startswith("content-") else _MOST_TEXT]


_HEADERS = _Headers()


@dataclass(frozen=True)
class RecipientStatus:
    """The outcome for one recipient. ``recipients``: the recipient's addresses in the report, in small letters: the one
    written to and the one that it was passed on to; empty where the report names nobody.

    ``code``: of RFC 3463, "" where the report has none. ``answer``: the receiving server's text, on one line, at most 300
    characters, from a stranger.
    """

    action: Action
    recipients: frozenset[str]
    code: str
    answer: str


@dataclass(frozen=True)
class Report:
    """``message_ids``: of the message reported on, the likeliest first. ``statuses``: the failed ones first, never empty."""

    message_ids: tuple[str, ...]
    statuses: tuple[RecipientStatus, ...]

    def about(self, recipient: str) -> RecipientStatus | None:
        """The status of this recipient; None where the report names only others."""
        wanted = recipient.casefold()
        return next((one for one in self.statuses if not one.recipients or wanted in one.recipients), None)


def read_report(raw: bytes) -> Report | None:
    """The report in a mail; None for any other mail, a success, a receipt, an answer by a person or a machine."""
    try:
        # Headers as they came: the newer policy's time to parse one can be made as long as a hostile sender likes.
        return (
            None
            if raw.lower().count(b"boundary") > _MOST_BOUNDARIES
            else _read(message_from_bytes(raw, policy=_HEADERS))
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError):
        return None  # a mail that the library cannot parse is not a report


def _read(mail: Message) -> Report | None:
    if mail.get_content_type() == "multipart/report":
        kind = str(mail.get_param("report-type") or "").lower()
        if kind and kind != "delivery-status":  # a receipt, a complaint
            return None
    parts = list(_parts(mail))
    status = next((part for part in parts if part.get_content_type() in _STANDARD), None)
    found = _standard(mail, parts, status) if status is not None else _prose(mail, parts)
    return found if found is not None and found.message_ids and found.statuses else None


def _parts(mail: Message) -> Iterator[Message]:
    """The report's own parts, outermost first, without the parts of the returned message."""
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


def _standard(mail: Message, parts: list[Message], status: Message) -> Report:
    groups = _groups(status)
    found = [one for group in groups if (one := _status_of(group)) is not None]
    ids = _ids(_returned(parts)) or _ids(
        " ".join(_header(one, "X-Original-Message-ID") for one in groups)
        + " "
        + " ".join(_header(mail, name) for name in ("X-Original-Message-ID", "In-Reply-To", "References"))
    )
    return Report(ids, tuple(sorted(found, key=lambda one: one.action != "failed")))


def _groups(status: Message) -> list[Message]:
    """The report's groups of fields: the message's, then each recipient's."""
    if status.get_content_type() == _STANDARD[0]:
        return _children(status)[:_MOST_GROUPS]
    # The library reads the internationalised kind as one message: the first group as its header, the rest as its body.
    texts = [str(one.get_payload()) for one in _children(status)]
    rest = [message_from_string(text, policy=_HEADERS) for part in texts for text in part.split("\n\n")]
    return [*_children(status), *rest][:_MOST_GROUPS]


def _status_of(group: Message) -> RecipientStatus | None:
    """The status in a recipient's group; None for a success, and for the message's group."""
    found = _STATUS.search(_header(group, "Status"))
    code = found[0] if found else ""
    named_action = re.match(r"\s{0,9}([a-z]{1,20})", _header(group, "Action"), re.IGNORECASE)
    action = _ACTIONS.get(named_action[1].lower() if named_action else code[:1])
    if action is None:
        return None
    diagnostic = _header(group, "Diagnostic-Code")
    kind, sign, words = diagnostic.partition(";")
    plain = words if sign and re.fullmatch(r"[\w.-]{1,60}", kind.strip()) else diagnostic
    named = (_named(_header(group, name)) for name in ("Original-Recipient", "Final-Recipient"))
    return RecipientStatus(action, frozenset(filter(None, named)), code, _line(plain))


def _named(field: str) -> str:
    """The address of ``rfc822; <zoe@example.com>``, in small letters; xtext (RFC 3461, 4) is read."""
    address = field.partition(";")[2] or field
    address = re.sub(r"\+([0-9A-F]{2})", lambda code: chr(int(code[1], 16)), address[:500])
    return address.strip().strip("<>").strip().casefold()


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
            return _header(message_from_bytes(_bytes(part), policy=_HEADERS), "Message-ID")
    return ""


def _prose(mail: Message, parts: list[Message]) -> Report | None:
    """A report written in prose. An answer by a person, or an automatic reply, is not a report."""
    subject = _plain(_subject(mail))
    if _automatic(mail) or _ANSWERED.match(subject) or _AUTOMATIC.search(subject):
        return None
    sender = parseaddr(_header(mail, "From")[:_MOST_SUBJECT])
    named = _DAEMON.search(sender[1].partition("@")[0]) or _DAEMON.search(sender[0])
    failed = _header(mail, "X-Failed-Recipients")
    if not named and not failed:
        return None
    text = "\n".join(_text(part) for part in parts if part.get_content_type() in ("text/plain", "text/html"))
    copy = _COPY_BELOW.search(text)
    own = (text[: copy.start()] if copy else text)[:_MOST_TEXT]
    head = subject.partition(":")[0]  # after the colon comes the returned message's own subject
    action = _action(f"{head if _FAILED.search(head) else subject}\n{_plain(own)}", own)
    if action is None:
        return None
    codes = [found[0] for found in _STATUS.finditer(own) if _ACTIONS.get(found[1]) == action]
    called = " ".join(_AFTER_ITS_NAME.findall(text))
    ids = _ids(_returned(parts)) or _ids(
        f"{_header(mail, 'References')} {_header(mail, 'In-Reply-To')} {called} {text}"
    )
    others = {sender[1].casefold(), parseaddr(_header(mail, "To")[:_MOST_SUBJECT])[1].casefold()}
    named_here = (found[0].strip(".").casefold() for found in _ADDRESS.finditer(failed or own))
    recipients = frozenset(one for one in named_here if one not in others and not _DAEMON.match(one))
    return Report(
        ids, (RecipientStatus(action, recipients, next(iter(codes), ""), _line(_answer_line(own, action))),)
    )


def _automatic(mail: Message) -> bool:
    """Whether it is an automatic reply (RFC 3834, and the headers used before it)."""
    kinds = (_header(mail, "Auto-Submitted").lower(), _header(mail, "Precedence").lower())
    return (
        "auto-replied" in kinds[0]
        or "auto_reply" in kinds[1]
        or any(mail.get(name) for name in ("X-Autoreply", "X-Autorespond"))
    )


def _action(plain: str, own: str) -> Action | None:
    """The outcome that a prose report names; None: it names none. A report that the server still tries is *delayed*,
    whatever else it quotes. ``plain``: subject and text without accents; ``own``: the report's own text."""
    final, failed = _FINAL.search(own), _FAILED.search(plain)
    if _DELAYED.search(plain):
        return "failed" if final and failed else "delayed"
    if final or failed or _REPLY.search(own):
        return "failed"
    return "delayed" if _LATER.search(own) else None


def _subject(mail: Message) -> str:
    raw = _header(mail, "Subject")[:_MOST_SUBJECT]
    try:
        return str(make_header(decode_header(raw)))
    except (ValueError, LookupError, HeaderParseError):
        return raw


def _plain(text: str) -> str:
    """The text without accents, with straight apostrophes."""
    decomposed = normalised("NFKD", text.replace("’", "'"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _answer_line(text: str, action: Action) -> str:
    """The line of a prose report with the server's answer."""
    lines = [line.strip() for line in text.splitlines()]
    signs = (_FINAL, _REPLY, _STATUS, _FAILED) if action == "failed" else (_LATER, _STATUS, _DELAYED)
    for sign in signs:
        for line in lines:
            if sign.search(_plain(line)):
                return line
    return ""


def _text(part: Message) -> str:
    charset = (part.get_content_charset() or "utf-8")[:40]
    try:
        text = _bytes(part)[:_MOST_TEXT].decode(charset, "replace")
    except LookupError:
        text = _bytes(part)[:_MOST_TEXT].decode("utf-8", "replace")
    if part.get_content_subtype() != "html":
        return text
    # Tags are removed, but not an address or a Message-ID in angle brackets.
    return re.sub(
        r"<([^<>]{0,500})>", lambda tag: tag[0] if "@" in f"{tag[1]} ".split(" ", 1)[0] else " ", text
    )


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
    """The text on one line, without control characters, at most ``ANSWER_MAX`` characters."""
    printable = "".join(
        character if character.isprintable() else " " for character in text[: 10 * ANSWER_MAX]
    )
    return " ".join(printable.split())[:ANSWER_MAX]
