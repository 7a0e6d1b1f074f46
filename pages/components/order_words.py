"""An order's codes in the reader's words, the same on every screen: badges, events, operations, payments."""

from datetime import datetime, timedelta
from typing import Any

from pages.components.colours import Colour
from services.access.sign_in import person_name as person_name
from services.error_messages import stored_sentence
from services.hipay.reasons import reason_text
from services.hipay.statuses import status
from services.i18n import Translator, fill, format_datetime
from services.money import format_money
from services.orders.names import BADGE_NAMES

_USUAL_WAIT = timedelta(seconds=5)  # for HiPay's answer to a request for a page

# badge → (text, icon, colour)
BADGES: dict[str, tuple[str, str, Colour]] = {
    "preparing": (BADGE_NAMES["preparing"], ":material/schedule_send:", "gray"),
    "open": (BADGE_NAMES["open"], ":material/hourglass_top:", "blue"),
    "uncertain": (BADGE_NAMES["uncertain"], ":material/help:", "orange"),
    "bounced": (BADGE_NAMES["bounced"], ":material/mail_off:", "red"),
    "failed": (BADGE_NAMES["failed"], ":material/error:", "red"),
    "expired": (BADGE_NAMES["expired"], ":material/timer_off:", "gray"),
    "cancelled": (BADGE_NAMES["cancelled"], ":material/cancel:", "gray"),
    "refused": (BADGE_NAMES["refused"], ":material/credit_card_off:", "orange"),
    "pending": (BADGE_NAMES["pending"], ":material/pending:", "yellow"),
    "unconfirmed": (BADGE_NAMES["unconfirmed"], ":material/hourglass_bottom:", "yellow"),
    "authorised": (BADGE_NAMES["authorised"], ":material/lock_clock:", "violet"),
    "paid": (BADGE_NAMES["paid"], ":material/check_circle:", "green"),
    "refunded": (BADGE_NAMES["refunded"], ":material/undo:", "gray"),
    "charged_back": (BADGE_NAMES["charged_back"], ":material/gavel:", "red"),
}
ROLE_NAMES = {"manager": "Manager", "finance": "Finance", "admin": "Administrator"}
ACTORS = {"worker": "E-Terminal Desk", "hipay": "HiPay", "customer": "Customer", "system": "E-Terminal Desk"}

EVENTS = {
    "created": ("Order created", ":material/edit_note:"),
    "page_requested": ("Payment page requested from HiPay (order id {hipay_order_id})", ":material/outbox:"),
    "page_opened": ("HiPay's payment page is ready", ":material/link:"),
    "page_retry": ("HiPay did not give the page; tried again {again_at}", ":material/refresh:"),
    "page_lost": (
        "HiPay's answer for order id {hipay_order_id} was lost and nobody holds that page: a page with a new order id follows",
        ":material/link_off:",
    ),
    "page_taken": ("Somebody has begun to pay on a page whose address was lost", ":material/warning:"),
    "page_failed": ("HiPay did not give a payment page", ":material/error:"),
    "mail_queued": ("Sending taken up again", ":material/refresh:"),
    "mail_sent": ("E-mail accepted by the mail server", ":material/mark_email_read:"),
    "mail_retry": ("The mail server did not take the e-mail; tried again later", ":material/refresh:"),
    "mail_failed": ("The e-mail was refused: copy the link and send it another way", ":material/error:"),
    "mail_uncertain": (
        "The mail server never said whether it took the e-mail: ask the customer, or send it again",
        ":material/help:",
    ),
    "mail_bounced": ("The e-mail came back: the customer has not received it", ":material/mail_off:"),
    "mail_delayed": (
        "The e-mail is on its way, but late: the customer's mail server does not take it yet",
        ":material/schedule:",
    ),
    "mail_not_passed_on": (
        "The customer's mail server took the e-mail, but could not deliver it where it passes it on to",
        ":material/forward_to_inbox:",
    ),
    "mail_expired": ("Not mailed: the link had expired", ":material/timer_off:"),
    "copy_mail_sent": ("Copy sent to the sender", ":material/content_copy:"),
    "copy_mail_retry": ("The sender's copy was not taken; tried again later", ":material/refresh:"),
    "copy_mail_failed": ("The sender's copy was refused", ":material/error:"),
    "copy_mail_uncertain": ("It is not known whether the sender's copy left", ":material/help:"),
    "copy_mail_expired": ("The sender's copy was not sent: the link had expired", ":material/timer_off:"),
    "copy_mail_bounced": ("The sender's copy came back", ":material/mail_off:"),
    "copy_mail_delayed": ("The sender's copy is late", ":material/schedule:"),
    "copy_mail_not_passed_on": (
        "The sender's copy was taken, but not passed on",
        ":material/forward_to_inbox:",
    ),
    "operation_asked": ("{operation} asked: {amount}", ":material/outbox:"),
    "operation_done": ("{operation} done: {amount}", ":material/task_alt:"),
    "operation_refused": ("{operation} refused", ":material/error:"),
    "operation_unknown": ("HiPay did not say whether the operation was done", ":material/help:"),
    "operation_not_found": ("HiPay knows no operation {operation_id} so far", ":material/search_off:"),
    "bank_refused": ("{operation} refused by the bank: {amount}", ":material/error:"),
    "bank_refused_unclear": (
        "The bank refused a refund or a collection, and HiPay does not say which one",
        ":material/help:",
    ),
    "link_ready": ("Our own link is ready", ":material/link:"),
    "opened": ("The customer opened the payment page", ":material/touch_app:"),
    "link_page_requested": (
        "Payment page requested from HiPay (order id {hipay_order_id})",
        ":material/outbox:",
    ),
    "link_page_retry": (
        "HiPay did not give the page; the customer was asked to try again in a moment",
        ":material/refresh:",
    ),
    "link_page_late": ("HiPay's page came too late: nobody was led to it", ":material/link_off:"),
    "resent": ("The e-mail is sent again", ":material/forward_to_inbox:"),
    "reminded": ("A reminder is sent", ":material/notifications:"),
    "reminded_by_schedule": ("A reminder is sent, by schedule", ":material/notifications:"),
    "reminder_dropped": (
        "The reminder was not sent: the e-mail before came back, the customer was erased, or reminders were switched off",
        ":material/notifications_off:",
    ),
    "readdressed": ("The link is sent to another address", ":material/alternate_email:"),
    "mail_withdrawn": ("Not mailed: the request was paid or called off meanwhile", ":material/cancel:"),
    "link_cancelled": ("Called off: the link says so", ":material/cancel:"),
    "link_extended": ("Valid until {until} instead of {former}", ":material/more_time:"),
    "link_renewed": ("Renewed: valid until {until}", ":material/autorenew:"),
    "renewed": ("Renewed with a new page: valid until {until}", ":material/autorenew:"),
    "link_corrected": ("Corrected: {amount} instead of {former_amount}", ":material/edit:"),
    "payment_absent": (
        "HiPay, when asked, does not show the payment that it told of",
        ":material/search_off:",
    ),
    "payment_dismissed": ("Looked into: it was no payment", ":material/gpp_bad:"),
    "payment_confirmed": ("Payment confirmed by hand", ":material/verified:"),
    "payment_quarantined": (
        "HiPay told of a payment that does not fit this order ({misfit}): not counted",
        ":material/report:",
    ),
}
# operation → (button, icon, what it does)
OPERATIONS = {
    "capture": (
        "Collect",
        ":material/payments:",
        "The amount that is held on the card is collected, all or a part.",
    ),
    "refund": (
        "Refund the customer",
        ":material/undo:",
        "The money goes back to the customer. This cannot be undone.",
    ),
    "cancel": (
        "Give up the hold",
        ":material/lock_open:",
        "The hold on the card is lifted: nothing will be collected.",
    ),
}
# operation → its name in the timeline
OPERATION_NAMES = {
    "capture": "Collection",
    "refund": "Refund to the customer",
    "cancel": "Release of the hold",
}
# effect of a payment's status → (text, icon, which amount)
PAYMENTS = {
    "pending": ("Payment pending", ":material/pending:", ""),
    "review": ("Authorised, under review", ":material/policy:", "authorised"),
    "authorised": ("Amount held on the card: {amount}", ":material/lock_clock:", "authorised"),
    "refused": ("Payment attempt refused", ":material/credit_card_off:", ""),
    "expired": ("Authorisation expired", ":material/timer_off:", ""),
    "cancelled": ("Authorisation cancelled", ":material/block:", ""),
    "capture_requested": ("Collection requested", ":material/outbox:", ""),
    "captured": ("Collected so far: {amount}", ":material/check_circle:", "captured"),
    "capture_refused": ("Collection refused", ":material/error:", ""),
    "refund_requested": ("Refund requested", ":material/outbox:", ""),
    "refunded": ("Refunded so far: {amount}", ":material/undo:", "refunded"),
    "credited": ("Credited by the card's bank", ":material/info:", ""),
    "refund_refused": ("Refund refused", ":material/error:", ""),
    "charged_back": ("Charged back", ":material/gavel:", ""),
}
MISFITS = {
    "order": "order id", "mark": "our mark", "amount": "amount", "currency": "currency", "account": "merchant account",
    "test": "test flag", "negative": "an amount below zero",
}  # fmt: skip


def event_words(
    kind: str, data: dict[str, Any], currency: str, zone: str, t: Translator
) -> tuple[str, str, str]:
    """An event as (sentence, icon, detail)."""
    if kind == "payment":
        return _payment_words(data, currency, t)
    if kind in ("payment_told", "payment_untrue"):
        words, _, more = _payment_words(data, currency, t)
        if kind == "payment_untrue":
            return (
                t("HiPay told, and when asked did not confirm: {what}", what=words),
                ":material/gpp_bad:",
                more,
            )
        return t("HiPay told, to be confirmed: {what}", what=words), ":material/hourglass_bottom:", more
    text, icon = EVENTS.get(kind, (kind, ":material/circle:"))
    values = dict(data)
    if "again_at" in values:
        values["again_at"] = format_datetime(
            datetime.fromisoformat(values["again_at"]), zone, t.language, named=False
        )
    if "operation" in values:
        values["operation"] = t(OPERATION_NAMES[values["operation"]])
        values["amount"] = (
            format_money(values["amount"], currency, t.locale)
            if values.get("amount")
            else t("the whole amount")
        )
    for name in ("until", "former", "payable_until"):
        if name in values:
            moment = datetime.fromisoformat(values[name])
            values[name] = format_datetime(moment, zone, t.language, named=False)
    described = kind == "link_corrected" and data["former_amount"] == data["amount"]
    if described:
        text = "Corrected: the description"
    if "former_amount" in values:
        for name in ("amount", "former_amount"):
            values[name] = format_money(values[name], currency, t.locale)
    if "misfit" in values:
        values["misfit"] = t(MISFITS.get(values["misfit"], values["misfit"]))
    detail = str(data.get("answer") or data.get("why") or "")
    if data.get("again") and kind.endswith("mail_sent"):
        twice = t("an earlier try may have arrived too: the same e-mail twice")
        detail = " · ".join(part for part in (detail, twice) if part)
    if data.get("description_changed") and not described:
        detail = t("The description was changed.")
    if "payable_until" in values:
        open_page = t("a page already open can be paid until {until}", until=values["payable_until"])
        detail = " · ".join(part for part in (detail, open_page) if part)
    if kind.startswith("bank_refused") and (why := reason_text(int(data.get("reason_code") or 0))):
        detail = t(why)
    if data.get("error"):
        detail = stored_sentence(data["error"], data.get("fields") or {}, t)
    return fill(t.gettext(text), values), icon, detail


def unanswered_words(unanswered: timedelta | None, t: Translator) -> str:
    """How long HiPay has not answered a request for a page; "" for the first seconds."""
    if unanswered is None or unanswered < _USUAL_WAIT:
        return ""
    seconds = int(unanswered.total_seconds())
    return t(
        "HiPay has not answered for {seconds} s. You may leave this page: it goes on by itself.",
        seconds=seconds,
    )


def _payment_words(data: dict[str, Any], currency: str, t: Translator) -> tuple[str, str, str]:
    meaning = status(int(data["status"]))
    text, icon, which = PAYMENTS.get(meaning.effect, ("HiPay reports: {status}", ":material/info:", ""))
    amount = (
        format_money(int(data.get(which) or 0), data.get("currency") or currency, t.locale) if which else ""
    )
    reason = reason_text(int(data["reason_code"])) if data.get("reason_code") else None
    detail = t(reason) if reason else str(data.get("reason_text") or "")
    words = fill(t.gettext(text), {"amount": amount, "status": str(data["status"])})
    return words, icon, " · ".join(part for part in (data.get("payment_product") or "", detail) if part)


# lane of the worker (services.heartbeats.LANES) → what is not done while it has stopped
LANES = {
    "work": "Payment links, e-mails and refunds are not sent.",
    "steps": "A call to HiPay or to the mail server does not come back: some requests wait.",
    "notifications": "What HiPay tells of payments is not taken in.",
    "rounds": "Alarms, reminders and notices are not looked after.",
    "exports": "Exports are not made.",
    "payouts": "Payout files are not fetched from HiPay.",
    "folder": "The watched folder is not looked at.",
    "reconciliation": "Payout lines do not follow what changes.",
    "imports": "Payout files are not imported.",
}


def lane_words(lane: str, t: Translator) -> str:
    return t(LANES[lane]) if lane in LANES else lane
