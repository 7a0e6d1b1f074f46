"""An account's configuration: what is set, what was measured, and whether it is enough to send."""

from services.accounts.demo import prepare_demo

__all__ = ["prepare_demo"]
