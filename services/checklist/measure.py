"""Measures the checks: asks HiPay, the mail server and the DNS, each in a thread of its own, within ten seconds."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from queue import Empty, SimpleQueue

from services import clock
from services.access import Actor, Right, audit, require
from services.accounts.checks import (
    Check,
    SenderDomains,
    hash_check,
    sender_domains,
    smtp_server,
)
from services.accounts.configuration import configuration
from services.accounts.configured import require_account
from services.checklist.delivery_reports import reports_check
from services.checklist.overview import last_checks
from services.desk import Desk
from services.errors import DeskError
from services.hipay.client import HiPay
from services.hipay.errors import (
    BadCertificate,
    HiPayError,
    NotAuthorised,
    OutcomeUnknown,
    Refused,
    Unavailable,
    Unreachable,
)
from services.mail import dns
from services.mail.deliver import check_session
from services.mail.errors import AuthRefused, DeliveryError, StarttlsGone, TlsRefused
from services.orders import bounces
from services.store import accounts
from services.store.accounts import CheckStatus

DEADLINE = 10.0  # seconds, for everything together
_CALL = 8.0  # seconds for one call: shorter, so that the call's own error is shown
_ECI = {"products_link": 7, "products_phone": 1}
# HiPay's codes for a refused account where new credentials do not help: what the merchant must change.
_REFUSALS = {
    1000003: "account",
    1000004: "account",
    1000005: "permissions",
    1000006: "account",
    1000009: "address",
}

_log = logging.getLogger(__name__)
Job = Callable[[datetime], Check | tuple[Check, Check]]


def measure(desk: Desk, actor: Actor, account: str) -> tuple[Check, ...]:
    """Ask every server again, store the results, and return the whole check list. Takes at most ten seconds.

    A server that does not answer is a result, never an exception. Raises NotAllowed, AccountUnknown.
    """
    require_account(desk, account)
    with desk.store.read() as tx:
        require(tx, actor, Right.CONFIGURE, account)
        domains = sender_domains(configuration(tx, account), desk.settings)
    found = _all_in_time(_jobs(desk, account, domains), clock.now())
    with desk.store.write() as tx:
        for check in found:
            accounts.save_check(
                tx,
                account,
                check.name,
                check.status,
                {"reason": check.reason, **check.detail},
                at=clock.now(),
                actor_kind=actor.kind,
                actor_id=actor.id,
            )
        statuses = {check.name: check.status for check in found}
        audit.record(tx, actor, "account.checked", f"account:{account}", **statuses)
    return last_checks(desk, account)


def _jobs(desk: Desk, account: str, domains: SenderDomains | None) -> dict[tuple[str, ...], Job]:
    """The measurements to make, by the names of the checks that each results in."""
    settings = desk.settings
    jobs: dict[tuple[str, ...], Job] = {
        ("credentials", "hash_algorithm"): partial(_security, desk, account),
        ("finance_api",): partial(_finance, desk, account),
    }
    jobs |= {(name,): partial(_products, desk, account, name, eci) for name, eci in _ECI.items()}
    if settings.smtp:
        jobs["smtp",] = partial(_smtp, settings.smtp)
    if settings.imap:
        jobs["delivery_reports",] = partial(_reports, desk)
    if domains and not settings.demo:  # demo mode asks nobody outside this machine
        jobs["sender_domain",] = partial(_sender_domain, domains)
    return jobs


def _all_in_time(jobs: Mapping[tuple[str, ...], Job], at: datetime) -> list[Check]:
    answers: SimpleQueue[tuple[Check, ...]] = SimpleQueue()
    ends_at = time.monotonic() + DEADLINE

    def run(names: tuple[str, ...], job: Job) -> None:
        try:
            answer = job(at)
            answers.put(answer if isinstance(answer, tuple) else (answer,))
        except Exception as error:  # noqa: BLE001 - whatever fails, the other checks are shown
            _log.error("check %s failed: %s", names, type(error).__name__)
            answers.put(
                tuple(
                    Check(name=name, status="unknown", reason="answer", detail={}, checked_at=at)
                    for name in names
                )
            )

    for names, job in jobs.items():
        # Daemon threads: a server that never answers must not delay the process's end.
        threading.Thread(target=run, args=(names, job), name=f"check-{names[0]}", daemon=True).start()
    found: dict[str, Check] = {}
    for _ in jobs:
        try:
            found |= {
                check.name: check for check in answers.get(timeout=max(0.0, ends_at - time.monotonic()))
            }
        except Empty:
            break
    late = {
        name: Check(name=name, status="unknown", reason="timeout", detail={}, checked_at=at)
        for names in jobs
        for name in names
    }
    return list({**late, **found}.values())


def _client(desk: Desk, account: str) -> HiPay:
    return HiPay(
        desk.account(account),
        sandbox_url=desk.settings.sandbox_url if desk.settings.demo else None,
        seconds=_CALL,
    )


def _security(desk: Desk, account: str, at: datetime) -> tuple[Check, Check]:
    try:
        with _client(desk, account) as client:
            algorithm = client.security_settings()
    except HiPayError as error:
        status, reason = _trouble(error)
        return (
            Check(name="credentials", status=status, reason=reason, detail=_detail(error), checked_at=at),
            Check(name="hash_algorithm", status="unknown", reason="credentials", detail={}, checked_at=at),
        )
    return Check(name="credentials", status="ok", reason="", detail={}, checked_at=at), hash_check(
        desk.account(account), algorithm, at
    )


def _products(desk: Desk, account: str, name: str, eci: int, at: datetime) -> Check:
    try:
        with _client(desk, account) as client:
            products = client.payment_products(eci, desk.account(account).currency)
    except Refused as error:
        if error.hipay_code != 1020002:  # this channel is not open
            return Check(name=name, status="unknown", reason="answer", detail=_detail(error), checked_at=at)
        products = ()
    except HiPayError as error:
        status, reason = _trouble(error)
        if status != "unknown":
            reason = "credentials"
        return Check(name=name, status="unknown", reason=reason, detail={}, checked_at=at)
    if eci == 1:
        products = tuple(product for product in products if product.takes_moto)
    if not products:
        return Check(
            name=name, status="failed" if eci == 7 else "warning", reason="empty", detail={}, checked_at=at
        )
    codes = " ".join(sorted({product.code for product in products}))
    return Check(
        name=name,
        status="ok",
        reason="",
        detail={"count": str(len(codes.split())), "codes": codes},
        checked_at=at,
    )


def _finance(desk: Desk, account: str, at: datetime) -> Check:
    if desk.account(account).environment == "stage":
        return Check(name="finance_api", status="unknown", reason="stage", detail={}, checked_at=at)
    try:
        with _client(desk, account) as client:
            client.settlements(per_page=1)
    except NotAuthorised as error:
        return Check(
            name="finance_api", status="warning", reason="refused", detail=_detail(error), checked_at=at
        )
    except HiPayError as error:
        status, reason = _trouble(error)
        return Check(name="finance_api", status=status, reason=reason, detail=_detail(error), checked_at=at)
    return Check(name="finance_api", status="ok", reason="", detail={}, checked_at=at)


def _smtp(url: str, at: datetime) -> Check:
    try:
        session = check_session(url, timeout=_CALL / 2)
    except DeliveryError as error:
        reasons = ((AuthRefused, "auth"), (StarttlsGone, "starttls"), (TlsRefused, "tls"))
        reason = next((reason for kind, reason in reasons if isinstance(error, kind)), "session")
        answer = f"{error.reply or ''} {error.answer}".strip()
        return Check(
            name="smtp",
            status="failed",
            reason=reason,
            detail={"answer": answer, "server": smtp_server(url)},
            checked_at=at,
        )
    return Check(
        name="smtp",
        status="ok",
        reason="",
        detail={"host": f"{session.host}:{session.port}", "server": smtp_server(url)},
        checked_at=at,
    )


def _reports(desk: Desk, _at: datetime) -> Check:
    bounces.read_mailbox(desk, seconds=_CALL)
    with desk.store.read() as tx:
        return reports_check(tx, desk.settings.imap)


def _sender_domain(domains: SenderDomains, at: datetime) -> Check:
    asked = tuple(dict.fromkeys((*domains.spf, *domains.dmarc)))
    with ThreadPoolExecutor(len(asked)) as pool:
        found = dict(zip(asked, pool.map(dns.sender_domain, asked), strict=True))
    spf = {name: found[name].spf for name in domains.spf}
    dmarc = {name: found[name].dmarc for name in domains.dmarc}
    without = {"spf": _those(spf, "missing"), "dmarc": _those(dmarc, "missing")}
    absent = [record for record, names in without.items() if names]
    detail = {"asked": domains.asked, **without}
    if absent:
        reason = absent[0] if len(absent) == 1 else "both"
        return Check(
            name="sender_domain",
            status="warning",
            reason=reason,
            detail=detail | {"domain": without[absent[0]]},
            checked_at=at,
        )
    unknown = [name for name in asked if "unknown" in (spf.get(name), dmarc.get(name))]
    if unknown:
        return Check(
            name="sender_domain",
            status="unknown",
            reason="dns",
            detail=detail | {"domain": ", ".join(unknown)},
            checked_at=at,
        )
    return Check(
        name="sender_domain",
        status="ok",
        reason="",
        detail=detail | {"domain": ", ".join(asked)},
        checked_at=at,
    )


def _those(found: Mapping[str, str], what: str) -> str:
    return ", ".join(name for name, published in found.items() if published == what)


def _trouble(error: HiPayError) -> tuple[CheckStatus, str]:
    """The status and reason for an error: a refusal or a false certificate is a failure, any other error leaves it unknown."""
    if isinstance(error, NotAuthorised):
        return "failed", _REFUSALS.get(error.hipay_code or 0, "refused")
    if isinstance(error, BadCertificate):
        return "failed", "certificate"
    reasons = ((Unreachable, "unreachable"), (OutcomeUnknown, "timeout"), (Unavailable, "unavailable"))
    return "unknown", next((reason for kind, reason in reasons if isinstance(error, kind)), "answer")


def _detail(error: DeskError) -> dict[str, str]:
    """The values to show: HiPay's code and the host, never HiPay's own text, which may repeat what was sent."""
    shown = {
        name: value for name, value in error.fields().items() if name in ("hipay_code", "host", "status")
    }
    return {name: value for name, value in shown.items() if value != "None"}
