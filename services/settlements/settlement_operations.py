"""HiPay's operation types, and how each changes the merchant's balance.

Source: HiPay's developer portal, "Operation types" (28 types, three of them renamed).
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from services.text.headings import plain

Kind = Literal[
    "sale",
    "refund",
    "chargeback",
    "chargeback_refund",
    "fee",
    "reserve",
    "adjustment",
    "transfer",
    "balance",
    "control",
    "unknown",
]
# What a payout's lines add up to, by operation: its gross, what is taken off and added, and its own total lines.
Bucket = Literal[
    "gross",
    "refunds",
    "chargebacks",
    "chargebacks_won",
    "fees",
    "reserve_captured",
    "reserve_released",
    "adjustments",
    "deferred",
    "announced",
    "other",
]
# Kinds of lines that belong to one order each: the join must find it.
ORDER_KINDS: tuple[Kind, ...] = ("sale", "refund", "chargeback", "chargeback_refund")
# Lines of the account itself, by kind or by code: none of them needs an order.
ACCOUNT_KINDS: tuple[Kind, ...] = ("reserve", "adjustment", "transfer", "balance")
ACCOUNT_CODES = ("monthly_fee", "setup_fee")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """`sign`: +1 credits the merchant, -1 debits, 0 either. Kind `control`: a total of other lines, no money of its own."""

    code: str
    label: str  # in the reader's words, the msgid
    kind: Kind
    bucket: Bucket
    sign: int
    former: tuple[
        str, ...
    ] = ()  # other names: HiPay's where the label is ours, former ones, short forms, French ones
    # names that files had while no version knew them: lines with these keep the identity that they were stored with
    later: tuple[str, ...] = ()


_BUCKETS: dict[Kind, Bucket] = {
    "sale": "gross",
    "refund": "refunds",
    "chargeback": "chargebacks",
    "chargeback_refund": "chargebacks_won",
    "fee": "fees",
    "adjustment": "adjustments",
    "transfer": "adjustments",
    "balance": "deferred",
    "control": "announced",
}


def bucket(code: str, kind: str) -> Bucket:
    """The bucket of an operation; ``other`` for one that is not known."""
    if kind == "reserve":
        return "reserve_captured" if code.endswith("_capture") else "reserve_released"
    return next((found for of, found in _BUCKETS.items() if of == kind), "other")


def _operation(code: str, label: str, kind: Kind, sign: int, former: tuple[str, ...] = ()) -> Operation:
    return Operation(code=code, label=label, kind=kind, bucket=bucket(code, kind), sign=sign, former=former)


OPERATIONS: tuple[Operation, ...] = (
    _operation("sale", "Sale", "sale", 1, ("Vente",)),
    _operation("refund", "Refund", "refund", -1, ("Remboursement",)),
    _operation("chargeback", "Chargeback", "chargeback", -1, ("Impayé",)),
    _operation("chargeback_refund", "Chargeback refund", "chargeback_refund", 1, ("Remboursement d'impayé",)),
    _operation("fixed_fee", "Fixed fee", "fee", -1, ("Frais fixe", "Frais fixes")),
    _operation("variable", "Percentage fee", "fee", -1, ("Variable", "Variable fee", "Frais variable", "Frais variables")),
    _operation("monthly_fee", "Monthly fee", "fee", -1, ("Frais mensuel", "Frais mensuels", "Abonnement")),
    _operation("setup_fee", "Setup fee", "fee", -1, ("Frais d'installation", "Frais de mise en service")),
    _operation("iff", "IFF (Fraud Financial Impact)", "fee", -1, ("IFF", "Fraud Financial Impact")),
    _operation("fixed_reserve_capture", "Fixed reserve capture", "reserve", -1),
    _operation("fixed_reserve_release", "Fixed reserve release", "reserve", 1),
    _operation("rolling_reserve_capture", "Rolling reserve capture", "reserve", -1),
    _operation("rolling_reserve_release", "Rolling reserve release", "reserve", 1),
    _operation("adjustment_merchant", "Adjustment in favour of the merchant", "adjustment", 1,
              ("Adjustment in favor of merchant", "Adjustment in favour of merchant", "Ajustement en faveur du marchand")),
    _operation("adjustment_tpp", "Adjustment in favour of HiPay", "adjustment", -1,
              ("Adjustment in favor of TPP", "Adjustment in favour of TPP", "Ajustement en faveur de TPP")),
    _operation("transferred_from_merchant", "Transferred from merchant", "transfer", -1),
    _operation("transferred_to_merchant", "Transferred to merchant", "transfer", 1),
    _operation("already_settled", "Already settled", "balance", 0),
    _operation("asset_settlement", "Asset settlement", "balance", 0),
    _operation("deferred_settlement", "Deferred settlement", "balance", 0),
    _operation("invoice_carry_over", "Invoice carry-over", "balance", 0,
              ("Invoice asset", "Invoice carry-over (formerly Invoice asset)")),
    _operation("invoice_to_be_paid_by_tpp", "Invoice to be paid by HiPay", "balance", 0, ("Invoice to be paid by TPP",)),
    _operation("invoice_payment", "Invoice payment", "balance", 0),
    _operation("deferred_invoice", "Deferred invoice", "balance", 0,
              ("Invoice report", "Deferred invoice (formerly Invoice report)")),
    _operation("offsetting_entry", "Offsetting entry", "balance", 0,
              ("Merchant's balance credit", "Merchant balance credit",
               "Offsetting entry (formerly Merchant's balance credit)")),
    _operation("settlement", "Payout", "control", 0, ("Settlement", "Règlement", "Reversement")),
    _operation("split_settlement", "Split payout", "control", 0, ("Split settlement",)),
    _operation("splitting_settlement", "Splitting payout", "control", 0, ("Splitting settlement",)),
)  # fmt: skip
BY_CODE: dict[str, Operation] = {operation.code: operation for operation in OPERATIONS}


def _squeezed(text: str) -> str:
    return plain(text).replace(" ", "")


_BY_NAME = {
    _squeezed(name): operation
    for operation in OPERATIONS
    for name in (operation.label, operation.code, *operation.former, *operation.later)
}
_LATER = frozenset(_squeezed(name) for operation in OPERATIONS for name in operation.later)


def operation(text: str) -> Operation | None:
    """The operation that a cell names, by its present or a former name; None for one that is not known."""
    return _BY_NAME.get(_squeezed(text))


def known_later(text: str) -> bool:
    """Whether lines with this operation may have been stored as those of an unknown one."""
    return bool(_LATER) and _squeezed(text) in _LATER


def known() -> str:
    """What stands for all operations that the program knows, by each of their names."""
    names = sorted((name, one.code, one.kind, one.bucket) for name, one in _BY_NAME.items())
    return blake2b(repr(names).encode(), digest_size=8).hexdigest()
