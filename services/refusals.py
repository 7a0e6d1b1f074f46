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
    "not_allowed": "Your role does not allow this. Ask your administrator if you need it.",
    "not_signed_in": "Your session has ended. Sign in again.",
    "session_ended": "Your session has ended. Sign in again.",
    "user_disabled": "Your account here is closed. Ask your administrator.",
    "claims_incomplete": "The identity provider did not say {claim}. Ask your administrator.",
    "unknown_user": "This person is no longer in the list.",
    "last_admin": "Somebody must be able to give roles: make another person an administrator first.",
    "own_account": "You cannot close your own account.",
    # hipay
    "hipay": "HiPay could not do this.",
    "hipay_unreachable": "HiPay could not be reached ({host}, {reason}); nothing was sent.",
    "hipay_bad_certificate": "{host} could not prove that it is HiPay (certificate); nothing was sent. Tell your administrator.",
    "hipay_outcome_unknown": "HiPay did not answer in full; whether it did the work is being found out.",
    "hipay_unavailable": "HiPay is unavailable for the moment.",
    "hipay_bad_answer": "The answer did not come from HiPay as expected ({problem}). Tell your administrator if it goes on.",
    "hipay_answer_too_large": "The answer was too large to be HiPay's. Tell your administrator.",
    "hipay_untrusted_url": "The payment page given is not on one of HiPay's hosts ({host}): it was not sent to anybody. Tell HiPay.",
    "hipay_not_authorised": "HiPay refuses the account's credentials or rights: sending is paused until an administrator has put it right.",
    "hipay_duplicate_order": "HiPay already knows an order with this order id that is not ours: make a new order.",
    "hipay_page_over": "HiPay's page for this order has ended (code {hipay_code}): make a new order if it is unpaid.",
    "hipay_not_found": "HiPay does not know {reference}.",
    "hipay_refused": "HiPay refuses (code {hipay_code}, field {field}): {message}",
    "hipay_field": "HiPay would refuse the field {field}: correct it.",
    "hipay_field_missing": "HiPay needs the field {field}: fill it in.",
    "hipay_field_too_long": "HiPay takes at most {limit} characters in the field {field}.",
    "hipay_field_invalid": "HiPay would refuse what stands in the field {field}: correct it.",
    "hipay_amount_too_small": "HiPay takes {minimum} at the least.",
    "hipay_bad_notification": "A notification could not be read ({problem}).",
    # mail
    "mail": "The e-mail could not be made.",
    "address": "This is not an e-mail address.",
    "address_empty": "Write an e-mail address.",
    "address_too_long": "This e-mail address is too long.",
    "address_several": "Write one e-mail address only.",
    "address_with_name": "Write the e-mail address alone, without a name or brackets.",
    "address_reserved": "This domain never receives mail: check the address.",
    "address_malformed": "This is not an e-mail address: it looks like name@example.com.",
    "text": "This text cannot be used.",
    "text_line_break": "Write this on one line: there is a line break at character {position}.",
    "text_control_character": "There is an invisible control character ({character}) at position {position}: type the text anew.",
    "text_invisible_character": "There is an invisible character ({character}) at position {position}: type the text anew.",
    "text_encoded_word": "This text cannot contain =? : remove it.",
    "text_too_long": "At most {limit} characters.",
    "mail_setting": "This e-mail setting cannot be used.",
    "logo_address_invalid": "Write the logo's address, beginning with https://",
    "colour_invalid": "Write the colour as # and six digits, such as #1f4e79.",
    "mail_settings_refused": "Some e-mail settings need a correction: {fields}.",
    "mail_link_refused": "The link is not one that a customer may be sent. Tell your administrator.",
    "smtp_url_invalid": "The mail server's setting is not right ({part}). Ask your administrator.",
    "mail_delivery": "The mail server did not take the e-mail: {answer}",
    "mail_retryable": "The mail server does not take the e-mail for the moment: {answer}",
    "mail_rejected": "The mail server refused the e-mail: {answer} Copy the link and send it another way.",
    "mail_utf8_missing": "The mail server cannot send to an address with such letters: use another address.",
    "mail_delivery_unknown": "The connection was lost after the e-mail was handed over: it may have been accepted.",
    "smtp_session_refused": "The mail server refuses us: sending is paused until an administrator has put it right.",
    "smtp_auth_refused": "The mail server refuses our user name or password: sending is paused until an administrator has put it right.",
    "smtp_starttls_gone": "The mail server no longer offers encryption: sending is paused until an administrator has put it right.",
    "smtp_tls_refused": "The mail server could not prove who it is: sending is paused until an administrator has put it right.",
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
    # alarms
    "alarm": "This cannot be done.",
    "alarm_unknown": "This alarm no longer exists.",
    "alarm_closed": "Somebody else has just closed this alarm.",
    "alarm_reason_missing": "Say in a few words how it was settled: your colleagues will read it.",
    "notice": "This notice cannot be sent.",
    "notice_no_address": "Your account has no e-mail address to write to.",
    "alarm_days_out_of_range": "Choose from {least} to {most} days.",
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
    "order_language_unknown": "Choose one of the eight languages.",
    "expiry_missing": "Choose a date and a time.",
    "expiry_too_soon": "Choose a time at least {minutes} minutes from now.",
    "expiry_too_late": "HiPay's pages live for {days} days at the most: choose an earlier date.",
    "time_skipped": "This time does not exist: the clocks are put forward that night. Choose another.",
    "time_twice": "This time comes twice: the clocks are put back that night. Choose another.",
    "expired_before_page": "The order expired before HiPay gave its page: make a new one.",
    "operation_refused": "This cannot be asked of HiPay now.",
    "operation_nothing": "The payment no longer allows this: look at its timeline.",
    "operation_underway": "Another operation of this payment is not finished yet.",
    "operation_too_much": "At most {most} is left.",
    "operation_reason_missing": "A refund needs a reason.",
    "operation_not_done": "Looked up in HiPay's console: it was not done.",
    "sample_refused": "The samples cannot be made.",
    "sample_only_in_sandbox": "Samples are for the sandbox only.",
    "sample_made": "The samples have been made already, or are being made.",
    # many at once
    "batch": "This row could not be sent. Tell your administrator.",
    "table": "This table cannot be used.",
    "table_other_type": "This is not a table as CSV, XLSX, XLS or ODS (it looks like: {looks_like}).",
    "table_columns_missing": "Columns that are needed are missing: {columns}. Download the template to see their names.",
    "table_no_rows": "The file names its columns but holds no row.",
    "table_too_many_rows": "The file has more than {limit} rows: split it.",
    "sheet_too_long": "The spreadsheet has more than {limit} rows: save it as CSV.",
    "sheet_too_heavy": "The spreadsheet needs too much memory or time: save its table as CSV.",
    "sheet_locked": "The spreadsheet is protected by a password: save it without one.",
    "sheet_unreadable": "The spreadsheet cannot be read: save it as XLSX or CSV.",
    "cell": "This cell cannot be used.",
    "cell_date_unreadable": "This is not a date: write it as 2026-11-24 or 24/11/2026.",
    "cell_digits_lost": "The spreadsheet has rounded this long number: format its column as text and type it anew.",
    "row_shifted": "The row has more cells than the heading: a separator stands inside a text. Put that text in quotation marks.",
    "row_order_id_twice": "Row {line} has the same order id.",
    "batch_nothing_to_send": "There is no row that can be sent.",
    "batch_pace": "Choose a pace between 1 and {most} a minute.",
    "batch_unknown": "This list is no longer there.",
    "batch_over": "This list is finished or was cancelled.",
    # templates
    "template": "This template cannot be used.",
    "template_unknown": "This template is no longer there.",
    "template_name_taken": "There is a template called {name} already: choose another name.",
    # privacy
    "retention": "This cannot be erased.",
    "retention_months": "Choose a number of months up to {most}.",
    "retention_nothing": "Nothing is kept under this address that can be erased now.",
    # settlements
    "settlement_file_unreadable": "This payout file cannot be read.",
    "settlement_file_empty": "This file is empty.",
    "settlement_file_other_type": (
        "This is not a payout file as CSV or TXT (it looks like: {looks_like}). Download the CSV from HiPay's console."
    ),
    "settlement_file_undecodable": "The file cannot be read as {encoding}: choose another encoding.",
    "settlement_file_truncated": "The file is cut off at line {line}: download it again.",
    "settlement_file_broken_quotes": "A quotation mark is open from line {line} to the end: download the file again.",
    "settlement_file_missing_columns": "Columns that are needed are missing: {columns}.",
    "settlement_file_header_only": "The file names its columns but holds no line.",
    "settlement_file_undecided": "The file does not decide how it is read ({questions}): choose.",
    "import_refused": "This file cannot be imported.",
    "file_known": "{name} was imported before: nothing was added.",
    "import_overtaken": "Another import of this account has begun meanwhile: import this file again.",
    "file_too_large": "The file is above {megabytes} MB: split it, or ask your administrator.",
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
