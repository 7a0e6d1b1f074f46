"""What looks odd about an order, said before it is sent. Sending stays possible."""

import streamlit as st

from pages.components.common import (
    actor,
    desk,
    language,
    refusals,
    texts,
)
from pages.components.markdown import plain
from pages.components.order_words import person_name
from services.i18n import Translator, format_short
from services.money import format_money
from services.orders.drafts import Accepted
from services.orders.warnings import (
    AddressMistyped,
    AmountUnusual,
    FormerPayable,
    InvoiceNumberMissing,
    LooksLikeCard,
    OrderNamed,
    ReferenceUsed,
    SendingWarning,
    StillOpen,
    warnings,
)

# Of the order form, so that it goes with it: the id of the order whose facts it was filled with.
DUPLICATED_FROM = "order_duplicated_from"


def show_warnings(order: Accepted) -> None:
    """One box for each warning, with a link to the order it speaks of."""
    found: tuple[SendingWarning, ...] = ()
    with refusals():
        found = warnings(desk(), actor(), order, st.session_state.get(DUPLICATED_FROM))
    for warning in found:
        words, named = _words(warning, order, texts())
        if not words:
            continue
        with st.container(gap="xsmall"):
            st.warning(plain(words), icon=":material/info:")
            for one in named:
                st.page_link(
                    "payment_requests/page.py",
                    label=_look_at(one),
                    icon=":material/receipt_long:",
                    query_params={"order": str(one.id)},
                )


def _look_at(one: OrderNamed) -> str:
    return plain(texts()("Look at {order_id}", order_id=one.order_id))


def _words(warning: SendingWarning, order: Accepted, t: Translator) -> tuple[str, tuple[OrderNamed, ...]]:
    """The sentence, "" for what the screen already says elsewhere (the address with unusual letters is confirmed there)."""
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
