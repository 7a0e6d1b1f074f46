"""The check list of an account: what it still lacks before it can send, measured."""
