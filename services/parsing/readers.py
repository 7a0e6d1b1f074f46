"""The readers of untrusted bytes, by name, since this package is below them. The parent loads them before the first call: that takes a second."""

from typing import Final

PAYOUT_FILES: Final = (
    "services.settlements.untrusted_file", "services.spreadsheets.texts", "pyarrow.csv", "pandas",
)  # fmt: skip
READERS: Final = (
    *PAYOUT_FILES,
    "services.bulk.table",
    "services.mail.reports",
    "services.bank.reading.bank_file",
)
