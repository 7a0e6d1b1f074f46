"""The check list of an account: what was measured last over the network, and what this machine sees by itself.

Only measurements are stored (``services.checklist.measure``). What depends on the settings, the forms or the store is
looked at anew each time, so that a form just saved is right at once.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from services import clock
from services.accounts.configuration import Configuration, configuration
from services.checklist import payout_checks
from services.desk import Desk
from services.mail.addresses import parse_address
from services.mail.errors import MailboxAway
from services.mail.imap_url import parse_imap_url
from services.mail.settings import missing
from services.mail.smtp_url import parse_smtp_url
from services.orders import bounces
from services.settings import SHORTEST_SECRET, Account, Settings
from services.store import Connection, accounts
from services.store.engine import sqlite_warning
from services.versions import python_warning

Status = Literal["ok", "warning", "failed", "unknown"]
NAMES = (
    "credentials", "hash_algorithm", "passphrase", "products_link", "products_phone", "payment_page", "redirect_pages", "email_settings",
    "smtp", "sender_domain", "delivery_reports", "notifications", "finance_api", "payouts_fetched", "finance_notifications",
    "settlements_folder", "public_address", "database", "python",
)  # fmt: skip
# What may stop a channel (``services.checklist.guidance``): asked in every transaction that makes an order.
SENDING = (
    "credentials", "hash_algorithm", "products_link", "products_phone", "redirect_pages", "email_settings", "smtp",
)  # fmt: skip
_REPORTS_LATE = timedelta(hours=1)  # the worker looks every minute


@dataclass(frozen=True)
class Check:
    """``reason`` says which sentence explains the status (``services.checklist.guidance``), ``detail`` the values in it.

    ``checked_at`` is None for what was never measured. Neither ever holds a secret.
    """

    name: str
    status: Status
    reason: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)
    checked_at: datetime | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields still to be filled in, for a check of a form."""
        return tuple(self.detail.get("fields", "").split())


def last_checks(desk: Desk, account: str) -> tuple[Check, ...]:
    """The check list as it stands, without asking anybody; at most two seconds, when the watched folder hangs."""
    folder = payout_checks.folder_standing(desk, account)
    with desk.store.read() as tx:
        return checks_in(tx, desk, account, configuration(tx, account), folder)


def sending_checks_in(
    tx: Connection, desk: Desk, account: str, config: Configuration | None = None
) -> tuple[Check, ...]:
    """The checks of SENDING, from what is stored and the settings alone, in the caller's transaction."""
    found = _stored_checks(tx, desk, account, config or configuration(tx, account))
    return tuple(found[name] for name in SENDING)


def checks_in(
    tx: Connection, desk: Desk, account: str, config: Configuration, folder: payout_checks.Found
) -> tuple[Check, ...]:
    """``last_checks`` in the caller's transaction; ``folder`` was looked at before."""
    found = _stored_checks(tx, desk, account, config)
    found |= {
        check.name: check for check in _seen_here(desk, config, accounts.last_notification(tx, account))
    }
    now = clock.now()
    found["passphrase"] = passphrase_check(desk.account(account), now)
    found |= {
        name: Check(name, *finding, now)
        for name, finding in payout_checks.findings(tx, desk, account, folder)
    }
    found["delivery_reports"] = reports_check(tx, desk.settings.imap)
    return tuple(found[name] for name in NAMES)


def _stored_checks(tx: Connection, desk: Desk, account: str, config: Configuration) -> dict[str, Check]:
    """What was measured last, and the forms as they are filled in."""
    found = {name: Check(name, "unknown", "never") for name in NAMES}
    measured = {check.name: check for check in _measured(tx, desk, desk.account(account), config)}
    found |= {name: check for name, check in measured.items() if name in found}
    now = clock.now()
    empty = config.redirect_pages.missing(desk.settings.public)
    found["redirect_pages"] = _filled("redirect_pages", empty, now)
    found["email_settings"] = _filled("email_settings", missing(config.email.default), now)
    return found | {check.name: check for check in _smtp(desk.settings.smtp, now)}


@dataclass(frozen=True)
class SenderDomains:
    """ASCII domains: SPF counts at the envelope's, where delivery reports go; DMARC at those that customers see."""

    spf: tuple[str, ...]
    dmarc: tuple[str, ...]

    @property
    def asked(self) -> str:
        """What an answer is about, kept beside it: an answer about other domains is none."""
        return f"{' '.join(self.spf)} | {' '.join(self.dmarc)}"


def sender_domains(config: Configuration, settings: Settings) -> SenderDomains | None:
    """Of the default's sender and of every language's own; None until the default has one."""
    email = config.email
    if not email.default.sender_address:
        return None
    addresses = (email.default.sender_address, *(own.sender_address for own in email.per_language.values()))
    seen = tuple(dict.fromkeys(_domain(address) for address in addresses if address))
    return SenderDomains((_domain(settings.return_path),) if settings.return_path else seen, seen)


def _domain(address: str) -> str:
    return parse_address(address, "sender_address").domain_ascii


def hash_check(account: Account, hipay: str, at: datetime) -> Check:
    """HiPay's algorithm beside ours: another one, and no notification would ever verify."""
    detail = {"hipay": hipay, "ours": account.hash_algorithm}
    if hipay != account.hash_algorithm:
        return Check("hash_algorithm", "failed", "different", detail, at)
    if hipay == "sha1":
        return Check("hash_algorithm", "warning", "sha1", detail, at)
    return Check("hash_algorithm", "ok", "", detail, at)


def passphrase_check(account: Account, at: datetime) -> Check:
    """Whether it can be found by trying: each customer comes back with parameters that HiPay signed with it."""
    detail = {"least": str(SHORTEST_SECRET)}
    if "passphrase" in account.short_passphrases:
        return Check("passphrase", "failed", "short", detail, at)
    if account.short_passphrases:
        return Check("passphrase", "failed", "previous_short", detail, at)
    return Check("passphrase", "ok", "", detail, at)


def _measured(tx: Connection, desk: Desk, account: Account, config: Configuration) -> Iterable[Check]:
    domains, server = sender_domains(config, desk.settings), smtp_server(desk.settings.smtp)
    for row in accounts.checks(tx, account.key):
        detail = dict(row.detail)
        if row.name == "hash_algorithm" and "hipay" in detail:
            yield hash_check(account, detail["hipay"], row.checked_at)
        elif (
            row.name == "sender_domain" and (domains is None or detail.pop("asked", "") != domains.asked)
        ) or (row.name == "smtp" and detail.pop("server", server) != server):
            continue
        else:
            yield Check(row.name, row.status, detail.pop("reason", ""), detail, row.checked_at)


def _seen_here(desk: Desk, config: Configuration, notified_at: datetime | None) -> Iterable[Check]:
    settings, now = desk.settings, clock.now()
    yield _payment_page(config, now)
    if sender_domains(config, settings) is None:
        yield Check("sender_domain", "unknown", "no_sender", {}, now)
    elif settings.demo:
        yield Check("sender_domain", "unknown", "sandbox", {}, now)
    yield _notifications(notified_at, settings.public, now)
    public = settings.public
    yield (
        Check("public_address", "ok", "", {"url": public}, now)
        if public
        else Check("public_address", "warning", "unset", {}, now)
    )
    fault = sqlite_warning() if desk.store.sqlite else None
    kind = "SQLite" if desk.store.sqlite else "PostgreSQL"
    yield (
        Check("database", "warning", "sqlite", {"version": fault}, now)
        if fault
        else Check("database", "ok", "", {"kind": kind}, now)
    )
    yield python_check(sys.version_info[:3], now)


def python_check(version: tuple[int, ...], at: datetime) -> Check:
    """Whether this Python has the repair of its e-mail headers."""
    detail = {"version": ".".join(str(number) for number in version)}
    if python_warning(version):
        return Check("python", "warning", "headers", detail, at)
    return Check("python", "ok", "", detail, at)


def _payment_page(config: Configuration, at: datetime) -> Check:
    """An account set to the template for a frame, which earlier versions offered, is told so until somebody saves it anew."""
    if config.payment_page.framed:
        return Check("payment_page", "warning", "framed", {}, at)
    return Check("payment_page", "ok", "", {}, at)


def _filled(name: str, empty: tuple[str, ...], at: datetime) -> Check:
    return (
        Check(name, "failed", "missing", {"fields": " ".join(empty)}, at)
        if empty
        else Check(name, "ok", "", {}, at)
    )


def smtp_server(url: str | None) -> str:
    """Which server the setting names, without user and password: what was found of another one says nothing of it."""
    if not url:
        return ""
    server = parse_smtp_url(url)
    return f"{server.host}:{server.port} {server.tls}"


def _smtp(url: str | None, at: datetime) -> Iterable[Check]:
    """A server that is not set stands in the place of the last session."""
    if not url:
        yield Check("smtp", "failed", "unset", {}, at)


def reports_check(tx: Connection, url: str | None) -> Check:
    """How the mailbox of delivery reports was read last: by the worker, or just now."""
    now = clock.now()
    if not url:
        return Check("delivery_reports", "unknown", "unset", {}, now)
    found = bounces.standing(tx, parse_imap_url(url))
    read = {"at": found.read_at.isoformat() if found.read_at else ""}
    if found.tried_at is None:
        return Check("delivery_reports", "unknown", "never")
    if not found.error:
        late = now - found.tried_at > _REPORTS_LATE
        return Check("delivery_reports", *(("warning", "late") if late else ("ok", "")), read, found.tried_at)
    status: Status = "warning" if found.error == MailboxAway.code else "failed"
    detail = {"host": found.host, "answer": found.answer, **read}
    return Check("delivery_reports", status, found.error.removeprefix("mailbox_"), detail, found.tried_at)


def _notifications(last: datetime | None, public: str | None, at: datetime) -> Check:
    if last:
        return Check("notifications", "ok", "", {"at": last.isoformat()}, at)
    return Check("notifications", *(("unknown", "none") if public else ("warning", "polling")), {}, at)
