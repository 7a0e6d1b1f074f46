from datetime import UTC, datetime

import pytest

from services.mail.compose import Letter
from services.mail.settings import EmailSettings


@pytest.fixture
def settings() -> EmailSettings:
    return EmailSettings(
        sender_name="Fleurs & Cie",
        sender_address="boutique@fleurs.example",
        reply_to="contact@fleurs.example",
        merchant_name="Fleurs & Cie",
        support_contact="aide@fleurs.example, 01 23 45 67 89",
        signature="L’équipe de Fleurs & Cie\n12 rue des Lilas, Paris",
        logo_url="https://fleurs.example/logo.png",
        colour="#1f4e79",
        footer="SARL au capital de 10 000 €\nRCS Paris 123 456 789",
    )


@pytest.fixture
def letter() -> Letter:
    return Letter(
        language="fr",
        first_name="Zoë",
        last_name="Lefèvre",
        email="zoe@example.com",
        amount_units=1234_5600,
        currency="EUR",
        description="Bouquet de mariage 🌹",
        order_id="A-2026-0042",
        expires_at=datetime(2026, 12, 1, 14, 30, 59, tzinfo=UTC),
        zone="Europe/Paris",
        account_name="Compte principal",
        sandbox=False,
    )
