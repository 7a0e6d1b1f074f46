"""The 31 columns of a settlement file, and the spellings by which a file may name them.

Source of the English names and their order: HiPay's developer portal, "Settlement file fields". The French names
are not published: spellings that a translated export may use are listed, and matching is tolerant.
"""

from services.text.headings import (
    Meaning,
    Tier,
    Vocabulary,
    words,
)

COLUMNS: tuple[str, ...] = (
    "account", "account_name", "date", "date_value", "invoice_reference",
    "settlement_id", "transaction_id", "order", "product_name", "invoiced", "settled", "original_amount",
    "original_currency", "amount_excl_tax", "tax_amount", "amount_incl_tax", "currency", "operation",
    "settled_amount", "settlement_currency", "original_settlement_id", "customer_id", "merchant_operation_id",
    "reporting_data_1", "reporting_data_2", "reporting_data_3", "reporting_data_4", "reporting_data_5",
    "collect_mode", "transfer", "operation_date",
)  # fmt: skip
REFERENCES = tuple(f"reporting_data_{n}" for n in range(1, 6))
AMOUNTS = ("original_amount", "amount_excl_tax", "tax_amount", "amount_incl_tax", "settled_amount")
UNITS = tuple(f"{name}_units" for name in AMOUNTS)
CURRENCY_OF = {
    "original_amount": "original_currency", "amount_excl_tax": "currency", "tax_amount": "currency",
    "amount_incl_tax": "currency", "settled_amount": "settlement_currency",
}  # fmt: skip
CURRENCIES = tuple(dict.fromkeys(CURRENCY_OF.values()))
DATES = ("date", "date_value", "operation_date", "transfer")
IDS = (
    "account", "invoice_reference", "settlement_id", "transaction_id", "order", "original_settlement_id",
    "customer_id", "merchant_operation_id", *REFERENCES,
)  # fmt: skip
TEXTS = tuple(name for name in COLUMNS if name not in AMOUNTS)

# Without these a line cannot be counted and belongs to no payout. Older files lack the others, the newest first.
REQUIRED = (
    "settlement_id", "original_amount", "original_currency", "operation", "settled_amount", "settlement_currency",
)  # fmt: skip

# English msgid of each column: the names as HiPay prints them.
LABELS: dict[str, str] = dict(
    zip(
        COLUMNS,
        (
            "Account",
            "Account name",
            "Date",
            "Date value",
            "Invoice reference",
            "Settlement ID",
            "Transaction ID",
            "Order",
            "Product name",
            "Invoiced",
            "Settled",
            "Original amount",
            "Original currency",
            "Amount (Excl. Tax)",
            "Tax amount",
            "Amount (Incl. Tax)",
            "Currency",
            "Operation",
            "Settled amount",
            "Settlement currency",
            "Original settlement ID",
            "Customer ID",
            "Merchant operation ID",
            "Reporting data 1",
            "Reporting data 2",
            "Reporting data 3",
            "Reporting data 4",
            "Reporting data 5",
            "Collect Mode",
            "Transfer",
            "Operation date",
        ),
        strict=True,
    )
)

_VARIANTS: dict[str, tuple[str, ...]] = {
    "account": ("account id", "merchant account", "compte", "compte marchand", "id compte"),
    "account_name": ("nom compte", "libellé compte"),
    "date": ("date of collect", "collection date", "date de collecte", "date d'encaissement"),
    "date_value": ("date de valeur", "date valeur"),
    "invoice_reference": ("invoice ref", "invoice", "référence facture", "réf. facture"),
    "settlement_id": (
        "settlement", "settlement reference", "payout", "payout id", "payout reference", "id règlement", "référence règlement", "règlement",
        "id reversement", "référence reversement", "reversement",
    ),
    "transaction_id": ("transaction", "transaction reference", "référence transaction"),
    "order": (
        "order id", "order reference", "merchant order", "merchant order id", "commande", "id commande",
        "référence commande",
    ),
    "product_name": ("product", "payment product", "payment method", "nom produit", "produit", "moyen de paiement"),
    "invoiced": ("facturé", "facturée"),
    "settled": ("réglé", "réglée", "reversé", "reversée"),
    "original_amount": ("montant d'origine", "montant original", "montant initial"),
    "original_currency": ("devise d'origine", "devise originale", "devise initiale"),
    "amount_excl_tax": (
        "amount excluding tax", "amount excluding taxes", "amount excl. taxes", "amount excl. vat", "montant ht",
        "montant hors taxe", "montant hors taxes",
    ),
    "tax_amount": ("taxes amount", "vat amount", "vat", "tax", "montant taxe", "montant taxes", "montant tva", "tva"),
    "amount_incl_tax": (
        "amount including tax", "amount including taxes", "amount incl. taxes", "amount incl. vat", "montant ttc",
        "montant toutes taxes comprises",
    ),
    "currency": ("invoice currency", "devise", "devise facture", "devise facturation"),
    "operation": ("operation type", "opération", "type opération"),
    "settled_amount": ("settlement amount", "payout amount", "montant réglé", "montant règlement", "montant reversé",
                       "montant reversement"),
    "settlement_currency": ("settled currency", "payout currency", "devise règlement", "devise reversement"),
    "original_settlement_id": (
        "original settlement", "original payout id", "id règlement d'origine", "id règlement original", "id règlement initial",
        "id reversement d'origine", "id reversement initial",
    ),
    "customer_id": ("client id", "customer", "client"),
    "merchant_operation_id": ("operation id", "id opération", "id opération marchand", "id opération commerçant"),
    "collect_mode": ("collection mode", "mode de collecte", "mode d'encaissement"),
    "transfer": ("transfer date", "date virement", "virement", "date transfert", "transfert"),
    "operation_date": ("date opération",),
    **{
        f"reporting_data_{n}": (
            f"settlement custom data {n}", f"custom data {n}", f"données de reporting {n}",
            f"donnée de reporting {n}", f"données reporting {n}", f"données personnalisées {n}",
            f"donnée personnalisée {n}", f"champ personnalisé {n}",
        )
        for n in range(1, 6)
    },
}  # fmt: skip

# HiPay's own names win over every other spelling.
VOCABULARY = Vocabulary(
    Meaning(name, (LABELS[name], name.replace("_", " ")), (Tier(_VARIANTS.get(name, ())),))
    for name in COLUMNS
)
recognise = VOCABULARY.recognise

# The columns that a tie-out needs: if a column that may be one of these is not read, a person is informed.
WEIGHTY = frozenset((*AMOUNTS, *CURRENCIES, *IDS, "operation")) - {"customer_id"}
_WEIGHTY_WORDS = frozenset(
    "amount amounts balance chargeback commission commissions credit credits currency debit debits devise facture fee fees"
    " frais gross brut impaye invoice montant montants net operation operations order commande payout price prix reference reglement"
    " refund refunds remboursement reversement sale sales settled settlement solde sum somme total totals transaction vente".split()
)


def may_weigh(heading: str) -> bool:
    """Whether a column that is not known may hold an amount, a currency, a reference or the operation, by its words."""
    return bool(_WEIGHTY_WORDS & set(words(heading).split()))
