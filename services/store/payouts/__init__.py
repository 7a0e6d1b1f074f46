"""Payouts, and what people wrote and decided of them."""
