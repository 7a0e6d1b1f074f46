"""Payouts as rows: their figures, what these are worked out from, which of them are behind; and what people wrote and decided of them."""
