"""What HiPay's answers say, as data: pages, orders, operations, products, settlements."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
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


@dataclass(frozen=True, slots=True)
class CreatedPage:
    """A hosted payment page. ``forward_url`` is what the customer opens; its host was checked."""

    order_id: str
    forward_url: str
    mid: str | None
    test: bool | None
    amount_units: int | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class OrderRead:
    """An order somebody has tried to pay; one observation for each attempt, in HiPay's order. Amounts in 1/10000."""

    order_id: str
    amount_units: int | None
    currency: str | None
    attempts: int | None
    mark: str | None
    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class SettlementItem:
    """One payout. Amounts in 1/10000 of ``currency``, signed as HiPay writes them."""

    settlement_id: str
    amount: int
    currency: str
    date_value: date | None
    merchant_id: str | None
    merchant_name: str | None
    recipient_name: str | None
    recipient_iban: str | None
    recipient_bic: str | None
    recipient_bank_country: str | None
    sales: int | None
    refunds: int | None
    fees: int | None
    chargeback: int | None
    deferred: int | None
    rolling: int | None
    other: int | None


def created_page(told: Any, *, loopback: bool) -> CreatedPage:
    told = as_object(told)
    url = told.get("forward_url")
    if not isinstance(url, str) or not url:
        raise BadAnswer("no_forward_url", 200)
    check_page_url(url, loopback=loopback)
    order = told.get("order") if isinstance(told.get("order"), dict) else {}
    return CreatedPage(
        order_id=str(order.get("id") or ""),
        forward_url=url,
        mid=observations.merchant_id(told.get("mid")),
        test=_flag(told.get("test")),
        amount_units=_units(order, "amount"),
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


def order_read(told: Any, order_id: str) -> OrderRead:
    """`GET /v3/order/{orderid}`."""
    told = as_object(told)
    if told.get("merchant_order_id") not in (None, order_id):
        raise BadAnswer("other_order", 200)
    mark = observations.custom_data(told.get("custom_data")).get(MARK_KEY)
    amount, currency = _units(told, "amount"), observations.text(told.get("currency"))
    transactions = told.get("transactions")
    return OrderRead(
        order_id,
        amount,
        currency,
        observations.integer(told.get("attempts")),
        mark,
        tuple(_transaction(one, order_id, amount, currency, mark) for one in as_list(transactions)),
    )


def found_transactions(told: Any) -> tuple[Observation, ...]:
    """`GET /v3/transactions/{type}/{value}`: transactions, each with its order's facts inside."""
    found = []
    for one in map(as_object, as_list(as_object(told).get("transactions"))):
        order = as_object(one.get("order") or {})
        order_id = observations.text(one.get("merchant_order_id"))
        if order_id is None:
            raise BadAnswer("no_order", 200)
        mark = observations.custom_data(order.get("custom_data")).get(MARK_KEY)
        amount, currency = _units(order, "amount"), observations.text(order.get("currency"))
        found.append(_transaction(one, order_id, amount, currency, mark))
    return tuple(found)


def transactions_read(told: Any, order_id: str) -> OrderRead | None:
    """`GET /v1/transaction?orderid=`: one object, a list, or an empty value for none."""
    found = as_object(told).get("transaction") if told else None
    seen = []
    for one in [found] if isinstance(found, dict) and found else as_list(found):
        order = as_object(as_object(one).get("order") or {})
        if order.get("id") not in (None, "", order_id):
            raise BadAnswer("other_order", 200)
        mark = observations.custom_data(one.get("custom_data") or order.get("custom_data")).get(MARK_KEY)
        seen.append(
            _transaction(
                one, order_id, _units(order, "amount"), observations.text(order.get("currency")), mark
            )
        )
    if not seen:
        return None
    last = seen[-1]
    return OrderRead(order_id, last.order_amount, last.order_currency, len(seen), last.mark, tuple(seen))


def maintained(told: Any, reference: str, operation: str) -> Maintained:
    told = as_object(told)
    status = observations.integer(told.get("status"))
    if status is None:
        raise BadAnswer("no_status", 200)
    return Maintained(
        reference=str(told.get("transaction_reference") or reference),
        operation=operation,
        status=three_digits(status),
        authorised=_units(told, "authorized_amount"),
        captured=_units(told, "captured_amount"),
        refunded=_units(told, "refunded_amount"),
        currency=observations.text(told.get("currency")),
        at=observations.moment(told.get("date_updated")),
    )


def hashing_algorithm(told: Any) -> str:
    name = algorithm_name(str(as_object(told).get("hashing_algorithm") or ""))
    if name is None:
        raise BadAnswer("no_hashing_algorithm", 200)
    return name


def products(told: Any) -> tuple[Product, ...]:
    found = (as_object(one) for one in as_list(told))
    return tuple(
        Product(str(one["code"]), str(one.get("description") or "")) for one in found if one.get("code")
    )


def settlement_item(told: Any) -> SettlementItem:
    told = as_object(told)
    amount, currency = _units(told, "amount"), observations.text(told.get("currency"))
    if amount is None or currency is None or not told.get("settlementid"):
        raise BadAnswer("no_settlement", 200)
    return SettlementItem(
        settlement_id=str(told["settlementid"]),
        amount=amount,
        currency=currency,
        date_value=observations.day(told.get("date_value")),
        merchant_id=observations.merchant_id(told.get("merchant_id")),
        merchant_name=observations.text(told.get("merchant_name")),
        recipient_name=observations.text(told.get("recipient_name")),
        recipient_iban=observations.text(told.get("recipient_iban")),
        recipient_bic=observations.text(told.get("recipient_bic")),
        recipient_bank_country=observations.text(told.get("recipient_bank_country")),
        sales=_units(told, "sales"),
        refunds=_units(told, "refunds"),
        fees=_units(told, "fees"),
        chargeback=_units(told, "chargeback"),
        deferred=_units(told, "deferred"),
        rolling=_units(told, "rolling"),
        other=_units(told, "other"),
    )


def settlement_items(told: Any) -> tuple[SettlementItem, ...]:
    return tuple(settlement_item(one) for one in as_list(as_object(told).get("settlements")))


def _transaction(
    told: Any, order_id: str, order_amount: int | None, order_currency: str | None, mark: str | None
) -> Observation:
    told = as_object(told)
    reference = observations.text(told.get("transaction_reference") or told.get("id"))
    status = observations.integer(told.get("status"))
    if reference is None or status is None:
        raise BadAnswer("no_status" if reference else "no_reference", 200)
    reason = told.get("reason") if isinstance(told.get("reason"), dict) else {}
    product = told.get("payment_product")
    return Observation(
        order_id=order_id,
        reference=reference,
        status=three_digits(status),
        state=str(told.get("state") or ""),
        currency=observations.text(told.get("currency")),
        authorised=_units(told, "authorized_amount"),
        captured=_units(told, "captured_amount"),
        refunded=_units(told, "refunded_amount"),
        charged_back=_units(told, "chargebacked_amount"),
        order_amount=order_amount,
        order_currency=order_currency,
        reason_code=observations.integer(reason.get("code")) or None,
        reason_text=observations.text(reason.get("reason") or reason.get("message")),
        payment_product=observations.text(product.get("name") if isinstance(product, dict) else product),
        eci=observations.integer(told.get("eci")),
        test=_flag(told.get("test")),
        mid=observations.merchant_id(told.get("mid")),
        operation_id=None,
        operation_amount=None,
        at=observations.moment(told.get("date_updated")),
        mark=mark,
        operations=tuple(_operation(one) for one in as_list(told.get("operations"))),
    )


def _operation(told: Any) -> Operation:
    told = as_object(told)
    return Operation(
        kind=str(told.get("type") or "").lower(),
        status=str(told.get("status") or "").lower(),
        amount=_units(told, "amount"),
        operation_id=observations.text(told.get("merchant_reference")),
        arn=observations.text(told.get("arn")),
        at=observations.moment(told.get("date_processed") or told.get("date_created")),
    )


def _units(told: Mapping[str, Any], name: str) -> int | None:
    try:
        return observations.units(told.get(name))
    except ValueError:
        raise BadAnswer(f"{name}_unreadable", 200) from None


def _flag(value: Any) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
