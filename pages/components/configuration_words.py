"""The fields and checks of the configuration in the reader's words."""

from collections.abc import Iterable

from services.accounts.readiness import PAUSED, Missing
from services.checklist.guidance import TITLES
from services.i18n import Translator

PAGES = {
    "accept": "Payment accepted",
    "decline": "Payment refused",
    "pending": "Payment pending",
    "cancel": "Payment cancelled",
    "exception": "Technical error",
}
EMAIL = {
    "sender_name": "Sender's name",
    "sender_address": "Sender's address",
    "reply_to": "Replies go to",
    "merchant_name": "Merchant's name",
    "support_contact": "Contact for questions",
    "signature": "Signature",
    "logo_url": "Logo (address of the image)",
    "colour": "Colour of the button",
    "footer": "Footer",
}
SUBJECTS = {"gateway": "calls to HiPay", "mail": "e-mail"}
# name of what is missing → its anchor on the configuration screen
ANCHORS = {"redirect_pages": "redirect-pages", "email_settings": "email-settings", PAUSED: "paused"}
CHECKS_ANCHOR = "checks"
MOST_NAMED = 3  # missing fields; more are only counted, and the form shows them


def missing_words(missing: Missing, t: Translator) -> str:
    """``Pages after the payment: Payment refused, Technical error``"""
    names = field_names(missing.fields, t)
    if missing.name == PAUSED:
        return t("Paused: {what}", what=names)
    title = t(TITLES[missing.name])
    if len(missing.fields) > MOST_NAMED:
        return t("{title}: {count} to fill in", title=title, count=len(missing.fields))
    return t("{title}: {fields}", title=title, fields=names) if names else title


def field_names(names: Iterable[str], t: Translator) -> str:
    known = {**PAGES, **EMAIL, **SUBJECTS}
    return ", ".join(t(known.get(name, name)) for name in names)


def anchor(missing: Missing) -> str:
    return ANCHORS.get(missing.name, CHECKS_ANCHOR)
