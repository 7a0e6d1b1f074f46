"""The columns of a table of orders, by the names that people and shop systems give them, in English and French."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from services.settlements.columns import plain

_FILLERS = frozenset("de du des d l la le of the numero num no nr number".split())


@dataclass(frozen=True)
class Column:
    """``label``: the English msgid, which is also a heading of the template."""

    name: str
    label: str
    spellings: tuple[str, ...]
    needed: bool = False


_ORDER_ID = (
    "N° de commande", "commande", "id commande", "order", "order number", "order reference", "référence commande",
    "merchant order", "order no",
)  # fmt: skip
_REFERENCE = (
    "N° de facture", "facture", "invoice", "invoice no", "invoice reference", "référence facture", "référence",
    "reference", "reference 1", "référence 1", "reporting data 1",
)  # fmt: skip
_AMOUNT = Column(
    "amount", "Amount", ("Montant", "total", "montant ttc", "montant dû", "amount due", "prix", "price", "somme"), needed=True
)  # fmt: skip
_CURRENCY = Column("currency", "Currency", ("Devise", "monnaie", "currency code", "code devise"))
_REFERENCES = (
    Column("reference_1", "Invoice number", _REFERENCE),
    *(
        Column(f"reference_{n}", f"Reference {n}", (f"Référence {n}", f"ref {n}", f"réf {n}", f"reporting data {n}"))
        for n in range(2, 6)
    ),
)  # fmt: skip

REQUESTS: tuple[Column, ...] = (
    Column("first_name", "First name", ("Prénom", "given name", "forename", "prénom client", "customer first name"), needed=True),
    Column("last_name", "Last name", ("Nom", "surname", "family name", "nom de famille", "nom client", "name", "customer last name"), needed=True),
    Column(
        "email", "E-mail address",
        ("Adresse e-mail", "email", "mail", "courriel", "adresse électronique", "adresse mail", "email client", "customer email"),
        needed=True,
    ),
    _AMOUNT,
    _CURRENCY,
    Column("description", "Description", ("Désignation", "libellé", "objet", "subject", "intitulé", "motif"), needed=True),
    *_REFERENCES,
    Column("order_id", "Order id", _ORDER_ID),
    Column("language", "Customer's language", ("Langue du client", "language", "langue", "locale")),
    Column("expires_at", "Valid until", ("Valable jusqu’au", "valide jusqu'au", "expiry", "expiry date", "expiration", "date d'expiration", "date limite")),
    Column("phone", "Telephone", ("Téléphone", "phone", "phone number", "mobile", "portable", "tel", "tél", "numéro de téléphone")),
)  # fmt: skip
EXPECTED: tuple[Column, ...] = (
    Column("order_id", "Order id", _ORDER_ID, needed=True),
    _AMOUNT,
    _CURRENCY,
    Column("date", "Date", ("Date de commande", "order date", "created", "created at", "date de création")),
    *_REFERENCES,
)


def recognise(heading: str, columns: tuple[Column, ...]) -> str | None:
    """The name of the column that a heading means, or None."""
    squeezed, words = _keys(heading)
    if not squeezed:
        return None
    by_letters, by_words = _known(columns)
    return by_letters.get(squeezed) or by_words.get(words)


def missing(found: Iterable[str], columns: tuple[Column, ...]) -> tuple[str, ...]:
    """The needed columns that are not among those found."""
    there = set(found)
    return tuple(column.name for column in columns if column.needed and column.name not in there)


@lru_cache(maxsize=4)
def _known(columns: tuple[Column, ...]) -> tuple[dict[str, str], dict[str, str]]:
    by_letters: dict[str, str] = {}
    by_words: dict[str, str] = {}
    for column in columns:
        for spelling in (column.label, column.name, *column.spellings):
            squeezed, words = _keys(spelling)
            by_letters.setdefault(squeezed, column.name)
            by_words.setdefault(words, column.name)
    return by_letters, by_words


def _keys(heading: str) -> tuple[str, str]:
    """Its letters and digits, and the words that carry meaning in one order: "Adresse e-mail", "N° de facture"."""
    text = plain(unicodedata.normalize("NFKC", heading).replace("’", "'"))
    words = [word for word in text.split() if word not in _FILLERS]
    return text.replace(" ", ""), " ".join(sorted(words))
