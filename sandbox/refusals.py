"""HiPay's refusals: its code, its message and description, the HTTP status that carries it."""

from starlette.responses import JSONResponse, Response

# code -> (HTTP status, message, description), from HiPay's published table of error messages.
_TABLE: dict[int, tuple[int, str, str]] = {
    1000001: (401, "Incorrect Credentials", "Username and/or password is incorrect."),
    1000003: (403, "Account Not Active", "The account is inactive."),
    1000004: (403, "Account Locked", "The account is locked."),
    1000005: (403, "Insufficient Permissions", "You do not have permission to make this API call."),
    1000006: (403, "Forbidden Access", "The API access is disabled for this account."),
    1000008: (503, "Temporarily Unavailable", "The gateway is temporarily unavailable."),
    1000009: (403, "Not Allowed", "The request was rejected due to IP restriction."),
    1010001: (405, "Method Not Allowed", "The specified HTTP method is not allowed for this API call."),
    1010101: (400, "Required Parameter Missing", "A required parameter is missing."),
    1010201: (400, "Invalid Parameter", "A parameter is in an invalid format."),
    1010202: (
        400,
        "Invalid Parameter",
        "A parameter value exceeds the maximum number of characters allowed.",
    ),
    1010203: (400, "Invalid Parameter", "A parameter contains non-alphabetic characters."),
    1010204: (400, "Invalid Parameter", "A parameter contains non-numeric characters."),
    1010205: (400, "Invalid Parameter", "A parameter is expected to be a decimal, but is not a valid one."),
    1010206: (400, "Invalid Date", "The specified parameter does not seem to be a valid date."),
    1010208: (400, "Invalid IP Address", "The IP address is in an invalid format."),
    1010209: (400, "Invalid Email Address", "The email address is in an invalid format."),
    1020001: (400, "No route to acquirer", "The payment product is not configured for your account."),
    1020002: (400, "Unsupported ECI", "The specified ECI is not supported by the gateway."),
    1020003: (400, "Unsupported Payment Product", "The specified payment product is not valid."),
    3000001: (404, "Unknown Order", "Order not found."),
    3000002: (404, "Unknown Transaction", "Transaction not found."),
    3000101: (400, "Unsupported Operation", "Unsupported operation."),
    3010001: (400, "Unsupported Currency", "Currency is not supported."),
    3010002: (400, "Amount Limit Exceeded", "The amount exceeds the maximum amount allowed."),
    3010003: (400, "Max Attempts Exceeded", "The maximum number of payment attempts is exceeded."),
    3010004: (400, "Duplicate Order", "Order was already processed."),
    3010006: (400, "Order Completed", "Order has already been completed."),
    3010007: (400, "Order Expired", "Order has expired."),
    3020001: (400, "Authorization Expired", "Authorization has expired."),
    3020102: (400, "Not Allowed", "You cannot capture this type of transaction."),
    3020105: (400, "Currency Mismatch", "Currency of capture must be the same as currency of authorization."),
    3020106: (400, "Authorization Completed", "Authorization has already been completed."),
    3020108: (400, "Invalid Amount", "The capture amount must be a positive amount."),
    3020109: (400, "Amount Limit Exceeded", "The capture amount exceeds the original transaction amount."),
    3020110: (400, "Amount Limit Exceeded", "The partial capture amount exceeds the remaining amount."),
    3020111: (400, "Operation Not Permitted", "The transaction is closed."),
    3020202: (400, "Not Allowed", "You cannot refund this type of transaction."),
    3020205: (400, "Currency Mismatch", "The refund must be in the currency of the original transaction."),
    3020206: (400, "Already Refunded", "This transaction has already been fully refunded."),
    3020208: (400, "Invalid Amount", "The refund amount must be a positive amount."),
    3020209: (400, "Amount Limit Exceeded", "The refund amount exceeds the original transaction amount."),
    3020210: (400, "Amount Limit Exceeded", "The partial refund amount exceeds the remaining amount."),
    3020211: (400, "Operation Not Permitted", "The transaction is closed."),
    3020401: (400, "Not Allowed", "You cannot void this type of transaction."),
    3020403: (400, "Authorization Voided", "Authorization has already been voided."),
}
CODES = frozenset(_TABLE)


class Refusal(Exception):
    """HiPay refuses a call: `code` is HiPay's, `field` names the parameter when one is to blame."""

    def __init__(self, code: int, field: str = "", *, status: int | None = None) -> None:
        default_status, self.message, description = _TABLE[code]
        self.code = code
        self.field = field
        self.status = status or default_status
        self.description = f"{description} Parameter: {field}" if field else description
        super().__init__(f"{code} {self.description}")


def as_response(refusal: Refusal) -> Response:
    """The documented error body: code, message, description."""
    headers = {"WWW-Authenticate": 'Basic realm="HiPay sandbox"'} if refusal.status == 401 else None
    body = {"code": refusal.code, "message": refusal.message, "description": refusal.description}
    return JSONResponse(body, refusal.status, headers)
