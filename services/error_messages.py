"""One sentence for each refusal: the error's code → English text (the msgid of the dashboard's catalogue).

A sentence says what is wrong and what to do. Placeholders are the error's fields; a field ``most_units`` fills ``{most}``, in
the reader's notation of its ``currency``. A code that only exists in a package's
own module is listed with that package below; a test holds that every error class of the product has its sentence.
"""

from collections.abc import Mapping

from services.errors import DeskError
from services.i18n import PLACEHOLDER, Translator, trimmed
from services.mail.errors import PARTS
from services.money import UNITS, exponent, format_money, plain
from services.settlements.columns import LABELS

SENTENCES: dict[str, str] = {
    # money
    "amount": "This amount cannot be used.",
    "amount_not_a_number": "This is not an amount: write it as {example}.",
    "amount_other_currency": "“{sign}” stands beside the amount, and it is to be in {currency}: write it in {currency} without a sign, or change the currency.",
    "amount_two_readings": "“{text}” could be {smaller} or {larger}: write the one that is meant. {currency} takes at most {decimals} decimals.",
    "amount_not_positive": "The amount must be above zero.",
    "amount_too_many_decimals": "{currency} takes at most {decimals} decimals.",
    "amount_too_large": "This amount is above what the gateway takes: check it.",
    "currency_unknown": "{currency} is not a currency that HiPay takes.",
    # settings and store
    "settings_invalid": "The settings cannot be used. Ask your administrator.",
    "database_refused": "The database cannot be used: {reason}.",
    "no_room": "There is no room on the server's disk. Nothing is lost; it works again once your administrator has made room.",
    "no_room_short": "There is too little room on the server's disk: {free} MB are free, and {needed} MB are needed. Ask your administrator to make room.",
    # access
    "access": "You cannot do this.",
    "not_allowed": "Your role does not allow this. Ask your administrator if you need it.",
    "not_signed_in": "Your session has ended. Sign in again.",
    "session_ended": "Your session has ended. Sign in again.",
    "user_disabled": "Your account here is closed. Ask your administrator.",
    "foreign_token": "This sign-in is not one of the identity provider that is configured here. Sign in again.",
    "claims_incomplete": "The identity provider did not say {claim}. Ask your administrator.",
    "unknown_user": "This person is no longer in the list.",
    "unknown_account": "The settings name no HiPay account {account}.",
    "own_role": "Nobody gives themselves a role: ask another administrator.",
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
    "address_with_name": "Write the e-mail address alone, without a name, brackets or other signs around it.",
    "address_reserved": "This domain never receives mail: check the address.",
    "address_malformed": "This is not an e-mail address: it looks like name@example.com.",
    "text": "This text cannot be used.",
    "text_line_break": "Write this on one line: there is a line break at character {position}.",
    "text_control_character": "There is an invisible control character ({character}) at position {position}: type the text anew.",
    "text_invisible_character": "There is an invisible character ({character}) at position {position}: type the text anew.",
    "text_encoded_word": "This text cannot contain =? : remove it.",
    "text_card_number": "This holds a card number: remove it; the customer gives theirs on HiPay's page. If it is an invoice or order number, put it in that field, or write a / in it.",
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
    "imap_url_invalid": "The setting of the mailbox for delivery reports is not right ({part}). Ask your administrator.",
    "mailbox": "The mailbox for delivery reports cannot be read: {answer}",
    "mailbox_away": "The mailbox for delivery reports could not be reached ({host}): {answer}",
    "mailbox_not_proved": "The mail server of the delivery reports could not prove who it is ({host}): {answer}",
    "mailbox_closed": "The mailbox for delivery reports refuses our user name or password ({host}).",
    "mailbox_folder_missing": "The mailbox for delivery reports has no such folder ({host}): {answer}",
    "mailbox_garbled": "The mailbox for delivery reports answers what nobody understands ({host}): {answer}",
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
    "payment_page_product_unknown": "{product} is not a payment method's code.",
    "email_language_unknown": "The e-mail does not exist in this language.",
    "public_address_missing": "Our own pages need a public address, and none is set: ask your administrator, or use pages of your site.",
    "smtp_missing": "No mail server is set: ask your administrator.",
    "sender_missing": "Fill in and save the sender's address first.",
    "recipient_missing": "Say to which address the test e-mail goes.",
    "reminder": "These reminders cannot be used.",
    "reminder_days": "Choose at most {rules} numbers of days on either side, each from 1 to {most}.",
    "reminder_hours": "The hours must begin before they end.",
    # alarms
    "alarm": "This cannot be done.",
    "alarm_unknown": "This alarm no longer exists.",
    "alarm_closed": "Somebody else has just closed this alarm.",
    "alarm_to_decide": "This ends with the decision that it asks for: open the file.",
    "alarm_reason_missing": "Say in a few words how it was settled: your colleagues will read it.",
    "notice": "This notice cannot be sent.",
    "notice_no_address": "Your account has no e-mail address to write to, or none that the identity provider has verified.",
    "alarm_days_out_of_range": "Choose from {least} to {most} days.",
    # orders
    "order": "This order cannot be used.",
    "order_draft_refused": "The form is not right yet: look at the fields marked in red.",
    "account_not_ready": "This account cannot send yet: complete its configuration.",
    "order_id_taken": "Order id {order_id} is already used by another order: choose another.",
    "order_unknown": "This order does not exist.",
    "step_failed": "A fault of this application has stopped it: its log says more.",
    "order_nothing_to_retry": "There is nothing to try again: nothing stopped, or the order is paid or has expired.",
    "field": "This cannot be used.",
    "field_empty": "This is needed.",
    "field_too_long": "At most {limit} characters.",
    "field_choice_unknown": "Choose one of the values that are offered.",
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
    "press_refused": "The link does not lead to a payment page now.",
    "link_unknown": "There is no request with this link.",
    "link_busy": "The payment page is just being opened.",
    "link_worn_out": "The payment page was opened too often: try again later.",
    "link_refused": "This cannot be done with the link now.",
    "link_not_unpaid": "The request is paid, or a payment is under way.",
    "link_being_confirmed": "A payment is being confirmed with HiPay: wait a moment, then look again.",
    "link_cancelled": "The request was called off.",
    "link_expired": "The link has expired: renew it.",
    "link_not_expired": "The link has not expired.",
    "link_not_ours": "The customer holds HiPay's own page: HiPay has no way to do this.",
    "link_no_mail": "A telephone payment has no e-mail.",
    "link_still_sending": "The e-mail before has not left yet: wait a moment.",
    "link_none": "There is no link that can be sent: look at the timeline.",
    "link_customer_erased": "The customer's data were erased from this request.",
    "link_nothing_changed": "Nothing is different from before.",
    "expired_before_page": "The order expired before HiPay gave its page: make a new one.",
    "payment_confirming_refused": "The payment cannot be confirmed by hand now.",
    "payment_account_asked": "The account is connected: HiPay itself is asked, and confirms.",
    "payment_nothing_to_confirm": "There is nothing to confirm any more: look at the request.",
    "payment_told_otherwise": "HiPay has told of something else since: look again.",
    "payment_why_missing": "Say how you know that the payment is real.",
    "operation_refused": "This cannot be asked of HiPay now.",
    "operation_nothing": "The payment no longer allows this: look at its timeline.",
    "operation_underway": "Another operation of this payment is not finished yet.",
    "operation_overtaken": "Meanwhile something else was done: {most} is left now. Open the window again to go on.",
    "operation_too_much": "At most {most} is left.",
    "operation_reason_missing": "A refund needs a reason.",
    "operation_bank_refused": "The bank refused it after HiPay had accepted it.",
    "operation_bank_unclear": "The bank refused this operation or another one: HiPay does not say which.",
    "operation_not_done": "Looked up in HiPay's console: it was not done.",
    "sample_refused": "The samples cannot be made.",
    "sample_only_in_sandbox": "Samples are for the sandbox only.",
    "sample_made": "The samples have been made already, or are being made.",
    # many at once
    "batch": "This row could not be sent. Tell your administrator.",
    "table": "This table cannot be used.",
    "table_other_type": "This is not a table as CSV, XLSX, XLS or ODS (it looks like: {looks_like}).",
    "table_columns_missing": "Columns that are needed are missing: {columns}. Say below which they are, or download the template to see their names.",
    "table_columns_doubtful": "Several columns may be “{columns}”: {names}. They do not hold the same: say below which is meant, nothing is guessed.",
    "table_no_rows": "The file names its columns but holds no row.",
    "table_too_many_rows": "The file has more than {limit} rows: split it.",
    "spreadsheet": "The spreadsheet cannot be used.",
    "sheet_too_long": "The spreadsheet has more than {limit} rows: save it as CSV.",
    "sheet_too_heavy": "The spreadsheet needs too much memory or time: save its table as CSV.",
    "sheet_no_table": "This is a web page without a table: save the table itself, as XLSX or CSV.",
    "sheet_locked": "The spreadsheet is protected by a password: save it without one.",
    "sheet_unreadable": "The spreadsheet cannot be read: save it as XLSX or CSV.",
    "cell": "This cell cannot be used.",
    "cell_amount_unreadable": "This is not an amount: write it as 1234{decimal}50.",
    "cell_date_unreadable": "This is not a date: write it as 2026-11-24 or 24/11/2026.",
    "cell_error": "This is an error of the spreadsheet, its value is lost: correct the cell, and add the table again.",
    "cell_formula": "This is a formula without its result: open the table in a spreadsheet, save it, and add it again.",
    "cell_digits_lost": "The spreadsheet has rounded this long number: format its column as text and type it anew.",
    "cell_made_date": "The spreadsheet has made a date of this cell: format its column as text, and type it anew.",
    "row_swallowed": "A quotation mark is closed in line {last} only, and rows seem to stand between: take the mark away, or write the text on one line.",
    "table_joined": "Line {line} names columns once more, and not as line {first} does: two tables seem to be put together. Give each of them by itself.",
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
    "retention_nothing": "Nothing is kept of this customer that can be erased now.",
    # what strangers wrote, parsed in a process of its own
    "parsing": "This could not be read.",
    "parsing_too_heavy": "Reading this takes more memory than it may: it is larger than it looks, or damaged. Save its table as CSV, or split it.",
    "parsing_too_slow": "Reading this takes far longer than so many bytes should: it is damaged, or made to keep the server busy. Save its table as CSV.",
    "parsing_stood_still": "Reading this stood still: the server's disk may not answer. Try again.",
    "parsing_died": "The process that read this ended before it was done ({how}). Try again, and tell your administrator if it goes on.",
    # settlements
    "settlement_file_unreadable": "This payout file cannot be read.",
    "settlement_file_empty": "This file is empty.",
    "settlement_file_other_type": (
        "This is not a payout file (it looks like: {looks_like}). Download it from HiPay's console, as CSV at best."
    ),
    "settlement_file_undecodable": "The file cannot be read as {encoding}: choose another encoding.",
    "settlement_file_truncated": "The file ends at line {line} without a line end, and what stands there is not whole or its payout does not add up: it seems to be cut off. Download it again; if it is whole, save it with a line end.",
    "settlement_file_swallowed_rows": "A quotation mark in line {line} is closed in line {last} only, and {rows} rows seem to stand between: say below whether they are rows of their own.",
    "settlement_file_joined": "Line {line} names the columns once more, and not as line {header_line} does: several files seem to be put together. Give each of them by itself.",
    "settlement_file_broken_quotes": "A quotation mark is open from line {line} to the end: download the file again.",
    "settlement_file_missing_columns": "Columns that are needed are missing: {columns}. Where the file has them under other names, its preview asks which is which.",
    "settlement_file_doubtful_columns": "Several columns of the file may be “{columns}”: {names}. They do not hold the same: say which is meant.",
    "settlement_file_too_many_columns": "The file has more than {limit} columns: take away those that hold nothing, or download it again.",
    "settlement_file_header_only": "The file names its columns but holds no line.",
    "settlement_file_undecided": "The file does not decide how it is read ({questions}): choose.",
    "settlement_zip_unreadable": "The ZIP is damaged, cut off, or packed in an unusual way: download it again, or unpack it and give the files in it.",
    "settlement_zip_locked": "A password protects the ZIP: unpack it, and give the files in it.",
    "settlement_zip_nested": "There is a ZIP within the ZIP ({name}): unpack it, and give the files in it.",
    "settlement_zip_names": "The ZIP holds a file whose name leads out of its folder ({name}): nothing of it is read.",
    "settlement_zip_too_large": "The ZIP unpacks to more than {megabytes} MB or {files} files, or is packed as no payout file is: unpack it, and give the files in it.",
    "settlement_zip_others": "The ZIP holds no payout file: {names} (it looks like: {looks_like}).",
    "settlement_zip_empty": "There is no file in the ZIP.",
    "import_refused": "This file cannot be imported.",
    "file_known": "{name} was imported before: nothing was added.",
    "file_known_elsewhere": "{name} was imported before, under account {account}: nothing was added.",
    "file_unknown": "This file is no longer there, or was imported meanwhile.",
    "import_not_to_cancel": "This import has ended already.",
    "import_failed": "The file could not be imported. Nothing of it was kept; try again, and tell your administrator if it goes on.",
    "import_too_heavy": "This file needs more memory than an import may have. Split it, or save a spreadsheet as CSV.",
    "import_stopped": "The server ended the import several times before it was done, perhaps for want of memory. What was read is kept, and it is tried again by itself, at the latest after an hour.",
    "import_died": "The import ended three times before it was done. Nothing of the file was kept; tell your administrator.",
    "import_overtaken": "Another import of this account has begun meanwhile: import this file again.",
    "file_too_large": "The file is above {megabytes} MB: split it, or ask your administrator.",
    "import_payouts_stored": "Payout {payouts} is stored already, and the lines of this file look like its lines, written otherwise. Nothing was added, so that nothing counts twice.",
    "file_account": "This Account of a file cannot be told.",
    "file_account_unknown": "Nobody has said yet whose account {cells} of the file is. Say it on the screen Reconciliation, under Files: the file is then imported.",
    "file_account_in_use": "Lines of account {cell} stand under {account} already, and would count twice: it stays there.",
    # decisions by hand
    "decision": "This cannot be decided.",
    "decision_reason_missing": "Say in a few words why: your colleagues will read it.",
    "decision_nothing_chosen": "Choose one line or more.",
    "decision_too_many_lines": "At most {most} lines can be decided at once.",
    "decision_line_unknown": "This line is not there, or its file is not imported in full.",
    "decision_line_replaced": "This line stands corrected in a newer file: decide that one.",
    "decision_total_line": "This is a total of the other lines: it belongs to no order.",
    "decision_conflicting": "{who} has decided this line meanwhile ({at}). Look at it again.",
    "held": "This correction cannot be decided.",
    "held_unknown": "There is no such correction: choose among those that are shown.",
    "held_not_decided": "Nobody has decided this correction.",
    "held_moved": "These lines have been changed by another file or correction since: look at them again.",
    "held_import_runs": "A payout file is being imported: decide once it is done.",
    "aside": "This cannot be done about the row.",
    "aside_row_unknown": "There is no such row, or it holds no money: choose among those that stand in the way.",
    "aside_not_dealt_with": "Nobody has dealt with this row.",
    "decision_already_undone": "{who} has already undone this ({at}).",
    "decision_order_elsewhere": "Order {order_id} is of another account than the line.",
    "decision_order_erased": "The customer of order {order_id} was erased: no line can be matched to it by hand.",
    "decision_line_moved": "This line has come to something else since it was shown. Look at it again.",
    "decision_differs": "The line differs from order {order_id}: say why they belong together.",
    "decision_currency_differs": "The line is in {line_currency} and order {order_id} in {order_currency}: say why they belong together.",
    "decision_amount_differs": "Order {order_id} asks for {ordered}, what is to be matched to it comes to {lines}: say why they belong together.",
    "decision_amount_not_named": "The line names no amount to compare with order {order_id}: say why they belong together.",
    "decision_order_changed": "Order {order_id} was changed while you looked: it now asks for {now}. Look at it again.",
    "decision_nothing_suggested": "No order is suggested for this line.",
    "decision_not_matched": "This line has no order to take away.",
    "decision_shares": "The line cannot be split like this.",
    "decision_no_amount": "This line has no original amount that could be split.",
    "decision_too_few_shares": "Choose two orders or more.",
    "decision_share_order_twice": "An order stands twice: give it one share.",
    "decision_share_sign": "Each order needs a share, with the sign of the line.",
    "decision_share_too_fine": "A share is finer than the currency's smallest amount.",
    "decision_shares_differ": "The shares do not add up to the line's original amount.",
    "decision_unknown": "This decision is not there.",
    "acceptance_not_open": "Nothing of this order is open: there is nothing to accept.",
    "acceptance_figures_changed": "The order's figures have changed meanwhile: look at it again.",
    "comment_empty": "Write a comment.",
    "not_ours_rule": "This rule cannot be used.",
    "not_ours_rule_unknown": "This rule is not there.",
    "not_ours_rule_field": "A rule cannot look at this column.",
    "not_ours_rule_text_too_short": "Write at least {least} characters.",
    "not_ours_rule_known": "The same rule stands already.",
    "matching": "The rules cannot be changed like this.",
    "matching_reference": "Choose one of the five references, or none.",
    "matching_ignore": "This difference is not known.",
    # payouts that come by themselves
    "payout": "This payout cannot be fetched.",
    "payout_none_on_stage": "HiPay has no payouts on its test platform.",
    "payout_hours_out_of_range": "Choose from {least} to {most} hours.",
    "payout_unknown": "HiPay knows no payout {settlement}.",
    "payout_file_not_there": "HiPay lists payout {settlement}, but has no file of it yet.",
    "payout_refused": "HiPay does not open its payouts to the account's credentials ({hipay_code}): ask HiPay for the finance API.",
    "payout_broken_off": "HiPay's answer broke off before its end. Nothing of it was kept; try again.",
    "payout_wrong_content": "What HiPay sent as the file is none ({looks_like}). Nothing of it was kept.",
    "import_cancelled": "Its import was cancelled here.",
    "folder_refused": "This file of the watched folder cannot be taken.",
    "folder_not_a_file": "This is a link or a special file, not a payout file: put the file itself here.",
    "folder_not_readable": "This file may not be read by E-Terminal Desk: change its permissions.",
    "folder_no_account": "Nobody knows whose file this is: put it into the folder that is named after its account ({accounts}).",
    # public
}
# What a file is instead of what it should be.
KINDS_OF_FILE = {
    "pdf": "PDF", "zip": "ZIP", "gzip": "GZIP", "html": "a web page", "mhtml": "a web page saved as MHTML", "xml": "XML", "rtf": "RTF", "xls": "XLS", "json": "JSON",
    "image": "an image", "spreadsheet": "a spreadsheet without these columns", "text": "a text without these columns",
    "binary": "a program's data", "empty": "nothing at all",
}  # fmt: skip
_NOT_WHAT_WAS_ASKED = "what was asked for is missing in it"
# (refusal, field) → what its values mean.
CODES = {
    ("hipay_unreachable", "reason"): {
        "refused": "it refuses the connection", "dns": "its name is not found", "tls": "the encrypted connection failed",
        "timeout": "no answer in time", "certificate": "its certificate does not hold", "network": "the network failed",
    },
    ("hipay_bad_answer", "problem"): {
        "html": "a web page", "not_json": "no JSON", "redirect": "it leads elsewhere", "encoded": "compressed unasked",
        "not_http": "no HTTP", "not_hipay": "it is not HiPay's", "other_order": "it is about another order",
        **dict.fromkeys(
            ("no_code", "no_forward_url", "no_hashing_algorithm", "no_order", "no_settlement", "no_status", "not_a_list",
             "not_an_object"),
            _NOT_WHAT_WAS_ASKED,
        ),
    },
    ("hipay_bad_notification", "problem"): {
        "amount": "an amount", "missing": "a field is missing", "nul": "a character that no text holds",
        "reference": "the reference", "status": "the status",
    },
    ("database_refused", "reason"): {
        "read_only": "it is read-only", "mixed_worlds": "one of the sandbox and one of a real account are not the same",
        "unreachable": "it does not answer", "full": "there is no room on its disk", "unusable": "its tables cannot be made", "newer": "a newer version has used it",
    },
    ("smtp_url_invalid", "part"): PARTS,
    ("imap_url_invalid", "part"): PARTS,
}  # fmt: skip
UNKNOWN = "Something went wrong. Nothing was lost; try again, and tell your administrator if it goes on."


def sentence(error: DeskError, t: Translator) -> str:
    """The refusal in the reader's language."""
    return stored_sentence(error.code, error.fields(), t)


def stored_sentence(code: str, fields: Mapping[str, str], t: Translator) -> str:
    """The same of a refusal whose code and fields were stored, perhaps by a version that had others."""
    said = {name: _in_words(code, name, value, t) for name, value in fields.items()} | _amounts(fields, t)
    text = trimmed(t.gettext(SENTENCES.get(code, UNKNOWN)), said)
    if any(said.get(name, "None") == "None" for name in PLACEHOLDER.findall(text)):
        return t.gettext(_general(code))
    return text.format_map(said)


def _general(code: str) -> str:
    """What may be said of a refusal without its fields: the sentence of its kind."""
    kinds = (code.rsplit("_", cut)[0] for cut in range(1, code.count("_") + 1))
    texts = (SENTENCES.get(kind, "") for kind in kinds)
    return next((text for text in texts if text and not PLACEHOLDER.search(text)), UNKNOWN)


def _in_words(code: str, name: str, value: str, t: Translator) -> str:
    """What a field says in codes: a kind of file, columns of a payout file, why something could not be reached or read."""
    if (code, name) in CODES:
        return t(CODES[code, name].get(value, value))
    if name == "looks_like":
        return t(KINDS_OF_FILE.get(value, value))
    if name == "columns" and code in ("settlement_file_missing_columns", "settlement_file_doubtful_columns"):
        return ", ".join(t(LABELS.get(column, column)) for column in value.split(", "))
    return value


def _amounts(fields: Mapping[str, str], t: Translator) -> dict[str, str]:
    """What was refused before amounts were fields of their own holds them as texts, which stay."""
    currency = fields.get("currency", "")
    example = {} if "example" in fields else {"example": _example(currency, t.locale)}
    return example | {
        name.removesuffix("_units"): format_money(int(value), currency, t.locale)
        for name, value in fields.items()
        if name.endswith("_units")
    }


def _example(currency: str, locale: str) -> str:
    return plain(1234 * UNITS + (UNITS // 2 if exponent(currency) else 0), currency, locale)
