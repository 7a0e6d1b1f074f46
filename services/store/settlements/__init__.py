"""Queries of settlement files, their lines and what people decided of them."""
