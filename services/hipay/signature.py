"""Verifies HiPay's signatures of notifications and return pages, and signs our parameters on a merchant's return pages."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence, Set

from services.hipay.errors import FieldInvalid
from services.hipay.fields import one_line

_ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha512": hashlib.sha512}


def algorithm_name(text: str) -> str | None:
    """``sha256`` for HiPay's ``SHA256`` or ``sha-256``; None for an algorithm that HiPay does not use."""
    name = text.strip().lower().replace("-", "")
    return name if name in _ALGORITHMS else None


def verify_notification(raw: bytes, header: str | None, secrets: Sequence[str], algorithm: str) -> bool:
    """Whether ``X-Allopass-Signature`` is HASH(raw body + passphrase) in hexadecimal, for one of ``secrets``.

    ``algorithm``: the account's, never the request's. Takes constant time for each secret; for unusable input it returns
    False and raises nothing. An empty secret verifies nothing.
    """
    name = algorithm_name(algorithm)
    if name is None or not header:
        return False
    return _matches(header, (_digest(name, raw + _bytes(secret)) for secret in secrets if secret))


def redirect_hash(params: Mapping[str, str], secret: str, algorithm: str) -> str:
    """HiPay's ``hash`` of a return page: over every non-empty parameter but itself, sorted by name, as name + value +
    passphrase. Raises ValueError for an algorithm that HiPay does not use."""
    name = algorithm_name(algorithm)
    if name is None:
        raise ValueError("not one of HiPay's algorithms")
    pairs = sorted((key, value) for key, value in params.items() if value != "" and key != "hash")
    return _digest(name, _bytes("".join(key + value + secret for key, value in pairs)))


def verify_redirect(
    params: Iterable[tuple[str, str]], own_names: Set[str], secrets: Sequence[str], algorithm: str
) -> bool:
    """Whether HiPay made the query of a return page. ``params``: its pairs as they came, decoded.

    ``own_names``: the parameters of the URL that we sent, which HiPay does not hash. A parameter that comes twice is refused,
    since one reader would use the first and another the last.
    """
    pairs = [(name, value) for name, value in params if name not in own_names]
    found = dict(pairs)
    header = found.get("hash")
    if len(found) != len(pairs) or not header or algorithm_name(algorithm) is None:
        return False
    return _matches(header, (redirect_hash(found, secret, algorithm) for secret in secrets if secret))


SIGNED_NAMES = ("et_amount", "et_currency", "et_first_name", "et_last_name", "et_order_id")


def signed_parameters(
    *, first_name: str, last_name: str, amount: str, currency: str, order_id: str, secret: str
) -> dict[str, str]:
    """The parameters that we add to a merchant's own return pages, ``et_signature`` among them.

    ``et_signature`` = lowercase hexadecimal HMAC-SHA256, key ``secret``, over the UTF-8 text of the five lines
    ``et_amount=…``, ``et_currency=…``, ``et_first_name=…``, ``et_last_name=…``, ``et_order_id=…`` in this order, decoded
    values, joined by a line feed with none at the end. ``amount`` has HiPay's form (``12.50``). The parameters identify the
    order, and do not prove that it is paid. Raises FieldInvalid for a value with a control character.
    """
    values = dict(zip(SIGNED_NAMES, (amount, currency, first_name, last_name, order_id), strict=True))
    for name, value in values.items():
        if not one_line(value):
            raise FieldInvalid(name)
    return values | {"et_signature": _own_signature(values, secret)}


def _own_signature(values: Mapping[str, str], secret: str) -> str:
    canonical = "\n".join(f"{name}={values[name]}" for name in SIGNED_NAMES)
    return hmac.new(_bytes(secret), _bytes(canonical), hashlib.sha256).hexdigest()


def _digest(name: str, data: bytes) -> str:
    return _ALGORITHMS[name](data).hexdigest()


def _matches(found: str, expected: Iterable[str]) -> bool:
    return any(hmac.compare_digest(_bytes(found), _bytes(digest)) for digest in expected)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
