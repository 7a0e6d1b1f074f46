"""The one setting that says how mail leaves: ``smtp://user:password@host:587?starttls=required``."""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from services.hosts import is_loopback
from services.mail.errors import SmtpUrlInvalid

Tls = Literal["implicit", "required", "optional", "none"]
_SCHEMES: dict[str, tuple[Tls | None, int]] = {
    "smtp": (None, 25),
    "smtp+starttls": ("required", 587),
    "smtps": ("implicit", 465),
}


@dataclass(frozen=True, kw_only=True)
class Server:
    """``user`` empty: no authentication. ``tls`` "none" is for this machine only."""

    host: str
    port: int
    tls: Tls
    user: str
    password: str = field(repr=False)


def parse_smtp_url(url: str) -> Server:
    """Read ``smtp://``, ``smtp+starttls://`` or ``smtps://``; ``?starttls=required|optional|none`` on ``smtp://``.

    STARTTLS is required unless the server is on this machine. ``optional`` is never enough to send a password, so it
    is then read as ``required``. User and password are percent-encoded. Raises SmtpUrlInvalid.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise SmtpUrlInvalid("port") from None
    if parts.scheme not in _SCHEMES:
        raise SmtpUrlInvalid("scheme")
    host = parts.hostname or ""
    if not host or not host.isascii() or not host.isprintable() or " " in host or parts.path not in ("", "/"):
        raise SmtpUrlInvalid("host")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password) or "\0" in user + password:
        raise SmtpUrlInvalid("user")
    tls, default_port = _SCHEMES[parts.scheme]
    return Server(
        host=host,
        port=port or default_port,
        tls=tls or _starttls(parts.query, host, bool(user)),
        user=user,
        password=password,
    )


def _starttls(query: str, host: str, authenticates: bool) -> Tls:
    loopback = is_loopback(host)
    asked = parse_qs(query).get("starttls", ["none" if loopback else "required"])[-1]
    if asked == "required" or (asked == "optional" and authenticates and not loopback):
        return "required"
    if asked == "optional":
        return "optional"
    if asked == "none" and loopback:
        return "none"
    raise SmtpUrlInvalid("starttls")
