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
    "session_ended": "Your session has ended. Sign in again.",
    "user_disabled": "Your account here is closed. Ask your administrator.",
    "claims_incomplete": "The identity provider did not say {claim}. Ask your administrator.",
    "unknown_user": "This person is no longer in the list.",
    "last_admin": "Somebody must be able to give roles: make another person an administrator first.",
    "own_account": "You cannot close your own account.",
    # hipay
    # mail
    # accounts
    "account": "The configuration does not allow this.",
    "account_unknown": "There is no account {account} in the settings.",
    "account_fields": "Nothing was saved: some fields need a correction.",
    "url": "This is not an address that can be used.",
    "url_too_long": "The address may have at most {limit} characters.",
    "url_not_absolute": "Write the whole address, beginning with https://",
    "url_not_secure": "The address must begin with https://",
    "url_has_credentials": "The address must not contain a user name or a password.",
    "url_has_fragment": "The address must not contain #: HiPay adds its answer at the end.",
    "url_malformed": "The address contains a character that does not belong there, or letters with accents: copy it from your browser.",
    "payment_page": "This setting of the payment page cannot be used.",
    "payment_page_name_too_long": "HiPay takes at most {limit} characters here.",
    "payment_page_theme_malformed": "A theme code is made of letters, digits, dots, hyphens and underscores: copy it from HiPay's console.",
    "payment_page_template_unknown": "HiPay has no such template.",
    "payment_page_product_unknown": "{product} is not a payment method's code.",
    "email_language_unknown": "The e-mail does not exist in this language.",
    "public_address_missing": "Our own pages need a public address, and none is set: ask your administrator, or use pages of your site.",
    "smtp_missing": "No mail server is set: ask your administrator.",
    "sender_missing": "Fill in and save the sender's address first.",
    "recipient_missing": "Say to which address the test e-mail goes.",
    # orders
    "order": "This order cannot be used.",
    "order_draft_refused": "The form is not right yet: look at the fields marked in red.",
    "account_not_ready": "This account cannot send yet: complete its configuration.",
    "order_id_taken": "Order id {order_id} is already used by another order: choose another.",
    "order_unknown": "This order does not exist.",
    "order_nothing_to_retry": "There is nothing to try again: nothing stopped, or the order is paid or has expired.",
    "field": "This cannot be used.",
    "field_empty": "This is needed.",
    "field_too_long": "At most {limit} characters.",
    "order_id_malformed": (
        "Use letters without accents, digits, full stops, hyphens and underscores; begin with a letter or a digit."
    ),
    "amount_below_minimum": "HiPay takes {minimum} at the least.",
    "language_unknown": "Choose one of the eight languages.",
    "expiry_missing": "Choose a date and a time.",
    "expiry_too_soon": "Choose a time at least {minutes} minutes from now.",
    "expiry_too_late": "HiPay's pages live for {days} days at the most: choose an earlier date.",
    "time_skipped": "This time does not exist: the clocks are put forward that night. Choose another.",
    "time_twice": "This time comes twice: the clocks are put back that night. Choose another.",
    "expired_before_page": "The order expired before HiPay gave its page: make a new one.",
    "sample_refused": "The sample activity cannot be made.",
    "sample_only_in_sandbox": "Sample activity is for the sandbox only.",
    "sample_made": "The sample activity has been made already, or is being made.",
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
