"""Reads and saves the configuration of an account, section by section.

The reading functions take a transaction, for services that act in one; ``services.checklist.overview`` reads everything for
the screen. Each saving function requires the right, names every wrong field, writes only what changed, and audits the names
of the changed fields, never their values, which may be personal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from services import clock
from services.access import Actor, Right, audit, require
from services.accounts import payment_page, redirects
from services.accounts.configured import require_account
from services.accounts.errors import FieldProblems, LanguageUnknown, PublicAddressMissing
from services.accounts.payment_page import PaymentPage
from services.accounts.redirects import KINDS, OWN, RedirectPages
from services.desk import Desk
from services.i18n import LANGUAGES
from services.mail import settings
from services.mail.errors import SettingsRefused
from services.mail.settings import EmailSettings
from services.store import Connection, accounts
from services.store.remembered import remembered

REDIRECT_PAGES, EMAIL, PAYMENT_PAGE = "redirect_pages", "email", "payment_page"


@dataclass(frozen=True)
class EmailConfig:
    """The e-mail settings: the default, and by language what differs from it."""

    default: EmailSettings = field(default_factory=EmailSettings)
    per_language: Mapping[str, EmailSettings] = field(default_factory=dict)

    def of(self, language: str) -> EmailSettings:
        """The stored settings of a language as typed; ``""``: of the default."""
        return self.per_language.get(language, EmailSettings()) if language else self.default

    def resolve(self, language: str) -> EmailSettings:
        """The settings that apply to a customer of that language."""
        return settings.resolve(self.default, self.per_language, language)


@dataclass(frozen=True)
class Configuration:
    redirect_pages: RedirectPages
    email: EmailConfig
    payment_page: PaymentPage


def configuration(tx: Connection, account: str) -> Configuration:
    """The account's configuration; a section that was never saved is empty."""
    return remembered(tx, ("configuration", account), lambda: _configuration(tx, account))


def _configuration(tx: Connection, account: str) -> Configuration:
    found = accounts.sections(tx, account)
    emails = {
        language: EmailSettings(**data) for (section, language), data in found.items() if section == EMAIL
    }
    return Configuration(
        redirects.stored(found.get((REDIRECT_PAGES, ""), {})),
        EmailConfig(emails.pop("", EmailSettings()), emails),
        payment_page.stored(found.get((PAYMENT_PAGE, ""), {})),
    )


def redirect_pages(tx: Connection, account: str) -> RedirectPages:
    return configuration(tx, account).redirect_pages


def email_settings(tx: Connection, account: str) -> EmailConfig:
    return configuration(tx, account).email


def save_redirect_pages(desk: Desk, actor: Actor, account: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """Save pages by kind, each an https URL (http too in the sandbox), ``OWN`` or empty. Returns the kinds that changed.

    Raises NotAllowed, AccountUnknown, PublicAddressMissing (``OWN`` chosen without a public address), FieldProblems.
    """
    require_account(desk, account)
    cleaned = redirects.read(values, sandbox=desk.settings.demo)
    with desk.store.write() as tx:
        require(tx, actor, Right.CONFIGURE, account)
        before = redirect_pages(tx, account)
        after = replace(before, **cleaned)
        changed = tuple(kind for kind in KINDS if getattr(before, kind) != getattr(after, kind))
        # An own page chosen while there was a public address may stay: it counts as missing until there is one again.
        if not desk.settings.public and OWN in (cleaned.get(kind) for kind in changed):
            raise PublicAddressMissing
        _save(tx, actor, account, REDIRECT_PAGES, "", redirects.storable(after), changed)
    return changed


def use_own_pages(desk: Desk, actor: Actor, account: str) -> tuple[str, ...]:
    """Set all five pages to those of our public application. Raises as ``save_redirect_pages`` does."""
    return save_redirect_pages(desk, actor, account, dict.fromkeys(KINDS, OWN))


def save_email_settings(
    desk: Desk, actor: Actor, account: str, language: str, values: Mapping[str, str]
) -> tuple[str, ...]:
    """Save fields of the e-mail settings for ``language`` (``""``: the default). Returns the names of those that changed.

    Raises NotAllowed, AccountUnknown, LanguageUnknown, FieldProblems.
    """
    require_account(desk, account)
    if language and language not in LANGUAGES:
        raise LanguageUnknown
    try:
        cleaned = settings.read(values).model_dump(include=set(values))
    except SettingsRefused as error:
        raise FieldProblems(error.problems) from None
    with desk.store.write() as tx:
        require(tx, actor, Right.CONFIGURE, account)
        before = email_settings(tx, account).of(language).model_dump()
        changed = tuple(name for name in settings.FIELDS if name in cleaned and cleaned[name] != before[name])
        _save(tx, actor, account, EMAIL, language, {**before, **cleaned}, changed)
    return changed


def save_payment_page(desk: Desk, actor: Actor, account: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Save settings of HiPay's page. Returns the names of those that changed, with ``template`` where an earlier version had
    stored one.

    Raises NotAllowed, AccountUnknown, FieldProblems.
    """
    require_account(desk, account)
    cleaned = payment_page.read(values)
    with desk.store.write() as tx:
        require(tx, actor, Right.CONFIGURE, account)
        before = configuration(tx, account).payment_page
        after = replace(before, **cleaned)
        changed = tuple(name for name in cleaned if getattr(before, name) != getattr(after, name))
        if before.framed:
            changed = (*changed, "template")
        _save(tx, actor, account, PAYMENT_PAGE, "", payment_page.storable(after), changed)
    return changed


def _save(
    tx: Connection,
    actor: Actor,
    account: str,
    section: str,
    language: str,
    data: Mapping[str, Any],
    changed: tuple[str, ...],
) -> None:
    if not changed:
        return
    accounts.save_section(
        tx, account, section, language, data, at=clock.now(), actor_kind=actor.kind, actor_id=actor.id
    )
    audit.record(
        tx, actor, f"account.{section}", f"account:{account}", language=language, fields=list(changed)
    )
