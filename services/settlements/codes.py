"""The codes of what a reading reports: why a row was set aside, and why a choice was made. ``words`` has their sentences."""

from typing import Literal

# Why an amount cannot be read.
AmountReason = Literal["amount_unreadable", "amount_too_precise", "amount_too_large", "amount_digits_lost"]

# Why a row was set aside. Rows with the first three contain no money; all others block the tie-out of their payout.
SetAsideReason = Literal[
    "preamble",
    "total",
    "header_again",
    "glued",
    "wrong_width",
    "operation_missing",
    AmountReason,
    "amount_missing",
    "cell_error",
    "formula_no_value",
    "amount_other_currency",
    "date_unreadable",
    "currency_unknown",
    "currency_missing",
    "settlement_missing",
]
NOT_BLOCKING: tuple[SetAsideReason, ...] = ("preamble", "total", "header_again")

# The choices of a dialect, and the codes of the evidence for them.
EvidenceChoice = Literal["encoding", "delimiter", "header_line", "decimal", "date", "debits", "quotes"]
EvidenceCode = Literal[
    "bytes",
    "legacy",
    "sheet",
    "chosen",
    "names",
    "cell",
    "plain",
    "typed",
    "conflict",
    "open",
    "iso",
    "dmy",
    "mdy",
    "assumed_day_first",
    "negative",
    "positive",
    "inverted",
    "no_debit",
    "contradictory",
    "none",
]
