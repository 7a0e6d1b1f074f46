"""Reads HiPay's answers about pages, orders, operations and products."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from services.hipay import observations
from services.hipay.answers import as_list, as_object
from services.hipay.errors import BadAnswer, UntrustedUrl
from services.hipay.observations import MARK_KEY, Observation, Operation
from services.hipay.signature import algorithm_name
from services.hipay.statuses import MOTO_PRODUCTS, three_digits
from services.hosts import is_loopback

_HIPAY_HOST = re.compile(r"([a-z0-9-]+\.)*(hipay\.com|hipay-tpp\.com)")


@dataclass(frozen=True, kw_only=True, slots=True)
class CreatedPage:
    """A hosted payment page. ``forward_url`` is what the customer opens; its host was checked."""

    order_id: str
    forward_url: str
    mid: str | None
    test: bool | None
    amount_units: int | None
    currency: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRead:
    """An order that somebody has tried to pay, with an observation for each attempt, in HiPay's order. Amounts in 1/10000."""

    order_id: str
    amount_units: int | None
    currency: str | None
    attempts: int | None
    mark: str | None
    observations: tuple[Observation, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Maintained:
    """The transaction after a capture, refund or cancellation. Amounts are totals so far, in 1/10000."""

    reference: str
    operation: str
    status: int
    authorised: int | None
    captured: int | None
    refunded: int | None
    currency: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Product:
    code: str
    description: str

    @property
    def takes_moto(self) -> bool:
        return self.code in MOTO_PRODUCTS


def created_page(value: Any, *, loopback: bool) -> CreatedPage:
    value = as_object(value)
    url = value.get("forward_url")
    if not isinstance(url, str) or not url:
        raise BadAnswer("no_forward_url", 200)
    check_page_url(url, loopback=loopback)
    order = value.get("order") if isinstance(value.get("order"), dict) else {}
    return CreatedPage(
        order_id=str(order.get("id") or ""),
        forward_url=url,
        mid=observations.merchant_id(value.get("mid")),
        test=_flag(value.get("test")),
        amount_units=units_of(order, "amount"),
        currency=observations.text(order.get("currency")),
    )


def check_page_url(url: str, *, loopback: bool) -> None:
    """Raise UntrustedUrl unless the page is on a host of HiPay's over https (with ``loopback``, or on this machine)."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise UntrustedUrl("") from None
    odd = (
        not url.isascii() or not url.isprintable() or re.search(r"[\s\\]", url) or parts.username is not None
    )
    if not odd and parts.scheme == "https" and port in (None, 443) and _HIPAY_HOST.fullmatch(host):
        return
    if not odd and loopback and parts.scheme == "http" and is_loopback(host):
        return
    raise UntrustedUrl(host)


def order_read(value: Any, order_id: str) -> OrderRead:
    """`GET /v3/order/{orderid}`."""
    value = as_object(value)
    if value.get("merchant_order_id") not in (None, order_id):
        raise BadAnswer("other_order", 200)
    mark = observations.custom_data(value.get("custom_data")).get(MARK_KEY)
    amount, currency = units_of(value, "amount"), observations.text(value.get("currency"))
    transactions = value.get("transactions")
    return OrderRead(
        order_id=order_id,
        amount_units=amount,
        currency=currency,
        attempts=observations.integer(value.get("attempts")),
        mark=mark,
        observations=tuple(
            _transaction(one, order_id, amount, currency, mark) for one in as_list(transactions)
        ),
    )


def found_transactions(value: Any) -> tuple[Observation, ...]:
    """`GET /v3/transactions/{type}/{value}`: transactions, each with its order's data inside."""
    found = []
    for one in map(as_object, as_list(as_object(value).get("transactions"))):
        order = as_object(one.get("order") or {})
        order_id = observations.text(one.get("merchant_order_id"))
        if order_id is None:
            raise BadAnswer("no_order", 200)
        mark = observations.custom_data(order.get("custom_data")).get(MARK_KEY)
        amount, currency = units_of(order, "amount"), observations.text(order.get("currency"))
        found.append(_transaction(one, order_id, amount, currency, mark))
    return tuple(found)


def transactions_read(value: Any, order_id: str) -> OrderRead | None:
    """`GET /v1/transaction?orderid=`: one object, a list, or an empty value for none."""
    found = as_object(value).get("transaction") if value else None
    seen = []
    for one in [found] if isinstance(found, dict) and found else as_list(found):
        order = as_object(as_object(one).get("order") or {})
        if order.get("id") not in (None, "", order_id):
            raise BadAnswer("other_order", 200)
        mark = observations.custom_data(one.get("custom_data") or order.get("custom_data")).get(MARK_KEY)
        seen.append(
            _transaction(
                one, order_id, units_of(order, "amount"), observations.text(order.get("currency")), mark
            )
        )
    if not seen:
        return None
    last = seen[-1]
    return OrderRead(
        order_id=order_id,
        amount_units=last.order_amount,
        currency=last.order_currency,
        attempts=len(seen),
        mark=last.mark,
        observations=tuple(seen),
    )


def maintained(value: Any, reference: str, operation: str) -> Maintained:
    value = as_object(value)
    status = observations.integer(value.get("status"))
    if status is None:
        raise BadAnswer("no_status", 200)
    return Maintained(
        reference=str(value.get("transaction_reference") or reference),
        operation=operation,
        status=three_digits(status),
        authorised=units_of(value, "authorized_amount"),
        captured=units_of(value, "captured_amount"),
        refunded=units_of(value, "refunded_amount"),
        currency=observations.text(value.get("currency")),
        at=observations.moment(value.get("date_updated")),
    )


def hashing_algorithm(value: Any) -> str:
    name = algorithm_name(str(as_object(value).get("hashing_algorithm") or ""))
    if name is None:
        raise BadAnswer("no_hashing_algorithm", 200)
    return name


def products(value: Any) -> tuple[Product, ...]:
    found = (as_object(one) for one in as_list(value))
    return tuple(
        Product(str(one["code"]), str(one.get("description") or "")) for one in found if one.get("code")
    )


def _transaction(
    value: Any, order_id: str, order_amount: int | None, order_currency: str | None, mark: str | None
) -> Observation:
    value = as_object(value)
    reference = observations.text(value.get("transaction_reference") or value.get("id"))
    status = observations.integer(value.get("status"))
    if reference is None or status is None:
        raise BadAnswer("no_status" if reference else "no_reference", 200)
    reason = value.get("reason") if isinstance(value.get("reason"), dict) else {}
    product = value.get("payment_product")
    return Observation(
        order_id=order_id,
        reference=reference,
        status=three_digits(status),
        state=str(value.get("state") or ""),
        currency=observations.text(value.get("currency")),
        authorised=units_of(value, "authorized_amount"),
        captured=units_of(value, "captured_amount"),
        refunded=units_of(value, "refunded_amount"),
        charged_back=units_of(value, "chargebacked_amount"),
        order_amount=order_amount,
        order_currency=order_currency,
        reason_code=observations.integer(reason.get("code")) or None,
        reason_text=observations.text(reason.get("reason") or reason.get("message")),
        payment_product=observations.text(product.get("name") if isinstance(product, dict) else product),
        eci=observations.integer(value.get("eci")),
        test=_flag(value.get("test")),
        mid=observations.merchant_id(value.get("mid")),
        operation_id=None,
        operation_amount=None,
        at=observations.moment(value.get("date_updated")),
        mark=mark,
        operations=tuple(_operation(one) for one in as_list(value.get("operations"))),
    )


def _operation(value: Any) -> Operation:
    value = as_object(value)
    return Operation(
        kind=str(value.get("type") or "").lower(),
        status=str(value.get("status") or "").lower(),
        amount=units_of(value, "amount"),
        operation_id=observations.text(value.get("merchant_reference")),
        arn=observations.text(value.get("arn")),
        at=observations.moment(value.get("date_processed") or value.get("date_created")),
    )


def units_of(value: Mapping[str, Any], name: str) -> int | None:
    """The amount of this name in units of 1/10000, None where it is missing. Raises BadAnswer."""
    try:
        return observations.units(value.get(name))
    except ValueError:
        raise BadAnswer(f"{name}_unreadable", 200) from None


def _flag(value: Any) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
