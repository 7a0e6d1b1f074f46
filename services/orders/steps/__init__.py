"""What the worker runs of an order, one durable step at a time."""
