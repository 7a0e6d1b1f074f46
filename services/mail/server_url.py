"""The parts of a mail server's URL that both settings share: scheme, host, port, user and password."""

from collections.abc import Collection
from urllib.parse import SplitResult, unquote, urlsplit

from services.mail.errors import ImapUrlInvalid, SmtpUrlInvalid


def split_server_url(
    url: str, schemes: Collection[str], invalid: type[SmtpUrlInvalid] | type[ImapUrlInvalid]
) -> tuple[SplitResult, int | None, str]:
    """The URL's parts, its port and its host in ASCII. Raises ``invalid`` with the wrong part's name."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise invalid("port") from None
    if parts.scheme not in schemes:
        raise invalid("scheme")
    host = parts.hostname or ""
    if not host or not host.isascii() or not host.isprintable() or " " in host:
        raise invalid("host")
    return parts, port, host


def user_and_password(parts: SplitResult) -> tuple[str, str]:
    """Both are percent-encoded in the URL; "" where they are missing."""
    return unquote(parts.username or ""), unquote(parts.password or "")
