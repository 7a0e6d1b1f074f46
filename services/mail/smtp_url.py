"""The setting of the mail server: ``smtp://user:password@host:587?starttls=required``."""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs

from services.hosts import is_loopback
from services.mail.errors import SmtpUrlInvalid
from services.mail.server_url import split_server_url, user_and_password

Tls = Literal["implicit", "required", "optional", "none"]
_SCHEMES: dict[str, tuple[Tls | None, int]] = {
    "smtp": (None, 25),
    "smtp+starttls": ("required", 587),
    "smtps": ("implicit", 465),
}


@dataclass(frozen=True, kw_only=True)
class Server:
    """``user`` empty: no authentication. ``tls``: "none" only on this machine."""

    host: str
    port: int
    tls: Tls
    user: str
    password: str = field(repr=False)


def parse_smtp_url(url: str) -> Server:
    """Read ``smtp://``, ``smtp+starttls://`` or ``smtps://``; ``?starttls=required|optional|none`` on ``smtp://``.

    STARTTLS is required unless the server is on this machine. ``optional`` does not protect a password, so with a user it
    is read as ``required``. User and password are percent-encoded. Raises SmtpUrlInvalid.
    """
    parts, port, host = split_server_url(url, _SCHEMES, SmtpUrlInvalid)
    if parts.path not in ("", "/"):
        raise SmtpUrlInvalid("host")
    user, password = user_and_password(parts)
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
