"""How a payout file may be written, in words: what can be chosen instead of what was detected."""

AUTOMATIC = ""
ENCODINGS = ("utf-8", "utf-8-sig", "cp1252", "iso-8859-15", "utf-16")
CHOICES: dict[str, tuple[str, dict[str, str]]] = {
    "decimal": ("Decimal sign", {",": "comma: 1234,56", ".": "point: 1234.56"}),
    "date": ("Dates", {"iso": "year first: 2026-11-24", "dmy": "day first: 24/11/2026", "mdy": "month first: 11/24/2026"}),
    "debits": (
        "Fees and refunds",
        {"negative": "have a minus sign", "positive": "have no sign and are subtracted", "inverted": "are positive, sales negative"},
    ),
    "delimiter": ("Column separator", {";": "semicolon ;", ",": "comma ,", "\t": "tab", "|": "bar |"}),
    "encoding": ("Encoding", {name: name for name in ENCODINGS}),
}  # fmt: skip
