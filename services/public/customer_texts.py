"""What a customer reads after the payment page, as msgids of the ``customer`` domain (English text, eight languages).

t = translator(language, "customer")
page = PAGES["decline"]
t(page.title); t(page.body); t(HINTS["decline"])
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class PageText(NamedTuple):
    """``title`` and one paragraph, without placeholders."""

    title: str
    body: str


# The five redirect pages by HiPay's names, then the pages of our own links.
PAGES: Mapping[str, PageText] = MappingProxyType(
    {
        "accept": PageText(
            "Thank you, your payment has been accepted",
            "We have registered your payment. You do not have to do anything else.",
        ),
        "decline": PageText(
            "Your payment was declined",
            "The payment could not be completed, and your order has not been paid.",
        ),
        "pending": PageText(
            "Your payment is being processed",
            "Your payment has not been confirmed yet. Some payment methods take a few hours, or a few days.",
        ),
        "cancel": PageText(
            "You have cancelled the payment",
            "No payment was made, and your order has not been paid.",
        ),
        "exception": PageText(
            "A technical error has occurred",
            "The payment page met a technical problem, and we do not know yet whether your payment was completed.",
        ),
        "invalid_link": PageText(
            "This link is not valid",
            "The address of this page is incomplete or has been changed.",
        ),
        "expired": PageText(
            "This payment link has expired",
            "The time allowed for this payment has passed. No payment was made with this link.",
        ),
        "paid": PageText(
            "This order has already been paid",
            "We have already received the payment of this order. You do not have to pay again.",
        ),
        "withdrawn": PageText(
            "This payment link is no longer available",
            "The merchant has withdrawn this link or replaced it with another one.",
        ),
        "to_pay": PageText(
            "Pay for your order",
            "The button takes you to the secure page of HiPay, our payment service provider.",
        ),
        "called_off": PageText(
            "You have nothing to pay",
            "The merchant has called off this payment request. Nothing is expected of you.",
        ),
        "in_a_moment": PageText(
            "Please try again in a moment",
            "The payment page cannot be opened just now.",
        ),
        "too_often": PageText(
            "Please try again later",
            "The payment page was opened many times within the last hour.",
        ),
    }
)

# What the customer can do, under WHAT_TO_DO; nothing after a payment that was accepted.
HINTS: Mapping[str, str] = MappingProxyType(
    {
        "decline": "You can try again with the link in your e-mail, if need be with another payment method, or contact the merchant.",
        "pending": "Please do not pay a second time. The merchant will confirm as soon as the payment has been received.",
        "cancel": "You can still pay with the link in your e-mail for as long as it is valid.",
        "exception": "Before you try again, please check with the merchant whether the payment has been received.",
        "invalid_link": "Please open the link again from your e-mail, or copy its whole address into your browser.",
        "expired": "Please contact the merchant to receive a new link.",
        "withdrawn": "Please use the link in the latest e-mail you received, or contact the merchant.",
        "called_off": "If you did not expect this, or have already paid, please contact the merchant.",
        "in_a_moment": "Your link stays valid: open it again in a few minutes.",
        "too_often": "Your link stays valid: open it again in an hour, or contact the merchant.",
    }
)

# The customer comes from the accept page's address, and no read of HiPay has shown the payment yet.
SUBMITTED = PageText(
    "Thank you, your payment has been sent",
    "HiPay, our payment service provider, has received it and is confirming it to us.",
)
CONFIRMATION_FOLLOWS = "You do not have to do anything else: the merchant will confirm your payment. Please do not pay a second time."
UNAVAILABLE = PageText(
    "This page is not available at the moment",
    "Please try again in a few minutes.",
)
UNAFFECTED = "If you have just paid, this changes nothing: your payment is registered with HiPay, and the merchant will be told of it."
EXAMPLE = "Example with sample data: this is how your customers will see the page."

WHAT_TO_DO = "What you can do"
AMOUNT = "Amount"
ORDER = "Order"
CUSTOMER = "Customer"
CLOSE = "You can close this page."
DESCRIPTION = "Description"
AMOUNT_TO_PAY = "Amount to pay"
VALID_UNTIL = "Link valid until"
PAY_AGAIN = "Try again"
BACK_TO_PAYMENT = "Back to the payment page"
PAY = "Pay {amount}"
CONTACT_US = "If you have any questions, please contact us: {contact}"
NO_MONEY = "This is a trial environment: no money will be taken."
