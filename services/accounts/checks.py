"""The checks that can stop a channel of an account: the last measurements over the network, and the forms as filled in.

Only measurements are stored (``services.checklist.measure``). What depends on the settings and the forms is read each time,
so that a saved form counts at once. No folder and no network is asked here, because every transaction that makes an order
calls this. The whole check list is ``services.checklist.overview``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services import clock
from services.accounts.configuration import Configuration, configuration
from services.desk import Desk
from services.mail.addresses import parse_address
from services.mail.settings import missing
from services.mail.smtp_url import parse_smtp_url
from services.settings import Settings
from services.settings.account import Account
from services.store import Connection, accounts
from services.store.accounts import CheckStatus
from services.store.remembered import remembered

# The checks that can stop a channel (``services.accounts.readiness``).
SENDING = (
    "credentials", "hash_algorithm", "products_link", "products_phone", "redirect_pages", "email_settings", "smtp",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Check:
    """``reason``: selects the sentence that explains the status (``services.checklist.guidance``); ``detail``: the values in
    it. Neither ever contains a secret. ``checked_at``: None for what was never measured.
    """

    name: str
    status: CheckStatus
    reason: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)
    checked_at: datetime | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields still to be filled in, for a check of a form."""
        return tuple(self.detail.get("fields", "").split())


def sending_checks_in(
    tx: Connection, desk: Desk, account: str, config: Configuration | None = None
) -> tuple[Check, ...]:
    """The checks of SENDING, from the store and the settings alone, in the caller's transaction."""
    found = stored_checks(tx, desk, account, config or configuration(tx, account), SENDING)
    return tuple(found.values())


def stored_checks(
    tx: Connection, desk: Desk, account: str, config: Configuration, names: Iterable[str]
) -> dict[str, Check]:
    """The checks of these names: the last measurements, and the forms as filled in. What was never measured is unknown."""
    found = {name: Check(name=name, status="unknown", reason="never") for name in names}
    measured = {check.name: check for check in _measured(tx, desk, desk.account(account), config)}
    found |= {name: check for name, check in measured.items() if name in found}
    now = clock.now()
    empty = config.redirect_pages.missing(desk.settings.public)
    found["redirect_pages"] = _filled("redirect_pages", empty, now)
    found["email_settings"] = _filled("email_settings", missing(config.email.default), now)
    return found | {check.name: check for check in _smtp(desk.settings.smtp, now)}


@dataclass(frozen=True)
class SenderDomains:
    """ASCII domains. ``spf``: of the envelope's sender, which receives delivery reports; ``dmarc``: of the senders that
    customers see."""

    spf: tuple[str, ...]
    dmarc: tuple[str, ...]

    @property
    def asked(self) -> str:
        """The domains that were asked about, stored with the answer: an answer about other domains does not count."""
        return f"{' '.join(self.spf)} | {' '.join(self.dmarc)}"


def sender_domains(config: Configuration, settings: Settings) -> SenderDomains | None:
    """The domains of the default sender and of every language's own; None while the default has none."""
    email = config.email
    if not email.default.sender_address:
        return None
    addresses = (email.default.sender_address, *(own.sender_address for own in email.per_language.values()))
    seen = tuple(dict.fromkeys(_domain(address) for address in addresses if address))
    return SenderDomains((_domain(settings.return_path),) if settings.return_path else seen, seen)


def _domain(address: str) -> str:
    return parse_address(address, "sender_address").domain_ascii


def hash_check(account: Account, hipay: str, at: datetime) -> Check:
    """Whether HiPay signs with our algorithm: with another one no notification could be verified."""
    detail = {"hipay": hipay, "ours": account.hash_algorithm}
    if hipay != account.hash_algorithm:
        return Check(name="hash_algorithm", status="failed", reason="different", detail=detail, checked_at=at)
    if hipay == "sha1":
        return Check(name="hash_algorithm", status="warning", reason="sha1", detail=detail, checked_at=at)
    return Check(name="hash_algorithm", status="ok", reason="", detail=detail, checked_at=at)


def _measured(tx: Connection, desk: Desk, account: Account, config: Configuration) -> Iterable[Check]:
    domains, server = sender_domains(config, desk.settings), smtp_server(desk.settings.smtp)
    for row in remembered(tx, ("checks", account.key), lambda: accounts.checks(tx, account.key)):
        detail = dict(row.detail)
        if row.name == "hash_algorithm" and "hipay" in detail:
            yield hash_check(account, detail["hipay"], row.checked_at)
        elif (
            row.name == "sender_domain" and (domains is None or detail.pop("asked", "") != domains.asked)
        ) or (row.name == "smtp" and detail.pop("server", server) != server):
            continue
        else:
            yield Check(
                name=row.name,
                status=row.status,
                reason=detail.pop("reason", ""),
                detail=detail,
                checked_at=row.checked_at,
            )


def _filled(name: str, empty: tuple[str, ...], at: datetime) -> Check:
    return (
        Check(name=name, status="failed", reason="missing", detail={"fields": " ".join(empty)}, checked_at=at)
        if empty
        else Check(name=name, status="ok", reason="", detail={}, checked_at=at)
    )


def smtp_server(url: str | None) -> str:
    """The server of the setting, without user and password: a measurement of another server does not count."""
    if not url:
        return ""
    server = parse_smtp_url(url)
    return f"{server.host}:{server.port} {server.tls}"


def _smtp(url: str | None, at: datetime) -> Iterable[Check]:
    """The check where no server is set; it replaces the last measurement."""
    if not url:
        yield Check(name="smtp", status="failed", reason="unset", detail={}, checked_at=at)
