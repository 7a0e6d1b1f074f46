"""The setting of the mailbox that receives delivery reports: ``imaps://user:password@host:993/folder``."""

from dataclasses import dataclass, field
from urllib.parse import unquote

from services.hosts import is_loopback
from services.mail.errors import ImapUrlInvalid
from services.mail.server_url import split_server_url, user_and_password

_SCHEMES = {"imaps": (True, 993), "imap": (False, 143)}


@dataclass(frozen=True, kw_only=True)
class ImapServer:
    """``tls``: False only on this machine. ``folder``: the mailbox's name as the server spells it, in ASCII."""

    host: str
    port: int
    tls: bool
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"

    @property
    def name(self) -> str:
        """The mailbox's identity, without its password."""
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"


def parse_imap_url(url: str) -> ImapServer:
    """Read ``imaps://``, or ``imap://`` without encryption to this machine. User, password and folder are percent-encoded.

    Raises ImapUrlInvalid.
    """
    parts, port, host = split_server_url(url, _SCHEMES, ImapUrlInvalid)
    tls, default_port = _SCHEMES[parts.scheme]
    if not tls and not is_loopback(host):
        raise ImapUrlInvalid("scheme")
    user, password = user_and_password(parts)
    if not user or not password or not (user + password).isprintable():
        raise ImapUrlInvalid("user")
    folder = unquote(parts.path.removeprefix("/")) or "INBOX"
    if parts.query or parts.fragment or not folder.isascii() or not folder.isprintable():
        raise ImapUrlInvalid("folder")
    return ImapServer(
        host=host, port=port or default_port, tls=tls, user=user, password=password, folder=folder
    )
