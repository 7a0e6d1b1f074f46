"""The one setting that says where delivery reports come back: ``imaps://user:password@host:993/folder``."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from services.hosts import is_loopback
from services.mail.errors import ImapUrlInvalid

_SCHEMES = {"imaps": (True, 993), "imap": (False, 143)}


@dataclass(frozen=True, kw_only=True)
class ImapServer:
    """``tls`` False is for this machine only. ``folder`` is the mailbox's name as the server spells it, in ASCII."""

    host: str
    port: int
    tls: bool
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"

    @property
    def name(self) -> str:
        """What tells this mailbox from another, without its password."""
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"


def parse_imap_url(url: str) -> ImapServer:
    """Read ``imaps://``, or ``imap://`` without encryption to this machine. User, password and folder are percent-encoded.

    Raises ImapUrlInvalid.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise ImapUrlInvalid("port") from None
    if parts.scheme not in _SCHEMES:
        raise ImapUrlInvalid("scheme")
    tls, default_port = _SCHEMES[parts.scheme]
    host = parts.hostname or ""
    if not host or not host.isascii() or not host.isprintable() or " " in host:
        raise ImapUrlInvalid("host")
    if not tls and not is_loopback(host):
        raise ImapUrlInvalid("scheme")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not user or not password or not (user + password).isprintable():
        raise ImapUrlInvalid("user")
    folder = unquote(parts.path.removeprefix("/")) or "INBOX"
    if parts.query or parts.fragment or not folder.isascii() or not folder.isprintable():
        raise ImapUrlInvalid("folder")
    return ImapServer(
        host=host, port=port or default_port, tls=tls, user=user, password=password, folder=folder
    )
