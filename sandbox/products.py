"""Payment products: what the sandbox's account offers, and which of them take MO/TO."""

from collections.abc import Sequence
from dataclasses import dataclass

MOTO = "1"
# The ECI values HiPay documents: MO/TO, recurring MO/TO, e-commerce, recurring, terminal.
ECIS = frozenset({"1", "2", "7", "9", "10"})
TAKE_MOTO = frozenset("cb mastercard american-express visa mbway multibanco bancontact".split())


@dataclass(frozen=True)
class Product:
    code: str
    description: str
    category: str
    brand: str = ""  # of a card
    pan: str = ""  # a test card number
    currencies: tuple[str, ...] = ()  # none named: every currency

    @property
    def is_card(self) -> bool:
        return bool(self.pan)


PRODUCTS = {
    product.code: product
    for product in (
        Product("cb", "Carte Bancaire", "credit-card", "CB", "4974000000000007"),
        Product("visa", "Visa", "credit-card", "VISA", "4111111111111111"),
        Product("mastercard", "Mastercard", "credit-card", "MASTERCARD", "5399999999999999"),
        Product("american-express", "American Express", "credit-card", "AMERICAN EXPRESS", "374111111111111"),
        Product("maestro", "Maestro", "debit-card", "MAESTRO", "6759411100000008"),
        Product("bancontact", "Bancontact", "debit-card", "BCMC", "6703000000000000003", ("EUR",)),
        Product("bcmc", "Bancontact / Mister Cash", "debit-card", "BCMC", "6703000000000000003", ("EUR",)),
        Product("bcmc-mobile", "Bancontact Mobile", "ewallet", currencies=("EUR",)),
        Product("paypal", "PayPal", "ewallet"),
        Product("mbway", "MB WAY", "ewallet", currencies=("EUR",)),
        Product("bancomatpay", "Bancomat Pay", "ewallet", currencies=("EUR",)),
        Product("bizum", "Bizum", "ewallet", currencies=("EUR",)),
        Product("multibanco", "Multibanco", "realtime-banking", currencies=("EUR",)),
        Product("giropay", "Giropay", "realtime-banking", currencies=("EUR",)),
        Product("ideal", "iDEAL", "realtime-banking", currencies=("EUR",)),
        Product("mybank", "MyBank", "realtime-banking", currencies=("EUR",)),
        Product("przelewy24", "Przelewy24", "realtime-banking", currencies=("EUR", "PLN")),
        Product("sdd", "SEPA Direct Debit", "realtime-banking", currencies=("EUR",)),
        Product("sisal", "Sisal", "realtime-banking", currencies=("EUR",)),
        Product("sofort-uberweisung", "Sofort Überweisung", "realtime-banking", currencies=("EUR",)),
        Product("postfinance-card", "PostFinance Card", "debit-card", currencies=("CHF", "EUR")),
        Product(
            "postfinance-efinance", "PostFinance E-Finance", "realtime-banking", currencies=("CHF", "EUR")
        ),
        Product("paysafecard", "paysafecard", "prepaid-card"),
        Product("payshop", "Payshop", "prepaid-card", currencies=("EUR",)),
        Product("carte-cadeau", "Carte cadeau", "prepaid-card", currencies=("EUR",)),
        Product("illicado", "Illicado", "prepaid-card", currencies=("EUR",)),
        Product("klarna", "Klarna", "open-invoice"),
        *(
            Product(code, code, "credit-consumption", currencies=("EUR",))
            for code in (
                "3xcb 3xcb-no-fees 4xcb 4xcb-no-fees alma-3x alma-4x bnpp-3xcb bnpp-4xcb credit-long"
            ).split()
        ),
    )
}
CATEGORIES = frozenset(product.category for product in PRODUCTS.values())
DEFAULT_ACCOUNT: dict[str, list[str]] = {
    "7": ["cb", "visa", "mastercard", "american-express", "bancontact", "paypal", "mbway", "multibanco"],
    "1": ["cb", "visa", "mastercard", "american-express"],
}


def of_account(
    account: dict[str, list[str]],
    eci: str,
    currency: str = "",
    only: Sequence[str] = (),
    categories: Sequence[str] = (),
) -> list[Product]:
    """The products that an order of this ECI and currency may be paid with, in the account's order.

    `only` and `categories` are the order's `payment_product_list` and `payment_product_category_list`; an ECI
    the account has no list for is served as e-commerce (`2` as MO/TO).
    """
    eci = MOTO if eci == "2" else eci
    codes = account.get(eci, account.get("7", []) if eci != MOTO else [])
    found = [PRODUCTS[code] for code in codes if code in PRODUCTS and (eci != MOTO or code in TAKE_MOTO)]
    return [
        product
        for product in found
        if (not currency or not product.currencies or currency in product.currencies)
        and (not only or product.code in only)
        and (not categories or product.category in categories)
    ]
