"""Bank statements: which entry of the bank is which payout, what of a month statements cover, and where a payout stands at the bank."""
