"""What only the return pages say, beside ``services.public.customer_texts``: msgids of the ``customer`` domain."""

from services.public.customer_texts import PageText

# The customer comes from the accept page's address, and HiPay has not told us yet: no more is claimed than is known.
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
VALID_UNTIL = "Link valid until"
PAY_AGAIN = "Try again"
BACK_TO_PAYMENT = "Back to the payment page"
CONTACT = "If you have any questions, please contact us: {contact}"
