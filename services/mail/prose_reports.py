"""Delivery reports that older mail servers write in prose, in any of the customers' languages."""

import re
from email.message import Message
from email.utils import parseaddr

from services.mail.delivery_status import ACTIONS, STATUS_CODE, Action, RecipientStatus, Report
from services.mail.mail_parts import (
    MOST_SUBJECT,
    MOST_TEXT,
    header,
    message_ids,
    one_line,
    plain,
    returned_id,
    subject_of,
    text_of,
)

# The time of each of these grows with the text's length alone: no repetition can end at several places of one run.
_ADDRESS = re.compile(r"(?<![^\s<>()\[\]\"',;:=])[^\s<>()\[\]\"',;:=@]{1,200}@[^\s<>()\[\]\"',;:=@]{1,255}")
_AFTER_ITS_NAME = re.compile(r"message-id:\s{0,4}([^\s]{1,500})", re.IGNORECASE)
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


def read_prose(mail: Message, parts: list[Message]) -> Report | None:
    """A report written in prose. An answer by a person, or an automatic reply, is not a report."""
    subject = plain(subject_of(mail))
    if _automatic(mail) or _ANSWERED.match(subject) or _AUTOMATIC.search(subject):
        return None
    sender = parseaddr(header(mail, "From")[:MOST_SUBJECT])
    named = _DAEMON.search(sender[1].partition("@")[0]) or _DAEMON.search(sender[0])
    failed = header(mail, "X-Failed-Recipients")
    if not named and not failed:
        return None
    text = "\n".join(
        text_of(part) for part in parts if part.get_content_type() in ("text/plain", "text/html")
    )
    copy = _COPY_BELOW.search(text)
    own = (text[: copy.start()] if copy else text)[:MOST_TEXT]
    head = subject.partition(":")[0]  # after the colon comes the returned message's own subject
    action = _action(f"{head if _FAILED.search(head) else subject}\n{plain(own)}", own)
    if action is None:
        return None
    codes = [found[0] for found in STATUS_CODE.finditer(own) if ACTIONS.get(found[1]) == action]
    called = " ".join(_AFTER_ITS_NAME.findall(text))
    ids = message_ids(returned_id(parts)) or message_ids(
        f"{header(mail, 'References')} {header(mail, 'In-Reply-To')} {called} {text}"
    )
    others = {sender[1].casefold(), parseaddr(header(mail, "To")[:MOST_SUBJECT])[1].casefold()}
    named_here = (found[0].strip(".").casefold() for found in _ADDRESS.finditer(failed or own))
    recipients = frozenset(one for one in named_here if one not in others and not _DAEMON.match(one))
    return Report(
        ids,
        (RecipientStatus(action, recipients, next(iter(codes), ""), one_line(_answer_line(own, action))),),
    )


def _automatic(mail: Message) -> bool:
    """Whether it is an automatic reply (RFC 3834, and the headers used before it)."""
    kinds = (header(mail, "Auto-Submitted").lower(), header(mail, "Precedence").lower())
    return (
        "auto-replied" in kinds[0]
        or "auto_reply" in kinds[1]
        or any(mail.get(name) for name in ("X-Autoreply", "X-Autorespond"))
    )


def _action(simplified: str, own: str) -> Action | None:
    """The outcome that a prose report names; None: it names none. A report that the server still tries is *delayed*,
    whatever else it quotes. ``simplified``: subject and text without accents; ``own``: the report's own text."""
    final, failed = _FINAL.search(own), _FAILED.search(simplified)
    if _DELAYED.search(simplified):
        return "failed" if final and failed else "delayed"
    if final or failed or _REPLY.search(own):
        return "failed"
    return "delayed" if _LATER.search(own) else None


def _answer_line(text: str, action: Action) -> str:
    """The line of a prose report with the server's answer."""
    lines = [line.strip() for line in text.splitlines()]
    signs = (_FINAL, _REPLY, STATUS_CODE, _FAILED) if action == "failed" else (_LATER, STATUS_CODE, _DELAYED)
    for sign in signs:
        for line in lines:
            if sign.search(plain(line)):
                return line
    return ""
