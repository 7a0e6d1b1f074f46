"""Where the customer's browser goes after the payment page, and what it carries."""

from urllib.parse import urlencode, urlsplit, urlunsplit

from sandbox import signature
from sandbox.context import Sandbox
from sandbox.model import Page, Transaction
from sandbox.notify import payment_method
from sandbox.payments import REDIRECTS, Outcome
from sandbox.settings import PASSPHRASE


def target(box: Sandbox, page: Page, outcome: Outcome, transaction: Transaction | None) -> str | None:
    """The redirect page of that outcome with HiPay's feedback parameters; None when the order names none.

    The merchant's own parameters stay in the URL as they were, and out of the hash.
    """
    url = page.fields.get(REDIRECTS[outcome]) or page.fields.get("default_url")
    if not url or not box.settings.feedback_parameters:
        return url or None
    values = parameters(page, transaction)
    values["hash"] = signature.of_parameters(values, PASSPHRASE, box.settings.hash_algorithm)
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(values))))
    return urlunsplit(parts._replace(query=query))


def parameters(page: Page, transaction: Transaction | None) -> dict[str, str]:
    """The documented names, in HiPay's order; empty where there is no value."""
    fields = page.fields
    names = (
        "orderid cid state status test reference approval authorized ip country lang email",
        "cdata1 cdata2 cdata3 cdata4 cdata5 cdata6 cdata7 cdata8 cdata9 cdata10",
        "score fraud review avscheck cvccheck pp eci3ds veres pares",
        "cardtoken cardbrand cardpan cardexpiry cardcountry",
    )
    values = dict.fromkeys(" ".join(names).split(), "")
    values |= {
        "orderid": page.orderid,
        "cid": fields.get("cid", ""),
        "test": "true",
        "lang": page.language,
        "email": fields.get("email", ""),
        **{f"cdata{n}": fields.get(f"cdata{n}", "") for n in range(1, 11)},
    }
    if transaction is None:
        return values
    method = payment_method(transaction)
    is_card = "pan" in method
    authenticated = is_card and transaction.eci == "7" and transaction.paid
    return values | {
        "state": transaction.state,
        "status": str(transaction.status),
        "reference": transaction.id,
        "approval": transaction.authorization_code,
        "authorized": transaction.wire(transaction.authorized),
        "ip": transaction.ip,
        "country": "FR",
        "score": "0",
        "fraud": "accepted",
        "pp": transaction.product,
        "eci3ds": "5" if authenticated else "",
        "veres": "Y" if authenticated else "",
        "pares": "Y" if authenticated else "",
        "cardtoken": method.get("token", ""),
        "cardbrand": method["brand"] if is_card else "",
        "cardpan": method.get("pan", ""),
        "cardexpiry": f"{method['card_expiry_year']}{method['card_expiry_month']}" if is_card else "",
        "cardcountry": method.get("country", ""),
    }
