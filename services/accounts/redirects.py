"""The five pages that HiPay sends the customer to: a merchant's own addresses, or the pages of our public application."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final
from urllib.parse import urlsplit

from services.accounts.errors import (
    FieldProblems,
    UrlError,
    UrlHasCredentials,
    UrlHasFragment,
    UrlMalformed,
    UrlNotAbsolute,
    UrlNotSecure,
    UrlTooLong,
)

KINDS = ("accept", "decline", "pending", "cancel", "exception")
OWN: Final = "own"  # the page of our public application; every other value is an absolute URL
URL_MAX = 2000


@dataclass(frozen=True, kw_only=True)
class RedirectPages:
    """Each page is empty, an absolute URL, or ``OWN``."""

    accept: str = ""
    decline: str = ""
    pending: str = ""
    cancel: str = ""
    exception: str = ""

    def missing(self, public: str | None) -> tuple[str, ...]:
        """The pages that cannot be used yet: empty, or our own while there is no public address."""
        return tuple(kind for kind, page in self.items() if not page or (page == OWN and not public))

    def urls(self, public: str | None, account: str, token: str) -> dict[str, str]:
        """The addresses for one payment page, by kind, without missing ones. ``token``: the payment page's."""
        usable = {kind: page for kind, page in self.items() if kind not in self.missing(public)}
        return {
            kind: f"{public}/return/{account}/{kind}/{token}" if page == OWN else page
            for kind, page in usable.items()
        }

    def items(self) -> tuple[tuple[str, str], ...]:
        return tuple((field.name, getattr(self, field.name)) for field in fields(self))


def stored(data: Mapping[str, Mapping[str, object]]) -> RedirectPages:
    """The pages from their stored form: ``{"accept": {"own": true}, "decline": {"url": "https://…"}}``."""
    return RedirectPages(
        **{
            kind: OWN if page.get("own") else str(page.get("url", ""))
            for kind, page in data.items()
            if kind in KINDS
        }
    )


def storable(pages: RedirectPages) -> dict[str, dict[str, object]]:
    return {kind: {"own": True} if page == OWN else {"url": page} for kind, page in pages.items()}


def read(values: Mapping[str, str], *, sandbox: bool) -> dict[str, str]:
    """The pages of a form, cleaned; empty is allowed. Raises FieldProblems with an error for each wrong page."""
    problems: dict[str, UrlError] = {}
    cleaned = {}
    for kind, text in values.items():
        try:
            cleaned[kind] = text if text == OWN else clean_url(text, sandbox=sandbox)
        except UrlError as error:
            problems[kind] = error
    if problems:
        raise FieldProblems(problems)
    return cleaned


def clean_url(text: str, *, sandbox: bool) -> str:
    """The text as an absolute https URL (in the sandbox also http) for HiPay, which appends its parameters. Raises UrlError."""
    url = text.strip()
    if not url:
        return ""
    if len(url) > URL_MAX:
        raise UrlTooLong(URL_MAX)
    if not url.isascii() or not url.isprintable() or set(url) & set(" \"'<>\\`{}|^"):
        raise UrlMalformed
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UrlMalformed from None
    if parts.scheme not in ("http", "https") or not host:
        raise UrlNotAbsolute
    if port == 0:
        raise UrlMalformed
    if parts.username is not None or parts.password is not None:
        raise UrlHasCredentials
    if "#" in url:
        raise UrlHasFragment
    if parts.scheme == "http" and not sandbox:
        raise UrlNotSecure
    return url
