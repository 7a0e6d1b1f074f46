"""HiPay's server-to-server notifications: a body (form, XML, JSON) read into one Observation, and the part that may be stored.

The caller verifies the signature over the raw bytes before it calls anything here, and bounds the size.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, unquote_plus
from xml.etree.ElementTree import Element, ParseError, tostring  # types and writing only: reading is defused

from defusedxml import ElementTree as DefusedTree
from defusedxml.common import DefusedXmlException

from services.hipay import observations
from services.hipay.errors import BadNotification
from services.hipay.observations import MARK_KEY, Observation
from services.text import bounded_json

_FIELDS_MAX = 1000
_DEPTH_MAX = 20
_FORM_NAME = re.compile(r"[A-Za-z0-9_.\-\[\]]+")
# Cardholder data and references to a card (PCI DSS): compared without case and separators, at the end of a name, so that
# `payment_method[token]`, `cardToken` and `authentication_token` are all removed.
_CARD = re.compile(
    r"(token|cardid|pan|cvc|cvv|cvcresult|cvvresult|cardholder|holder|cardnumber|securitycode"
    r"|expiry|expirymonth|expiryyear|expirydate|expirationmonth|expirationyear|expirationdate)$"
)
_UNREADABLE = (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Notification:
    """A notification that could be read. ``fields`` is flat, by HiPay's bracketed names, without card data."""

    order_id: str
    reference: str
    status: int
    fields: Mapping[str, str]
    _observation: Observation

    def observation(self) -> Observation:
        """The payment that it reports, in the same shape as a read of the order."""
        return self._observation


def parse(raw: bytes, content_type: str | None) -> Notification:
    """Read a payment notification. Raises BadNotification for anything that is not one, and nothing else."""
    fields = {name: value for name, value in read_fields(raw, content_type).items() if not _is_card(name)}
    seen = _observation(fields)
    return Notification(
        order_id=seen.order_id,
        reference=seen.reference,
        status=seen.status,
        fields=fields,
        _observation=seen,
    )


def identity(raw: bytes) -> str:
    """The identity of a notification: the SHA-256 of its body, in hexadecimal.

    (reference, status) is the same for two partial refunds, and ``attempt_id`` is always 1.
    """
    return hashlib.sha256(raw).hexdigest()


def stripped(raw: bytes, content_type: str | None) -> bytes:
    """The body as it may be stored: without token, card id, card number, security code, holder and expiry.

    Of a body that cannot be read only the readable parts of a form are stored.
    """
    kind = _kind(raw, content_type)
    try:
        if kind == "xml":
            root = _xml(raw)
            _strip_xml(root)
            return bytes(tostring(root, encoding="utf-8"))
        if kind == "json":
            rest = _strip_json(bounded_json.read(raw))
            return json.dumps(rest, default=str, separators=(",", ":")).encode()
    except _UNREADABLE:
        return b""
    parts = raw.split(b"&", _FIELDS_MAX)
    return b"&".join(part for part in parts if _storable(part)) if len(parts) <= _FIELDS_MAX else b""


def _kind(raw: bytes, content_type: str | None) -> str:
    """The format by the body itself, then by its header: a wrong header must not let a card number through."""
    start = raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    declared = (content_type or "").lower()
    if start == b"<" or "xml" in declared:
        return "xml"
    return "json" if start in (b"{", b"[") or "json" in declared else "form"


def read_fields(raw: bytes, content_type: str | None) -> dict[str, str]:
    """Every field by its bracketed name, card data included. Raises BadNotification."""
    kind = _kind(raw, content_type)
    try:
        if kind == "xml":
            pairs = _few(_flat_xml(_xml(raw)))
        elif kind == "json":
            pairs = _few(_flat_json(bounded_json.read(raw)))
        else:
            text = raw.decode("utf-8")
            pairs = dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS_MAX))
    except _UNREADABLE:
        raise BadNotification(f"not_{kind}") from None
    if any("\0" in name or "\0" in value for name, value in pairs.items()):
        raise BadNotification("nul")
    return pairs


def _few(pairs: Iterator[tuple[str, str]]) -> dict[str, str]:
    found = dict(islice(pairs, _FIELDS_MAX))
    if next(pairs, None) is not None:
        raise ValueError("too many fields")
    return found


def _observation(fields: Mapping[str, str]) -> Observation:
    def needed(name: str) -> str:
        if not fields.get(name):
            raise BadNotification("missing", name)
        return fields[name]

    def units(name: str) -> int | None:
        try:
            return observations.units(fields.get(name))
        except ValueError:
            raise BadNotification("amount", name) from None

    status = observations.integer(needed("status"))
    if status is None:
        raise BadNotification("status", "status")
    reason = observations.integer(fields.get("reason[code]"))
    return Observation(
        order_id=needed("order[id]"),
        reference=needed("transaction_reference"),
        status=status,
        state=fields.get("state", ""),
        currency=observations.text(fields.get("currency")),
        authorised=units("authorized_amount"),
        captured=units("captured_amount"),
        refunded=units("refunded_amount"),
        charged_back=units("chargebacked_amount"),
        order_amount=units("order[amount]"),
        order_currency=observations.text(fields.get("order[currency]")),
        reason_code=reason or None,
        reason_text=observations.text(fields.get("reason[message]")),
        payment_product=observations.text(fields.get("payment_product")),
        eci=observations.integer(fields.get("eci")),
        test={"true": True, "1": True, "false": False, "0": False}.get(fields.get("test", "").lower()),
        mid=observations.merchant_id(fields.get("mid")),
        operation_id=observations.text(fields.get("operation[id]")),
        operation_amount=units("operation[amount]"),
        at=observations.moment(fields.get("date_updated") or fields.get("date_created")),
        mark=_mark(fields),
    )


def _mark(fields: Mapping[str, str]) -> str | None:
    """Our mark, whether custom_data came as one JSON text or as a field for each key."""
    whole = observations.custom_data(fields.get("custom_data"))
    return whole.get(MARK_KEY) or observations.text(fields.get(f"custom_data[{MARK_KEY}]"))


def _xml(raw: bytes) -> Element:
    root: Element = DefusedTree.fromstring(raw, forbid_dtd=True)
    return root


def _flat_xml(element: Element, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    if len(path) > _DEPTH_MAX:
        raise ValueError("too deep")
    for child in element:
        yield from _flat_xml(child, (*path, child.tag))
    if path and not len(element):
        yield _bracketed(path), (element.text or "").strip()


def _flat_json(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    if len(path) > _DEPTH_MAX:
        raise ValueError("too deep")
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _flat_json(item, (*path, name))
    elif path and not isinstance(value, list):
        yield _bracketed(path), "" if value is None else str(value)


def _bracketed(path: tuple[str, ...]) -> str:
    return path[0] + "".join(f"[{name}]" for name in path[1:])


def _is_card(name: str) -> bool:
    """Whether a field, or any element that contains it, is card data."""
    return any(_CARD.search(re.sub(r"[^a-z0-9]", "", part.lower())) for part in re.split(r"[\[\]]+", name))


def _storable(part: bytes) -> bool:
    name = unquote_plus(part.partition(b"=")[0].decode("latin-1"))
    return bool(_FORM_NAME.fullmatch(name)) and not _is_card(name)


def _strip_xml(element: Element, depth: int = 0) -> None:
    if depth > _DEPTH_MAX:
        raise ValueError("too deep")
    for child in list(element):
        if any(map(_is_card, (child.tag, *child.attrib, *child.attrib.values()))):
            element.remove(child)
        else:
            _strip_xml(child, depth + 1)


def _strip_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _strip_json(item) for name, item in value.items() if not _is_card(name)}
    return [_strip_json(item) for item in value] if isinstance(value, list) else value
