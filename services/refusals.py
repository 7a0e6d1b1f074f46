"""One sentence for each refusal: the error's code → English text (the msgid of the dashboard's catalogue).

A sentence says what is wrong and what to do. Placeholders are the error's fields. A code that only exists in a package's
own module is listed with that package below; a test holds that every error class of the product has its sentence.
"""

from services.errors import DeskError
from services.i18n import Translator

SENTENCES: dict[str, str] = {
    # money
    "amount": "This amount cannot be used.",
    "amount_not_a_number": "This is not an amount: write it as {example}.",
    "amount_not_positive": "The amount must be above zero.",
    "amount_too_many_decimals": "{currency} takes at most {decimals} decimals.",
    "amount_too_large": "This amount is above what the gateway takes: check it.",
    "currency_unknown": "{currency} is not a currency that HiPay takes.",
    # settings and store
    "settings_invalid": "The settings cannot be used. Ask your administrator.",
    "database_refused": "The database cannot be used ({reason}). Ask your administrator.",
    # access
    "access": "You cannot do this.",
    "not_allowed": "Your role does not allow this. Ask your administrator for the right: {right}.",
    "not_signed_in": "Your session has ended. Sign in again.",
    # hipay
    # mail
    # accounts
    # orders
    # settlements
    # public
}
UNKNOWN = "Something went wrong. Nothing was lost; try again, and tell your administrator if it goes on."


def sentence(error: DeskError, t: Translator) -> str:
    """The refusal in the reader's language."""
    text = t.gettext(SENTENCES.get(error.code, UNKNOWN))
    fields = error.fields()
    return text.format_map(_Fields(fields))


class _Fields(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""
