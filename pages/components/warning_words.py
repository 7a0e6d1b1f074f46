"""Warnings before an order is sent, in the reader's words: a sentence for the order form, a few words for a table's cell.

A warning has one code in both places; it never stops the order.
"""

from pages.components.common import desk, language
from pages.components.order_words import person_name
from services.bulk.rows import Good
from services.i18n import Translator, format_short
from services.money import format_money
from services.orders.drafts import Accepted
from services.orders.email_typos import suggestion
from services.orders.warnings import (
    AddressInternationalised,
    AddressMistyped,
    AmountUnusual,
    FormerPayable,
    InvoiceNumberMissing,
    LooksLikeCard,
    OrderNamed,
    ReferenceUsed,
    SendingWarning,
    StillOpen,
)

# code → a table's cell; the last two occur in tables only
CELLS = {
    InvoiceNumberMissing.code: "no invoice number",
    LooksLikeCard.code: "a reference or the order id looks like a card number",
    AddressMistyped.code: "the address looks mistyped: {suggestion}?",
    AmountUnusual.code: "far above what the account usually asks for",
    AddressInternationalised.code: "unusual letters in the address: it will be sent to {address}",
    StillOpen.code: "same customer and amount as a request that is still open or being paid",
    ReferenceUsed.code: "this invoice number is used already",
    "same_in_file": "same customer and amount as an earlier row",
    "reference_in_file": "same invoice number as an earlier row",
}


def warning_cell(code: str, row: Good, t: Translator) -> str:
    address = row.accepted.email
    return t(CELLS[code], address=address, suggestion=suggestion(address) or "")


def warning_sentence(
    warning: SendingWarning, order: Accepted, t: Translator
) -> tuple[str, tuple[OrderNamed, ...]]:
    """The sentence, and the orders that it names; "" for an address with unusual letters, which the screen has confirmed."""
    zone = desk().account(order.account).timezone
    match warning:
        case StillOpen(found, under_way):
            values = {
                "amount": format_money(order.amount, order.currency, t.locale),
                "order_id": found.order_id,
                "when": format_short(found.created_at, zone, language()),
                "name": person_name(found.sender, t),
            }
            if under_way:
                return t(
                    "This customer is already paying {amount} for {order_id}, sent on {when} by {name}. Is this another request?",
                    **values,
                ), (found,)
            return t(
                "This customer can still pay {amount} for {order_id}, sent on {when} by {name}. Is this another request?",
                **values,
            ), (found,)
        case FormerPayable(former, until, can_be_called_off, under_way):
            values = {"order_id": former.order_id, "until": format_short(until, zone, language())}
            if under_way:
                return t(
                    "Duplicated from {order_id}, which the customer is already paying. Is this another request?",
                    **values,
                ), (former,)
            if can_be_called_off:
                return t(
                    "Duplicated from {order_id}, whose link can be paid until {until}. If this one takes its place, call that one off: else the customer can pay both.",
                    **values,
                ), (former,)
            return t(
                "Duplicated from {order_id}, whose link can be paid until {until}, and HiPay cannot call it off. If this one takes its place, tell the customer to pay with the new link only: both can be paid.",
                **values,
            ), (former,)
        case ReferenceUsed(reference, found, total):
            names = ", ".join(one.order_id for one in found) + (" …" if total > len(found) else "")
            words = t.plural(
                "Another order has invoice number {reference}: {names}. In the payout, only one of them can be meant.",
                "{count} other orders have invoice number {reference}: {names}. In the payout, only one of them can be meant.",
                total,
                reference=reference,
                names=names,
            )
            return words, found
        case LooksLikeCard():
            return t(
                "A reference or the order id looks like a card number. If it is one, take it out: it would be sent to HiPay and kept."
            ), ()
        case AddressMistyped(suggestion):
            return t(
                "The address looks mistyped: {address}. Did you mean {suggestion}?",
                address=order.email,
                suggestion=suggestion,
            ), ()
        case AmountUnusual(amount, usual, currency):
            return t(
                "{amount} is far above what this account usually asks for (about {usual}). Is the amount right?",
                amount=format_money(amount, currency, t.locale),
                usual=format_money(usual, currency, t.locale),
            ), ()
        case InvoiceNumberMissing():
            return t("Without an invoice number finance can only find the payment by its order id."), ()
    return "", ()
