"""What each result of the check list means and what to do: English texts, which are msgids of the dashboard's catalogue.

Placeholders are the check's details and the account's ``merchant`` and ``currency``. The menus of HiPay's console are
named as its documentation names them (developer.hipay.com, "CMS prerequisites", "Signature verification", "Hosted page").
"""

from dataclasses import dataclass
from typing import Literal

from services.accounts.checks import Check
from services.settings.account import Account

DEVELOPER_PORTAL = "https://developer.hipay.com"
HOSTED_PAGE_DOCS = "https://developer.hipay.com/online-payments/payment/hosted-page"
_CONSOLES = {"production": "https://merchant.hipay-tpp.com", "stage": "https://stage-merchant.hipay-tpp.com"}

Who = Literal["", "you", "finance", "administrator", "hipay"]

TITLES = {
    "credentials": "API credentials",
    "hash_algorithm": "Signature of notifications",
    "passphrase": "Secret passphrase",
    "products_link": "Payment methods by link",
    "products_phone": "Payment methods by phone",
    "payment_page": "Payment page",
    "redirect_pages": "Pages after the payment",
    "email_settings": "E-mail to the customer",
    "smtp": "Mail server",
    "sender_domain": "Sender's domain (SPF, DMARC)",
    "delivery_reports": "Delivery reports",
    "notifications": "Notifications from HiPay",
    "finance_api": "Payouts (finance API)",
    "payouts_fetched": "Payouts fetched",
    "finance_notifications": "Payouts announced by HiPay",
    "settlements_folder": "Folder for payout files",
    "public_address": "Public address",
    "database": "Database",
    "python": "Python",
}


@dataclass(frozen=True)
class Guidance:
    """``means``: the meaning of the result; ``acts``: who can correct it; ``where``: the place in HiPay's console or in the
    settings; ``ask``: the text of a request to them.
    """

    means: str
    acts: Who = ""
    where: str = ""
    ask: str = ""


_SECURITY = "HiPay console: Integration → Security Settings"
_BY_HIPAY = "Not in HiPay's console: HiPay opens payment methods according to the contract"
_ACCOUNT_SETTINGS = "Settings of E-Terminal Desk: the account's login, password and passphrase"
_IMAP_SETTINGS = "Settings of E-Terminal Desk: ETERMINAL_IMAP_URL"
_SMTP_SETTINGS = "Settings of E-Terminal Desk: ETERMINAL_SMTP_URL"

GUIDANCE: dict[str, Guidance] = {
    "credentials.": Guidance("HiPay accepts the account's API login and password."),
    "credentials.refused": Guidance(
        "HiPay does not accept the account's API login or password (code {hipay_code}).", "administrator",
        "HiPay console: Integration → Security Settings → Api credentials",
        "Please create private API credentials for the account {merchant}, with the rights for orders and maintenance, and put them into the settings of E-Terminal Desk.",
    ),
    "credentials.permissions": Guidance(
        "The API credentials lack a permission (code {hipay_code}).", "administrator",
        "HiPay console: Integration → Security Settings → Api credentials",
        "Please give the private API credentials of the account {merchant} the rights for orders and maintenance.",
    ),
    "credentials.address": Guidance(
        "HiPay does not allow calls from this server's IP address (code {hipay_code}).", "administrator",
        "HiPay console: Integration → Security Settings → IP Restriction",
        "Please lift the IP restriction of the account {merchant}, or add the address of the server of E-Terminal Desk: the hosted payment page needs it.",
    ),
    "credentials.account": Guidance(
        "The HiPay account is not active, is locked, or its API access is off (code {hipay_code}).", "hipay",
        "HiPay console: the page of the merchant account, where it is activated; API access is HiPay's to open",
        "Hello, API calls of our account {merchant} are refused with the code {hipay_code}. Could you tell us why, and open API access to it?",
    ),
    "credentials.certificate": Guidance(
        "The server that answered as {host} could not prove that it is HiPay: nothing was sent to it.", "administrator",
        "The network of this server: a proxy or a filter opens encrypted connections",
        "Please let the server of E-Terminal Desk reach {host} directly, without inspection of the encrypted connection.",
    ),
    "hash_algorithm.": Guidance("HiPay signs with {hipay}, as this application expects."),
    "hash_algorithm.sha1": Guidance(
        "HiPay signs with SHA-1, which is out of date. It works; SHA-256 is safer.", "administrator", _SECURITY,
        "Please choose SHA-256 as the hashing algorithm of the account {merchant} in HiPay's console and, at the same moment, in the settings of E-Terminal Desk.",
    ),
    "hash_algorithm.different": Guidance(
        "HiPay signs with {hipay}, this application expects {ours}: no notification could be verified.", "administrator",
        _SECURITY,
        "Please set the hash algorithm {hipay} for the account {merchant} in the settings of E-Terminal Desk, or choose {ours} as the hashing algorithm in HiPay's console.",
    ),
    "passphrase.": Guidance("It has {least} characters or more."),
    "passphrase.short": Guidance(
        "It has fewer than {least} characters: a customer could find it by trying, and forge the news of a payment. What this account sends goes on.",
        "administrator", f"{_SECURITY} → Secret passphrase",
        "Please draw a passphrase of 20 characters or more at random for the account {merchant}, put it into the settings of E-Terminal Desk (passphrase), the present one into previous_passphrase, and at the same moment set it in HiPay's console. Take previous_passphrase out some days later: until then the short one still counts.",
    ),
    "passphrase.previous_short": Guidance(
        "The former one (previous_passphrase) has fewer than {least} characters, and still counts: a customer could find it by trying, and forge the news of a payment.",
        "administrator", "Settings of E-Terminal Desk: previous_passphrase",
        "Please take previous_passphrase of the account {merchant} out of the settings of E-Terminal Desk as soon as HiPay signs with the new one.",
    ),
    "products_link.": Guidance("{count} payment methods can be used by link."),
    "products_link.empty": Guidance(
        "No payment method is open for payments by link in {currency} (e-commerce, ECI 7).", "hipay", _BY_HIPAY,
        "Hello, could you please open e-commerce payments (ECI 7) in {currency} on our account {merchant}, with the payment methods of our contract? We wish to send payment links with the hosted page.",
    ),
    "products_phone.": Guidance("{count} payment methods can be used by phone."),
    "products_phone.empty": Guidance(
        "No payment method is open for payments by phone in {currency} (MO/TO, ECI 1). Links are not concerned.", "hipay", _BY_HIPAY,
        "Hello, could you please open MO/TO payments (ECI 1) in {currency} on our account {merchant}? We wish to take card payments by telephone on the hosted page.",
    ),
    "payment_page.": Guidance("HiPay's own full page: a card number never reaches this application."),
    "payment_page.framed": Guidance(
        "It was set to be embedded in a frame (iframe-js). That is no longer possible: customers see HiPay's own full page (basic-js), so that a card number never reaches this application. This line goes once the payment page is saved here.",
        "you", "On this screen",
    ),
    "redirect_pages.": Guidance("The five pages are set."),
    "redirect_pages.missing": Guidance("Still to be filled in: {fields}.", "you", "On this screen"),
    "email_settings.": Guidance("Every setting of the e-mail is filled in."),
    "email_settings.missing": Guidance("Still to be filled in: {fields}.", "you", "On this screen"),
    "smtp.": Guidance("The mail server {host} is ready to take messages."),
    "smtp.unset": Guidance(
        "No mail server is set.", "administrator", _SMTP_SETTINGS,
        "Please set ETERMINAL_SMTP_URL of E-Terminal Desk to our mail server, as smtp+starttls://user:password@host:587.",
    ),
    "smtp.auth": Guidance(
        "The mail server does not accept the user or the password: {answer}", "administrator", _SMTP_SETTINGS,
        "Please check the user and the password in ETERMINAL_SMTP_URL of E-Terminal Desk: the mail server refuses them.",
    ),
    "smtp.starttls": Guidance(
        "The mail server offers no encrypted connection (STARTTLS): nothing is sent to it.", "administrator", _SMTP_SETTINGS,
        "Please give E-Terminal Desk a mail server with STARTTLS or TLS, and put it into ETERMINAL_SMTP_URL.",
    ),
    "smtp.tls": Guidance(
        "The encrypted connection to the mail server failed: {answer}", "administrator", _SMTP_SETTINGS,
        "Please check the certificate of the mail server in ETERMINAL_SMTP_URL of E-Terminal Desk.",
    ),
    "smtp.session": Guidance(
        "The mail server could not be used just now: {answer}", "administrator", _SMTP_SETTINGS,
        "Please check that the server of E-Terminal Desk can reach the mail server in ETERMINAL_SMTP_URL.",
    ),
    "sender_domain.": Guidance("SPF and DMARC are published for {domain}."),
    "sender_domain.spf": Guidance(
        "No SPF record is published for {domain}: the e-mails may end up among the spam.", "administrator",
        "The DNS of {domain}",
        "Please publish an SPF record for {domain} that allows our mail server, so that the payment e-mails arrive.",
    ),
    "sender_domain.dmarc": Guidance(
        "No DMARC record is published for {domain}: large mailbox providers ask for one.", "administrator",
        "The DNS of {domain}",
        "Please publish a DMARC record for {domain} (at first, at the name _dmarc in that domain: TXT \"v=DMARC1; p=none\").",
    ),
    "sender_domain.both": Guidance(
        "No SPF record is published for {spf}, no DMARC record for {dmarc}: the e-mails may end up among the spam.", "administrator",
        "The DNS of these domains",
        "Please publish an SPF record for {spf} that allows our mail server, and a DMARC record for {dmarc} (at first, at the name _dmarc in that domain: TXT \"v=DMARC1; p=none\").",
    ),
    "sender_domain.dns": Guidance("The DNS did not answer: nothing is known of {domain}."),
    "sender_domain.no_sender": Guidance("Known once the sender's address is set."),
    "sender_domain.sandbox": Guidance("Not asked in the sandbox."),
    "delivery_reports.": Guidance("Last read: {at}. An e-mail that comes back is shown with its payment request."),
    "delivery_reports.unset": Guidance(
        "No mailbox is set (ETERMINAL_IMAP_URL): that an e-mail came back later is not noticed here."
    ),
    "delivery_reports.late": Guidance(
        "Last read: {at}. The worker, which reads every minute, does not seem to run.", "administrator",
        "The server of E-Terminal Desk", "Please check that the worker of E-Terminal Desk is running.",
    ),
    "delivery_reports.away": Guidance(
        "The mailbox could not be reached ({host}): {answer} Last read: {at}.", "administrator", _IMAP_SETTINGS,
        "Please check that the server of E-Terminal Desk can reach the mailbox in ETERMINAL_IMAP_URL ({host}).",
    ),
    "delivery_reports.not_proved": Guidance(
        "The mail server of the mailbox could not prove who it is ({host}): {answer} Last read: {at}.", "administrator",
        _IMAP_SETTINGS, "Please check the certificate of the mail server in ETERMINAL_IMAP_URL ({host}).",
    ),
    "delivery_reports.closed": Guidance(
        "The mailbox does not accept the user or the password ({host}). Last read: {at}.", "administrator", _IMAP_SETTINGS,
        "Please check the user and the password in ETERMINAL_IMAP_URL of E-Terminal Desk: {host} refuses them.",
    ),
    "delivery_reports.folder_missing": Guidance(
        "The mailbox has no such folder ({host}): {answer} Last read: {at}.", "administrator", _IMAP_SETTINGS,
        "Please correct the folder at the end of ETERMINAL_IMAP_URL of E-Terminal Desk.",
    ),
    "delivery_reports.garbled": Guidance(
        "The mailbox's answers are no IMAP ({host}): {answer} Last read: {at}.", "administrator", _IMAP_SETTINGS,
        "Please check the host and the port in ETERMINAL_IMAP_URL of E-Terminal Desk: what answers there is no IMAP server.",
    ),
    "notifications.": Guidance("Last one received: {at}."),
    "notifications.none": Guidance(
        "None received yet: the first comes with the first payment. If none comes then, see here.", "administrator",
        "HiPay console: Integration → Notifications",
        "Please check in HiPay's console that server-to-server notifications of the account {merchant} are on, and that HiPay reaches the public address of E-Terminal Desk.",
    ),
    "notifications.polling": Guidance(
        "None can come without a public address: payments are asked for every few minutes instead.", "administrator",
        "Settings of E-Terminal Desk: ETERMINAL_PUBLIC_URL",
        "Please publish the public part of E-Terminal Desk (its own port) on an https address, and set ETERMINAL_PUBLIC_URL to it.",
    ),
    "finance_api.": Guidance("Payouts can be fetched from HiPay."),
    "finance_api.stage": Guidance("HiPay has no payouts on its test platform."),
    "finance_api.refused": Guidance(
        "HiPay does not open its payouts to these credentials (code {hipay_code}). Files can still be uploaded by hand.",
        "hipay", _ACCOUNT_SETTINGS,
        "Hello, could you please open the finance API (settlements) to our account {merchant}, and tell us with which API credentials?",
    ),
    "finance_api.certificate": Guidance(
        "The server that answered as {host} could not prove that it is HiPay: nothing was sent to it.", "administrator",
        "The network of this server: a proxy or a filter opens encrypted connections",
        "Please let the server of E-Terminal Desk reach {host} directly, without inspection of the encrypted connection.",
    ),
    "payouts_fetched.": Guidance("Last looked at HiPay's list: {at}."),
    "payouts_fetched.none": Guidance("Not looked at HiPay's list yet: it is looked at by itself, every few hours."),
    "payouts_fetched.by_hand": Guidance("Never fetched; a button on the screen Payouts does it."),
    "payouts_fetched.stage": Guidance("HiPay has no payouts on its test platform."),
    "payouts_fetched.failed": Guidance(
        "The last try, {at}, came to nothing: {failure}", "finance",
        "Screen Payouts → Add payout files → From HiPay: the reason stands at each payout",
    ),
    "finance_notifications.": Guidance("Last one received: {at}."),
    "finance_notifications.none": Guidance(
        "None received yet. HiPay can announce each payout at {url}.", "", "",
        "Hello, could you please send the finance notifications (settlement) of our account {merchant} to {url}?",
    ),
    "finance_notifications.no_password": Guidance(
        "HiPay can announce each payout at {url}, once the password of these notifications is in the settings.", "",
        "",
        "Please ask HiPay to send the finance notifications (settlement) of the account {merchant} to {url}, and put their password and algorithm into the settings of E-Terminal Desk (finance_notification_password, finance_notification_algorithm).",
    ),
    "finance_notifications.short": Guidance(
        "Their password has fewer than {least} characters: whoever found it by trying could announce payouts. HiPay is only asked for them then.",
        "administrator", "Settings of E-Terminal Desk: finance_notification_password, previous_finance_notification_password",
        "Hello, could you please agree with us on a longer password, of 20 characters or more, for the finance notifications (settlement) of our account {merchant}?",
    ),
    "finance_notifications.no_address": Guidance("None can come without a public address."),
    "settlements_folder.": Guidance("Watched; no file was found in it yet."),
    "settlements_folder.taken": Guidance("Watched. Last file: {at}."),
    "settlements_folder.read_only": Guidance("Watched. Files stay in it, since it is read-only; each is taken once."),
    "settlements_folder.unset": Guidance("No folder is watched (ETERMINAL_SETTLEMENTS_FOLDER)."),
    "settlements_folder.missing": Guidance(
        "The folder that is to be watched is not there.", "administrator",
        "Settings of E-Terminal Desk: ETERMINAL_SETTLEMENTS_FOLDER",
        "Please create the folder named in ETERMINAL_SETTLEMENTS_FOLDER on the server of E-Terminal Desk, or correct the setting.",
    ),
    "settlements_folder.hung": Guidance(
        "The folder that is to be watched does not answer: a network share hangs. Sending goes on.", "administrator",
        "The server of E-Terminal Desk",
        "Please look at the network share of the folder named in ETERMINAL_SETTLEMENTS_FOLDER: it does not answer the server of E-Terminal Desk.",
    ),
    "settlements_folder.no_folder": Guidance(
        "The watched folder holds no folder {folder} for this account.", "administrator",
        "Settings of E-Terminal Desk: ETERMINAL_SETTLEMENTS_FOLDER",
        "Please create the folder {folder} in the one named in ETERMINAL_SETTLEMENTS_FOLDER on the server of E-Terminal Desk.",
    ),
    "settlements_folder.unreadable": Guidance(
        "The watched folder may not be read by E-Terminal Desk.", "administrator", "The server of E-Terminal Desk",
        "Please let the user of E-Terminal Desk read and write the folder named in ETERMINAL_SETTLEMENTS_FOLDER.",
    ),
    "public_address.": Guidance("HiPay and customers reach this application at {url}."),
    "public_address.unset": Guidance(
        "Not set: no notifications, and no pages of our own after the payment. Links can be sent with your own pages.",
        "administrator", "Settings of E-Terminal Desk: ETERMINAL_PUBLIC_URL",
        "Please publish the public part of E-Terminal Desk (its own port) on an https address, and set ETERMINAL_PUBLIC_URL to it.",
    ),
    "database.": Guidance("{kind}"),
    "database.sqlite": Guidance(
        "SQLite {version} has a rare fault that can lose a saved change.", "administrator", "The server of E-Terminal Desk",
        "Please run E-Terminal Desk with SQLite 3.51.3 or newer (3.50.7 and 3.44.6 are repaired too), or on PostgreSQL.",
    ),
    "python.": Guidance("{version}"),
    "python.headers": Guidance(
        "Python {version} has a known fault in how it writes e-mail headers. E-Terminal Desk writes its own, but update it.",
        "administrator", "The server of E-Terminal Desk",
        "Please run E-Terminal Desk with Python 3.11.15, 3.12.13 or newer.",
    ),
    # Reasons that any check may have.
    "*.never": Guidance("Not checked yet."),
    "*.credentials": Guidance("Known once HiPay accepts the API credentials."),
    "*.unreachable": Guidance(
        "HiPay could not be reached from this server ({host}).", "administrator", "The network of this server",
        "Please check that the server of E-Terminal Desk can reach {host} over https.",
    ),
    "*.unavailable": Guidance("HiPay is temporarily unavailable. Check again in a few minutes."),
    "*.timeout": Guidance("No answer in time. Check again in a few minutes."),
    "*.answer": Guidance("The answer could not be understood. Check again in a few minutes."),
}  # fmt: skip


def guidance(check: Check) -> Guidance:
    """The text for a check's result."""
    return GUIDANCE.get(f"{check.name}.{check.reason}") or GUIDANCE[f"*.{check.reason}"]


def console_url(account: Account, sandbox_url: str) -> str:
    """HiPay's console for the account; for the sandbox its control page."""
    return _CONSOLES.get(account.environment, f"{sandbox_url}/control")
