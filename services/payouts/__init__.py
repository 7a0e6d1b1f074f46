"""Payouts: what each comes to, and whether it ties."""
