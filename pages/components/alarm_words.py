"""Alarms in the reader's words: what happened, and what to do."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pages.components.configuration_words import SUBJECTS
from pages.components.order_words import MISFITS, lane_words
from services.alarms.kinds import RESOLVED
from services.error_messages import stored_sentence
from services.i18n import Translator, fill, format_ago, format_datetime
from services.money import format_money

# kind → (what happened, what to do, icon)
WORDS = {
    "paid_twice": (
        "This order was paid more than once.",
        "Refund one of the payments.",
        ":material/content_copy:",
    ),
    "paid_after_cancel": (
        "A payment came in after the request was cancelled.",
        "Agree with the customer: deliver, or refund the payment.",
        ":material/event_busy:",
    ),
    "other_amount": (
        "HiPay told of a payment of another amount or currency than was asked. It is not counted.",
        "Look up transaction {reference} in HiPay's console, and agree with the customer: refund it there, or leave it.",
        ":material/price_change:",
    ),
    "former_amount": (
        "A payment of the former amount came in after the request was corrected. It is counted.",
        "Agree with the customer: ask for the difference, or refund.",
        ":material/price_change:",
    ),
    "former_facts": (
        "A payment came in on a page opened before the request was corrected: it showed the former description. It is counted.",
        "Make sure that the customer knows what they have paid for; refund the payment if it is not what they wanted.",
        ":material/edit_note:",
    ),
    "quarantined": (
        "HiPay told of a payment that does not fit this order ({misfit}). It is not counted.",
        "Look up transaction {reference} in HiPay's console.",
        ":material/report:",
    ),
    "payment_unconfirmed": (
        "HiPay told of a payment, but does not show it when asked: first {ago}. It is not counted.",
        "Look up transaction {reference} in HiPay's console. If it is not there, an administrator must change the account's secret passphrase. Then close this: the request stands as if nothing had been told.",
        ":material/gpp_maybe:",
    ),
    "payment_unshown": (
        "HiPay does not show a payment that is counted since before payments were confirmed: first {ago}.",
        "Look up transaction {reference} in HiPay's console. If it is not there, nothing was paid: agree with the customer.",
        ":material/gpp_maybe:",
    ),
    "payment_unconfirmable": (
        "HiPay told of a payment, and can no longer be asked for it: the account is not connected any more. It is not counted.",
        "Look it up in HiPay's console. Confirm it in the payment request; or close this, and the request stands as if nothing had been told.",
        ":material/link_off:",
    ),
    "operation_unknown": (
        "HiPay did not say whether a collection or a refund was done.",
        "Look it up in HiPay's console, and say in the payment request how it stands.",
        ":material/help:",
    ),
    "refund_refused": (
        "The bank refused a refund of {amount} that HiPay had accepted: the customer has not got this money back.",
        "Agree with the customer how they get it, then refund once more or pay it in another way.",
        ":material/error:",
    ),
    "capture_refused": (
        "The bank refused to collect {amount}, which HiPay had accepted: this money has not come.",
        "Collect once more while the hold lasts, or ask the customer to pay in another way.",
        ":material/error:",
    ),
    "operation_refused_unclear": (
        "The bank refused a refund or a collection of transaction {reference}, and HiPay does not say which one.",
        "Look the transaction up in HiPay's console. Where the payment request asks what was done, say it there.",
        ":material/help:",
    ),
    "page_taken": (
        "Somebody has begun to pay on a page whose address was lost.",
        "Watch the payment before you send anything again.",
        ":material/link_off:",
    ),
    "charged_back": (
        "The customer's bank has taken this payment back, {ago}.",
        "HiPay's console says until when you can answer. Take this, so that your colleagues know, and close it once it is answered. It ends by itself once a payout names it.",
        ":material/undo:",
    ),
    "not_settled": (
        "Captured {ago}, and not all of it is in a payout.",
        "Import the latest payout files. If it is in none of them, ask HiPay, with the order id.",
        ":material/savings:",
    ),
    "payout_without_file": (
        "HiPay listed payout {settlement} ({amount}) {ago}, and its file is not here.",
        "On the screen Payouts, fetch it from HiPay. If HiPay has no file, ask them for it, with the payout's number.",
        ":material/file_download_off:",
    ),
    "payout_file_failed": (
        "Payout file {file} is not imported. {why}",
        "On the screen Payouts, under Files: answer what is asked, correct how it is read, or try again.",
        ":material/file_present:",
    ),
    "payout_correction": (
        "Payout file {file} says otherwise of payout {settlement} than HiPay's API did: {after} instead of {before} (lines {lines} of the file). HiPay's lines still count; the file's stand beside.",
        "Open the file and compare with HiPay: take the correction, or keep what HiPay delivered. Until then the payout does not tie.",
        ":material/difference:",
    ),
    "payout_differs": (
        "Payout {settlement} differs from what its file announces, by {amount}.",
        "Open the payout: it names what may make the difference. Put that right, or accept the difference.",
        ":material/difference:",
    ),
    "payout_hipay_differs": (
        "HiPay shows {after} for payout {settlement}, and its file comes to {before}.",
        "Open the payout and ask HiPay which is right. Import the file again once HiPay has corrected it, or accept the difference.",
        ":material/compare_arrows:",
    ),
    "payout_counted_twice": (
        "Payout {settlement} counts a transaction twice: {lines} lines.",
        "Open the payout and look at these lines: say which are counted twice, or accept the difference.",
        ":material/filter_2:",
    ),
    "payout_not_tied": (
        "Payout {settlement}, {ago}, does not tie yet.",
        "Open the payout: it says what is missing.",
        ":material/event_busy:",
    ),
    "payout_columns": (
        "Payout file {file} came by itself, and columns of it that may hold an amount, a currency, a reference or the operation were left out: {columns}.",
        "Look at the file. If one of them was needed, add the next file by hand, name the column in its preview and have it remembered; close this alarm once it is clear. It is not raised again for the same columns.",
        ":material/view_column:",
    ),
    "payout_follow_up": (
        "Payout file {file} is here, but not all that it changes could be joined.",
        "On the screen Payouts, under Files: try again, and tell whoever runs this installation if it goes on.",
        ":material/sync_problem:",
    ),
    "payout_folder_refused": (
        "File {file} of the watched folder was refused. {why}",
        "Put the reason right, then put the file into the folder again.",
        ":material/folder_off:",
    ),
    "payouts_not_fetched": (
        "Payouts cannot be fetched from HiPay; it failed first {ago}. {why}",
        "Look at the account on the screen Configuration. Until it works again, add the files by hand.",
        ":material/cloud_off:",
    ),
    "page_failed": (
        "HiPay gave no payment page: the customer cannot pay.",
        "Open the payment request for the reason, then try again.",
        ":material/error:",
    ),
    "mail_failed": (
        "The mail server refused the e-mail: the customer has received nothing.",
        "Check the address with the customer, or copy the link and send it another way.",
        ":material/mail_off:",
    ),
    "mail_bounced": (
        "The e-mail came back: the customer has not received it.",
        "Check the address with the customer, or copy the link and send it another way.",
        ":material/mail_off:",
    ),
    "mail_uncertain": (
        "Nobody knows whether the e-mail has left: the mail server never said.",
        "Ask the customer whether it has arrived, or send it again.",
        ":material/help:",
    ),
    "sending_paused": (
        "Paused: {subject}. {reason}",
        "Put the reason right, then resume on the screen Configuration. Nothing is lost meanwhile.",
        ":material/pause_circle:",
    ),
    "untrusted_url": (
        "HiPay's answer named a payment page that is not on HiPay's own hosts ({host}). Nothing was sent.",
        "Tell HiPay at once. Send nothing until they have explained it.",
        ":material/gpp_bad:",
    ),
    "notification_failed": (
        "A notification from HiPay could not be worked off. The payment is found all the same, by asking HiPay.",
        "Tell whoever runs this installation: the log names notification {notification}.",
        ":material/sync_problem:",
    ),
    "mail_skipped": (
        "A mail in the mailbox of delivery reports twice ended the program that reads it, and was skipped. It arrived on {arrived}.",
        "Look at it in folder {folder} on {host}: it is message {uid} (UIDVALIDITY {validity}). If it says that an e-mail of yours came back, reach that customer in another way. The mails after it were read.",
        ":material/mail_off:",
    ),
    "payments_not_read": (
        "HiPay refuses to show this account's payments (code {code}): none can be confirmed.",
        "In HiPay's console, see what the API credentials may do and from which addresses: they must read transactions. Until then, what HiPay tells of stays being confirmed.",
        ":material/visibility_off:",
    ),
    "payment_not_read": (
        "Since a day this request cannot be read from HiPay: a fault of this application stops it.",
        "Look it up in HiPay's console, and tell whoever runs this installation: the log says more. It is tried again once a day.",
        ":material/sync_problem:",
    ),
    "no_room": (
        "There is too little room on the disk of the server {machine}.",
        "Make room there. Until then payout files are not imported, and exports are not made; links and e-mails go on while there is any.",
        ":material/disc_full:",
    ),
    "lines_unequal": (
        "The payout lines of an earlier version could not be brought into their new form: the sums before and after differ.",
        "Nothing is lost, and nobody works with payout lines until it is settled: tell whoever maintains this application. Links and payments go on.",
        ":material/difference:",
    ),
    "no_worker": (
        "No worker runs: nothing has been sent, fetched or imported since the last sign of life, {ago}.",
        "Start the worker again: restart the dashboard, or the worker where it runs apart. The log says why it stopped. This ends by itself once a worker is back.",
        ":material/sync_disabled:",
    ),
    "worker_part_still": (
        "Part of the worker stands still, first {ago}: {lanes}",
        "Look into the worker's log, and restart it. This ends by itself once everything goes on.",
        ":material/sync_problem:",
    ),
}  # fmt: skip
# The same of the payouts that an earlier version had stored: one alarm for all of an account.
WORDS_OF_SEVERAL = {
    "payout_differs": "Payouts of before the last upgrade differ from what their files announce: {payouts}.",
    "payout_hipay_differs": "HiPay shows other amounts for payouts of before the last upgrade: {payouts}.",
    "payout_counted_twice": "Payouts of before the last upgrade count a transaction twice: {payouts}.",
    "payout_not_tied": "Payouts of before the last upgrade do not tie: {payouts}.",
}
# The same of a file that no longer has some of HiPay's lines.
_WITHDRAWN = "Payout file {file} says otherwise of payout {settlement} than HiPay's API did: {after} instead of {before}. Lines of HiPay's that it no longer has: {withdrawn}; lines of the file that are changed: {lines}. HiPay's lines still count; the file's stand beside."
_SEVERAL = (
    "Open the list of payouts, and go through them when you have the time. No other alarm is raised for them."
)
# The reasons that the application itself stores for an alarm's end.
_CLOSINGS = {
    RESOLVED: "It ended by itself.",
    "looked up": "Looked up in HiPay's console.",
    "seen at HiPay": "HiPay showed that it was done.",
    "bank_refused": "HiPay showed that the bank refused it.",
}
_OTHER = ("Something needs a person: {kind}.", "Open the payment request.", ":material/warning:")


def alarm_words(
    kind: str, detail: Mapping[str, Any], opened_at: datetime, now: datetime, t: Translator
) -> tuple[str, str, str]:
    """(what happened, what to do, icon)."""
    happened, do, icon = WORDS.get(kind, _OTHER)
    if "payouts" in detail:
        happened, do = WORDS_OF_SEVERAL[kind], _SEVERAL
    if kind == "payout_correction" and "withdrawn" in detail:
        happened = _WITHDRAWN
    values = {name: str(value) for name, value in detail.items()}
    if "misfit" in values:
        values["misfit"] = t(MISFITS.get(values["misfit"], values["misfit"]))
    if "subject" in values:
        values["subject"] = t(SUBJECTS.get(values["subject"], values["subject"]))
    if "reason" in values:
        values["reason"] = stored_sentence(values["reason"], {}, t)
    if "lanes" in detail:
        values["lanes"] = " ".join(lane_words(lane, t) for lane in detail["lanes"])
    if "arrived" in values:
        values["arrived"] = format_datetime(datetime.fromisoformat(values["arrived"]), "UTC", t.language)
    if "failure" in detail:
        values["why"] = stored_sentence(detail["failure"], detail.get("failure_detail", {}), t)
    began = values.get("paid_at") or values.get("listed_at") or values.get("since")
    since = datetime.fromisoformat(began) if began else opened_at
    if "units" in values:
        values["amount"] = format_money(int(values["units"]), values.get("currency", ""), t.locale)
    for name in ("before", "after"):
        if detail.get(f"{name}_units") is not None:
            values[name] = format_money(detail[f"{name}_units"], values["currency"], t.locale)
    filled = {**values, "kind": kind, "ago": format_ago(since, now, t.language)}
    return fill(t.gettext(happened), filled, "—"), fill(t.gettext(do), filled, "—"), icon


def closing_words(reason: str, t: Translator) -> str:
    """How an alarm ended: what a person wrote, or the application's reason."""
    return t(_CLOSINGS[reason]) if reason in _CLOSINGS else reason
