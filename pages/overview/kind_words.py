"""Several alarms of one kind in the reader's words, as the heading of their card."""

# kind → (one, several); of what reconciliation counts the words are in payout_groups
SEVERAL = {
    "paid_twice": ("{count} order was paid more than once", "{count} orders were paid more than once"),
    "paid_after_cancel": ("{count} payment came in after its request was cancelled", "{count} payments came in after their requests were cancelled"),
    "other_amount": ("{count} payment is of another amount than was asked for", "{count} payments are of another amount than was asked for"),
    "former_amount": ("{count} payment of a former amount came in", "{count} payments of a former amount came in"),
    "former_facts": ("{count} payment came in with a former description", "{count} payments came in with a former description"),
    "quarantined": ("{count} payment does not fit its order", "{count} payments do not fit their orders"),
    "payment_unconfirmed": ("HiPay told of {count} payment that it does not show", "HiPay told of {count} payments that it does not show"),
    "payment_unshown": ("{count} counted payment is not shown by HiPay", "{count} counted payments are not shown by HiPay"),
    "payment_unconfirmable": ("{count} payment is of an account that is not connected any more", "{count} payments are of accounts that are not connected any more"),
    "operation_unknown": ("The outcome of {count} collection or refund is not known", "The outcome of {count} collections or refunds is not known"),
    "refund_refused": ("The bank refused {count} refund", "The bank refused {count} refunds"),
    "capture_refused": ("The bank refused to collect {count} payment", "The bank refused to collect {count} payments"),
    "charged_back": ("{count} payment was taken back by the customer's bank", "{count} payments were taken back by the customers' banks"),
    "not_settled": ("{count} payment is late in the payouts", "{count} payments are late in the payouts"),
    "payout_without_file": ("The file of {count} payout that HiPay lists is not here", "The files of {count} payouts that HiPay lists are not here"),
    "payout_file_failed": ("{count} payout file is not imported", "{count} payout files are not imported"),
    "payout_correction": ("{count} payout file says otherwise than HiPay's API did", "{count} payout files say otherwise than HiPay's API did"),
    "payout_differs": ("{count} payout differs from what its file announces", "{count} payouts differ from what their file announces"),
    "payout_hipay_differs": ("HiPay shows another amount for {count} payout", "HiPay shows another amount for {count} payouts"),
    "payout_counted_twice": ("{count} payout counts a transaction twice", "{count} payouts count a transaction twice"),
    "payout_not_tied": ("{count} payout does not tie yet", "{count} payouts do not tie yet"),
    "payout_columns": ("{count} payout file came with columns that were left out", "{count} payout files came with columns that were left out"),
    "payout_follow_up": ("{count} payout file could not be joined in full", "{count} payout files could not be joined in full"),
    "payout_folder_refused": ("{count} file of the watched folder was refused", "{count} files of the watched folder were refused"),
    "payouts_not_fetched": ("The payouts of {count} account cannot be fetched", "The payouts of {count} accounts cannot be fetched"),
    "page_failed": ("{count} request has no payment page", "{count} requests have no payment page"),
    "mail_failed": ("The mail server refused {count} e-mail", "The mail server refused {count} e-mails"),
    "mail_bounced": ("{count} e-mail came back", "{count} e-mails came back"),
    "mail_uncertain": ("Nobody knows whether {count} e-mail has left", "Nobody knows whether {count} e-mails have left"),
    "sending_paused": ("Sending is paused for {count} reason", "Sending is paused for {count} reasons"),
    "notification_failed": ("{count} notification from HiPay could not be worked off", "{count} notifications from HiPay could not be worked off"),
    "payment_not_read": ("{count} request cannot be read from HiPay", "{count} requests cannot be read from HiPay"),
}  # fmt: skip
LATE = (
    "{count} payment in no payout after {days} days",
    "{count} payments in no payout after {days} days",
)
OTHER = ("{count} matter of the same kind", "{count} matters of the same kind")
