"""A merchant's own return page: it verifies our parameters as docs/return-pages.md describes."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence

from services.hipay.fields import one_line

NAMES = ("et_amount", "et_currency", "et_first_name", "et_last_name", "et_order_id")


def verify_signed_parameters(params: Iterable[tuple[str, str]], secrets: Sequence[str]) -> bool:
    """Whether the ``et_…`` parameters of a query have a signature made with one of ``secrets``."""
    pairs = [(name, value) for name, value in params if name.startswith("et_")]
    values = dict(pairs)
    found = values.pop("et_signature", "").encode("utf-8", "surrogatepass")
    if not found or len(values) + 1 != len(pairs) or tuple(sorted(values)) != NAMES:
        return False
    if not all(map(one_line, values.values())):
        return False
    signed = "\n".join(f"{name}={values[name]}" for name in NAMES).encode()
    digests = (hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets if secret)
    return any(hmac.compare_digest(found, digest.encode()) for digest in digests)
