"""Texts without e-mail addresses: what is stored for ever must not name a customer, who can be erased."""

import re
from typing import Any

_ADDRESS = re.compile(r"(?<![^\s<>()\[\]\"',;:=])[^\s<>()\[\]\"',;:=]+@[^\s<>()\[\]\"',;:=]+")


def masked(value: Any) -> Any:
    """A value for JSON without e-mail addresses: a mail server's answer may name the customer's."""
    if isinstance(value, str):
        return _ADDRESS.sub("…@…", value)
    if isinstance(value, dict):
        # A Message-ID looks like an address, and is ours.
        return {key: one if key == "message_id" else masked(one) for key, one in value.items()}
    return [masked(one) for one in value] if isinstance(value, list | tuple) else value
