"""The configuration of an account, and whether it is complete enough to send."""
