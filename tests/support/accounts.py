"""A stage account, the e-mail settings of a shop, and the audit trail, for the tests of the configuration."""

from typing import Any

from services.desk import Desk
from services.store import access

STAGE: dict[str, Any] = {
    "accounts": {
        "shop": {
            "name": "Maison Stage",
            "environment": "stage",
            "login": "login",
            "password": "canary-password",
            "passphrase": "canary-passphrase",
        }
    }
}
EMAIL = {
    "sender_name": "Maison Élan", "sender_address": "boutique@maison.example", "reply_to": "bonjour@maison.example",
    "merchant_name": "Maison Élan", "support_contact": "+33 1 99 00 12 34", "signature": "À bientôt\nCamille",
    "logo_url": "https://maison.example/logo.png", "colour": "#1F4E79", "footer": "RCS Paris",
}  # fmt: skip


def audit_of(desk: Desk) -> list[Any]:
    with desk.store.read() as tx:
        return access.audit_rows(tx)
