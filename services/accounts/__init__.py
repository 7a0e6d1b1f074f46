"""An account's configuration: what is set, what was measured, and whether it is enough to send."""
