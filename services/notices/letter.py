"""A notice as a mail: one sentence, the facts, a link to the payment request; in the person's own language."""

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from services.hipay.reasons import reason_text
from services.i18n import Translator, format_datetime, translator
from services.mail.addresses import clean_header_text
from services.mail.compose import Composed
from services.money import format_money

# kind → (subject, sentence); "held" is a kind of "paid", a refund or a collection that the bank refused one of "bank_refused"
_WORDS = {
    "paid": ("Paid: {amount}, {name}", "{name} has paid {amount} for order {order_id}."),
    "held": (
        "Held on the card: {amount}, {name}",
        "{amount} is held on the card of {name} for order {order_id}. Collect it before the hold ends.",
    ),
    "refused": (
        "Payment refused: {amount}, {name}",
        "A payment by {name} for order {order_id} was refused. {reason} The same link can be tried again until {until}.",
    ),
    "not_delivered": (
        "E-mail not delivered: {name}",
        "The e-mail with the link for order {order_id} has not reached {name}. Check the address, or copy the link and send it another way.",
    ),
    "bank_refused": (
        "Refused by the bank: order {order_id}, {name}",
        "The bank has refused a refund or a collection for order {order_id} of {name}, and HiPay does not say which one. {reason} Open the payment request: it says what to do.",
    ),
    "refund": (
        "Refund refused by the bank: {amount}, {name}",
        "The bank has refused the refund of {amount} for order {order_id}, which HiPay had accepted: {name} has not got this money back. {reason} Agree with them how they get it.",
    ),
    "capture": (
        "Collection refused by the bank: {amount}, {name}",
        "The bank has refused to collect {amount} for order {order_id} of {name}, which HiPay had accepted: this money has not come. {reason}",
    ),
    "charged_back": (
        "Charged back: {amount}, {name}",
        "The payment by {name} for order {order_id} was charged back: the bank takes the money back. HiPay's console says until when you can answer.",
    ),
    "expires": (
        "Ends tomorrow, unpaid: {amount}, {name}",
        "The link for order {order_id} ends on {until}, and {name} has not paid yet.",
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class About:
    """The facts of an order that a notice names. ``units`` in 1/10000."""

    id: int
    order_id: str
    name: str
    units: int
    currency: str
    expires_at: datetime
    zone: str


def compose(
    kind: str, detail: dict[str, Any], about: About, language: str, dashboard: str, *, sandbox: bool
) -> Composed:
    """``kind``: one of ``facts.KINDS``; ``dashboard``: its address, without a slash at the end. Raises TextError."""
    t = translator(language)
    subject, sentence = _WORDS["held" if detail.get("held") else detail.get("operation") or kind]
    values = {
        "name": about.name or about.order_id,
        "amount": format_money(int(detail.get("units") or about.units), about.currency, t.locale),
        "order_id": about.order_id,
        "until": format_datetime(about.expires_at.replace(second=0, microsecond=0), about.zone, language),
        "reason": _reason(detail, t),
    }
    title = clean_header_text(t(subject, **values), "subject", 500, digits=True)
    body = " ".join(f"{t(sentence, **values)} {_opened(detail, t)}".split())
    link = f"{dashboard}/payment-requests?order={about.id}"
    choice = f"{dashboard}/my-notices"
    action, why = (
        t("Open the payment request"),
        t("You are told because you chose it. To change that, open My notices:"),
    )
    way = t("{title}: {fields}", title=action, fields=link)
    text = f"{body}\n\n{way}\n\n-- \n{why} {choice}\n"
    html = (
        f'<!doctype html><html lang="{escape(language)}"><body style="font-family:sans-serif;color:#1a1a1a;line-height:1.5">'
        f"<p>{escape(body)}</p>"
        f'<p><a href="{escape(link)}">{escape(action)}</a></p>'
        f'<p style="color:#555;font-size:13px">{escape(why)} <a href="{escape(choice)}">{escape(choice)}</a></p>'
        "</body></html>\n"
    )
    return Composed(t("[TEST] {subject}", subject=title) if sandbox else title, html, text)


def _opened(detail: dict[str, Any], t: Translator) -> str:
    if "opened" not in detail:
        return ""
    times = int(detail["opened"])
    if not times:
        return t("They have not opened it.")
    return t.plural("They have opened it {count} time.", "They have opened it {count} times.", times)


def _reason(detail: dict[str, Any], t: Translator) -> str:
    code = int(detail.get("reason_code") or 0)
    found = reason_text(code) if code else None
    text = t(found) if found else ""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
