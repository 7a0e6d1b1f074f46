"""Reads the finance API's answers about payouts."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from services.hipay import observations
from services.hipay.answers import as_list, as_object
from services.hipay.errors import BadAnswer
from services.hipay.readings import units_of


@dataclass(frozen=True, kw_only=True, slots=True)
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


def settlement_item(value: Any) -> SettlementItem:
    value = as_object(value)
    amount, currency = units_of(value, "amount"), observations.text(value.get("currency"))
    if amount is None or currency is None or not value.get("settlementid"):
        raise BadAnswer("no_settlement", 200)
    return SettlementItem(
        settlement_id=str(value["settlementid"]),
        amount=amount,
        currency=currency,
        date_value=observations.day(value.get("date_value")),
        merchant_id=observations.merchant_id(value.get("merchant_id")),
        merchant_name=observations.text(value.get("merchant_name")),
        recipient_name=observations.text(value.get("recipient_name")),
        recipient_iban=observations.text(value.get("recipient_iban")),
        recipient_bic=observations.text(value.get("recipient_bic")),
        recipient_bank_country=observations.text(value.get("recipient_bank_country")),
        sales=units_of(value, "sales"),
        refunds=units_of(value, "refunds"),
        fees=units_of(value, "fees"),
        chargeback=units_of(value, "chargeback"),
        deferred=units_of(value, "deferred"),
        rolling=units_of(value, "rolling"),
        other=units_of(value, "other"),
    )


def settlement_items(value: Any) -> tuple[SettlementItem, ...]:
    return tuple(settlement_item(one) for one in as_list(as_object(value).get("settlements")))
