"""The two signatures HiPay makes with the account's secret passphrase."""

import hashlib
from collections.abc import Mapping
from typing import Literal, get_args

Algorithm = Literal["SHA1", "SHA256", "SHA512"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)


def of_body(body: bytes, passphrase: str, algorithm: Algorithm) -> str:
    """X-Allopass-Signature: lowercase hex of HASH(raw body + passphrase)."""
    return _hash(body + passphrase.encode(), algorithm)


def of_parameters(parameters: Mapping[str, str], passphrase: str, algorithm: Algorithm) -> str:
    """`hash` of a redirect page: every non-empty parameter, sorted by name, as name + value + passphrase."""
    text = "".join(f"{name}{value}{passphrase}" for name, value in sorted(parameters.items()) if value)
    return _hash(text.encode(), algorithm)


def _hash(data: bytes, algorithm: Algorithm) -> str:
    return hashlib.new(algorithm.lower(), data).hexdigest()
