"""Settlement files: their bytes, the state of their imports, and what they say of payouts."""
