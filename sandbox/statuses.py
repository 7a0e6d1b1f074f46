"""Transaction statuses that the sandbox can produce, and the reasons of a refusal."""

# status -> the message that travels with it (HiPay's list of transaction statuses).
MESSAGES = {
    109: "Authentication Failed",
    110: "Blocked",
    111: "Denied",
    112: "Authorized and Pending",
    113: "Refused",
    114: "Expired",
    115: "Cancelled",
    116: "Authorized",
    117: "Capture Requested",
    118: "Captured",
    119: "Partially Captured",
    124: "Refund Requested",
    125: "Refunded",
    126: "Partially Refunded",
    129: "Charged Back",
    131: "Debited",
    132: "Partially Debited",
    142: "Authorization Requested",
    143: "Authorization Cancelled",
    165: "Refund Refused",
    166: "Issuer Credited",
    173: "Capture Refused",
}
# Those that the v3 consultation numbers in its own way.
_SHORT = {173: 54}
# reason code -> (status it leads to, HiPay's message)
REASONS: dict[str, tuple[int, str]] = {
    "4010101": (113, "Refusal (No Explicit Reason)"),
    "4010102": (113, "Issuer Not Available"),
    "4010103": (113, "Insufficient Funds"),
    "4010204": (113, "Card Expired"),
    "4010207": (113, "CVC Error"),
    "4010301": (113, "AVS Failed"),
    "4010303": (113, "Lost or Stolen Card"),
    "4010305": (113, "Card Limit Exceeded"),
    "4000011": (109, "Authentication failed. Please retry or cancel"),
    "3030001": (110, "Fraud Suspicion"),
}
DEFAULT_REASON = "4010101"
TECHNICAL_PROBLEM = ("4000004", "Technical Problem")


def short(status: int) -> int:
    """A status as the v3 consultation writes it: 116 is 16."""
    return _SHORT.get(status, status - 100)
