"""What a row is warned of: code → English msgid. A warning does not stop a row."""

WARNINGS: dict[str, str] = {
    "no_invoice_number": "no invoice number",
    "looks_like_card": "a reference or the order id looks like a card number",
    "mistyped": "the address looks mistyped: {suggestion}?",
    "amount_unusual": "far above what the account usually asks for",
    "internationalised": "unusual letters in the address: it will be sent to {address}",
    "same_in_file": "same customer and amount as an earlier row",
    "reference_in_file": "same invoice number as an earlier row",
    "still_open": "same customer and amount as a request that is still open or being paid",
    "reference_used": "this invoice number is used already",
}
