"""An account's whole check list and its configuration, as the configuration screen shows them."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services import clock
from services.access import Actor, Right, require, rights_on
from services.accounts.checks import Check, sender_domains, stored_checks
from services.accounts.configuration import Configuration, configuration
from services.accounts.configured import require_account
from services.accounts.pauses import Pause, pauses
from services.accounts.readiness import Readiness, readiness_from
from services.checklist import delivery_reports, payout_checks
from services.desk import Desk
from services.settings.account import SHORTEST_SECRET, Account
from services.store import Connection, accounts
from services.store.databases import sqlite_warning
from services.versions import python_warning

NAMES = (
    "credentials", "hash_algorithm", "passphrase", "products_link", "products_phone", "payment_page", "redirect_pages", "email_settings",
    "smtp", "sender_domain", "delivery_reports", "notifications", "finance_api", "payouts_fetched", "finance_notifications",
    "settlements_folder", "public_address", "database", "python",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Everything the configuration screen shows of an account, read in one transaction."""

    configuration: Configuration
    checks: tuple[Check, ...]
    pauses: tuple[Pause, ...]
    link: Readiness
    phone: Readiness
    may_configure: bool
    may_send: bool


def overview(desk: Desk, actor: Actor, account: str) -> Overview:
    """The account's overview. Raises NotAllowed, AccountUnknown."""
    require_account(desk, account)
    folder = payout_checks.folder_state(desk, account)
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_ORDERS, account)
        config, paused = configuration(tx, account), pauses(tx, account)
        checks = _checks_in(tx, desk, account, config, folder)
        own_rights = rights_on(tx, actor, account)
    link, phone = readiness_from(checks, paused, "link"), readiness_from(checks, paused, "phone")
    return Overview(
        configuration=config,
        checks=checks,
        pauses=paused,
        link=link,
        phone=phone,
        may_configure=Right.CONFIGURE in own_rights,
        may_send=Right.SEND in own_rights,
    )


def last_checks(desk: Desk, account: str) -> tuple[Check, ...]:
    """The check list from what is stored, without asking a server; takes two seconds at most, when the watched folder hangs."""
    folder = payout_checks.folder_state(desk, account)
    with desk.store.read() as tx:
        return _checks_in(tx, desk, account, configuration(tx, account), folder)


def _checks_in(
    tx: Connection, desk: Desk, account: str, config: Configuration, folder: payout_checks.Found
) -> tuple[Check, ...]:
    """``last_checks`` in the caller's transaction; ``folder``: read before it began."""
    found = stored_checks(tx, desk, account, config, NAMES)
    found |= {
        check.name: check for check in _seen_here(desk, config, accounts.last_notification(tx, account))
    }
    now = clock.now()
    found["passphrase"] = passphrase_check(desk.account(account), now)
    found |= {
        name: Check(name=name, status=status, reason=reason, detail=detail, checked_at=now)
        for name, (status, reason, detail) in payout_checks.findings(tx, desk, account, folder)
    }
    found["delivery_reports"] = delivery_reports.reports_check(tx, desk.settings.imap)
    return tuple(found[name] for name in NAMES)


def passphrase_check(account: Account, at: datetime) -> Check:
    """Whether the passphrase is long enough: each customer returns with parameters that HiPay signed with it, so a short one
    can be found by trying."""
    detail = {"least": str(SHORTEST_SECRET)}
    if "passphrase" in account.short_passphrases:
        return Check(name="passphrase", status="failed", reason="short", detail=detail, checked_at=at)
    if account.short_passphrases:
        return Check(
            name="passphrase", status="failed", reason="previous_short", detail=detail, checked_at=at
        )
    return Check(name="passphrase", status="ok", reason="", detail=detail, checked_at=at)


def _seen_here(desk: Desk, config: Configuration, notified_at: datetime | None) -> Iterable[Check]:
    settings, now = desk.settings, clock.now()
    yield _payment_page(config, now)
    if sender_domains(config, settings) is None:
        yield Check(name="sender_domain", status="unknown", reason="no_sender", detail={}, checked_at=now)
    elif settings.demo:
        yield Check(name="sender_domain", status="unknown", reason="sandbox", detail={}, checked_at=now)
    yield _notifications(notified_at, settings.public, now)
    public = settings.public
    yield (
        Check(name="public_address", status="ok", reason="", detail={"url": public}, checked_at=now)
        if public
        else Check(name="public_address", status="warning", reason="unset", detail={}, checked_at=now)
    )
    fault = sqlite_warning() if desk.store.sqlite else None
    kind = "SQLite" if desk.store.sqlite else "PostgreSQL"
    yield (
        Check(name="database", status="warning", reason="sqlite", detail={"version": fault}, checked_at=now)
        if fault
        else Check(name="database", status="ok", reason="", detail={"kind": kind}, checked_at=now)
    )
    yield python_check(sys.version_info[:3], now)


def python_check(version: tuple[int, ...], at: datetime) -> Check:
    """Whether this Python has the fix for folding e-mail headers."""
    detail = {"version": ".".join(str(number) for number in version)}
    if python_warning(version):
        return Check(name="python", status="warning", reason="headers", detail=detail, checked_at=at)
    return Check(name="python", status="ok", reason="", detail=detail, checked_at=at)


def _payment_page(config: Configuration, at: datetime) -> Check:
    """A warning for an account that an earlier version set to a template for a frame, until somebody saves the form again."""
    if config.payment_page.framed:
        return Check(name="payment_page", status="warning", reason="framed", detail={}, checked_at=at)
    return Check(name="payment_page", status="ok", reason="", detail={}, checked_at=at)


def _notifications(last: datetime | None, public: str | None, at: datetime) -> Check:
    if last:
        return Check(
            name="notifications", status="ok", reason="", detail={"at": last.isoformat()}, checked_at=at
        )
    return Check(
        name="notifications",
        status="unknown" if public else "warning",
        reason="none" if public else "polling",
        detail={},
        checked_at=at,
    )
