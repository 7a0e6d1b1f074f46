"""Fills in the configuration of the sandbox's accounts, so that a newcomer can send at once."""

from services import clock
from services.access import SYSTEM, audit
from services.accounts import redirects
from services.accounts.configuration import EMAIL, REDIRECT_PAGES
from services.accounts.redirects import KINDS, OWN, RedirectPages
from services.desk import Desk
from services.mail.settings import EmailSettings
from services.store import accounts

# Reserved names (RFC 2606): nothing can be sent to them by mistake.
_EMAIL = {
    "sender_name": "Maison Demo",
    "sender_address": "boutique@maison-demo.example",
    "reply_to": "bonjour@maison-demo.example",
    "merchant_name": "Maison Demo",
    "support_contact": "bonjour@maison-demo.example, +33 1 99 00 12 34",
    "signature": "Camille Martin\nMaison Demo",
    "colour": "#1f4e79",
    "footer": "Maison Demo, 12 rue de la Paix, 75002 Paris",
}
_FILE_ACCOUNT = "00001342917"  # as the sandbox's payout files name it (sandbox/README.md)


def prepare_demo(desk: Desk) -> None:
    """Fill in the configuration of every sandbox account without stored pages and e-mail settings, and store that the
    sandbox's payout files belong to the only account. A second call changes nothing.
    """
    if not desk.settings.demo:
        return
    pages = RedirectPages(**dict.fromkeys(KINDS, OWN))
    with desk.store.write() as tx:
        for key in desk.settings.all_accounts:
            if any(section in (REDIRECT_PAGES, EMAIL) for section, _ in accounts.sections(tx, key)):
                continue
            email = EmailSettings(**_EMAIL, logo_url=f"{desk.settings.sandbox_url}/logo.png")
            for section, data in ((REDIRECT_PAGES, redirects.storable(pages)), (EMAIL, email.model_dump())):
                accounts.save_section(
                    tx, key, section, "", data, at=clock.now(), actor_kind=SYSTEM.kind, actor_id=SYSTEM.id
                )
            if list(desk.settings.all_accounts) == [
                key
            ]:  # of several, a person must choose the files' account
                from services.store.settlements import matching_rules

                known = matching_rules.lock_matching(tx, key).file_accounts
                matching_rules.save_matching(tx, key, file_accounts={**known, _FILE_ACCOUNT: key})
            audit.record(tx, SYSTEM, "account.demo", f"account:{key}")
