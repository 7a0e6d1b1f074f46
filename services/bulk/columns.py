"""The columns of a table of orders, by the names that people and shop systems give them, in English and French."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from services.text.headings import Meaning, Tier, Vocabulary


@dataclass(frozen=True, kw_only=True)
class Column:
    """``label``: the English msgid. It and its French text are the template's headings, and both are among ``exact``."""

    name: str
    label: str
    exact: tuple[str, ...]
    tiers: tuple[Tier, ...] = ()
    needed: bool = False


def _words(*patterns: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(pattern.split()) for pattern in patterns)


# Words by which a heading means a unit price, a sum, an amount still due, a number of pieces.
_PRICES = _words(
    "price", "prices", "prix", "pu", "p u", "unitaire", "tarif", "cost", "cout", "unit amount", "unit value"
)
COUNTS = _words(
    "quantity", "quantite", "qty", "qte", "pieces", "pcs", "nombre", "nb", "count", "units", "unites"
)
_SUMS = _words("total", "totaux", "amount", "montant", "sum", "somme", "ttc")
_DUE = _words(
    "amount due",
    "montant du",
    "total due",
    "total du",
    "solde du",
    "balance",
    "outstanding",
    "remaining",
    "reste",
    "restant",
    "unpaid",
    "impaye",
    "owed",
    "open amount",
    "amount pay",
    "montant payer",
    "net payer",
)
_TAXED = _words("ttc", "incl", "including", "gross amount")

_ORDER_ID = (
    Tier(("order number", "order no", "order reference", "id commande", "référence commande")),
    Tier(("order", "commande")),
    Tier(("merchant order",)),
)
_REFERENCE = (
    Tier(("invoice no", "invoice reference", "référence facture")),
    Tier(("invoice", "facture")),
    Tier(("reference 1", "référence 1", "ref 1", "reporting data 1")),
    Tier(("reference", "référence")),
)
# An amount due is what the customer owes, so it wins over an amount, of which a part may be paid. An amount with taxes
# puts one in doubt that does not say whether it includes them.
_AMOUNT = Column(
    name="amount",
    label="Amount",
    exact=(
        "amount due",
        "montant dû",
        "total due",
        "total dû",
        "balance due",
        "solde dû",
        "amount to pay",
        "total to pay",
        "montant à payer",
        "total à payer",
        "net à payer",
        "reste à payer",
        "net to pay",
        "somme due",
        "outstanding amount",
    ),
    tiers=(
        Tier(
            (
                "amount",
                "montant",
                "montant ttc",
                "total ttc",
                "amount incl tax",
                "amount incl vat",
                "total incl tax",
                "total incl vat",
                "gross amount",
            ),
            rivals=(*_PRICES, *_DUE, *_TAXED),
        ),
        Tier(
            (
                "total",
                "grand total",
                "total amount",
                "montant total",
                "total price",
                "prix total",
                "somme",
                "sum",
            ),
            rivals=(*_PRICES, *_DUE, *_TAXED),
        ),
        Tier(("price", "prix"), rivals=(*_PRICES, *_SUMS, *_DUE, *_TAXED, *COUNTS)),
    ),
    needed=True,
)
_CURRENCY = Column(
    name="currency",
    label="Currency",
    exact=("currency", "devise"),
    tiers=(Tier(("monnaie", "currency code", "code devise")),),
)
_REFERENCES = (
    Column(
        name="reference_1",
        label="Invoice number",
        exact=("invoice number", "N° de facture", "numéro de facture"),
        tiers=_REFERENCE,
    ),
    *(
        Column(
            name=f"reference_{n}",
            label=f"Reference {n}",
            exact=(f"reference {n}", f"référence {n}"),
            tiers=(Tier((f"ref {n}", f"réf {n}", f"reporting data {n}")),),
        )
        for n in range(2, 6)
    ),
)

REQUESTS: tuple[Column, ...] = (
    Column(
        name="first_name", label="First name", exact=("first name", "prénom"),
        tiers=(Tier(("customer first name", "prénom client")), Tier(("given name", "forename"))), needed=True,
    ),
    Column(
        name="last_name", label="Last name", exact=("last name", "nom", "nom de famille"),
        tiers=(Tier(("customer last name", "nom client")), Tier(("surname", "family name")), Tier(("name",))), needed=True,
    ),
    Column(
        name="email", label="E-mail address", exact=("e-mail address", "adresse e-mail"),
        tiers=(Tier(("customer email", "email client")), Tier(("email", "mail", "courriel", "adresse électronique", "adresse mail"))), needed=True,
    ),
    _AMOUNT,
    _CURRENCY,
    Column(name="description", label="Description", exact=("description",), tiers=(Tier(("désignation", "libellé", "objet", "subject", "intitulé", "motif")),), needed=True),
    *_REFERENCES,
    Column(name="order_id", label="Order id", exact=("order id", "N° de commande", "numéro de commande"), tiers=_ORDER_ID),
    Column(name="language", label="Customer's language", exact=("customer's language", "langue du client"), tiers=(Tier(("language", "langue")), Tier(("locale",)))),
    Column(
        name="expires_at", label="Valid until", exact=("valid until", "valable jusqu’au", "expires at"),
        tiers=(Tier(("valide jusqu'au", "expiry", "expiry date", "expiration", "date d'expiration")), Tier(("date limite",))),
    ),
    Column(
        name="phone", label="Telephone", exact=("telephone", "téléphone"),
        tiers=(Tier(("phone", "phone number", "tel", "tél", "numéro de téléphone")), Tier(("mobile", "portable"))),
    ),
)  # fmt: skip
EXPECTED: tuple[Column, ...] = (
    Column(name="order_id", label="Order id", exact=("order id", "N° de commande", "numéro de commande"), tiers=_ORDER_ID, needed=True),
    _AMOUNT,
    _CURRENCY,
    Column(name="date", label="Date", exact=("date",), tiers=(Tier(("date de commande", "order date")), Tier(("created", "created at", "date de création")))),
    *_REFERENCES,
)  # fmt: skip


def recognise(heading: str, columns: tuple[Column, ...]) -> str | None:
    """The name of the column that a heading means by itself, or None."""
    return vocabulary(columns).recognise(heading)


def missing(found: Iterable[str], columns: tuple[Column, ...]) -> tuple[str, ...]:
    """The needed columns that are not among those found."""
    there = set(found)
    return tuple(column.name for column in columns if column.needed and column.name not in there)


@lru_cache(maxsize=4)
def vocabulary(columns: tuple[Column, ...]) -> Vocabulary:
    return Vocabulary(Meaning(column.name, column.exact, column.tiers) for column in columns)
