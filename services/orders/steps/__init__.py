"""The steps that the worker runs for an order, each stored as a row before it runs."""
