"""HiPay's error and reason codes: a stable name each, and an English sentence that is also the gettext msgid.

Codes after HiPay's portal, "Error messages"; the sentences are ours: for the merchant's staff, what happened and where
there is one, what to do. `400…` and `401…` are the acquirer's and the issuer's reasons for a refused payment.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    code: int
    name: str
    text: str


_TABLE: tuple[tuple[int, str, str], ...] = (
    # The account
    (1000001, "incorrect_credentials", "HiPay does not accept the API login or password of this account."),
    (1000002, "incorrect_signature", "HiPay does not accept the signature of the request."),
    (1000003, "account_not_active", "The HiPay account is not active."),
    (1000004, "account_locked", "The HiPay account is locked."),
    (1000005, "insufficient_permissions", "The API credentials do not have the permission for this call."),
    (1000006, "api_disabled", "API access is disabled for this HiPay account."),
    (1000007, "unsupported_version", "HiPay no longer supports this version of its API."),
    (1000008, "temporarily_unavailable", "HiPay is temporarily unavailable."),
    (1000009, "address_not_allowed", "HiPay does not allow calls from this server's IP address."),
    # The request
    (1010001, "method_not_allowed", "HiPay does not take this kind of request at this address."),
    (1010101, "parameter_missing", "A required field is missing."),
    (1010201, "parameter_invalid", "A field is not in the expected format."),
    (1010202, "parameter_too_long", "A field is longer than HiPay takes."),
    (1010203, "parameter_not_alphabetic", "A field may only hold letters."),
    (1010204, "parameter_not_numeric", "A field may only hold digits."),
    (1010205, "parameter_not_decimal", "A field is not a decimal number."),
    (1010206, "date_invalid", "A date is not valid."),
    (1010207, "time_invalid", "A time is not valid."),
    (1010208, "ip_address_invalid", "An IP address is not valid."),
    (1010209, "email_invalid", "The e-mail address is not valid."),
    (
        1010301,
        "soft_descriptor_invalid",
        "The text for the bank statement holds characters that are not allowed.",
    ),
    (1020001, "product_not_configured", "This payment method is not configured on the HiPay account."),
    (1020002, "eci_not_supported", "This channel (link or telephone) is not open on the HiPay account."),
    (1020003, "product_unknown", "HiPay does not know this payment method."),
    # The order
    (3000001, "order_unknown", "HiPay does not know this order."),
    (3000002, "transaction_unknown", "HiPay does not know this transaction."),
    (3000003, "merchant_unknown", "HiPay does not know this merchant account."),
    (3000101, "operation_not_supported", "HiPay does not support this operation."),
    (3000102, "ip_address_unknown", "The customer's IP address could not be determined."),
    (3000201, "fraud_suspected_by_bank", "The bank refused the payment because it suspects fraud."),
    (3010001, "currency_not_supported", "The HiPay account does not take this currency."),
    (3010002, "amount_too_high", "The amount is above what the HiPay account takes in one payment."),
    (3010003, "too_many_attempts", "The customer has used all payment attempts of this order."),
    (3010004, "duplicate_order", "HiPay already has an order with this number."),
    (3010005, "session_expired", "The payment page has expired."),
    (3010006, "order_completed", "The order is already paid."),
    (3010007, "order_expired", "The order has expired."),
    (3010008, "order_voided", "The order was cancelled."),
    (
        3020001,
        "authorisation_expired",
        "The authorisation has expired: the amount can no longer be captured.",
    ),
    (3020002, "operation_amount_too_high", "The amount is above what is allowed for this operation."),
    # Captures
    (3020101, "capture_not_enabled", "Captures are not enabled on the HiPay account."),
    (3020102, "capture_not_allowed", "A payment of this kind cannot be captured."),
    (3020103, "partial_capture_not_allowed", "A payment of this kind cannot be captured in part."),
    (3020104, "capture_permission_denied", "This account may not capture this payment."),
    (3020105, "capture_currency_mismatch", "A capture must be in the currency of the payment."),
    (3020106, "authorisation_completed", "The authorised amount has already been captured."),
    (3020107, "no_more_captures", "No further capture of this payment is possible."),
    (3020108, "capture_amount_invalid", "The amount to capture must be above zero."),
    (3020109, "capture_above_payment", "The amount to capture is above the amount of the payment."),
    (3020110, "capture_above_remainder", "The amount to capture is above what remains to be captured."),
    (3020111, "capture_transaction_closed", "The payment is closed: it can no longer be captured."),
    (
        3020112,
        "capture_denied_by_fraud_rules",
        "The payment was denied by the fraud rules and cannot be captured.",
    ),
    # Refunds
    (3020201, "refund_not_enabled", "Refunds are not enabled on the HiPay account."),
    (3020202, "refund_not_allowed", "A payment of this kind cannot be refunded."),
    (3020203, "partial_refund_not_allowed", "A payment of this kind cannot be refunded in part."),
    (3020204, "refund_permission_denied", "This account may not refund this payment."),
    (3020205, "refund_currency_mismatch", "A refund must be in the currency of the payment."),
    (3020206, "already_refunded", "The payment has already been refunded in full."),
    (3020207, "no_more_refunds", "No further refund of this payment is possible."),
    (3020208, "refund_amount_invalid", "The amount to refund must be above zero."),
    (3020209, "refund_above_payment", "The amount to refund is above the amount of the payment."),
    (3020210, "refund_above_remainder", "The amount to refund is above what remains to be refunded."),
    (3020211, "refund_transaction_closed", "The payment is closed: it can no longer be refunded."),
    (3020212, "refund_too_late", "It is too late to refund this payment."),
    # Cancellations of an authorisation
    (3020401, "void_not_allowed", "A payment of this kind cannot be cancelled."),
    (3020402, "void_only_original", "Only the original authorisation can be cancelled."),
    (3020403, "already_voided", "The authorisation has already been cancelled."),
    (3030001, "fraud_suspected_by_hipay", "HiPay refused the payment because it suspects fraud."),
    (3040001, "token_unknown", "The card token is not known to HiPay."),
    # The acquirer's reasons
    (4000001, "declined_by_acquirer", "The acquirer declined the payment."),
    (4000002, "declined_by_institution", "The financial institution refused the payment."),
    (4000003, "account_insufficient_funds", "The customer's account does not hold enough money."),
    (4000004, "technical_problem", "A technical problem stopped the payment."),
    (4000005, "communication_failure", "The bank could not be reached."),
    (4000006, "acquirer_unavailable", "The acquirer is temporarily unavailable."),
    (4000007, "duplicate_transaction", "The acquirer has already processed this payment."),
    (4000008, "cancelled_by_customer", "The customer cancelled the payment."),
    (4000009, "transaction_invalid", "The acquirer does not take this kind of payment."),
    (4000010, "contact_acquirer", "The acquirer asks to be contacted: call HiPay's support."),
    (4000011, "authentication_failed", "The customer's authentication failed."),
    (4000012, "method_not_configured", "The payment method is not fully configured on the HiPay account."),
    # The issuer's reasons
    (4010101, "refused_without_reason", "The customer's bank refused the payment without giving a reason."),
    (4010102, "issuer_unavailable", "The customer's bank cannot be reached at the moment."),
    (4010103, "card_insufficient_funds", "The card does not have enough funds."),
    (4010201, "not_permitted_for_card", "This card does not allow this payment."),
    (4010202, "card_number_invalid", "The card number is not valid."),
    (4010203, "card_not_supported", "This type of card is not accepted."),
    (4010204, "card_expired", "The card has expired."),
    (4010205, "expiry_date_incorrect", "The expiry date does not match the card."),
    (4010206, "security_code_required", "The card's security code is missing."),
    (4010207, "security_code_incorrect", "The card's security code is wrong."),
    (4010301, "address_check_failed", "The address does not match the one the customer's bank knows."),
    (4010302, "card_retained", "The customer's bank has put the card on hold."),
    (4010303, "card_lost_or_stolen", "The card was reported lost or stolen."),
    (4010304, "card_restricted", "The card is restricted by its network."),
    (4010305, "card_limit_exceeded", "The payment would exceed the card's limit."),
    (4010306, "card_blocked", "The bank's fraud protection blocked the card."),
    (4010307, "country_not_allowed", "Payments from the customer's country are not allowed."),
    (4010309, "card_unknown_to_issuer", "The customer's bank does not know this card."),
)
REASONS: Mapping[int, Reason] = {code: Reason(code, name, text) for code, name, text in _TABLE}

_FAMILIES = (
    (range(4000000, 4010000), "The acquirer refused the payment."),
    (range(4010000, 4020000), "The customer's bank refused the payment."),
)


def reason(code: int) -> Reason | None:
    """The entry of a code, or None for one that HiPay does not publish."""
    return REASONS.get(code)


def reason_text(code: int) -> str | None:
    """The English sentence (msgid) for a code; an unpublished refusal gets its family's; None for any other code."""
    if known := REASONS.get(code):
        return known.text
    return next((sentence for family, sentence in _FAMILIES if code in family), None)


def sentences() -> tuple[str, ...]:
    """Every sentence ``reason_text`` can return: what a catalogue must translate."""
    return tuple(dict.fromkeys([entry.text for entry in REASONS.values()] + [text for _, text in _FAMILIES]))
