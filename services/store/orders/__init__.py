"""Queries of orders, their pages, steps and messages."""
